"""A family and a walk-in look for places that are free, and look again when somebody was quicker: of a try in vain they
keep neither place nor session, so that nobody waits for them, and they for nobody, crosswise."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from booking.domain.sessions import Session
from booking.use_cases.appointments import register_walk_in as walk_ins
from booking.use_cases.appointments.book_slot import Booked
from booking.use_cases.appointments.family_room import FamilyRoom, FamilySearch
from smp.postgres import Transaction
from tests.booking.test_day import walk_in
from tests.booking.test_family import family, two
from tests.booking.world import Centre, monday


async def is_left_alone(centre: Centre, session: Session, hour: str, kind: str = "consultation") -> None:
    """Somebody else may change the session and book the place at once."""
    async with asyncio.timeout(20):
        async with centre.transaction() as tx:
            await tx.execute("SELECT FROM session WHERE id = $1 FOR UPDATE NOWAIT", session.id)
        await centre.book(session, hour, kind=kind)


async def test_of_a_family(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await centre.session(await centre.doctor(), "09:00", "10:20")
    meanwhile: list[Callable[[], Awaitable[object]]] = [
        lambda: centre.book(session, "09:20"),
        lambda: is_left_alone(centre, session, "09:00"),
    ]
    look = FamilySearch.room

    async def room(self: FamilySearch, tx: Transaction, **how: Any) -> FamilyRoom:
        found = await look(self, tx, **how)
        await meanwhile.pop(0)()
        return found

    monkeypatch.setattr(FamilySearch, "room", room)
    booked = await family(centre, await two(centre))
    assert [each.period.start for each in booked.appointments] == [monday("09:40"), monday("10:00")]
    assert not meanwhile


async def test_of_a_walk_in(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    urgent = "minor_emergency"
    one, _ = sorted(
        [await centre.session(await centre.doctor(), "09:00", "09:40", kinds=(urgent,)) for _ in range(2)],
        key=lambda each: each.professional,
    )
    meanwhile: list[Callable[[], Awaitable[object]]] = [
        lambda: centre.book(one, "09:00", kind=urgent),
        lambda: is_left_alone(centre, one, "09:20", urgent),
    ]

    take = walk_ins._take

    async def take_later(*args: Any) -> Booked:
        await meanwhile.pop(0)()
        return await take(*args)

    monkeypatch.setattr(walk_ins, "_take", take_later)
    came = (await walk_in(centre, "08:50")).appointment
    assert (came.session == one.id, came.period.start) == (False, monday("09:00"))
    assert not meanwhile
