"""Sessions, their rules and the closures of sites."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from booking.domain import resources
from booking.domain.availability import Occupancy
from booking.domain.capacity import Share, first_release
from booking.domain.intervals import Interval
from booking.domain.recurrence import Listed, Rule, Weekly
from booking.domain.sessions import Session
from smp.postgres import Record, Statements, Transaction

SQL = Statements.load(__package__, "sessions.sql")


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session with what only the store and its events need."""

    session: Session
    is_open: bool
    version: int
    rule: UUID | None


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule of recurrence and whose sessions it makes; `materialised_until` is the last day done."""

    id: UUID
    version: int
    territory: str
    site: UUID
    professional: UUID
    room: str | None
    kinds: frozenset[str]
    grid: timedelta
    rule: Rule
    materialised_until: date | None = None
    shares: Mapping[str, int] = field(default_factory=dict)  # slots kept for a class
    equipment: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Author:
    """Who opens, and when."""

    by: str
    at: datetime


async def get(tx: Transaction, id: UUID) -> StoredSession | None:
    row = await tx.fetchrow(SQL.get, id)
    return stored_session(row) if row else None


async def lock(tx: Transaction, id: UUID) -> StoredSession | None:
    """The session, alone: running bookings have ended, new ones wait for this transaction."""
    row = await tx.fetchrow(SQL.lock, id)
    return stored_session(row) if row else None


async def lock_of_day(tx: Transaction, site: UUID, day: date, window: Interval) -> list[StoredSession]:
    """The open sessions of a day of a site, alone."""
    rows = await tx.fetch(SQL.lock_of_day, site, day, window.start, window.end)
    return [stored_session(row) for row in rows]


async def open_at(tx: Transaction, site: UUID, window: Interval) -> list[Session]:
    """Open sessions of the site that meet the window, of any professional."""
    return [session_of(row) for row in await tx.fetch(SQL.open_at, site, window.start, window.end)]


async def share_presence_of_supervisors(tx: Transaction, site: UUID, intern: UUID, period: Interval) -> list[Session]:
    """Open sessions of the intern's supervisors that meet `period`; none can be cancelled before the commit."""
    rows = await tx.fetch(SQL.share_presence_of_supervisors, site, intern, period.start, period.end)
    return [session_of(row) for row in rows]


async def busy(tx: Transaction, numbers: Collection[int], window: Interval) -> list[Occupancy]:
    """What takes these resources within the window."""
    rows = await tx.fetch(SQL.busy, list(numbers), window.start, window.end)
    return [Occupancy(row["resource"], Interval(row["starts_at"], row["ends_at"])) for row in rows]


async def insert(
    tx: Transaction, sessions: Sequence[Session], author: Author, rule: StoredRule | None = None
) -> frozenset[UUID]:
    """Open sessions of one professional at one site; returns those that could be opened."""
    if not sessions:
        return frozenset()
    first = sessions[0]
    rows = await tx.fetch(
        SQL.insert,
        first.territory,
        first.site,
        first.professional,
        first.room,
        sorted(first.kinds),
        _minutes(first.grid),
        rule and rule.id,
        rule and rule.version,
        author.at,
        author.by,
        resources.practitioner(first.professional).number,
        resources.room(first.site, first.room).number if first.room else None,
        [session.id for session in sessions],
        [session.role for session in sessions],
        [session.day for session in sessions],
        [session.period.start for session in sessions],
        [session.period.end for session in sessions],
        [_kept(session.shares) for session in sessions],
        [first_release(session.shares, author.at) for session in sessions],
        sorted(first.equipment),
    )
    return frozenset(row["id"] for row in rows)


async def cancel(tx: Transaction, ids: Iterable[UUID], reason: str, author: Author) -> dict[UUID, int]:
    """Cancel locked sessions; their new versions."""
    rows = await tx.fetch(SQL.cancel, list(ids), reason, author.at, author.by)
    return {row["id"]: row["version"] for row in rows}


async def insert_rule(tx: Transaction, stored: StoredRule, author: Author) -> None:
    rule, weekly = stored.rule, stored.rule.recurrence
    await tx.execute(
        SQL.insert_rule,
        stored.id,
        stored.territory,
        stored.site,
        stored.professional,
        stored.room,
        sorted(stored.kinds),
        _minutes(stored.grid),
        sorted(weekly.weekdays) if isinstance(weekly, Weekly) else None,
        weekly.every_weeks if isinstance(weekly, Weekly) else None,
        weekly.anchor if isinstance(weekly, Weekly) else None,
        sorted(weekly.dates) if isinstance(weekly, Listed) else None,
        rule.start,
        rule.end,
        rule.valid_from,
        rule.valid_until,
        author.at,
        author.by,
        dict(stored.shares) or None,
        sorted(stored.equipment),
    )


async def rules_behind(tx: Transaction, last: date) -> list[UUID]:
    """Rules that have sessions to make until `last`."""
    return [row["id"] for row in await tx.fetch(SQL.rules_behind, last)]


async def lock_rule(tx: Transaction, id: UUID) -> StoredRule | None:
    row = await tx.fetchrow(SQL.lock_rule, id)
    if row is None:
        return None
    recurrence = (
        Listed(frozenset(row["dates"]))
        if row["dates"] is not None
        else Weekly(frozenset(row["weekdays"]), row["anchor"], row["every_weeks"])
    )
    return StoredRule(
        id=row["id"],
        version=row["version"],
        territory=row["territory"],
        site=row["site"],
        professional=row["professional"],
        room=row["room"],
        kinds=frozenset(row["kinds"]),
        grid=timedelta(minutes=row["slot_minutes"]),
        rule=Rule(recurrence, row["starts"], row["ends"], row["valid_from"], row["valid_until"]),
        materialised_until=row["materialised_until"],
        shares=row["shares"] or {},
        equipment=frozenset(row["equipment"]),
    )


async def days_of_rule(tx: Transaction, rule: UUID, first: date, last: date) -> frozenset[date]:
    return frozenset(row["day"] for row in await tx.fetch(SQL.days_of_rule, rule, first, last))


async def rule_is_materialised(tx: Transaction, rule: UUID, until: date) -> None:
    await tx.execute(SQL.rule_is_materialised, rule, until)


async def close_day(tx: Transaction, site: UUID, day: date, territory: str, reason: str, author: Author) -> bool:
    """Write the closure down; False when that day was closed already."""
    return await tx.fetchval(SQL.close_day, site, day, territory, reason, author.at, author.by) is not None


async def closures(tx: Transaction, site: UUID, first: date, last: date) -> frozenset[date]:
    return frozenset(row["day"] for row in await tx.fetch(SQL.closures, site, first, last))


def session_of(row: Record) -> Session:
    """A session from columns named as in the table."""
    return Session(
        id=row["id"],
        territory=row["territory"],
        site=row["site"],
        professional=row["professional"],
        role=row["role"],
        room=row["room"],
        kinds=frozenset(row["kinds"]),
        day=row["day"],
        period=Interval(row["starts_at"], row["ends_at"]),
        grid=timedelta(minutes=row["slot_minutes"]),
        shares=_shares(row["shares"]) if row["shares"] else (),
        equipment=frozenset(row["equipment"]),
    )


def _kept(shares: Iterable[Share]) -> dict[str, Any] | None:
    return {each.capacity_class: {"slots": each.slots, "release_at": each.release_at} for each in shares} or None


def _shares(kept: dict[str, Any]) -> tuple[Share, ...]:
    return tuple(Share(each, share["slots"], _instant(share["release_at"])) for each, share in kept.items())


def _instant(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def stored_session(row: Record) -> StoredSession:
    """The same with state, version and rule."""
    return StoredSession(session_of(row), row["state"] == "open", row["version"], row["rule"])


def _minutes(duration: timedelta) -> int:
    return int(duration.total_seconds() // 60)
