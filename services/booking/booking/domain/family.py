"""Places for several patients who come together: consecutive, with the fewest practitioners, as early as possible."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from booking.domain.availability import Slot
from booking.domain.intervals import Interval
from booking.domain.matching import assign

LARGEST = 8
"""Patients in one command."""

_Who = tuple[int, int, bool]
"""Who is seated: of those expected elsewhere meanwhile which ones (bits), of the others how many; and whether somebody
is at the very start."""
_NOBODY: _Who = (0, 0, False)


def together(
    slots: Iterable[Slot], patients: Sequence[UUID], busy: Mapping[UUID, Sequence[Interval]], length: timedelta
) -> dict[UUID, Slot] | None:
    """A place for each patient, or nothing when they cannot be seen together.

    With one practitioner the places follow each other: no other appointment of this `length` fits between two of them.
    With several, each has such a run, all begin within one `length` of the earliest. Fewest practitioners first, then
    earliest. `busy` says when a patient is expected elsewhere; the first patient has the earliest place if possible.

    Every distribution is looked at, by whom it seats: patients who are free all the while are one like the other.
    """
    sessions: dict[UUID, list[Slot]] = {}
    for slot in sorted(slots, key=_chronological):
        sessions.setdefault(slot.session, []).append(slot)
    best: _Distribution | None = None
    for start in sorted({slot.period.start for mine in sessions.values() for slot in mine}):
        end = start + 2 * len(patients) * length  # no run is longer
        near = [some for mine in sessions.values() if (some := _between(mine, start, end))]
        if _seated([slot for some in near for slot in some], patients, busy) is None:
            continue
        best = _fewest(near, start, _Party.of(patients, busy, near), length, best) or best
        if best is not None and best.practitioners == 1:
            break
    return _seated(sorted(best.places, key=_chronological), patients, busy) if best else None


@dataclass(frozen=True, slots=True)
class _Distribution:
    """Places for some of them. `wait` adds up how long after the start each of them comes."""

    practitioners: int = 0
    wait: timedelta = timedelta()
    places: tuple[Slot, ...] = ()

    def joined(self, other: "_Distribution") -> "_Distribution":
        return _Distribution(
            self.practitioners + other.practitioners, self.wait + other.wait, self.places + other.places
        )

    def is_better(self, other: "_Distribution | None") -> bool:
        return other is None or (self.practitioners, self.wait) < (other.practitioners, other.wait)


@dataclass(frozen=True, slots=True)
class _Party:
    """The patients, as some places meet them: the hours of those `expected` elsewhere meanwhile; how many `others`."""

    expected: Sequence[Sequence[Interval]]
    others: int

    @classmethod
    def of(
        cls, patients: Sequence[UUID], busy: Mapping[UUID, Sequence[Interval]], near: Iterable[Sequence[Slot]]
    ) -> "_Party":
        periods = [slot.period for slots in near for slot in slots]
        expected = [
            hours
            for patient in patients
            if (hours := busy.get(patient, ())) and any(not _is_free(hours, period) for period in periods)
        ]
        return cls(expected, len(patients) - len(expected))

    @property
    def everybody(self) -> _Who:
        return 2 ** len(self.expected) - 1, self.others, True

    def with_one_more(self, who: _Who, period: Interval) -> Iterator[_Who]:
        """Who could be seated then besides."""
        named, others, opens = who
        if others < self.others:
            yield named, others + 1, opens
        for at, hours in enumerate(self.expected):
            if not named & 1 << at and _is_free(hours, period):
                yield named | 1 << at, others, opens

    def both(self, one: _Who, other: _Who) -> _Who | None:
        """Those and those, nobody twice."""
        if one[0] & other[0] or one[1] + other[1] > self.others:
            return None
        return one[0] | other[0], one[1] + other[1], one[2] or other[2]


def _fewest(
    sessions: Iterable[Sequence[Slot]], start: datetime, party: _Party, length: timedelta, best: _Distribution | None
) -> _Distribution | None:
    """Everybody, the first at the very start, with fewer practitioners than the best so far."""
    found = {_NOBODY: _Distribution()}
    for slots in sessions:
        runs = _runs(slots, start, party, length)
        for who, places in list(found.items()):
            if best is not None and places.practitioners + 1 >= best.practitioners:
                continue
            for more, run in runs.items():
                both, joined = party.both(who, more), places.joined(run)
                if both is not None and joined.is_better(found.get(both)):
                    found[both] = joined
    return found.get(party.everybody)


def _runs(slots: Sequence[Slot], start: datetime, party: _Party, length: timedelta) -> dict[_Who, _Distribution]:
    """Whom places of one session that follow each other can seat, the first within one `length` of `start`."""
    found: dict[_Who, _Distribution] = {}
    ending: list[tuple[Slot, dict[_Who, _Distribution]]] = []
    for slot in slots:
        alone = _Distribution(1, slot.period.start - start, (slot,))
        next_one = _Distribution(0, slot.period.start - start, (slot,))
        here: dict[_Who, _Distribution] = {}
        if slot.period.start < start + length:
            for who in party.with_one_more((0, 0, slot.period.start == start), slot.period):
                here[who] = alone
        for last, runs in ending:
            if last.period.start + length <= slot.period.start < last.period.start + 2 * length:
                for before, run in runs.items():
                    longer = run.joined(next_one)
                    for who in party.with_one_more(before, slot.period):
                        if longer.is_better(here.get(who)):
                            here[who] = longer
        ending.append((slot, here))
        for who, run in here.items():
            if run.is_better(found.get(who)):
                found[who] = run
    return found


def _between(slots: Sequence[Slot], start: datetime, end: datetime) -> Sequence[Slot]:
    return slots[bisect_left(slots, start, key=_begins) : bisect_left(slots, end, key=_begins)]


def _begins(slot: Slot) -> datetime:
    return slot.period.start


def _chronological(slot: Slot) -> tuple[datetime, int]:
    return slot.period.start, slot.session.int


def _is_free(hours: Iterable[Interval], period: Interval) -> bool:
    return not any(period.overlaps(each) for each in hours)


def _seated(
    places: Sequence[Slot], patients: Sequence[UUID], busy: Mapping[UUID, Sequence[Interval]]
) -> dict[UUID, Slot] | None:
    """Who has which place, so that nobody is expected elsewhere meanwhile."""
    wishes = {
        patient: [at for at, place in enumerate(places) if _is_free(busy.get(patient, ()), place.period)]
        for patient in reversed(patients)
    }
    # Whoever asks last has the best place that leaves one for everybody: the first patient asks last.
    seats = assign(wishes)
    return {patient: places[seats[patient]] for patient in patients} if seats else None
