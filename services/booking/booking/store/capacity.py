"""What is taken of sessions that have shares, and how far their releases have been told."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain.capacity import Taken
from booking.domain.intervals import Interval
from booking.store.sessions import StoredSession, stored_session
from smp.postgres import Reader, Statements, Transaction

SQL = Statements.load(__package__, "capacity.sql")


@dataclass(frozen=True, slots=True)
class Due:
    """A locked session, and the instant of the first release that was not told."""

    stored: StoredSession
    since: datetime


async def one_booking_at_a_time(tx: Transaction, session: UUID) -> None:
    """Wait for other bookings of the session; later ones wait for this transaction."""
    await tx.execute(SQL.one_booking_at_a_time, session)


async def taken(
    db: Reader,
    sessions: Collection[UUID],
    now: datetime,
    leaving: Collection[UUID] = (),
    *,
    first_call: bool = False,
) -> dict[UUID, list[Taken]]:
    """What is taken of these sessions, without the appointments that are about to leave their places; on `first_call`
    without what rests."""
    found: dict[UUID, list[Taken]] = {session: [] for session in sessions}
    for row in await db.fetch(SQL.taken, list(sessions), now, list(leaving), first_call):
        found[row["session"]].append(Taken(row["capacity_class"], Interval(row["starts_at"], row["ends_at"])))
    return found


async def lock_due(tx: Transaction, now: datetime, limit: int) -> list[Due]:
    rows = await tx.fetch(SQL.lock_due, now, limit)
    return [Due(stored_session(row), row["next_release_at"]) for row in rows]


async def released(tx: Transaction, session: UUID, version: int, next_release_at: datetime | None) -> None:
    await tx.execute(SQL.released, session, version, next_release_at)
