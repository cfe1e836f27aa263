"""The sessions of a site by weeks, with what they offer of each kind: kept until something of it changes.

Cost of a count or of the first places: a binary search in each week, where no two starts of a kind can meet (a grid not
finer than the kind); else one step for each session at the bounds.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from uuid import UUID

from booking.domain.agenda import Line, Question, Times, count_places, first_minute, in_order, slot_at
from booking.domain.availability import Slot
from booking.domain.kinds import Kind
from booking.domain.minutes import MINUTE, each

KindKey = tuple[str, int]
"""Code and version: what tells a kind from any other of its territory."""


Start = tuple[int, int, int, int, Line]
"""The minute, the professional, the session (so that they sort as slots do), what it breaks, and where."""


@dataclass(frozen=True, slots=True)
class Free:
    """Where appointments of a kind may start in a page, in order; no two of them meet."""

    starts: list[Start]

    @classmethod
    def of(cls, lines: Iterable[Line], times: Times) -> "Free":
        return cls(sorted(start for line in lines for start in _starts_in(line, line.starts(times))))

    def between(self, asked: "Question") -> tuple[int, int]:
        """Which is the first one between the bounds, and how many are there."""
        at = bisect_left(self.starts, (asked.earliest,))
        return at, bisect_left(self.starts, (asked.before,), lo=at) - at


@dataclass(slots=True)
class Page:
    """Sessions of a site that start in one stretch of time, `in_order`. It keeps what it offers of a kind, without
    interns, until something of it is taken or given back."""

    lines: list[Line]
    professionals: frozenset[UUID] = frozenset()
    interns: tuple[Line, ...] = ()
    shared: tuple[Line, ...] = ()
    longest: int = 0  # minutes of its longest session
    by_resource: dict[int, list[Line]] = field(default_factory=dict)
    _offering: dict[KindKey, tuple[list[Line], list[Line]]] = field(default_factory=dict)
    _sums: dict[KindKey, list[int]] = field(default_factory=dict)
    _free: dict[KindKey, "Free"] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Iterable[Line]) -> "Page":
        page = cls(in_order(lines))
        page.longest = max((line.length for line in page.lines), default=0)
        page.interns = tuple(line for line in page.lines if line.session.needs_supervision)
        page.shared = tuple(line for line in page.lines if line.session.shares)
        page.professionals = frozenset(line.session.professional for line in page.lines)
        for line in page.lines:
            for resource in line.session.resources:
                page.by_resource.setdefault(resource.number, []).append(line)
        return page

    def offering(self, kind: Kind) -> tuple[list[Line], list[Line]]:
        """Its lines for a kind: those that are everybody's, and those of which shares are kept."""
        key = kind.code, kind.version
        known = self._offering.get(key)
        if known is None:
            able = [x for x in self.lines if x.session.offers(kind) and not x.session.needs_supervision]
            known = [x for x in able if not x.session.shares], [x for x in able if x.session.shares]
            self._offering[key] = known
        return known

    def places(self, asked: Question) -> int:
        """How many appointments can be put together into what is everybody's. Lines that lie wholly between the bounds
        are summed beforehand; only those at the bounds are looked at."""
        common = self.offering(asked.policy.kind)[0]
        if not asked.is_plain:
            return count_places(self.lines, asked, among=common)
        if free := self.free(asked):
            return free.between(asked)[1]
        at = bisect_left(common, asked.earliest, key=first_minute)
        until = max(at, bisect_right(common, asked.before - self.longest, key=first_minute))
        before = bisect_right(common, asked.earliest - self.longest, hi=at, key=first_minute)
        sums = self._sums_of(asked, common)
        edges = [*common[before:at], *common[until:]]
        return sums[until] - sums[at] + (count_places(self.lines, asked, among=edges) if edges else 0)

    def changed(self) -> None:
        """Something of a line was taken or given back."""
        self._sums.clear()
        self._free.clear()

    def free(self, asked: Question) -> "Free | None":
        """Where to start in what is everybody's; nothing where starts of this kind could meet, or are not all known."""
        kind, minutes = asked.policy.kind, sum(asked.times)
        known = self._free.get((kind.code, kind.version))
        if known is None and asked.is_plain:
            common = self.offering(kind)[0]
            if any(line.session.grid // MINUTE < minutes for line in common):
                return None
            known = self._free[kind.code, kind.version] = Free.of(common, asked.times)
        return known if asked.is_plain else None

    def _sums_of(self, asked: Question, common: Sequence[Line]) -> list[int]:
        """The places of the first n lines, for each n."""
        key = asked.policy.kind.code, asked.policy.kind.version
        known = self._sums.get(key)
        if known is None:
            known = self._sums[key] = [0, *accumulate(line.places(asked.times) for line in common)]
        return known


def first_of_pages(pages: Iterable[Page], asked: Question, count: int) -> list[Slot] | None:
    """As `first_places` of what is everybody's, where pages know it beforehand; nothing where one does not."""
    ahead: list[Start] = []
    for page in pages:
        free = page.free(asked)
        if free is None:
            return None
        at, number = free.between(asked)
        ahead += free.starts[at : at + min(number, count)]
    return [slot_at(line, minute - line.first, ends, (), asked) for minute, _, _, ends, line in sorted(ahead)[:count]]


def _starts_in(line: Line, starts: tuple[int, int, int]) -> Iterator[Start]:
    who, session = line.session.professional.int, line.session.id.int
    for open_ends, minutes in enumerate(starts):
        for minute in each(minutes):
            yield line.first + minute, who, session, open_ends, line
