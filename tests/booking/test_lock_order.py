"""Who locks in the order in which all others do waits for them, and never crosswise. The order is forced: one has not
committed when the other starts."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from booking.domain.presence import PresencePlan
from booking.store import presence, projections
from booking.store.presence import PROFESSIONAL, Pending
from booking.use_cases.calendar.agree_presence import agree_presence
from booking.use_cases.calendar.shutting import Days
from tests.booking.agenda import Planner
from tests.booking.test_concurrency import until_somebody_waits
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, joined


@pytest.fixture
def planner(centre: Centre) -> Planner:
    return Planner(centre)


async def absent(planner: Planner, doctor: UUID) -> object:
    return await planner.absent(doctor, Days(MONDAY))


async def back(planner: Planner, doctor: UUID) -> object:
    async with planner.centre.transaction() as tx:
        (absence,) = await tx.fetch("SELECT id FROM absence WHERE professional = $1", doctor)
    return await planner.back(absence["id"])


async def agree(planner: Planner, doctor: UUID) -> object:
    plan = PresencePlan(doctor, MONDAY, None, frozenset({1}), None, None)
    async with planner.centre.transaction() as tx:
        return await agree_presence(tx, planner.centre.site, plan, RULES, actor=SECRETARY, now=NOW)


async def join(planner: Planner, doctor: UUID) -> None:
    await planner.centre.hear(doctor, joined(doctor, planner.centre.site))


Deed = Callable[[Planner, UUID], Awaitable[object]]


@pytest.mark.parametrize("deed", [absent, back, agree, join])
async def test_whoever_changes_what_a_professional_does_waits_for_the_job_that_follows(
    planner: Planner, deed: Deed
) -> None:
    """And for whoever notes an absence: both begin with what is to be followed, then lock the professional."""
    doctor = await planner.centre.doctor()
    if deed is back:
        await absent(planner, doctor)
    async with planner.centre.transaction() as tx:
        assert await presence.take(tx, Pending(doctor, planner.centre.territory, PROFESSIONAL))
        doing = asyncio.create_task(_outcome(deed(planner, doctor)))
        await until_somebody_waits(planner.centre)
        assert await projections.professional_for_absence(tx, doctor) is not None
    assert await doing is None


async def _outcome(doing: Awaitable[object]) -> Exception | None:
    try:
        await doing
    except Exception as error:
        return error
    return None
