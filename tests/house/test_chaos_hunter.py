"""The hunter of the chaos run: how long a victim may take to come back."""

import random
import time
from datetime import UTC, datetime
from typing import Any, cast

from tests.chaos.hunter import BOUND, Hunter, Kill


class _Slow(Hunter):
    """Its victims serve at the second look."""

    looks = 0

    async def _serves(self, _target: str, _killed: int) -> bool:
        self.looks += 1
        return self.looks > 1


async def test_a_victim_that_is_killed_again_before_it_serves_has_its_time_anew() -> None:
    def kill(number: int, ago: float) -> Kill:
        return Kill(number, "booking", datetime.now(UTC), together=False, died_at=time.monotonic() - ago)

    first, second = kill(1, BOUND + 1), kill(2, 0.0)
    nobody = cast(Any, None)
    hunter = _Slow(nobody, (), random.Random(1), lambda: datetime.now(UTC), lambda _: None, [first, second])

    await hunter._recover(first, pid=1, probe=None)

    assert first.seconds is not None
    assert first.seconds > BOUND
