"""Sessions with shares, where the store meets `domain.capacity`. Sessions without shares cost nothing here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from booking.domain.capacity import has_room, room, slots_of
from booking.domain.sessions import Session
from booking.store import capacity
from smp.postgres import Reader, Transaction


async def admits(
    tx: Transaction,
    session: Session,
    wanted: str,
    duration: timedelta,
    now: datetime,
    leaving: UUID | None = None,
    *,
    first_call: bool = False,
    appointments: int = 1,
) -> bool:
    """Whether so many appointments may be taken of the session for the class `wanted`, `leaving` having given up its
    own; on `first_call` what rests is free, for the class that had it too.

    From then on bookings of this session wait for this transaction: of two that want the last place of a class,
    exactly one has it. To be asked after the session has been shared and before anything is occupied.
    """
    if not session.shares:
        return True
    await capacity.one_booking_at_a_time(tx, session.id)
    whole = appointments * slots_of(duration, session.grid) * session.grid
    return bool(await with_room(tx, [session], wanted, whole, now, leaving, first_call=first_call))


async def with_room(
    db: Reader,
    sessions: Sequence[Session],
    wanted: str,
    duration: timedelta,
    now: datetime,
    leaving: UUID | None = None,
    *,
    first_call: bool = False,
) -> list[Session]:
    """Those that still have room for the class `wanted`; one statement, none when no session has shares."""
    shared = [session.id for session in sessions if session.shares]
    own = () if leaving is None else (leaving,)
    taken = await capacity.taken(db, shared, now, own, first_call=first_call) if shared else {}
    return [
        session
        for session in sessions
        if session.id not in taken
        or has_room(session.period, session.grid, session.shares, taken[session.id], wanted, duration, now)
    ]


async def places_left(
    db: Reader, sessions: Sequence[Session], wanted: str, duration: timedelta, now: datetime
) -> dict[UUID, int]:
    """How many appointments of this duration the class `wanted` may still take of those sessions in which shares of
    other classes stand in its way; one statement, none when no session has shares."""
    shared = [session for session in sessions if session.shares]
    taken = await capacity.taken(db, [each.id for each in shared], now) if shared else {}
    left = {}
    for each in shared:
        bound = room(each.period, each.grid, each.shares, taken[each.id], now).bound(wanted)
        if bound is not None:
            left[each.id] = bound // slots_of(duration, each.grid)
    return left
