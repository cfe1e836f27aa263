"""The agenda as it would be after a change: which sessions are cut, who loses their place, where there is room.

Everything is read; nothing is changed or locked here. The places are found by the same pure function as any search,
over the sessions as they would be.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from booking import problems
from booking.domain import resources
from booking.domain.appointments import Appointment, State
from booking.domain.availability import Slot
from booking.domain.impact import Change, ChangeKind, Hit, Place, instead_by_video
from booking.domain.intervals import Interval
from booking.domain.kinds import ON_SITE, VIDEO, Compartment, Kind, KindBook
from booking.domain.local_time import local_day, whole_day
from booking.domain.people import Professional, Site
from booking.domain.planning import Grid, remaining
from booking.domain.reshaping import loses_company
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.domain.supervision import ANSWERING
from booking.store import appointments, impacts, projections, sessions, supervision
from booking.store.sessions import StoredSession
from booking.use_cases.appointments.company import joined_by
from booking.use_cases.availability.find_places import partners_of
from booking.use_cases.availability.search_availability import free_slots
from booking.use_cases.calendar.planning import require_room_for_shares
from booking.use_cases.kinds.kind_book import book_of, kind_of
from booking.use_cases.supervision.recheck_supervision import STANDING, coverage_of, judged
from smp.auth import Actor
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

    Raises Refusal: PROFESSIONAL_UNKNOWN, SESSION_UNKNOWN, SESSION_CANCELLED, SHARES_TOO_LARGE (for its new hours),
    SESSION_OVERLAP (these would meet another session), SITE_UNKNOWN; IN_CONSULTATION with the list when somebody is
    being seen in what would be cut.
    """
    if change.kind is ChangeKind.SITE_MOVED:
        return await _moved_site(tx, change)
    territory, cuts = await _cuts(tx, change, rules)
    own = await _without_place(tx, cuts)
    _require_nobody_seen(own)
    hit = [*own, *await _uncovered(tx, territory, cuts, {each.id for each in own}, rules, now)]
    touched = dict.fromkeys([*(cut.session.site for cut in cuts), *(each.site for each in hit)])
    sites = tuple(touched) or await _named(tx, change)
    return Scene(change, territory, sites, await _zone(tx, sites), tuple(cuts), tuple(hit))


async def _named(tx: Transaction, change: Change) -> tuple[UUID, ...]:
    """The sites of a change that touches nothing: it is still planned, seen and applied by who works there only."""
    if change.site:
        return (change.site,)
    who = await projections.professional(tx, change.professional) if change.professional else None
    return tuple(sorted(who.sites)) if who else ()


async def options_of(
    tx: Transaction, scene: Scene, rules: Rules, *, actor: Actor, now: datetime
) -> dict[UUID, list[Place]]:
    """For each hit appointment, every place that is left for its kind and its patient, at the sites the actor works
    at, from its own day on. A week of hit appointments is looked at in one go."""
    if scene.change.kind is ChangeKind.SITE_MOVED or not scene.hit:
        return {}
    sites = [site for site in await impacts.sites_of_territory(tx, scene.sites[0]) if actor.covers_site(site)]
    found: dict[UUID, list[Place]] = {}
    for week, hit in _by_week(scene).items():
        window = Interval(max(week.start, now), week.end + rules.alternatives_span) if week.end > now else None
        if window is None:
            continue
        kinds = {each.id: await kind_of(tx, rules, each) for each in hit}
        places = {
            _asked(each, kinds): await _places(tx, scene, sites, each, kinds[each.id], rules, window, now)
            for each in {_asked(each, kinds): each for each in hit}.values()
        }
        busy = await _busy_patients(tx, hit, window)
        seen_by = {
            each.id: await appointments.practitioners_who_saw(tx, each.patient)
            for each in hit
            if kinds[each.id].follow_up_only and each.patient
        }
        for each in hit:
            known = seen_by.get(each.id)
            suitable = [it for it in places[_asked(each, kinds)] if known is None or it.professional in known]
            found[each.id] = _free_for_patient(each, suitable, busy, scene.zone, rules.alternatives_span)
    return found


def hit_of(it: Appointment, options: Sequence[Place]) -> Hit:
    """The appointment as the assignment looks at it."""
    return Hit(
        appointment=it.id,
        site=it.site,
        role=it.role,
        mode=it.mode,
        period=it.period,
        since=it.booked_at or it.requested_at,
        options=tuple(options),
        # Whoever is there already is spoken to; of what is silent nothing is said but by somebody who knows.
        can_move=it.state is State.BOOKED and it.compartment != Compartment.SILENT,
    )


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
    tx: Transaction, territory: str, cuts: Sequence[Cut], known: set[UUID], rules: Rules, now: datetime
) -> list[Appointment]:
    """Appointments of interns, not hit themselves, that were covered and would not be any more: the latest booked of
    those that fewer supervisors answer for."""
    lost: list[UUID] = []
    for day in sorted({cut.session.day for cut in cuts if cut.session.role in ANSWERING}):
        acts = [each for each in await supervision.acts_of_day(tx, territory, day, now) if each.id not in known]
        if not acts:
            continue
        before = await coverage_of(tx, territory, day, acts, rules)
        was, will_be = judged(acts, before), judged(acts, replace(before, sessions=_after(before.sessions, cuts)))
        expected = (each.id for each in acts if each.state in STANDING and each.state is not State.HELD)
        lost += [each for each in expected if was.get(each) is None and will_be.get(each) is not None]
    return await impacts.some_appointments(tx, lost) if lost else []


def _after(open_sessions: Iterable[Session], cuts: Iterable[Cut]) -> list[Session]:
    changed = {cut.session.id: cut for cut in cuts}
    return [part for each in open_sessions for part in (changed[each.id].after() if each.id in changed else (each,))]


def _require_nobody_seen(hit: Iterable[Appointment]) -> None:
    seen = [each for each in hit if each.state is State.IN_CONSULTATION]
    if seen:
        listed = [{"appointment": str(each.id), "start": each.period.start.isoformat()} for each in seen]
        raise Refusal(problems.IN_CONSULTATION, appointments=listed)


def _by_week(scene: Scene) -> dict[Interval, list[Appointment]]:
    """The hit appointments by ISO week of the site's calendar, each week as an interval of instants."""
    weeks: dict[Interval, list[Appointment]] = {}
    for each in scene.hit:
        day = local_day(each.period.start, scene.zone)
        monday = whole_day(day - timedelta(days=day.weekday()), scene.zone).start
        weeks.setdefault(Interval(monday, monday + _WEEK), []).append(each)
    return weeks


def _asked(it: Appointment, kinds: Mapping[UUID, Kind]) -> tuple[str, int, str, str, str | None]:
    """What decides which places suit an appointment, its patient apart."""
    kind = kinds[it.id]
    return kind.code, kind.version, it.mode, it.capacity_class, joined_by(it)


async def _places(
    tx: Transaction,
    scene: Scene,
    sites: Sequence[UUID],
    it: Appointment,
    kind: Kind,
    rules: Rules,
    window: Interval,
    now: datetime,
) -> list[Place]:
    """The free places of its kind; for a visit by video too, in its own kind or in what doctors do so instead, while
    that kind is as it is when the window begins."""
    modes = (ON_SITE, VIDEO) if it.mode == ON_SITE and VIDEO in kind.modes else (it.mode,)
    slots = await _slots(tx, scene, sites, it, kind, rules, window, now)
    found = [_place(slot, mode) for slot in slots for mode in modes]
    if it.mode != ON_SITE:
        return found
    book = await book_of(tx, rules, scene.territory)
    for other in instead_by_video(kind, book.by_video(local_day(window.start, scene.zone))):
        slots = await _slots(tx, scene, sites, it, other, rules, window, now)
        same = [slot for slot in slots if book.on(other.code, local_day(slot.period.start, scene.zone)) == other]
        found += [_place(slot, VIDEO, other.code) for slot in same]
    return found


def _place(slot: Slot, mode: str, kind: str | None = None) -> Place:
    return Place(slot.session, slot.site, slot.professional, slot.role, mode, slot.period, kind)


async def _slots(
    tx: Transaction,
    scene: Scene,
    sites: Sequence[UUID],
    it: Appointment,
    kind: Kind,
    rules: Rules,
    window: Interval,
    now: datetime,
) -> list[Slot]:
    """Free slots over the sessions as they would be, at each of the sites, with whoever takes part besides."""
    partners = partners_of(kind, joined_by(it))
    as_if = partial(_after, cuts=scene.cuts)
    found: list[Slot] = []
    for site in sites:
        found += await free_slots(
            tx, site, kind, window, now, None, it.capacity_class, rules=rules, partners=partners, as_if=as_if
        )
    return found


async def _busy_patients(
    tx: Transaction, hit: Sequence[Appointment], window: Interval
) -> Mapping[int, Sequence[Interval]]:
    """When each patient is expected elsewhere; the hit appointments themselves do not count."""
    numbers = {resources.patient(each.patient).number for each in hit if each.patient}
    own = {(resources.patient(each.patient).number, each.period) for each in hit if each.patient}
    busy: dict[int, list[Interval]] = {}
    for taken in await sessions.busy(tx, numbers, window):
        if (taken.resource, taken.period) not in own:
            busy.setdefault(taken.resource, []).append(taken.period)
    return busy


def _free_for_patient(
    it: Appointment, places: Iterable[Place], busy: Mapping[int, Sequence[Interval]], zone: ZoneInfo, span: timedelta
) -> list[Place]:
    """Places from the day of the appointment on, at which the patient is expected nowhere else."""
    assert it.patient is not None
    elsewhere = busy.get(resources.patient(it.patient).number, ())
    day = whole_day(local_day(it.period.start, zone), zone)
    return [
        place
        for place in places
        if day.start <= place.period.start < day.end + span
        and not any(place.period.overlaps(period) for period in elsewhere)
    ]
