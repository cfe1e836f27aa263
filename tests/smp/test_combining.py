"""Concurrent requests of one kind, done together."""

import asyncio
from collections.abc import Sequence

import pytest

from smp.combining import Combiner
from smp.postgres import Scope

MAYENNE, SARTHE = Scope(frozenset({"53"})), Scope(frozenset({"72"}))


class Work:
    """Doubles numbers, and remembers the batches it was given; it can be told to wait."""

    def __init__(self) -> None:
        self.batches: list[tuple[Scope, list[int]]] = []
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, scope: Scope, items: Sequence[int]) -> list[int | None]:
        self.batches.append((scope, list(items)))
        self.begun.set()
        await self.go_on.wait()
        if 13 in items:
            raise ValueError("an unlucky batch")
        return [2 * item if item else None for item in items]


async def test_each_caller_gets_the_answer_of_its_own_request() -> None:
    combiner = Combiner(Work())
    assert await asyncio.gather(*(combiner.submit(MAYENNE, n) for n in range(1, 9))) == [2 * n for n in range(1, 9)]


async def test_requests_that_come_together_are_one_batch_and_the_next_are_those_that_came_meanwhile() -> None:
    work = Work()
    combiner = Combiner(work, lanes=1)
    work.go_on.clear()
    first = [asyncio.create_task(combiner.submit(MAYENNE, n)) for n in (1, 2)]
    await work.begun.wait()
    later = [asyncio.create_task(combiner.submit(MAYENNE, n)) for n in (3, 4, 5)]
    await asyncio.sleep(0)
    work.go_on.set()
    await asyncio.gather(*first, *later)
    assert work.batches == [(MAYENNE, [1, 2]), (MAYENNE, [3, 4, 5])]


async def test_territories_are_never_in_one_batch_and_none_waits_behind_a_busy_one() -> None:
    work = Work()
    combiner = Combiner(work, most=2, lanes=1)
    await asyncio.gather(*(combiner.submit(MAYENNE, n) for n in (1, 2, 3, 4)), combiner.submit(SARTHE, 5))
    assert work.batches == [(MAYENNE, [1, 2]), (SARTHE, [5]), (MAYENNE, [3, 4])]


async def test_what_a_batch_could_not_do_is_left_to_its_callers() -> None:
    combiner = Combiner(Work())
    assert await asyncio.gather(*(combiner.submit(MAYENNE, n) for n in (0, 1))) == [None, 2]


async def test_a_batch_that_fails_leaves_each_of_its_requests_to_its_caller(capsys: pytest.CaptureFixture[str]) -> None:
    combiner = Combiner(Work())
    assert await asyncio.gather(*(combiner.submit(MAYENNE, n) for n in (13, 1))) == [None, None]
    assert "batch undone" in capsys.readouterr().out
    assert await combiner.submit(MAYENNE, 1) == 2


async def test_a_caller_who_gives_up_does_not_undo_the_others() -> None:
    work = Work()
    combiner = Combiner(work)
    work.go_on.clear()
    impatient, patient = (asyncio.create_task(combiner.submit(MAYENNE, n)) for n in (1, 2))
    await work.begun.wait()
    impatient.cancel()
    work.go_on.set()
    assert await patient == 4
    assert impatient.cancelled()


@pytest.mark.parametrize("turns", range(10))
async def test_nobody_is_forgotten_who_comes_just_when_a_batch_ends(turns: int) -> None:
    combiner = Combiner(Work(), lanes=1)
    first = asyncio.create_task(combiner.submit(MAYENNE, 1))
    for _ in range(turns):
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert await combiner.submit(MAYENNE, 2) == 4
    assert await first == 2
