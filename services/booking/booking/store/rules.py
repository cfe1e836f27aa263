"""Rules of recurrence with their versions, and the days they skip."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

from booking.domain.intervals import Interval
from booking.domain.planning import Skip, Skipped
from booking.domain.recurrence import Listed, Monthly, Recurrence, Rule, Weekly
from booking.store.sessions import Author, minutes
from smp.postgres import Record, Statements, Transaction

SQL = Statements.load(__package__, "rules.sql")


@dataclass(frozen=True, slots=True)
class StoredRule:
    """One version of a rule of recurrence, in force from `from_day` until a later version's; `ended` means that from
    that day on there is none. `materialised_until` is the last day already turned into sessions."""

    id: UUID
    version: int
    from_day: date
    territory: str
    site: UUID
    professional: UUID
    room: str | None
    kinds: frozenset[str]
    grid: timedelta
    rule: Rule
    ended: bool = False
    materialised_until: date | None = None
    shares: Mapping[str, int] = field(default_factory=dict)  # slots kept for a class of callers
    equipment: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Series:
    """A rule with all its versions, first to last."""

    versions: tuple[StoredRule, ...]

    @property
    def latest(self) -> StoredRule:
        return self.versions[-1]

    @property
    def id(self) -> UUID:
        return self.latest.id

    @property
    def first_day(self) -> date:
        """The day on which the rule begins."""
        return min(each.from_day for each in self.versions)

    def in_force(self, day: date) -> StoredRule | None:
        """The version that says what happens on `day`; nothing before the rule begins and after it has ended."""
        found = next((each for each in reversed(self.versions) if each.from_day <= day), None)
        return None if found is None or found.ended else found

    def planned_after(self, day: date) -> tuple[StoredRule, ...]:
        """The versions that are to take over later than `day`, in order of their days; an end can only be the last."""
        later = ((n, each) for n, each in enumerate(self.versions, 1) if each.from_day > day)
        return tuple(each for n, each in later if all(other.from_day > each.from_day for other in self.versions[n:]))

    def stretches(self, first: date, last: date) -> Iterator[tuple[StoredRule, date, date]]:
        """The versions in force from `first` to `last`, each with its first and last day."""
        turns = {each.from_day for each in self.versions if first < each.from_day <= last}
        starts = [*sorted({first, *turns}), last + timedelta(days=1)]
        for start, after in pairwise(starts):
            if version := self.in_force(start):
                yield version, start, after - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SkippedOf:
    """A day, or hours of it, that a rule skips."""

    rule: UUID
    professional: UUID
    skipped: Skipped


async def insert(tx: Transaction, stored: StoredRule, author: Author) -> None:
    """Write a rule, or its next version."""
    rule, recurrence = stored.rule, stored.rule.recurrence
    await tx.execute(
        SQL.insert,
        stored.id,
        stored.version,
        stored.from_day,
        stored.ended,
        stored.territory,
        stored.site,
        stored.professional,
        stored.room,
        sorted(stored.kinds),
        minutes(stored.grid),
        None if isinstance(recurrence, Listed) else sorted(recurrence.weekdays),
        recurrence.every_weeks if isinstance(recurrence, Weekly) else None,
        recurrence.anchor if isinstance(recurrence, Weekly) else None,
        sorted(recurrence.nth) if isinstance(recurrence, Monthly) else None,
        sorted(recurrence.dates) if isinstance(recurrence, Listed) else None,
        rule.start,
        rule.end,
        rule.valid_from,
        rule.valid_until,
        stored.materialised_until,
        author.at,
        author.by,
        dict(stored.shares) or None,
        sorted(stored.equipment),
    )


async def behind(tx: Transaction, last: date) -> list[UUID]:
    """Rules that have sessions to make until `last`."""
    return [row["id"] for row in await tx.fetch(SQL.behind, last)]


async def get(tx: Transaction, id: UUID) -> Series | None:
    return next(iter(_series(await tx.fetch(SQL.get, id))), None)


async def lock(tx: Transaction, id: UUID) -> Series | None:
    """The rule, for one planner until the commit."""
    return next(iter(_series(await tx.fetch(SQL.lock, [id]))), None)


async def lock_at(tx: Transaction, site: UUID | None, professional: UUID | None) -> list[Series]:
    """The rules of a site or of a professional, for one planner until the commit."""
    return _series(await tx.fetch(SQL.lock_at, site, professional))


async def at(tx: Transaction, site: UUID | None, professional: UUID | None = None) -> list[Series]:
    """The rules of a site or of a professional."""
    return _series(await tx.fetch(SQL.at, site, professional))


async def is_materialised(tx: Transaction, rule: UUID, until: date) -> None:
    await tx.execute(SQL.is_materialised, rule, until)


async def write_skipped(
    tx: Transaction, series: Sequence[Series], skipped: Iterable[tuple[StoredRule, Skipped]], first: date, last: date
) -> None:
    """What these rules skip between two days, in the place of what was known."""
    await tx.execute(SQL.forget_skipped, [each.id for each in series], first, last)
    rows = [_skipped(rule, each) for rule, each in skipped]
    if rows:
        await tx.execute(SQL.insert_skipped, rows)


async def skipped(tx: Transaction, site: UUID, first: date, last: date, professional: UUID | None) -> list[SkippedOf]:
    """The days that rules of a site skip, in order."""
    return [
        SkippedOf(
            row["rule"],
            row["professional"],
            Skipped(row["day"], Skip(row["reason"]), _hours(row["starts_at"], row["ends_at"]), row["source"]),
        )
        for row in await tx.fetch(SQL.skipped, site, first, last, professional)
    ]


def _hours(start: datetime | None, end: datetime | None) -> Interval | None:
    return Interval(start, end) if start and end else None


def _skipped(rule: StoredRule, each: Skipped) -> dict[str, Any]:
    return {
        "rule": str(rule.id),
        "day": each.day,
        "territory": rule.territory,
        "site": str(rule.site),
        "professional": str(rule.professional),
        "starts_at": each.period and each.period.start,
        "ends_at": each.period and each.period.end,
        "reason": each.reason,
        "source": each.source and str(each.source),
    }


def _series(rows: Iterable[Record]) -> list[Series]:
    """Rows in order of rule and version."""
    versions = (_stored(row) for row in rows)
    return [Series(tuple(of_one)) for _, of_one in groupby(versions, key=lambda each: each.id)]


def _stored(row: Record) -> StoredRule:
    return StoredRule(
        id=row["id"],
        version=row["version"],
        from_day=row["from_day"],
        territory=row["territory"],
        site=row["site"],
        professional=row["professional"],
        room=row["room"],
        kinds=frozenset(row["kinds"]),
        grid=timedelta(minutes=row["slot_minutes"]),
        rule=Rule(_recurrence(row), row["starts"], row["ends"], row["valid_from"], row["valid_until"]),
        ended=row["ended"],
        materialised_until=row["materialised_until"],
        shares=row["shares"] or {},
        equipment=frozenset(row["equipment"]),
    )


def _recurrence(row: Record) -> Recurrence:
    if row["dates"] is not None:
        return Listed(frozenset(row["dates"]))
    if row["nth"] is not None:
        return Monthly(frozenset(row["weekdays"]), frozenset(row["nth"]))
    return Weekly(frozenset(row["weekdays"]), row["anchor"], row["every_weeks"])
