"""Places for several patients who come together: consecutive, with the fewest practitioners, as early as possible."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from booking.domain.availability import Slot
from booking.domain.kinds import INTERN
from booking.domain.matching import assign

LARGEST = 8
"""Patients in one command."""

Admits = Callable[[Slot, Sequence[Slot]], bool]
"""Whether a slot may be given once those besides are, in whatever order. What may be given together may be given
without one of them too."""
Alike = Callable[[Slot], Hashable | None]
"""What a slot has in common with those in whose place it could be for all that is given in other sessions; nothing when
whether it may be given depends on how many of its own session are, and on no others."""

_Who = tuple[tuple[int, ...], bool]
"""Who is seated: how many of each group, and whether somebody is at the very start."""
_Way = tuple[_Who, frozenset[tuple[Hashable, int]]]
"""What two distributions have in common of which only the better one counts: whom they seat, and how many places of
each sort on which others depend."""


def interns_apart(slot: Slot) -> Slot | None:
    """That of an intern depends on those of interns, each in its own way."""
    return slot if slot.role == INTERN else None


def together(
    wishes: Mapping[UUID, Collection[Slot]], length: timedelta, admits: Admits, alike: Alike = interns_apart
) -> dict[UUID, Slot] | None:
    """A place for each patient, or nothing when they cannot be seen together. `wishes`: which slots suit whom.

    With one practitioner the places follow each other: no other appointment of this `length` fits between two of them.
    With several, each has such a run, all begin within one `length` of the earliest. Fewest practitioners first, then
    earliest. The first patient has the earliest place if possible.

    Every distribution is looked at, by whom it seats: patients whom the same slots suit are one like the other.
    """
    sessions: dict[UUID, list[Slot]] = {}
    for slot in sorted({slot for mine in wishes.values() for slot in mine}, key=_chronological):
        sessions.setdefault(slot.session, []).append(slot)
    best: _Distribution | None = None
    for start in sorted({slot.period.start for mine in sessions.values() for slot in mine}):
        end = start + 2 * len(wishes) * length  # no run is longer
        near = [some for mine in sessions.values() if (some := _between(mine, start, end))]
        if _seated([slot for some in near for slot in some], wishes) is None:
            continue
        best = _fewest(near, start, _Party.of(wishes, near), length, _Limits(admits, alike), best) or best
        if best is not None and best.practitioners == 1:
            break
    return _seated(sorted(best.places, key=_chronological), wishes) if best else None


@dataclass(frozen=True, slots=True)
class _Limits:
    """What may be given together."""

    admits: Admits
    alike: Alike

    def sorts(self, linked: Sequence[Slot]) -> frozenset[tuple[Hashable, int]]:
        return frozenset(Counter(self.alike(slot) for slot in linked).items())


@dataclass(frozen=True, slots=True)
class _Distribution:
    """Places for some of them. `wait` adds up how long after the start each of them comes; `linked`: those on which it
    depends what else may be given in other sessions."""

    practitioners: int = 0
    wait: timedelta = timedelta()
    places: tuple[Slot, ...] = ()
    linked: tuple[Slot, ...] = ()

    @classmethod
    def of(cls, slot: Slot, start: datetime, limits: _Limits, *, practitioners: int) -> "_Distribution":
        linked = () if limits.alike(slot) is None else (slot,)
        return cls(practitioners, slot.period.start - start, (slot,), linked)

    def joined(self, other: "_Distribution") -> "_Distribution":
        return _Distribution(
            self.practitioners + other.practitioners,
            self.wait + other.wait,
            self.places + other.places,
            self.linked + other.linked,
        )

    def is_better(self, other: "_Distribution | None") -> bool:
        return other is None or (self.practitioners, self.wait) < (other.practitioners, other.wait)


@dataclass(frozen=True, slots=True)
class _Party:
    """The patients, as some places meet them: the places that suit each group, and how many they are."""

    suiting: Sequence[frozenset[Slot]]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, wishes: Mapping[UUID, Collection[Slot]], near: Iterable[Sequence[Slot]]) -> "_Party":
        there = frozenset(slot for slots in near for slot in slots)
        groups = Counter(there.intersection(mine) for mine in wishes.values())
        return cls(list(groups), tuple(groups.values()))

    @property
    def nobody(self) -> _Who:
        return (0,) * len(self.sizes), False

    @property
    def everybody(self) -> _Who:
        return self.sizes, True

    def with_one_more(self, who: _Who, slot: Slot) -> Iterator[_Who]:
        """Who could be seated then besides."""
        seated, opens = who
        for at, suiting in enumerate(self.suiting):
            if seated[at] < self.sizes[at] and slot in suiting:
                yield (*seated[:at], seated[at] + 1, *seated[at + 1 :]), opens

    def both(self, one: _Who, other: _Who) -> _Who | None:
        """Those and those, nobody twice."""
        seated = tuple(map(int.__add__, one[0], other[0]))
        if any(count > size for count, size in zip(seated, self.sizes, strict=True)):
            return None
        return seated, one[1] or other[1]


def _fewest(
    sessions: Iterable[Sequence[Slot]],
    start: datetime,
    party: _Party,
    length: timedelta,
    limits: _Limits,
    best: _Distribution | None,
) -> _Distribution | None:
    """Everybody, the first at the very start, with fewer practitioners than the best so far."""
    most = best.practitioners - 1 if best else sum(party.sizes)
    found: dict[_Way, _Distribution] = {(party.nobody, frozenset()): _Distribution()}
    whole: _Distribution | None = None
    for slots in sessions:
        runs = _runs(slots, start, party, length, limits)
        for (who, _), places in list(found.items()):
            if places.practitioners >= most:
                continue
            for (more, _), run in runs.items():
                both = party.both(who, more)
                if both is None:
                    continue
                joined = places.joined(run)
                way = both, limits.sorts(joined.linked)
                if not (joined.is_better(found.get(way)) and _admitted(run, places, limits)):
                    continue
                found[way] = joined
                if both == party.everybody and joined.is_better(whole):
                    whole, most = joined, joined.practitioners
    return whole


def _admitted(run: _Distribution, places: _Distribution, limits: _Limits) -> bool:
    """Whether a run that may be given by itself may be given besides places of other sessions."""
    if not places.linked:
        return True
    mine = run.linked
    return all(limits.admits(slot, places.linked + mine[:at]) for at, slot in enumerate(mine))


def _runs(
    slots: Sequence[Slot], start: datetime, party: _Party, length: timedelta, limits: _Limits
) -> dict[_Way, _Distribution]:
    """Whom places of one session that follow each other can seat, the first within one `length` of `start`."""
    found: dict[_Way, _Distribution] = {}
    ending: list[tuple[Slot, dict[_Way, _Distribution]]] = []
    for slot in slots:
        here: dict[_Way, _Distribution] = {}
        if slot.period.start < start + length and limits.admits(slot, ()):
            alone = _Distribution.of(slot, start, limits, practitioners=1)
            for who in party.with_one_more((party.nobody[0], slot.period.start == start), slot):
                here[who, limits.sorts(alone.linked)] = alone
        next_one = _Distribution.of(slot, start, limits, practitioners=0)
        for last, runs in ending:
            if not last.period.start + length <= slot.period.start < last.period.start + 2 * length:
                continue
            for (before, _), run in runs.items():
                longer = run.joined(next_one)
                sorts = limits.sorts(longer.linked)
                ways = [(who, sorts) for who in party.with_one_more(before, slot)]
                better = [way for way in ways if longer.is_better(here.get(way))]
                if better and limits.admits(slot, run.places):
                    here |= dict.fromkeys(better, longer)
        ending.append((slot, here))
        for way, run in here.items():
            if run.is_better(found.get(way)):
                found[way] = run
    return found


def _between(slots: Sequence[Slot], start: datetime, end: datetime) -> Sequence[Slot]:
    return slots[bisect_left(slots, start, key=_begins) : bisect_left(slots, end, key=_begins)]


def _begins(slot: Slot) -> datetime:
    return slot.period.start


def _chronological(slot: Slot) -> tuple[datetime, int]:
    return slot.period.start, slot.session.int


def _seated(places: Sequence[Slot], wishes: Mapping[UUID, Collection[Slot]]) -> dict[UUID, Slot] | None:
    """Who has which place, so that each has one that suits them."""
    # Whoever asks last has the best place that leaves one for everybody: the first patient asks last.
    last_first = reversed(list(wishes))
    seats = assign({who: [at for at, place in enumerate(places) if place in wishes[who]] for who in last_first})
    return {patient: places[seats[patient]] for patient in wishes} if seats else None
