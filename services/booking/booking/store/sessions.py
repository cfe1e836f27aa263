"""Sessions: one row per occurrence."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import ExclusionViolationError

from booking.domain import resources
from booking.domain.availability import Occupancy
from booking.domain.capacity import Share, first_release
from booking.domain.intervals import Interval
from booking.domain.sessions import Session
from smp.postgres import Reader, Record, Statements, Transaction

SQL = Statements.load(__package__, "sessions.sql")


class Overlap(Exception):
    """A professional or a room would be in two places."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who opens, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Edit:
    """Who changed one occurrence by hand, when, and why as a code."""

    by: str
    at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class Origin:
    """The day of a rule that a session stands for, and the version of the rule it follows."""

    rule: UUID
    version: int
    day: date


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session with what only the store and its events need. `unsupported` says which of registry's facts speaks
    against it while patients are expected."""

    session: Session
    is_open: bool
    version: int
    origin: Origin | None = None
    edit: Edit | None = None
    unsupported: str | None = None
    cancel_reason: str | None = None

    @property
    def rule(self) -> UUID | None:
        return self.origin.rule if self.origin else None


@dataclass(frozen=True, slots=True)
class Opening:
    """A session to open, and the day of a rule it stands for."""

    session: Session
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """What a closure or an absence touches: a site, one room of it, or a professional, for a time."""

    period: Interval
    site: UUID | None = None
    room: str | None = None
    professional: UUID | None = None


async def get(tx: Transaction, id: UUID) -> StoredSession | None:
    row = await tx.fetchrow(SQL.get, id)
    return stored_session(row) if row else None


async def lock(tx: Transaction, id: UUID) -> StoredSession | None:
    """The session, alone: running bookings have ended, new ones wait for this transaction."""
    row = await tx.fetchrow(SQL.lock, id)
    return stored_session(row) if row else None


async def open_at(db: Reader, site: UUID, window: Interval) -> list[Session]:
    """The sessions of the site, of any professional, that meet the window and take appointments."""
    return [session_of(row) for row in await db.fetch(SQL.open_at, site, window.start, window.end)]


async def share_if_free(tx: Transaction, session: UUID, period: Interval) -> bool:
    """Keep a session that takes appointments and holds `period` until the commit; False when there is none, or when
    somebody is changing it."""
    row = await tx.fetchrow(SQL.share_if_free, session)
    return row is not None and Interval(row["starts_at"], row["ends_at"]).contains(period)


async def busy(
    db: Reader,
    numbers: Collection[int],
    window: Interval,
    now: datetime,
    *,
    first_call: bool = False,
    leaving: Collection[UUID] = (),
) -> list[Occupancy]:
    """What takes these resources within the window, for somebody who would take them over at `now` if they could;
    places that rest do not for whoever has first call, nor what the appointments `leaving` take."""
    rows = await db.fetch(SQL.busy, list(numbers), window.start, window.end, now, first_call, list(leaving))
    return [Occupancy(row["resource"], Interval(row["starts_at"], row["ends_at"])) for row in rows]


async def insert(tx: Transaction, openings: Sequence[Opening], author: Author) -> frozenset[UUID]:
    """Open sessions; returns those that could be: no professional and no room is in two places."""
    if not openings:
        return frozenset()
    rows = await tx.fetch(SQL.insert, [_opening(each, author.at) for each in openings], author.at, author.by)
    return frozenset(row["id"] for row in rows)


async def overlapping(tx: Transaction, changed: Sequence[Session], besides: Iterable[UUID]) -> frozenset[UUID]:
    """Those of `changed` that would meet an open session of their professional or room, `besides` not counted."""
    if not changed:
        return frozenset()
    rows = await tx.fetch(SQL.overlapping, [_written(each) for each in changed], list(besides))
    return frozenset(row["id"] for row in rows)


async def change(
    tx: Transaction, changed: Sequence[tuple[Session, int | None]], now: datetime, edit: Edit | None = None
) -> dict[UUID, int]:
    """Write locked sessions as they have become, with the version of their rule when they follow a new one; their new
    versions. Raises Overlap: then the transaction can only be rolled back."""
    if not changed:
        return {}
    rows = [{**_released(session, now), "rule_version": version} for session, version in changed]
    try:
        written = await tx.fetch(SQL.change, rows, edit and edit.at, edit and edit.by, edit and edit.reason)
    except ExclusionViolationError as met:
        raise Overlap from met
    return {row["id"]: row["version"] for row in written}


async def cancel(
    tx: Transaction, ids: Iterable[UUID], reason: str, author: Author, *, by_hand: bool = False
) -> dict[UUID, int]:
    """Cancel locked sessions; their new versions. Cancelled by hand, an occurrence does not come back."""
    rows = await tx.fetch(SQL.cancel, list(ids), reason, author.at, author.by, by_hand)
    return {row["id"]: row["version"] for row in rows}


async def flag(tx: Transaction, reasons: Mapping[UUID, str | None]) -> dict[UUID, tuple[int, str | None]]:
    """Mark sessions as unsupported, or clear the mark: of those it changes for, the new version and the mark."""
    rows = await tx.fetch(SQL.flag, list(reasons), list(reasons.values())) if reasons else []
    return {row["id"]: (row["version"], row["unsupported_reason"]) for row in rows}


async def lock_to_reshape(
    tx: Transaction,
    rules: Iterable[UUID],
    first: date,
    last: date,
    hit: Hit | None,
    now: datetime,
    also: Iterable[UUID] = (),
) -> list[StoredSession]:
    """The sessions of `rules` between two days (edited ones whatever became of them), the open ones that are hit and
    `also` these, alone until the commit, in id order."""
    by_site = hit and hit.site
    rows = await tx.fetch(
        SQL.lock_to_reshape,
        list(rules),
        first,
        last,
        by_site,
        resources.room(by_site, hit.room).number if by_site and hit and hit.room else None,
        hit and hit.professional,
        hit and hit.period.start,
        hit and hit.period.end,
        now,
        list(also),
    )
    return [stored_session(row) for row in rows]


async def moved_past(tx: Transaction, rule: UUID, day: date) -> list[UUID]:
    """Occurrences of a rule before `day` that somebody has moved to it or later."""
    return [row["id"] for row in await tx.fetch(SQL.moved_past, rule, day)]


async def sites_of_professional(tx: Transaction, professional: UUID, now: datetime) -> list[UUID]:
    """Where somebody receives or will, in id order."""
    return sorted(row["site"] for row in await tx.fetch(SQL.sites_of_professional, professional, now))


async def ahead(tx: Transaction, site: UUID | None, professional: UUID | None, now: datetime) -> list[StoredSession]:
    """Open sessions that have not begun."""
    return [stored_session(row) for row in await tx.fetch(SQL.ahead, site, professional, now)]


async def between(
    tx: Transaction, site: UUID, first: date, last: date, professional: UUID | None, *, cancelled: bool, flagged: bool
) -> list[StoredSession]:
    """Sessions of a site between two days of its calendar, in order of hour; `flagged` asks for unsupported ones."""
    # A day of margin on both sides: the index is by instant, the days are the site's.
    window = (
        datetime.combine(first, time(), UTC) - timedelta(days=1),
        datetime.combine(last, time(), UTC) + timedelta(2),
    )
    rows = await tx.fetch(SQL.between, site, first, last, *window, professional, cancelled, flagged)
    return [stored_session(row) for row in rows]


async def presence(
    tx: Transaction, professionals: Iterable[UUID], start: datetime, end: datetime
) -> list[tuple[UUID, Interval, ZoneInfo]]:
    """When these professionals receive, with the clock of each site."""
    rows = await tx.fetch(SQL.open_of_professionals, list(professionals), start, end)
    return [(row["professional"], Interval(row["starts_at"], row["ends_at"]), ZoneInfo(row["zone"])) for row in rows]


async def professionals_at(tx: Transaction, site: UUID, start: datetime, end: datetime) -> set[UUID]:
    """Who receives at a site."""
    return {row["professional"] for row in await tx.fetch(SQL.professionals_at, site, start, end)}


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
    return tuple(Share(each, share["slots"], _instant(share["release_at"])) for each, share in sorted(kept.items()))


def _instant(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def stored_session(row: Record) -> StoredSession:
    """The same with all that the store keeps."""
    return StoredSession(
        session=session_of(row),
        is_open=row["state"] == "open",
        version=row["version"],
        origin=Origin(row["rule"], row["rule_version"], row["rule_day"]) if row["rule"] else None,
        edit=Edit(row["edited_by"], row["edited_at"], row["edit_reason"]) if row["edited_at"] else None,
        unsupported=row["unsupported_reason"],
        cancel_reason=row["cancel_reason"],
    )


def _written(session: Session) -> dict[str, Any]:
    room = resources.room(session.site, session.room).number if session.room else None
    return {
        "id": str(session.id),
        "territory": session.territory,
        "site": str(session.site),
        "professional": str(session.professional),
        "role": session.role,
        "room": session.room,
        "kinds": sorted(session.kinds),
        "day": session.day,
        "starts_at": session.period.start,
        "ends_at": session.period.end,
        "slot_minutes": minutes(session.grid),
        "shares": _kept(session.shares),
        "equipment": sorted(session.equipment),
        "practitioner_resource": resources.practitioner(session.professional).number,
        "room_resource": room,
    }


def _released(session: Session, now: datetime) -> dict[str, Any]:
    return {**_written(session), "next_release_at": first_release(session.shares, now)}


def _opening(each: Opening, now: datetime) -> dict[str, Any]:
    origin = each.origin
    return {
        **_released(each.session, now),
        "rule": origin and str(origin.rule),
        "rule_version": origin and origin.version,
        "rule_day": origin and origin.day,
    }


def minutes(duration: timedelta) -> int:
    return int(duration.total_seconds() // 60)
