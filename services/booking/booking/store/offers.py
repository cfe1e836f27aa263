"""Offers, and the queue of freed places that they come from."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain.intervals import Interval
from booking.domain.offers import Offer, OfferState
from booking.domain.sessions import Session
from booking.store.sessions import session_of
from smp.postgres import Record, Statements, Transaction

SQL = Statements.load(__package__, "offers.sql")


@dataclass(frozen=True, slots=True)
class FreedPlace:
    """Time of a practitioner that has become free; `appointment` gave it up, unless a session did."""

    id: int
    territory: str
    resource: int
    period: Interval
    appointment: UUID | None


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Somebody who waits, and for whom something has changed."""

    id: int
    territory: str
    patient: UUID


async def insert(tx: Transaction, new: Offer) -> bool:
    """Write a new offer; False when one runs for the same person already."""
    row = await tx.fetchrow(
        SQL.insert,
        new.id,
        new.territory,
        new.entry,
        new.patient,
        new.appointment,
        new.site,
        new.session,
        new.professional,
        new.kind,
        new.period.start,
        new.period.end,
        new.replaces,
        new.offered_at,
        new.answer_by,
    )
    return row is not None


async def get(tx: Transaction, id: UUID) -> Offer | None:
    row = await tx.fetchrow(SQL.get, id)
    return _offer(row) if row else None


async def lock(tx: Transaction, id: UUID) -> Offer | None:
    """The offer, alone until the end of the transaction. Its entry is locked before."""
    row = await tx.fetchrow(SQL.lock, id)
    return _offer(row) if row else None


async def lock_running(tx: Transaction, entry: UUID) -> Offer | None:
    row = await tx.fetchrow(SQL.lock_running, entry)
    return _offer(row) if row else None


async def end(tx: Transaction, offer: Offer, state: OfferState, at: datetime, by: str) -> None:
    await tx.execute(SQL.end, offer.id, state, at, by)


async def running(tx: Transaction, entries: Collection[UUID]) -> dict[UUID, Offer]:
    """The running offers of these entries, by entry."""
    rows = await tx.fetch(SQL.running, list(entries))
    return {row["entry"]: _offer(row) for row in rows}


async def of_entry(tx: Transaction, entry: UUID) -> list[Offer]:
    return [_offer(row) for row in await tx.fetch(SQL.of_entry, entry)]


async def without_hold(tx: Transaction, limit: int) -> list[UUID]:
    """Running offers whose hold has ended, or stands in a session that registry's facts speak against."""
    return [row["id"] for row in await tx.fetch(SQL.without_hold, limit)]


async def take_freed(tx: Transaction, now: datetime) -> FreedPlace | None:
    """The next freed place to look at, alone until the end of the transaction."""
    row = await tx.fetchrow(SQL.take_freed, now)
    if row is None:
        return None
    period = Interval(row["starts_at"], row["ends_at"])
    return FreedPlace(row["id"], row["territory"], row["resource"], period, row["appointment"])


async def put_off_freed(tx: Transaction, place: int, until: datetime) -> None:
    await tx.execute(SQL.put_off_freed, place, until)


async def forget_freed(tx: Transaction, place: int) -> None:
    await tx.execute(SQL.forget_freed, place)


async def one_look_at_a_time(tx: Transaction, site: UUID) -> None:
    await tx.execute(SQL.one_look_at_a_time, site)


async def take_second_look(tx: Transaction, now: datetime) -> SecondLook | None:
    """Who is to be looked at again, alone until the end of the transaction."""
    row = await tx.fetchrow(SQL.take_second_look, now)
    return SecondLook(row["id"], row["territory"], row["patient"]) if row else None


async def put_off_second_look(tx: Transaction, look: int, until: datetime) -> None:
    await tx.execute(SQL.put_off_second_look, look, until)


async def forget_second_look(tx: Transaction, look: int) -> None:
    await tx.execute(SQL.forget_second_look, look)


async def reach_further(tx: Transaction, until: datetime) -> int:
    """Put the sessions that start until then, and were too far ahead the last time, in the queue of freed places."""
    count: int = await tx.fetchval(SQL.reach_further, until)
    return count


async def sessions_of_freed(tx: Transaction, place: FreedPlace) -> list[Session]:
    rows = await tx.fetch(SQL.sessions_of_freed, place.resource, place.period.start, place.period.end)
    return [session_of(row) for row in rows]


def _offer(row: Record) -> Offer:
    return Offer(
        id=row["id"],
        territory=row["territory"],
        entry=row["entry"],
        patient=row["patient"],
        appointment=row["appointment"],
        site=row["site"],
        session=row["session"],
        professional=row["professional"],
        kind=row["kind"],
        period=Interval(row["starts_at"], row["ends_at"]),
        offered_at=row["offered_at"],
        answer_by=row["answer_by"],
        replaces=row["replaces"],
        state=OfferState(row["state"]),
    )
