"""Books are read while no service says anything: an event between two looks would seem lost."""

from collections.abc import Iterator
from typing import cast

import pytest

from smp_local.day import quiet
from smp_local.day.books import Books
from smp_local.day.quiet import undisturbed
from smp_local.trouble import Trouble


class Talk:
    """Books of services that have said so many events at each look; `late` of them are not in Kafka for ever."""

    def __init__(self, counts: Iterator[int], late: int = 0) -> None:
        self._counts, self._late, self.readings = counts, late, 0

    async def said(self) -> list[tuple[int, int | None]]:
        return [(next(self._counts), None)]

    async def unsent(self) -> int:
        return self._late

    async def lag(self) -> int:
        return 0

    async def read(self) -> int:
        self.readings += 1
        return self.readings


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "LOOK", 0.0)
    monkeypatch.setattr(quiet, "CATCHING_UP", 0.0)


async def found(talk: Talk) -> int:
    return await undisturbed(cast(Books, talk), talk.read)


async def test_what_is_read_in_silence_is_read_once() -> None:
    assert await found(Talk(iter([7, 7]))) == 1


async def test_a_timer_that_speaks_meanwhile_has_it_read_again() -> None:
    assert await found(Talk(iter([7, 8, 9, 9]))) == 2


async def test_what_never_comes_to_kafka_is_read_as_it_is_for_it_is_lost() -> None:
    assert await found(Talk(iter([7, 7]), late=1)) == 1


async def test_services_that_never_fall_silent_are_told() -> None:
    with pytest.raises(Trouble, match="ne se taisent pas"):
        await found(Talk(iter(range(1_000))))
