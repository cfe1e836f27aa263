"""Who calls, who comes, when and for how long: a whole day decided beforehand by a seed, without any service."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from smp_local.day.calendar import at, calling_day
from smp_local.worlds.centre import DOCTORS, Centre, Shift
from smp_local.worlds.people import (
    BARRED,
    BROKEN_ONCE,
    BUSY_ONCE,
    DISORDER,
    EARLY,
    INVALID,
    NO_RECEIPT,
    PHONE_OFF,
    SILENT_ONCE,
    STOP,
    Person,
    person,
    with_landline_only,
)

Fate = Literal["comes", "cancels", "absent", "cancelled"]
FATES: tuple[Fate, ...] = ("comes", "cancels", "absent", "cancelled")

LANDLINE, REFUSES_TEXTS, NOT_ELIGIBLE = 9801, 9802, 9803  # numbers of their files
CAST = (LANDLINE, REFUSES_TEXTS, INVALID, BARRED, PHONE_OFF, NO_RECEIPT, EARLY, DISORDER, STOP, BUSY_ONCE)
"""Patients who call some days before and whom texts reach badly or in an odd way."""

OUTCOMES = ("none",) * 4 + ("follow_up",) * 4 + ("referred_to_treating_doctor", "other")


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each. `seen` is what the day should give: called ahead and come, rush, same day, walk-ins."""

    ahead: int  # booked some days before, absent ones included, cancelled ones apart
    absent: int
    cancelling: int
    emergencies: int  # same-day, by phone
    same_day: int  # consultations asked and had on the day, by phone
    walk_ins: int
    social: int
    rubs: bool = True  # with the attempts that must be refused
    cast: bool = True  # with the patients whom texts reach badly

    @property
    def seen(self) -> int:
        return self.ahead - self.absent + self.emergencies + self.same_day + self.walk_ins


LAVAL_SIZE = Size(ahead=44, absent=5, cancelling=3, emergencies=10, same_day=5, walk_ins=6, social=5)
"""Sixty consultations seen, ten of them same-day emergencies; 5 absent of 65 expected = 8 %."""
LE_MANS_SIZE = Size(
    ahead=16, absent=2, cancelling=1, emergencies=2, same_day=4, walk_ins=2, social=0, rubs=False, cast=False
)


@dataclass(frozen=True, slots=True)
class Place:
    """A slot of somebody's agenda."""

    professional: UUID
    start: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """One appointment from the first call to its end. `place` None: the first free one when the patient calls."""

    name: str
    person: Person
    kind: str
    walks_in: bool
    calls_at: datetime
    place: Place | None
    holds: bool  # the secretary keeps the slot while the patient looks for a diary
    early: int  # minutes before the hour at which the patient comes; negative = late
    minutes: int  # with the practitioner
    outcome: str
    severity: int | None
    otherwise_emergency: bool | None
    fate: Fate = "comes"
    changes_at: datetime | None = None
    moves_to: Place | None = None


@dataclass(frozen=True, slots=True)
class CentreDay:
    """One centre's day."""

    centre: Centre
    day: date
    called_on: date
    seed: int
    size: Size
    shifts: tuple[Shift, ...]
    visits: tuple[Visit, ...]

    @property
    def opens(self) -> datetime:
        return at(self.centre, self.day, min(s.start for s in self.shifts).hour)

    @property
    def closes(self) -> datetime:
        return at(self.centre, self.day, max(s.end for s in self.shifts).hour)

    @property
    def doctors(self) -> tuple[UUID, ...]:
        return tuple(dict.fromkeys(s.who.id for s in self.shifts if s.who.role in DOCTORS))


def plan_day(centre: Centre, day: date, seed: int, size: Size) -> CentreDay:
    """The same arguments give the same people, hours and lengths. Raises ValueError when nobody receives that day."""
    shifts = centre.roster(day)
    if not shifts:
        raise ValueError(f"nobody receives at {centre.key} on {day}")
    return _Author(centre, day, seed, size, shifts).write()


class _Author:
    def __init__(self, centre: Centre, day: date, seed: int, size: Size, shifts: tuple[Shift, ...]) -> None:
        self.centre, self.day, self.seed, self.size, self.shifts = centre, day, seed, size, shifts
        self.called_on = calling_day(day)
        self.dice = random.Random(f"{centre.key}/{day}/{seed}")  # noqa: S311 - a play is no secret
        self.people = self._people()

    def write(self) -> CentreDay:
        places = self._places("consultation")
        self.dice.shuffle(places)
        ahead = self._ahead(places)
        visits = [*ahead, *self._rush(), *self._walk_ins(), *self._social()]
        return CentreDay(self.centre, self.day, self.called_on, self.seed, self.size, self.shifts, tuple(visits))

    # --- those who called some days before ------------------------------------------------------------------

    def _ahead(self, places: list[Place]) -> list[Visit]:
        size = self.size
        cast = self._cast()
        calls = self._calls(self.called_on, size.ahead + size.cancelling, 9 * 60, 17 * 60 + 30)
        comes, cancels = FATES[:2]
        fates = [comes] * size.ahead + [cancels] * size.cancelling
        for index in self.dice.sample(range(len(cast) + 1, size.ahead), size.absent):
            fates[index] = "absent"
        if size.cancelling > 1:
            fates[-1] = "cancelled"
        visits = []
        for index, (when, fate) in enumerate(zip(calls, fates, strict=True)):
            who = cast[index] if index < len(cast) else next(self.people)
            moves = index == len(cast)  # the first ordinary patient asks for another hour
            place = self._take(places, not_before=120 if fate in ("cancels", "cancelled") else 0)
            other = self._take(places, not_before=120) if moves else None
            visits.append(
                self._visit(
                    f"ahead-{index:02}", who, when, place, fate=fate, holds=index % 3 == 0,
                    changes_at=self._change(index, fate, moves), moves_to=other,
                )
            )  # fmt: skip
        return visits

    def _take(self, places: list[Place], not_before: int) -> Place:
        """A place, some minutes after the opening: who changes on the day itself does so before the hour."""
        first = self._opening(not_before)
        chosen = next(place for place in reversed(places) if place.start >= first)
        places.remove(chosen)
        return chosen

    def _change(self, index: int, fate: Fate, moves: bool) -> datetime | None:
        """The patient cancels on the same day as the call, the next ones on the day itself; the centre at nine."""
        if moves:
            return at(self.centre, self.called_on, 17, 45)
        if fate == "cancels":
            early = index == self.size.ahead
            return at(self.centre, self.called_on, 17, 40) if early else self._opening(6)
        return self._opening(20) if fate == "cancelled" else None

    def _cast(self) -> list[Person]:
        if not self.size.cast:
            return []
        people = {number: person(self.centre.town, number) for number in CAST}
        people[LANDLINE] = with_landline_only(people[LANDLINE])
        return list(people.values())

    # --- those of the day -----------------------------------------------------------------------------------

    def _rush(self) -> list[Visit]:
        """The telephone from the first minute; most call in the first forty."""
        size = self.size
        kinds = ["minor_emergency"] * size.emergencies + ["consultation"] * size.same_day
        self.dice.shuffle(kinds)
        late = max(1, len(kinds) // 4)
        offsets = sorted(self.dice.randint(0, 40) for _ in kinds[late:])
        offsets += sorted(self.dice.randint(60, 300) for _ in kinds[:late])
        odd = self._odd_callers()
        visits = []
        for index, (kind, offset) in enumerate(zip(kinds, offsets, strict=True)):
            who = odd.pop() if odd and kind == "minor_emergency" else next(self.people)
            visits.append(self._visit(f"today-{index:02}", who, self._opening(offset), None, kind=kind))
        return visits

    def _odd_callers(self) -> list[Person]:
        """Two whose texts the provider answers badly or not at all, one who has a treating doctor."""
        if not self.size.cast:
            return []
        town = self.centre.town
        return [person(town, SILENT_ONCE), person(town, BROKEN_ONCE), person(town, NOT_ELIGIBLE, eligible=False)]

    def _walk_ins(self) -> list[Visit]:
        last = int((at(self.centre, self.day, 16) - self._opening(0)).total_seconds() // 60)
        offsets = sorted(self.dice.randint(45, last) for _ in range(self.size.walk_ins))
        return [
            self._visit(f"walk-in-{index:02}", next(self.people), self._opening(offset), None, walks_in=True,
                        kind=self.dice.choice(("consultation", "minor_emergency")) if index % 2 else "consultation")
            for index, offset in enumerate(offsets)
        ]  # fmt: skip

    def _social(self) -> list[Visit]:
        places = self._places("social")[: self.size.social]
        calls = self._calls(self.called_on, len(places), 14 * 60, 16 * 60)
        return [
            self._visit(f"social-{index:02}", next(self.people), when, place, kind="social")
            for index, (when, place) in enumerate(zip(calls, places, strict=True))
        ]

    # --- pieces ---------------------------------------------------------------------------------------------

    def _visit(
        self, name: str, who: Person, calls_at: datetime, place: Place | None, *, kind: str = "consultation",
        walks_in: bool = False, holds: bool = False, fate: Fate = "comes", changes_at: datetime | None = None,
        moves_to: Place | None = None,
    ) -> Visit:  # fmt: skip
        dice = self.dice
        unscheduled = kind == "minor_emergency" or walks_in
        return Visit(
            name=name, person=who, kind=kind, walks_in=walks_in, calls_at=calls_at, place=place, holds=holds,
            early=dice.choice((2, 4, 5, 7, 8, 10, 10, 12, 15, 18, -3, -6)),
            minutes=30 if kind == "social" else round(dice.triangular(9, 31, 18)),
            outcome="sent_to_emergency" if unscheduled and dice.random() < 0.06 else dice.choice(OUTCOMES),
            severity=dice.choices((1, 2, 3), (55, 38, 7))[0] if unscheduled else None,
            otherwise_emergency=dice.random() < 0.55 if unscheduled else None,
            fate=fate, changes_at=changes_at, moves_to=moves_to,
        )  # fmt: skip

    def _people(self) -> Iterator[Person]:
        known = list(range(self.centre.registered))
        self.dice.shuffle(known)
        # Three in four have a file already; the others are inscribed when they call.
        for index, number in enumerate(known):
            if index % 4 == 3:
                yield person(self.centre.town, self.centre.registered + self.dice.randrange(20) + 20 * index)
            yield person(self.centre.town, number)

    def _calls(self, day: date, count: int, first: int, last: int) -> list[datetime]:
        """Instants spread over a day, in minutes of the local clock."""
        start = at(self.centre, day, 0)
        return [start + timedelta(minutes=minute) for minute in sorted(self.dice.sample(range(first, last), count))]

    def _opening(self, minutes: int) -> datetime:
        return at(self.centre, self.day, min(s.start for s in self.shifts).hour) + timedelta(minutes=minutes)

    def _places(self, kind: str) -> list[Place]:
        return [place for shift in self.shifts if kind in shift.kinds for place in _slots(self.centre, self.day, shift)]


def _slots(centre: Centre, day: date, shift: Shift) -> Sequence[Place]:
    start = datetime.combine(day, shift.start, centre.zone)
    end = datetime.combine(day, shift.end, centre.zone)
    step = timedelta(minutes=shift.slot_minutes)
    return [Place(shift.who.id, start + number * step) for number in range(int((end - start) / step))]
