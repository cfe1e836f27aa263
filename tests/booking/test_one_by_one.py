"""Jobs go on when one of their subjects cannot be dealt with, and look at the clock as time goes by."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from booking.store import impacts, offers
from booking.use_cases import follow_registry as following_registry
from booking.use_cases.follow_registry import follow_registry
from booking.use_cases.impact import settle_impact as settling
from booking.use_cases.impact.settle_impact import settle_impacts
from booking.use_cases.one_by_one import one_by_one
from booking.use_cases.waiting_list import ending_offers
from booking.use_cases.waiting_list.ending_offers import end_offers
from booking.use_cases.waiting_list.offer_places import offer_places
from smp.contracts import ProfessionalLeft
from smp.ids import new_id
from smp.postgres import Database
from tests.booking.agenda import Planner
from tests.booking.waiting import join, offer_to
from tests.booking.world import MONDAY, NOW, RULES, Centre


class Broken(Exception):
    """What no second try mends."""


async def test_the_first_failure_is_told_once_all_were_looked_at() -> None:
    seen: list[int] = []

    async def look(number: int) -> None:
        seen.append(number)
        if number % 2:
            raise Broken(number)

    with pytest.raises(Broken, match="1"):
        await one_by_one("a-job", range(1, 5), look)
    assert seen == [1, 2, 3, 4]


async def test_what_may_succeed_later_ends_the_turn() -> None:
    seen: list[int] = []

    async def look(number: int) -> None:
        seen.append(number)
        raise asyncpg.CannotConnectNowError

    with pytest.raises(asyncpg.CannotConnectNowError):
        await one_by_one("a-job", [1, 2], look)
    assert seen == [1]


async def test_a_professional_who_cannot_be_followed_stops_nobody(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner = Planner(centre)
    bad, other = await centre.doctor(), await centre.doctor()
    await planner.follow()
    for doctor in (bad, other):
        await centre.session(doctor, day=MONDAY)
        await centre.hear(doctor, ProfessionalLeft(professional=doctor, from_date=MONDAY))
    follow = following_registry.follow

    async def fails_for_one(tx: Any, subject: Any, *rest: Any) -> Any:
        if subject.id == bad:
            raise Broken
        return await follow(tx, subject, *rest)

    monkeypatch.setattr(following_registry, "follow", fails_for_one)
    with pytest.raises(Broken):
        await follow_registry(centre.database, RULES, NOW)
    left = (await planner.see(MONDAY)).sessions
    assert [each.session.professional for each in left] == [bad]
    monkeypatch.undo()
    await planner.follow()
    assert await planner.hours(MONDAY) == []


async def test_an_offer_that_cannot_be_ended_stops_no_other(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[UUID] = []

    async def two(*_: object) -> list[UUID]:
        return [new_id(), new_id()]

    async def fails(_: object, offer: UUID, *__: object) -> None:
        seen.append(offer)
        raise Broken

    monkeypatch.setattr(offers, "without_hold", two)
    monkeypatch.setattr(ending_offers, "_end", fails)
    with pytest.raises(Broken):
        await end_offers(centre.database, NOW, RULES.cool_down)
    assert len(seen) == 2


async def test_a_plan_that_cannot_be_carried_out_stops_no_other(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[UUID] = []

    async def two(*_: object) -> list[UUID]:
        return [new_id(), new_id()]

    async def fails(_: Database, impact: UUID, *__: object) -> None:
        seen.append(impact)
        raise Broken

    monkeypatch.setattr(impacts, "being_applied", two)
    monkeypatch.setattr(settling, "settle_impact", fails)
    with pytest.raises(Broken):
        await settle_impacts(centre.database, RULES, NOW)
    assert len(seen) == 2


class Passing:
    """A clock that is a minute later at each look."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        self.time += timedelta(minutes=1)
        return self.time


async def test_each_offer_is_made_at_its_own_hour(centre: Centre) -> None:
    await centre.session(await centre.doctor(), "09:00", "09:40")
    entries = [await join(centre) for _ in range(2)]
    await offer_places(centre.database, RULES, Passing())
    first, second = [(await offer_to(centre, entry)).offered_at for entry in entries]
    assert NOW < first < second
