"""Somebody waits for a place, or wishes for another one than before."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from booking import problems
from booking.domain.eligibility import Verdict, judge, status_on
from booking.domain.kinds import Compartment, Kind
from booking.domain.local_time import local_day
from booking.domain.people import Site
from booking.domain.rules import Rules
from booking.domain.waiting_list import Entry, EntryState, Step, Wishes
from booking.store import projections, waiting_list
from booking.use_cases.access import require_compartment, require_one_site, require_sight_of_entry
from booking.use_cases.appointments.placing import UNVERIFIED
from booking.use_cases.kinds.kind_book import kind_on
from booking.use_cases.patience import heard
from booking.use_cases.waiting_list import announcing_waiting
from smp.auth import Actor
from smp.ids import new_id
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """Who waits for what. `waiting_since` is earlier than today for somebody who was on a list of paper; `replaces`
    is the later appointment to give back, found when it is not named."""

    patient: UUID
    wishes: Wishes
    waiting_since: date | None = None
    replaces: UUID | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """The entry, and what the secretary should know about it."""

    entry: Entry
    warnings: tuple[str, ...] = ()


async def join_waiting_list(
    tx: Transaction, request: JoinRequest, rules: Rules, *, actor: Actor, now: datetime
) -> Joined:
    """Put a patient on the list.

    Raises Refusal: SITE_UNKNOWN, PROFESSIONAL_UNKNOWN, PATIENT_UNKNOWN, PATIENT_ERASED, KIND_UNKNOWN,
    TWO_COMPARTMENTS, NOT_ELIGIBLE, NOTHING_TO_REPLACE, ALREADY_WAITING, FORBIDDEN.
    """
    site = await _require_known(tx, request.wishes, actor)
    today = local_day(now, site.zone)
    kinds = await _kinds(tx, request.wishes, rules, site, actor, today)
    warnings = await _require_eligible(tx, request.patient, kinds, rules, today)
    entry = Entry(
        id=new_id(),
        territory=site.territory,
        patient=request.patient,
        wishes=request.wishes,
        compartment=_one_compartment(kinds),
        waiting_since=min(request.waiting_since or today, today),
        joined_at=now,
        replaces=request.replaces,
        trail=(Step(1, "joined", now, actor.subject),),
    )
    entry = await _with_replaced(tx, entry, now)
    if not await waiting_list.insert(tx, entry):
        raise Refusal(problems.ALREADY_WAITING)
    announcing_waiting.joined(tx, entry, now)
    return Joined(entry, warnings)


async def change_wishes(
    tx: Transaction, id: UUID, wishes: Wishes, replaces: UUID | None, rules: Rules, *, actor: Actor, now: datetime
) -> Joined:
    """Other wishes; the place in the order is kept, and so is an offer that runs.

    Raises Refusal as `join_waiting_list` does, ENTRY_UNKNOWN and ENTRY_OVER besides.
    """
    before = await entry_for(tx, id, actor, now)
    require_sight_of_entry(actor, before)
    site = await _require_known(tx, wishes, actor)
    today = local_day(now, site.zone)
    kinds = await _kinds(tx, wishes, rules, site, actor, today)
    warnings = await _require_eligible(tx, before.patient, kinds, rules, today)
    if _one_compartment(kinds) is not before.compartment:
        raise Refusal(problems.TWO_COMPARTMENTS)
    changed = before.step("changed", now, actor.subject, wishes=wishes, replaces=replaces or before.replaces)
    changed = await _with_replaced(tx, changed, now)
    await waiting_list.drop_lines(tx, id)
    await waiting_list.save(tx, changed)
    if not await waiting_list.add_lines(tx, changed):
        raise Refusal(problems.ALREADY_WAITING)
    announcing_waiting.changed(tx, changed, now)
    return Joined(changed, warnings)


async def entry_for(tx: Transaction, id: UUID, actor: Actor, now: datetime) -> Entry:
    """The entry, locked, of somebody who waits. Raises Refusal: ENTRY_UNKNOWN, FORBIDDEN, ENTRY_OVER."""
    found = await waiting_list.lock(tx, id, now.date())
    if found is None:
        raise Refusal(problems.ENTRY_UNKNOWN)
    require_one_site(actor, found.wishes.sites)
    if found.state is not EntryState.WAITING:
        raise Refusal(problems.ENTRY_OVER)
    return found


async def _require_known(tx: Transaction, wishes: Wishes, actor: Actor) -> Site:
    """One of the sites wished for, once all of them and all practitioners are known."""
    require_one_site(actor, wishes.sites)
    found = [await projections.site(tx, site) for site in sorted(wishes.sites)]
    known = [site for site in found if site is not None]
    if len(known) < len(found) or len({site.territory for site in known}) > 1:
        raise Refusal(problems.SITE_UNKNOWN)
    if not await waiting_list.are_known(tx, wishes.practitioners):
        raise Refusal(problems.PROFESSIONAL_UNKNOWN)
    return known[0]


async def _kinds(tx: Transaction, wishes: Wishes, rules: Rules, site: Site, actor: Actor, today: date) -> list[Kind]:
    """The kinds waited for, all of which the actor may give. Raises Refusal: KIND_UNKNOWN, FORBIDDEN."""
    kinds = [await kind_on(tx, rules, code, site.territory, today) for code in sorted(wishes.kinds)]
    for kind in kinds:
        require_compartment(actor, kind)
    return kinds


def _one_compartment(kinds: Iterable[Kind]) -> Compartment:
    """Who may know of the entry: the same people for all of its kinds."""
    compartments = {kind.compartment for kind in kinds}
    if len(compartments) > 1:
        raise Refusal(problems.TWO_COMPARTMENTS)
    return compartments.pop()


async def _require_eligible(
    tx: Transaction, patient: UUID, kinds: Iterable[Kind], rules: Rules, today: date
) -> tuple[str, ...]:
    standing = await heard(lambda: waiting_list.standing(tx, patient), patient, rules.patience)
    if standing is None:
        raise Refusal(problems.PATIENT_UNKNOWN)
    if standing.is_erased:
        raise Refusal(problems.PATIENT_ERASED)
    status = status_on(standing.declarations, today)
    verdicts = {judge(kind, status) for kind in kinds}
    if Verdict.REFUSED in verdicts:
        raise Refusal(problems.NOT_ELIGIBLE)
    return (UNVERIFIED,) if Verdict.ACCEPTED_UNVERIFIED in verdicts else ()


async def _with_replaced(tx: Transaction, entry: Entry, now: datetime) -> Entry:
    """The entry with the appointment it would give back: the one that was named, which must stand, else the next."""
    found = await waiting_list.to_replace(tx, entry, now)
    standing = found[0] if found else None
    if entry.replaces is not None and standing != entry.replaces:
        raise Refusal(problems.NOTHING_TO_REPLACE)
    return replace(entry, replaces=standing)
