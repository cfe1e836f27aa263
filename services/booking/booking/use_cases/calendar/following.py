"""Sessions follow their rules, day by day: what was never touched by hand is changed, cancelled or opened until it is
what the rule, the calendar and registry say; the rest is left alone and listed.

One answer to every question about rules: extending the horizon, a rule that changes or ends, a closure or an absence
that comes or goes, somebody who leaves or comes back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from booking.domain.appointments import Appointment
from booking.domain.planning import Skip, Skipped
from booking.domain.reshaping import follow
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.store import rules as rule_store
from booking.store.rules import Series, StoredRule
from booking.store.sessions import Author, Opening, StoredSession
from booking.use_cases.calendar.agenda import Agenda
from booking.use_cases.calendar.reshaping import (
    Assessment,
    Change,
    Consent,
    Reshaped,
    Reshaping,
    apply,
    assess,
    meet_others,
    require_consent,
)
from smp.postgres import Transaction

# What is said of a session that ends, by the reason for which its day is skipped. Codes without health.
CODES = {
    Skip.PUBLIC_HOLIDAY: "public_holiday",
    Skip.CLOSURE: "site_closed",
    Skip.ABSENCE: "practitioner_absent",
    Skip.NO_SUCH_HOUR: "no_such_hour",
    Skip.OUT_OF_CONTRACT: "out_of_contract",
    Skip.ROLE: "role_changed",
}
RULE_CHANGED = "rule_changed"

Occurrence = tuple[UUID, date] | UUID


class Kept(StrEnum):
    """Why a day of a rule was left alone."""

    EDITED = "edited"  # somebody has changed, moved or cancelled it by hand
    BEGUN = "begun"
    HAS_APPOINTMENTS = "has_appointments"  # of patients who would lose their place
    OVERLAP = "overlap"  # the professional or the room has another session then


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A day of a rule, or a session of none, that stays as it is."""

    rule: UUID | None
    day: date
    reason: Kept
    sessions: tuple[Session, ...] = ()
    appointments: tuple[Appointment, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be done so that rules are followed."""

    reshaping: Reshaping
    skipped: tuple[tuple[StoredRule, Skipped], ...]
    left_alone: tuple[LeftAlone, ...]


@dataclass(frozen=True, slots=True)
class Followed:
    """What was done, and what was left alone."""

    done: Reshaped
    skipped: tuple[Skipped, ...]
    left_alone: tuple[LeftAlone, ...]


NOTHING = Followed(Reshaped(), (), ())


def draft(
    agenda: Agenda,
    series: Sequence[Series],
    stored: Iterable[StoredSession],
    until: Mapping[UUID, date] | None = None,
    *,
    begun_stay: bool = False,
) -> Draft:
    """What follows from the rules between the agenda's days, as far as each was turned into sessions (or `until`)."""
    existing = _by_rule_and_day(stored)
    changes: list[Change] = []
    openings: list[Opening] = []
    skipped: list[tuple[StoredRule, Skipped]] = []
    left_alone: list[LeftAlone] = []
    for each in series:
        last = until[each.id] if until else each.latest.materialised_until
        if last is None or not agenda.knows(each):
            continue
        wanted, skips = agenda.wanted(each, last)
        skipped += skips
        reasons = {skip.day: CODES.get(skip.reason, RULE_CHANGED) for _, skip in skips}
        by_day = _by_day(wanted)
        for day in sorted(by_day.keys() | existing.get(each.id, {}).keys()):
            here = existing.get(each.id, {}).get(day, [])
            kept = _kept(here, by_day.get(day, []), agenda, begun_stay=begun_stay)
            if kept is not None:
                left_alone.append(LeftAlone(each.id, day, kept, tuple(one.session for one in here if one.is_open)))
                continue
            changed, opened = _of_day(here, by_day.get(day, []), reasons.get(day, RULE_CHANGED))
            changes += changed
            openings += opened
    return Draft(Reshaping(tuple(changes), tuple(openings)), tuple(skipped), tuple(left_alone))


async def carry_out(
    tx: Transaction, draft: Draft, series: Sequence[Series], agenda: Agenda, rules: Rules, author: Author
) -> Followed:
    """Write what can be: a day on which patients would lose their place, or that meets another session, is left alone
    and listed."""
    reshaping, assessment, left_alone = await _without_harm(tx, draft, rules, author)
    consent = Consent(RULE_CHANGED)  # nobody loses their place: only holds that are over end
    done = await apply(tx, reshaping, assessment, consent, rules, author)
    skipped = await write_skipped(tx, draft, done.not_opened, series, agenda)
    return Followed(done, skipped, (*draft.left_alone, *left_alone))


async def write_skipped(
    tx: Transaction, draft: Draft, met: Iterable[Opening], series: Sequence[Series], agenda: Agenda
) -> tuple[Skipped, ...]:
    """Keep why days, or hours, of rules have no session; those that `met` another session are among them."""
    versions = {(each.id, version.version): version for each in series for version in each.versions}
    skipped = list(draft.skipped)
    for each in met:
        # A session that was cut may be of a rule of somebody else, whom it was given to.
        if each.origin is not None and (each.origin.rule, each.origin.version) in versions:
            overlap = Skipped(each.origin.day, Skip.OVERLAP, each.session.period)
            skipped.append((versions[each.origin.rule, each.origin.version], overlap))
    await rule_store.write_skipped(tx, series, skipped, agenda.first, agenda.last)
    return tuple(sorted((each for _, each in skipped), key=lambda each: each.day))


async def _without_harm(
    tx: Transaction, draft: Draft, rules: Rules, author: Author
) -> tuple[Reshaping, Assessment, list[LeftAlone]]:
    """What can be done without anybody losing their place or meeting another session. Each look may show that leaving
    one day alone harms another; a day is left alone once, so this ends."""
    reshaping = draft.reshaping
    left_alone: list[LeftAlone] = []
    while True:
        assessment = await assess(tx, reshaping, rules, author.at)
        harmed = _harmed(reshaping, assessment, author.at)
        met = await meet_others(tx, reshaping)
        harmful = [each for each in reshaping.changes if each.stored.session.id in harmed.keys() | met]
        if not harmful:
            require_consent(assessment, Consent(RULE_CHANGED), author.at)
            return reshaping, assessment, left_alone
        stays: dict[Occurrence, list[Change]] = {}
        for change in harmful:
            stays.setdefault(_occurrence(change.stored), []).append(change)
        left_alone += [_left_alone(changes, harmed) for changes in stays.values()]
        reshaping = Reshaping(
            tuple(each for each in reshaping.changes if _occurrence(each.stored) not in stays),
            tuple(each for each in reshaping.openings if _occurrence(each) not in stays),
        )


def _left_alone(changes: Sequence[Change], harmed: Mapping[UUID, Sequence[Appointment]]) -> LeftAlone:
    stored = changes[0].stored
    hit = {it.id: it for change in changes for it in harmed.get(change.stored.session.id, ())}
    why = Kept.HAS_APPOINTMENTS if hit else Kept.OVERLAP
    day = stored.origin.day if stored.origin else stored.session.day
    return LeftAlone(stored.rule, day, why, tuple(each.stored.session for each in changes), tuple(hit.values()))


def _harmed(reshaping: Reshaping, assessment: Assessment, now: datetime) -> dict[UUID, list[Appointment]]:
    """The sessions whose change takes somebody's place: their own patients, those that somebody of them prepares or
    sits in with, or those of an intern they covered."""
    harmed: dict[UUID, list[Appointment]] = {}
    for it in assessment.standing(now):
        where = {it.session, *(each.session for each in it.others)}
        for change in reshaping.changes:
            session = change.stored.session
            covered = it.id in assessment.uncovered and (session.site, session.day) == (it.site, it.day)
            if covered or session.id in where:
                harmed.setdefault(session.id, []).append(it)
    return harmed


def _occurrence(of: StoredSession | Opening) -> Occurrence:
    """What is left alone as a whole: all parts of a rule's day, or a session of no rule."""
    return (of.origin.rule, of.origin.day) if of.origin else of.session.id


def _kept(here: Sequence[StoredSession], wanted: Sequence[Opening], agenda: Agenda, *, begun_stay: bool) -> Kept | None:
    if any(each.edit is not None for each in here):
        return Kept.EDITED
    begun = any(each.session.period.start <= agenda.now for each in here)
    if begun and begun_stay and _of_day(here, wanted, RULE_CHANGED) != ([], []):
        return Kept.BEGUN
    return None


def _of_day(
    here: Sequence[StoredSession], wanted: Sequence[Opening], reason: str
) -> tuple[list[Change], list[Opening]]:
    """What changes and what opens on one day of one rule."""
    stored = {each.session: each for each in here if each.is_open}
    openings = {each.session: each for each in wanted}
    after, new = follow(sorted(stored, key=_start), sorted(openings, key=_start))
    versions = {each.origin.version for each in wanted if each.origin is not None}
    version = max(versions, default=None)
    changes = [
        Change(stored[session], became, reason, version) for session, became in after.items() if became != session
    ]
    return changes, [openings[session] for session in new]


def _start(session: Session) -> datetime:
    return session.period.start


def _by_day(wanted: Iterable[Opening]) -> dict[date, list[Opening]]:
    days: dict[date, list[Opening]] = {}
    for each in wanted:
        assert each.origin is not None
        days.setdefault(each.origin.day, []).append(each)
    return days


def _by_rule_and_day(stored: Iterable[StoredSession]) -> dict[UUID, dict[date, list[StoredSession]]]:
    known: dict[UUID, dict[date, list[StoredSession]]] = {}
    for each in stored:
        if each.origin is not None:
            known.setdefault(each.origin.rule, {}).setdefault(each.origin.day, []).append(each)
    return known
