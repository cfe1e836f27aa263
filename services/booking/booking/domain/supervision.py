"""Supervision is coverage: an intern works only while somebody answers for them.

A supervisor answers for an intern from where they are: present at the same site (their own open sessions), or declared
reachable by telephone, for one site or for all of the territory. The presences of several supervisors add up: one may
take over from another in the middle of an appointment. Supervision never occupies the supervisor, who consults
meanwhile; but at one instant a supervisor answers for so many interns and no more (the ratio), wherever they are.

Instants count one by one: an interval of presence that ends a minute too early covers nothing of that minute.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.domain.intervals import Interval, covers, union
from booking.domain.sessions import Session

MIDDAY = time(13)  # where a half-day of the site ends and the other begins
ANSWERING = frozenset({"gp", "retired_gp"})  # roles that may supervise


class Lost(StrEnum):
    """Why an intern's appointment is not covered."""

    NO_SUPERVISOR = "no_supervisor"  # nobody answers for the intern on that day
    SUPERVISOR_ABSENT = "supervisor_absent"  # somebody does, but is neither there nor reachable
    TOO_MANY_INTERNS = "too_many_interns"  # those who are answer for as many as they may


@dataclass(frozen=True, slots=True)
class Supervision:
    """`supervisor` answers for `intern` from `start`, until `end` when there is one."""

    intern: UUID
    supervisor: UUID
    start: datetime
    end: datetime | None = None

    def during(self, presence: Interval) -> Interval | None:
        """The part of a supervisor's presence in which the supervision is in force."""
        start = max(self.start, presence.start)
        end = presence.end if self.end is None else min(self.end, presence.end)
        return Interval(start, end) if start < end else None


@dataclass(frozen=True, slots=True)
class Reach:
    """A supervisor can be reached by telephone, from one site, or from any when none is named."""

    supervisor: UUID
    period: Interval
    site: UUID | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """An appointment of an intern."""

    intern: UUID
    site: UUID
    period: Interval


@dataclass(frozen=True, slots=True)
class Coverage:
    """Who answers for whom, and from where, around some hours of a territory. `sessions` are the open ones, of anyone;
    `ratio` is how many interns a supervisor answers for at one instant, without bound when not given."""

    supervisions: Sequence[Supervision]
    sessions: Sequence[Session] = ()
    reaches: Sequence[Reach] = ()
    ratio: int | None = None

    def presences(self, intern: UUID, site: UUID) -> Iterator[tuple[UUID, Interval]]:
        """When which supervisor is there for an intern at a site."""
        there = [(each.professional, each.period) for each in self.sessions if each.site == site]
        there += [(each.supervisor, each.period) for each in self.reaches if each.site in (None, site)]
        for tie in self.supervisions:
            for who, period in there:
                if tie.intern == intern and who == tie.supervisor and (part := tie.during(period)):
                    yield who, part

    def periods(self, intern: UUID, site: UUID, others: Iterable[Act] = ()) -> tuple[Interval, ...]:
        """When an intern at a site is covered, while other interns do these acts."""
        own = list(self.presences(intern, site))
        acts = [act for act in others if act.intern != intern]
        whole = union(part for _, part in own)
        if self.ratio is None or not acts:
            return whole
        theirs = [(act, list(self.presences(act.intern, act.site))) for act in acts]
        instants = {instant for _, part in own for instant in (part.start, part.end)}
        for act, presences in theirs:
            for part in (act.period, *(part for _, part in presences)):
                instants |= {part.start, part.end}
        return union(
            stretch
            for stretch in _stretches(sorted(instants))
            if _fits(
                _there(own, stretch),
                [_there(presences, stretch) for act, presences in theirs if act.period.contains(stretch)],
                self.ratio,
            )
        )

    def lost(self, act: Act, others: Iterable[Act] = ()) -> Lost | None:
        """Why the act is not covered while other interns do theirs; nothing when it is."""
        if covers(self.periods(act.intern, act.site, others), act.period):
            return None
        if covers((part for _, part in self.presences(act.intern, act.site)), act.period):
            return Lost.TOO_MANY_INTERNS
        ties = (tie for tie in self.supervisions if tie.intern == act.intern)
        return Lost.SUPERVISOR_ABSENT if any(tie.during(act.period) for tie in ties) else Lost.NO_SUPERVISOR

    def verdicts(self, acts: Sequence[Act]) -> list[Lost | None]:
        """Of acts that stand, each with why it is not covered. The first ones given keep their supervisor."""
        kept: list[Act] = []
        verdicts = []
        for act in acts:
            lost = self.lost(act, [each for each in kept if each.period.overlaps(act.period)])
            verdicts.append(lost)
            if lost is None:
                kept.append(act)
        return verdicts

    def answerable(self, intern: UUID, site: UUID, at: datetime) -> UUID | None:
        """The supervisor there at that instant; the smallest id when there are several: the answer is stable."""
        there = (who for who, part in self.presences(intern, site) if part.start <= at < part.end)
        return min(there, default=None)


def supervised_periods(
    intern: UUID, site: UUID, sessions: Iterable[Session], supervisions: Iterable[Supervision]
) -> tuple[Interval, ...]:
    """When `intern` is covered at `site` by presence alone, given the open `sessions` of anyone there."""
    return Coverage(tuple(supervisions), tuple(sessions)).periods(intern, site)


def is_covered(
    intern: UUID,
    site: UUID,
    period: Interval,
    sessions: Iterable[Session],
    supervisions: Iterable[Supervision],
    reaches: Iterable[Reach] = (),
) -> bool:
    """True when a supervisor is there during the whole `period` of the intern at `site`, however many interns."""
    coverage = Coverage(tuple(supervisions), tuple(sessions), tuple(reaches))
    return covers(coverage.periods(intern, site), period)


def is_afternoon(at: datetime, zone: ZoneInfo) -> bool:
    """Which half of its day an instant belongs to, on the site's clock."""
    return at.astimezone(zone).time() >= MIDDAY


def acts_in_half_day(starts: Iterable[datetime], at: datetime, zone: ZoneInfo) -> int:
    """How many of these appointments begin in the same half-day as `at`."""
    wanted = _half_day(at, zone)
    return sum(_half_day(start, zone) == wanted for start in starts)


def _half_day(at: datetime, zone: ZoneInfo) -> tuple[date, bool]:
    return at.astimezone(zone).date(), is_afternoon(at, zone)


def _stretches(instants: Sequence[datetime]) -> Iterator[Interval]:
    """Between two of these instants nobody comes or goes."""
    return (Interval(start, end) for start, end in pairwise(instants))


def _there(presences: Iterable[tuple[UUID, Interval]], stretch: Interval) -> frozenset[UUID]:
    return frozenset(who for who, part in presences if part.contains(stretch))


def _fits(wanted: frozenset[UUID], others: Iterable[frozenset[UUID]], ratio: int) -> bool:
    """True when one of `wanted` can answer for one intern more, nobody losing theirs who has one: the others may be
    given to another of their own supervisors (augmenting paths, Kuhn 1955, with room for `ratio` at each)."""
    groups: dict[UUID, list[frozenset[UUID]]] = {}
    for each in others:
        _place(each, groups, ratio, set())
    return _place(wanted, groups, ratio, set())


def _place(wanted: frozenset[UUID], groups: dict[UUID, list[frozenset[UUID]]], ratio: int, seen: set[UUID]) -> bool:
    for supervisor in wanted:
        if supervisor in seen:
            continue
        seen.add(supervisor)
        group = groups.setdefault(supervisor, [])
        if len(group) < ratio:
            group.append(wanted)
            return True
        for n, other in enumerate(group):
            if _place(other, groups, ratio, seen):
                group[n] = wanted
                return True
    return False
