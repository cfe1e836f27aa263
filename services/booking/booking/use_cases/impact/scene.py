"""The agenda as it would be after a change: which sessions are cut, who loses their place.

Everything is read; nothing is changed or locked here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from booking import problems
from booking.domain.appointments import Appointment, State
from booking.domain.impact import Change, ChangeKind
from booking.domain.intervals import Interval, without
from booking.domain.kinds import KindBook
from booking.domain.local_time import local_day
from booking.domain.people import Professional, Site
from booking.domain.planning import Grid, remaining
from booking.domain.reshaping import loses_company
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.domain.supervision import ANSWERING, Reach
from booking.store import impacts, projections, sessions, supervision
from booking.store.sessions import StoredSession
from booking.use_cases.calendar.planning import require_room_for_shares
from booking.use_cases.kinds.kind_book import book_of
from booking.use_cases.supervision.reachability import days_of
from booking.use_cases.supervision.recheck_supervision import STANDING, coverage_of, judged
from smp.postgres import Transaction
from smp.problems import Refusal

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Cut:
    """A session that changes, and the hours that are left of it (none: it does not take place)."""

    stored: StoredSession
    parts: tuple[Interval, ...]

    @property
    def session(self) -> Session:
        return self.stored.session

    def after(self) -> list[Session]:
        """The session as it would be, in parts when it is cut in two."""
        return [replace(self.session, period=part) for part in self.parts]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a change does. `hit`: appointments that lose their place, or whose address changes."""

    change: Change
    territory: str
    sites: tuple[UUID, ...]
    zone: ZoneInfo
    cuts: tuple[Cut, ...]
    hit: tuple[Appointment, ...]


async def scene_of(tx: Transaction, change: Change, rules: Rules, now: datetime) -> Scene:
    """What `change` would do to the agenda as it stands.

    Raises Refusal: PROFESSIONAL_UNKNOWN, SESSION_UNKNOWN, SESSION_CANCELLED, END_BEFORE_START (a session ends on the
    day on which it begins), SHARES_TOO_LARGE (for its new hours),
    SESSION_OVERLAP (these would meet another session), SITE_UNKNOWN; IN_CONSULTATION with the list when somebody is
    being seen in what would be cut.
    """
    if change.kind is ChangeKind.SITE_MOVED:
        return await _moved_site(tx, change)
    territory, cuts = await _cuts(tx, change, rules)
    own = await _without_place(tx, cuts)
    _require_nobody_seen(own)
    hit = [*own, *await _uncovered(tx, change, territory, cuts, {each.id for each in own}, rules, now)]
    touched = dict.fromkeys([*(cut.session.site for cut in cuts), *(each.site for each in hit)])
    sites = tuple(touched) or await _named(tx, change)
    return Scene(change, territory, sites, await _zone(tx, sites), tuple(cuts), tuple(hit))


async def _named(tx: Transaction, change: Change) -> tuple[UUID, ...]:
    """The sites of a change that touches nothing: it is still planned, seen and applied by who works there only."""
    if change.site:
        return (change.site,)
    who = await projections.professional(tx, change.professional) if change.professional else None
    return tuple(sorted(who.sites)) if who else ()


async def _cuts(tx: Transaction, change: Change, rules: Rules) -> tuple[str, list[Cut]]:
    """The sessions that change, and whose territory they are of."""
    if change.kind is ChangeKind.SESSION_CHANGE:
        cut = await _changed_session(tx, change)
        return cut.session.territory, [cut]
    assert change.period is not None
    lost = change.period
    who: Professional | Site | None
    if change.kind is ChangeKind.SITE_CLOSED:
        assert change.site is not None
        if (who := await projections.site(tx, change.site)) is None:
            raise Refusal(problems.SITE_UNKNOWN)
        stored = await impacts.sessions_of_site(tx, who.id, lost)
    else:
        assert change.professional is not None
        if (who := await projections.professional(tx, change.professional)) is None:
            raise Refusal(problems.PROFESSIONAL_UNKNOWN)
        stored = await impacts.sessions_of_professional(tx, who.id, lost)
    book = await book_of(tx, rules, who.territory)
    return who.territory, [_cut(each, lost, book) for each in stored]


def _cut(stored: StoredSession, lost: Interval, book: KindBook) -> Cut:
    """What the calendar would leave of a session: every part in which an appointment fits."""
    session = stored.session
    kinds = [kind for code in session.kinds if (kind := book.on(code, session.day))]
    grid = Grid(session.grid, min((kind.length for kind in kinds), default=session.grid))
    return Cut(stored, remaining(session.period, [lost], grid))


async def _changed_session(tx: Transaction, change: Change) -> Cut:
    assert change.session is not None
    assert change.period is not None
    stored = await sessions.get(tx, change.session)
    if stored is None:
        raise Refusal(problems.SESSION_UNKNOWN)
    if not stored.is_open:
        raise Refusal(problems.SESSION_CANCELLED)
    zone = await _zone(tx, [stored.session.site])
    last_moment = change.period.end - timedelta(microseconds=1)
    if local_day(change.period.start, zone) != local_day(last_moment, zone):
        raise Refusal(problems.END_BEFORE_START)
    require_room_for_shares(stored.session.kept, change.period, stored.session.grid)
    after = replace(stored.session, period=change.period)
    if await sessions.overlapping(tx, [after], [after.id]):
        raise Refusal(problems.SESSION_OVERLAP)
    return Cut(stored, (change.period,))


async def _moved_site(tx: Transaction, change: Change) -> Scene:
    assert change.site is not None
    assert change.from_day is not None
    site = await projections.site(tx, change.site)
    if site is None:
        raise Refusal(problems.SITE_UNKNOWN)
    hit = await impacts.expected_at_site(tx, site.id, change.from_day)
    return Scene(change, site.territory, (site.id,), site.zone, (), tuple(hit))


async def _zone(tx: Transaction, sites: Sequence[UUID]) -> ZoneInfo:
    site = await projections.site(tx, sites[0]) if sites else None
    return site.zone if site else ZoneInfo("Europe/Paris")


async def _without_place(tx: Transaction, cuts: Sequence[Cut]) -> list[Appointment]:
    """Who stands in hours that are cut, or wants somebody besides who is not there then any more."""
    parts = {cut.session.id: cut.parts for cut in cuts}
    before = {cut.session.id: cut.session for cut in cuts}
    after = {cut.session.id: next(iter(cut.after()), None) for cut in cuts}  # other parts are sessions of their own
    return [
        each
        for each in await impacts.standing_in_sessions(tx, list(parts))
        if not any(part.contains(each.occupied) for part in parts.get(each.session, (each.occupied,)))
        or loses_company(each, before, after)
    ]


async def _uncovered(
    tx: Transaction,
    change: Change,
    territory: str,
    cuts: Sequence[Cut],
    known: set[UUID],
    rules: Rules,
    now: datetime,
) -> list[Appointment]:
    """Appointments of interns, not hit themselves, that were covered, from the site or by telephone, and would not be
    any more: the latest booked of those that fewer supervisors answer for."""
    lost: list[UUID] = []
    present = {cut.session.day for cut in cuts if cut.session.role in ANSWERING}
    for day in sorted(present | await _days_by_telephone(tx, change, territory)):
        acts = [each for each in await supervision.acts_of_day(tx, territory, day, now) if each.id not in known]
        if not acts:
            continue
        before = await coverage_of(tx, territory, day, acts, rules)
        then = replace(
            before,
            sessions=sessions_after(before.sessions, cuts),
            reaches=reaches_after(before.reaches, change),
        )
        was, will_be = judged(acts, before), judged(acts, then)
        expected = (each.id for each in acts if each.state in STANDING and each.state is not State.HELD)
        lost += [each for each in expected if was.get(each) is None and will_be.get(each) is not None]
    return await impacts.some_appointments(tx, lost) if lost else []


async def _days_by_telephone(tx: Transaction, change: Change, territory: str) -> set[date]:
    """On which whoever will be away was to be reached by telephone."""
    if change.professional is None or change.period is None:
        return set()
    reaches = await supervision.reaches(tx, territory, change.period)
    lost = [each.period.clipped(change.period) for each in reaches if each.supervisor == change.professional]
    return {day for period in lost if period for day in days_of(period)}


def sessions_after(open_sessions: Iterable[Session], cuts: Iterable[Cut]) -> list[Session]:
    """The open sessions as they would be."""
    changed = {cut.session.id: cut for cut in cuts}
    return [part for each in open_sessions for part in (changed[each.id].after() if each.id in changed else (each,))]


def reaches_after(reaches: Iterable[Reach], change: Change) -> list[Reach]:
    """Who could still be reached by telephone: whoever is away answers none."""
    lost = [change.period] if change.period and change.professional else []
    return [
        replace(each, period=left)
        for each in reaches
        for left in without([each.period], lost if each.supervisor == change.professional else [])
    ]


def _require_nobody_seen(hit: Iterable[Appointment]) -> None:
    seen = [each for each in hit if each.state is State.IN_CONSULTATION]
    if seen:
        listed = [{"appointment": str(each.id), "start": each.period.start.isoformat()} for each in seen]
        raise Refusal(problems.IN_CONSULTATION, appointments=listed)
