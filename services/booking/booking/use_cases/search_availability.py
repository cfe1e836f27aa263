"""Where there is room at a site."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain import resources
from booking.domain.availability import Policy, Slot, available_slots
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.local_time import local_day, whole_day
from booking.domain.people import Site
from booking.domain.rules import Rules
from booking.problems import SITE_UNKNOWN, WINDOW_TOO_LONG
from booking.store import appointments, projections, sessions
from booking.use_cases.kind_book import book_of, kind_on
from booking.use_cases.sharing import with_room
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: `start` to `end`, of one practitioner or of any, free for the patient when one is named."""

    site: UUID
    kind: str
    start: datetime
    end: datetime
    professional: UUID | None = None
    patient: UUID | None = None
    limit: int = 200


async def search_availability(tx: Transaction, search: Search, rules: Rules, now: datetime) -> list[Slot]:
    """The free slots that start in the window, earliest first.

    Raises Refusal: WINDOW_TOO_LONG, SITE_UNKNOWN, KIND_UNKNOWN.
    """
    if not search.start < search.end <= search.start + rules.search_span:
        raise Refusal(WINDOW_TOO_LONG, days=rules.search_span.days)
    site = await projections.site(tx, search.site)
    if site is None:
        raise Refusal(SITE_UNKNOWN)
    window = Interval(search.start, search.end)
    slots: list[Slot] = []
    for kind, part in await _kinds_in(tx, search.kind, window, site, rules):
        slots += await free_slots(tx, search.site, kind, part, now, search.patient)
    wanted = [slot for slot in slots if search.professional in (None, slot.professional)]
    return wanted[: search.limit]


async def _kinds_in(
    tx: Transaction, code: str, window: Interval, site: Site, rules: Rules
) -> list[tuple[Kind, Interval]]:
    """The versions of a kind that are in force in a window, each with its part of it. Raises Refusal: KIND_UNKNOWN."""
    last = local_day(window.end, site.zone)
    await kind_on(tx, rules, code, site.territory, last)  # looks again for one that is not known here
    book, parts, start = await book_of(tx, rules, site.territory), [], window.start
    while start < window.end:
        day = local_day(start, site.zone)
        change = book.next_change(code, day)
        end = window.end if change is None or change > last else min(window.end, whole_day(change, site.zone).start)
        if kind := book.on(code, day):
            parts.append((kind, Interval(start, end)))
        start = end
    return parts


async def free_slots(
    tx: Transaction,
    site: UUID,
    kind: Kind,
    window: Interval,
    now: datetime,
    patient: UUID | None = None,
    capacity_class: str | None = None,
) -> list[Slot]:
    """All free slots of the site for `kind` that start in the window; two or three short statements. With a capacity
    class, those that this class may take (one statement more where a session has shares)."""
    open_sessions = await sessions.open_at(tx, site, window)
    offering = [session for session in open_sessions if session.offers(kind)]
    if capacity_class is not None:
        offering = await with_room(tx, offering, capacity_class, kind.length, now)
    if not offering:
        return []
    interns = {session.professional for session in offering if session.needs_supervision}
    also_free = _number(patient)
    numbers = {resource.number for session in offering for resource in session.resources}.union(also_free)
    policy = Policy(
        kind=kind,
        supervisions=await projections.supervisions(tx, site, interns) if interns else (),
        also_free=frozenset(also_free),
    )
    # A slot that starts in the window may end after it.
    reach = Interval(window.start - kind.buffer_before, window.end + kind.duration + kind.buffer_after)
    taken = await sessions.busy(tx, numbers, reach)
    possible = {session.id for session in offering}
    found = available_slots(open_sessions, taken, policy, now, window)
    slots = [slot for slot in found if slot.session in possible]
    if not kind.follow_up_only or patient is None:
        return slots
    followed_by = await appointments.practitioners_who_saw(tx, patient)
    return [slot for slot in slots if slot.professional in followed_by]


def _number(patient: UUID | None) -> Iterable[int]:
    return () if patient is None else (resources.patient(patient).number,)
