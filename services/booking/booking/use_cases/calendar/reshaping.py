"""Sessions that change, are cut, or do not take place: who stands in them, who can stay, and writing it all down.

Everything that alters open sessions goes through here: an edit by hand, a rule that changes, a closure, an absence, a
fact of registry. `assess` locks and looks, `apply` writes; between the two the caller decides what becomes of those who
lose their place.

The sessions are locked FOR UPDATE before; a booking holds its session, and the presence of the supervisors it relies
on, FOR KEY SHARE until it commits. So either the booking commits first and is found here, or it waits and then finds
the session changed. Of two supervisors who leave at once the second waits for the appointments of their intern, which
the first has locked, and then no longer counts on the first. Everybody locks sessions, then the days of interns, then
appointments, and each of these in one order: nobody waits crosswise.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.appointments import WAITING, Appointment, State
from booking.domain.intervals import Interval, without
from booking.domain.kinds import Compartment
from booking.domain.reshaping import comes_back_to, home_of, is_elsewhere, loses_company, meeting
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.domain.supervision import Reach, is_covered
from booking.store import appointments, closures, projections, sessions, supervision
from booking.store.sessions import Author, Edit, Opening, StoredSession
from booking.use_cases.appointments import announcing
from booking.use_cases.appointments.cancel_appointment import CENTRE, CancelRequest, cancel
from booking.use_cases.appointments.without_place import leave_without_place
from booking.use_cases.calendar.taking_back import take_back
from booking.use_cases.kinds.kind_book import kind_of
from booking.use_cases.supervision import supervising
from booking.use_cases.supervision.taking_over import TakingOver, beyond_reach
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class Change:
    """An open session, locked, and what it becomes: nothing, for the `reason` that is then said, or itself otherwise.
    `rule_version` is that of its rule when it follows a new one."""

    stored: StoredSession
    after: Session | None
    reason: str
    rule_version: int | None = None


@dataclass(frozen=True, slots=True)
class Reshaping:
    """What is to be done to the agenda."""

    changes: tuple[Change, ...] = ()
    openings: tuple[Opening, ...] = ()

    @property
    def changing(self) -> set[UUID]:
        """The sessions that there are."""
        return {each.stored.session.id for each in self.changes}

    @property
    def homes(self) -> list[Session]:
        """The sessions there will be."""
        kept = [each.after for each in self.changes if each.after is not None]
        return [*kept, *(each.session for each in self.openings)]


@dataclass(frozen=True, slots=True)
class Assessment:
    """Who stands in the sessions that change: those who stay, each with the session, and those who lose their place
    (holds that are over among them, see `standing`), the `uncovered` ones because nobody supervises their intern.
    `returning`: who has lost their place before, and the session that has their hour again, first booked first."""

    staying: tuple[tuple[Appointment, Session], ...]
    losing: tuple[Appointment, ...]
    uncovered: frozenset[UUID] = frozenset()
    returning: tuple[tuple[Appointment, Session], ...] = ()

    def standing(self, now: datetime) -> list[Appointment]:
        """Those for whom something must be found before the change."""
        return [each for each in self.losing if not each.has_expired(now)]


@dataclass(frozen=True, slots=True)
class Consent:
    """Why, as a code; whether appointments that lose their place are cancelled; whether their patients are told."""

    reason: str
    cancel_appointments: bool = False
    notify: bool = True


@dataclass(frozen=True, slots=True)
class Reshaped:
    """What was done. `appointments` were cancelled; so many others stand `without_place`, for somebody who knows of
    them to speak with the patient."""

    opened: tuple[Session, ...] = ()
    changed: tuple[Session, ...] = ()
    cancelled: tuple[UUID, ...] = ()
    appointments: tuple[UUID, ...] = ()
    without_place: int = 0
    not_opened: tuple[Opening, ...] = ()  # the professional or the room has another session then


async def assess(tx: Transaction, reshaping: Reshaping, rules: Rules, now: datetime) -> Assessment:
    """Who stands in the sessions that change, the interns' appointments that lose their supervisor, and those that an
    intern cannot take over from somebody else; and who could have their place again. All are locked. Everything is
    looked at as it will be after the change."""
    homes = reshaping.homes
    await supervising.keep_days(tx, homes)  # an intern of theirs may be given patients
    before = {each.stored.session.id: each.stored.session for each in reshaping.changes}
    locked = await _with_place(tx, await appointments.lock_active_of_sessions(tx, list(before)))
    # Who stands outside already (an impact leaves those it has not settled yet so) loses nothing now.
    own = [each for each in locked if each.session in before and before[each.session].period.contains(each.occupied)]
    after = {each.stored.session.id: each.after for each in reshaping.changes}
    alone = [each for each in locked if each.session not in before and loses_company(each, before, after)]
    seen_by = await _seen_by(tx, own, rules)
    placed = [(each, home_of(each, after[each.session], homes, seen_by.get(each.id))) for each in own]
    waiting = await _waiting(tx, reshaping, now)
    uncovered = await _uncovered(tx, reshaping, [*((it, home) for it, home in placed if home), *waiting])
    staying = tuple((it, home) for it, home in placed if home and it.id not in uncovered)
    given = [(it, home) for it, home in staying if home.needs_supervision and _changes_hands(it, home)]
    if given:
        taking_over = TakingOver(given, {it.id for it in own}, before.keys(), homes)
        surplus = await beyond_reach(tx, taking_over, rules, now)
        staying = tuple((it, home) for it, home in staying if it.id not in surplus)
    kept = {it.id for it, _ in staying}
    besides = kept | {it.id for it, _ in waiting}  # who has no place loses none
    losing = {each.id: each for each in (*own, *alone, *uncovered.values()) if each.id not in besides}
    covered = [(it, home) for it, home in waiting if it.id not in uncovered]
    interns = [(it, home) for it, home in covered if home.needs_supervision]
    surplus = await beyond_reach(tx, TakingOver(interns, losing.keys(), before.keys(), homes), rules, now)
    returning = tuple((it, home) for it, home in covered if it.id not in surplus)
    return Assessment(staying, tuple(losing.values()), frozenset(uncovered), returning)


async def _seen_by(tx: Transaction, standing: Iterable[Appointment], rules: Rules) -> dict[UUID, frozenset[UUID]]:
    """Who has received the patient already, for each of these appointments whose kind only follows up."""
    followed = {it.id: it.patient for it in standing if it.patient and (await kind_of(tx, rules, it)).follow_up_only}
    known = await appointments.practitioners_who_saw(tx, frozenset(followed.values()))
    return {id: known[patient] for id, patient in followed.items()}


def _changes_hands(it: Appointment, home: Session) -> bool:
    return (it.professional, it.role) != (home.professional, home.role)


def require_consent(assessment: Assessment, consent: Consent, now: datetime) -> None:
    """Refuse, with the list, while somebody who is expected loses their place.

    Raises Refusal: IN_CONSULTATION always, HAS_APPOINTMENTS unless they are to be cancelled.
    """
    standing = assessment.standing(now)
    if running := [each for each in standing if each.state is State.IN_CONSULTATION]:
        raise Refusal(problems.IN_CONSULTATION, appointments=listed(running))
    if standing and not consent.cancel_appointments:
        raise Refusal(problems.HAS_APPOINTMENTS, appointments=listed(standing))


async def apply(
    tx: Transaction,
    reshaping: Reshaping,
    assessment: Assessment,
    consent: Consent,
    rules: Rules,
    author: Author,
    *,
    by_hand: bool = False,
) -> Reshaped:
    """Write the change, each step with its event; those who lose their place are cancelled, but nothing silent is, for
    no text would tell the patient, nor who sits in the waiting room: no text sends them home.

    Raises Refusal: SESSION_OVERLAP.
    """
    spoken_with = [each for each in assessment.losing if _is_not_for_a_text(each)]
    told = [each for each in assessment.losing if not _is_not_for_a_text(each)]
    gone = await _cancel_appointments(tx, told, consent, rules, author)
    if reshaping.changes:
        await appointments.end_rests_of_sessions(tx, [each.stored.session.id for each in reshaping.changes])
    cancelled = await _cancel_sessions(tx, reshaping.changes, author, by_hand=by_hand)
    edit = Edit(author.by, author.at, consent.reason) if by_hand else None
    if by_hand:
        await closures.forget_cut(tx, [each.stored.session.id for each in reshaping.changes])
    changed = await _change_sessions(tx, reshaping.changes, edit, author.at)
    # Who is only not covered any more, or has nobody besides any more, stays with a practitioner who knows.
    displaced = [each for each in spoken_with if each.session in reshaping.changing]
    for it in displaced:
        await leave_without_place(tx, it, consent.reason, author, for_sure=True)
    opened = await sessions.insert(tx, reshaping.openings, author)
    for each in reshaping.openings:
        if each.session.id in opened:
            rule = each.origin.rule if each.origin else None
            announcing.session_opened(tx, each.session, rule, author.at)
    lost = [each for each in reshaping.openings if each.session.id not in opened]
    if any(home.id == each.session.id for each in lost for _, home in assessment.staying):
        raise Refusal(problems.SESSION_OVERLAP)
    await _rehome(tx, reshaping, assessment, author)
    missing = {each.session.id for each in lost}
    back = [(it, home) for it, home in assessment.returning if home.id not in missing]
    await take_back(tx, back, rules, author)
    return Reshaped(
        opened=tuple(each.session for each in reshaping.openings if each.session.id in opened),
        changed=changed,
        cancelled=cancelled,
        appointments=gone,
        without_place=len(displaced),
        not_opened=tuple(lost),
    )


async def meet_others(tx: Transaction, reshaping: Reshaping) -> frozenset[UUID]:
    """The changed sessions that would meet another one of their professional or their room, changed or not."""
    pairs = [(each.stored.session, each.after) for each in reshaping.changes if each.after is not None]
    changing = [each.stored.session.id for each in reshaping.changes]
    met = await sessions.overlapping(tx, [after for _, after in pairs], changing)
    return met | meeting([(before, after) for before, after in pairs if before.id not in met])


def listed(hit: Iterable[Appointment]) -> list[dict[str, str]]:
    """Appointments as a refusal or an answer lists them."""
    return [
        {
            "appointment": str(each.id),
            "session": str(each.session),
            "professional": str(each.professional),
            "state": each.state,
            "start": each.period.start.isoformat(),
        }
        for each in sorted(hit, key=lambda each: (each.period.start, each.id.int))
    ]


async def _with_place(tx: Transaction, locked: Sequence[Appointment]) -> list[Appointment]:
    """Without those who wait for a call since they have lost their place: a session that changes is theirs no more. A
    statement of its own, after the locks: it sees whoever has lost it while they were waited for."""
    lost = await appointments.without_place(tx, [each.id for each in locked]) if locked else frozenset()
    return [each for each in locked if each.id not in lost]


async def _waiting(tx: Transaction, reshaping: Reshaping, now: datetime) -> list[tuple[Appointment, Session]]:
    """Who has lost their place and would have it again in what there will be, first booked first; locked. Nobody comes
    back into a session that registry's facts speak against."""
    doubted = {each.stored.session.id for each in reshaping.changes if each.stored.unsupported}
    homes = [each for each in reshaping.homes if each.id not in doubted]
    found = await appointments.lock_without_place(tx, homes, now) if homes else []
    placed = [(it, home) for it in found if (home := comes_back_to(it, homes))]
    return sorted(placed, key=lambda each: (each[0].booked_at or each[0].requested_at, each[0].id))


async def _uncovered(
    tx: Transaction, reshaping: Reshaping, staying: Sequence[tuple[Appointment, Session]]
) -> dict[UUID, Appointment]:
    """Appointments of interns that no supervisor covers any more, those given to an intern by the change included."""
    lost = [part for each in reshaping.changes for part in _lost_presence(each)]
    covered_so_far = await _with_place(tx, await appointments.lock_active_of_interns(tx, lost)) if lost else []
    homes = {it.id: (it, home) for it, home in staying}
    hit = {it.id: (it, it.professional) for it in covered_so_far}
    hit |= {it.id: (it, home.professional) for it, home in homes.values() if home.needs_supervision}
    if not hit:
        return {}
    # A statement of its own, after the locks: it sees every cancellation that they waited for.
    around = await _presence_around(tx, hit.values())
    presence = [session for session in around if session.id not in reshaping.changing]
    presence += reshaping.homes
    interns = {professional for _, professional in hit.values()}
    reaches = await _reaches(tx, [it for it, _ in hit.values()])
    ties = {site: await projections.supervisions(tx, site, interns) for site in {it.site for it, _ in hit.values()}}
    return {
        it.id: it
        for it, intern in hit.values()
        if not is_covered(intern, it.site, it.period, presence, ties[it.site], reaches)
    }


async def _reaches(tx: Transaction, hit: Sequence[Appointment]) -> list[Reach]:
    """When supervisors can be reached by telephone around these appointments."""
    window = Interval(min(it.period.start for it in hit), max(it.period.end for it in hit))
    return [
        reach
        for territory in sorted({it.territory for it in hit})
        for reach in await supervision.reaches(tx, territory, window)
    ]


def _lost_presence(change: Change) -> list[Session]:
    """When the professional of a session is no longer there; by registry's facts they may not have been any more."""
    before, after = change.stored.session, change.after
    if change.stored.unsupported:
        return []
    if after is None or (after.site, after.professional) != (before.site, before.professional):
        return [before]
    return [replace(before, period=hours) for hours in without([before.period], [after.period])]


async def _presence_around(tx: Transaction, hit: Iterable[tuple[Appointment, UUID]]) -> list[Session]:
    days: dict[tuple[UUID, object], Interval] = {}
    for it, _ in hit:
        known = days.get((it.site, it.day), it.period)
        days[it.site, it.day] = Interval(min(known.start, it.period.start), max(known.end, it.period.end))
    return [session for (site, _), window in days.items() for session in await sessions.open_at(tx, site, window)]


async def _cancel_appointments(
    tx: Transaction, losing: Sequence[Appointment], consent: Consent, rules: Rules, author: Author
) -> tuple[UUID, ...]:
    how = CancelRequest(CENTRE, consent.reason, consent.notify)
    gone = [cancel(each, how, rules, author.at, author.by) for each in losing]
    if gone:
        await appointments.save(tx, gone)
    for each in gone:
        announcing.released(tx, each, author.at)
    return tuple(each.id for each in gone if each.state is State.CANCELLED)


def _is_not_for_a_text(it: Appointment) -> bool:
    is_silent = it.compartment == Compartment.SILENT and it.state is not State.HELD
    return is_silent or it.state in WAITING


async def _cancel_sessions(
    tx: Transaction, changes: Sequence[Change], author: Author, *, by_hand: bool
) -> tuple[UUID, ...]:
    ending = [each for each in changes if each.after is None]
    for reason in sorted({each.reason for each in ending}):
        same = [each.stored.session for each in ending if each.reason == reason]
        versions = await sessions.cancel(tx, [each.id for each in same], reason, author, by_hand=by_hand)
        for session in same:
            announcing.session_cancelled(tx, session, versions[session.id], reason, author.at)
    return tuple(each.stored.session.id for each in ending)


async def _change_sessions(
    tx: Transaction, changes: Sequence[Change], edit: Edit | None, now: datetime
) -> tuple[Session, ...]:
    """Those that only become shorter first: they make room for those that become longer."""
    going_on = [(each, each.after) for each in changes if each.after is not None]
    shorter = [pair for pair in going_on if pair[0].stored.session.period.contains(pair[1].period)]
    longer = [pair for pair in going_on if pair not in shorter]
    versions: dict[UUID, int] = {}
    try:
        for some in (shorter, longer):
            versions |= await sessions.change(tx, [(after, each.rule_version) for each, after in some], now, edit)
    except sessions.Overlap as met:
        raise Refusal(problems.SESSION_OVERLAP) from met
    for each, after in going_on:
        announcing.session_changed(tx, after, versions[after.id], each.stored.rule, now)
    return tuple(after for _, after in going_on)


async def _rehome(tx: Transaction, reshaping: Reshaping, assessment: Assessment, author: Author) -> None:
    """Those who stay, in another session, with another practitioner or in another room. Their hour is the same: whoever
    was told of it is told nothing new, and the reminder stays."""
    before = {each.stored.session.id: each.stored.session for each in reshaping.changes}
    for it, home in assessment.staying:
        moved = it
        if is_elsewhere(it, home):
            moved = it.moved_to(home, it.period, author.at, author.by, notify=it.notify)
            await appointments.save(tx, [moved])
            announcing.moved(tx, it, moved, author.at)
        try:
            await appointments.hand_over(tx, it.id, before[it.session], home)
        except appointments.Taken as met:
            raise Refusal(problems.SESSION_OVERLAP) from met
