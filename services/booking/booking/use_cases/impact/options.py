"""Where there is room for those who lose their place.

Found by the same pure function as any search, over the sessions as they would be.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.domain import resources
from booking.domain.appointments import Appointment, State
from booking.domain.availability import Slot
from booking.domain.impact import Company, Hit, Needs, Place, instead_by_video
from booking.domain.intervals import Interval
from booking.domain.kinds import ON_SITE, VIDEO, Compartment, Kind
from booking.domain.local_time import local_day, whole_day
from booking.domain.rules import Rules
from booking.store import appointments, sessions
from booking.use_cases.appointments.company import joined_by
from booking.use_cases.availability.find_places import partners_of
from booking.use_cases.availability.search_availability import AsIf, free_slots
from booking.use_cases.impact.counting import Counts, counts_of
from booking.use_cases.impact.scene import Scene, reaches_after, sessions_after
from booking.use_cases.kinds.kind_book import book_of, kind_of
from smp.postgres import Transaction

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Options:
    """Every place that each hit appointment could have, by itself; `counts` tells which of them together."""

    places: Mapping[UUID, Sequence[Place]]
    counts: Counts


async def options_of(tx: Transaction, scene: Scene, sites: Sequence[UUID], rules: Rules, now: datetime) -> Options:
    """For each hit appointment, every place that is left for its kind and its patient at these sites, from its own day
    on. A week of hit appointments is looked at in one go."""
    found = await _free(tx, scene, sites, rules, now)
    counts = await counts_of(tx, scene, {each for places in found.values() for each in places}, rules, now)
    return Options({each.id: counts.alone(hit_of(each, found.get(each.id, ()))) for each in scene.hit}, counts)


async def _free(
    tx: Transaction, scene: Scene, sites: Sequence[UUID], rules: Rules, now: datetime
) -> dict[UUID, list[Place]]:
    """By the hour alone."""
    if not sites:
        return {}
    found: dict[UUID, list[Place]] = {}
    for week, hit in _by_week(scene).items():
        if week.end > now:
            window = Interval(max(week.start, now), week.end + rules.alternatives_span)
            found |= await _Room(tx, scene, sites, rules, window, now).options(hit)
    return found


def hit_of(it: Appointment, options: Sequence[Place]) -> Hit:
    """The appointment as the assignment looks at it."""
    assert it.patient is not None
    return Hit(
        appointment=it.id,
        patient=it.patient,
        site=it.site,
        role=it.role,
        mode=it.mode,
        period=it.period,
        since=it.booked_at or it.requested_at,
        options=tuple(options),
        # Whoever is there already is spoken to; of what is silent nothing is said but by somebody who knows.
        can_move=it.state is State.BOOKED and it.compartment != Compartment.SILENT,
    )


def _by_week(scene: Scene) -> dict[Interval, list[Appointment]]:
    """The hit appointments by ISO week of the site's calendar, each week as an interval of instants."""
    weeks: dict[Interval, list[Appointment]] = {}
    for each in scene.hit:
        day = local_day(each.period.start, scene.zone)
        monday = whole_day(day - timedelta(days=day.weekday()), scene.zone).start
        weeks.setdefault(Interval(monday, monday + _WEEK), []).append(each)
    return weeks


@dataclass(frozen=True, slots=True)
class _Room:
    """What is free at these sites in a window of the agenda as it would be."""

    tx: Transaction
    scene: Scene
    sites: Sequence[UUID]
    rules: Rules
    window: Interval
    now: datetime

    async def options(self, hit: Sequence[Appointment]) -> dict[UUID, list[Place]]:
        """What suits each of these appointments, one question for all that ask the same."""
        kinds = {each.id: await kind_of(self.tx, self.rules, each) for each in hit}
        places = {
            asked: await self._places(each, kinds[each.id])
            for asked, each in {_asked(each, kinds[each.id]): each for each in hit}.items()
        }
        busy = await _busy_patients(self.tx, hit, self.window, self.now)
        followed = {each.patient for each in hit if kinds[each.id].follow_up_only and each.patient}
        seen_by = await appointments.practitioners_who_saw(self.tx, followed)
        found = {}
        for each in hit:
            suitable = places[_asked(each, kinds[each.id])]
            if kinds[each.id].follow_up_only and each.patient:
                suitable = [place for place in suitable if place.professional in seen_by[each.patient]]
            found[each.id] = _free_for_patient(each, suitable, busy, self.scene.zone, self.rules.alternatives_span)
        return found

    async def _places(self, it: Appointment, kind: Kind) -> list[Place]:
        """The free places of its kind; for a visit by video too, in its own kind or in what doctors do so instead,
        while that kind is as it is when the window begins."""
        modes = (ON_SITE, VIDEO) if it.mode == ON_SITE and VIDEO in kind.modes else (it.mode,)
        found = [_place(slot, it, kind, mode) for slot in await self._slots(it, kind) for mode in modes]
        return [*found, *await self._by_video_instead(it, kind)] if it.mode == ON_SITE else found

    async def _by_video_instead(self, it: Appointment, kind: Kind) -> list[Place]:
        book, zone = await book_of(self.tx, self.rules, self.scene.territory), self.scene.zone
        return [
            _place(slot, it, other, VIDEO)
            for other in instead_by_video(kind, book.by_video(local_day(self.window.start, zone)))
            for slot in await self._slots(it, other)
            if book.on(other.code, local_day(slot.period.start, zone)) == other
        ]

    async def _slots(self, it: Appointment, kind: Kind) -> list[Slot]:
        """Free slots at each of the sites, with whoever takes part besides."""
        partners = partners_of(kind, joined_by(it))
        as_if = AsIf(
            partial(sessions_after, cuts=self.scene.cuts),
            partial(reaches_after, change=self.scene.change),
            {each.id for each in self.scene.hit},
        )
        found: list[Slot] = []
        for site in self.sites:
            found += await free_slots(
                self.tx, site, kind, self.window, self.now,
                rules=self.rules, partners=partners, interns_counted=False, as_if=as_if,
            )  # fmt: skip
        return found


def _asked(it: Appointment, kind: Kind) -> tuple[str, int, str, str | None]:
    """What decides which places suit an appointment, its patient and what is counted apart."""
    return kind.code, kind.version, it.mode, joined_by(it)


def _place(slot: Slot, it: Appointment, kind: Kind, mode: str) -> Place:
    becomes = None if kind.code == it.kind else kind.code
    return Place(slot.session, slot.site, slot.professional, slot.role, mode, slot.period, becomes, _needs(slot, kind))


def _needs(slot: Slot, kind: Kind) -> Needs:
    occupied = kind.around(slot.period)
    comes = min([slot.period.start, *(each.period.start for each in slot.companions)])
    in_that_room = kind.preparation is not None and kind.preparation.same_room
    return Needs(
        session=Interval(min(occupied.start, comes), occupied.end) if in_that_room else occupied,
        occupied=occupied,
        patient=Interval(comes, slot.period.end),
        company=tuple(Company(each.period, each.able) for each in slot.companions),
    )


async def _busy_patients(
    tx: Transaction, hit: Sequence[Appointment], window: Interval, now: datetime
) -> Mapping[int, Sequence[Interval]]:
    """When each patient is expected, at what is hit too: it stands until it has been moved, or somebody has called."""
    numbers = {resources.patient(each.patient).number for each in hit if each.patient}
    busy: dict[int, list[Interval]] = {}
    for taken in await sessions.busy(tx, numbers, window, now):
        busy.setdefault(taken.resource, []).append(taken.period)
    return busy


def _free_for_patient(
    it: Appointment, places: Iterable[Place], busy: Mapping[int, Sequence[Interval]], zone: ZoneInfo, span: timedelta
) -> list[Place]:
    """Places from the day of the appointment on, at which the patient is expected nowhere else."""
    assert it.patient is not None
    patient = resources.patient(it.patient)
    elsewhere = [period for period in busy.get(patient.number, ()) if period != it.takes(patient)]
    day = whole_day(local_day(it.period.start, zone), zone)
    return [
        place
        for place in places
        if day.start <= place.period.start < day.end + span
        and not any(place.attended.overlaps(period) for period in elsewhere)
    ]
