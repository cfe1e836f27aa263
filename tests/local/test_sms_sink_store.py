"""What is asked while the disk is busy is committed together, and each keeps its own ending."""

import asyncio
from pathlib import Path

from smp_local.sms_sink.store import SQL, Store, Transaction


async def test_one_that_raises_leaves_nothing_and_disturbs_nobody(tmp_path: Path) -> None:
    def fail(transaction: Transaction) -> None:
        transaction.execute(SQL.count_refusal, "half done")
        raise ValueError("no")

    store = Store(tmp_path / "sms")
    ended = await asyncio.gather(
        store.run(lambda transaction: transaction.execute(SQL.count_refusal, "one").rowcount),
        store.run(fail),
        store.run(lambda transaction: transaction.execute(SQL.count_refusal, "other").rowcount),
        return_exceptions=True,
    )
    assert [ended[0], type(ended[1]), ended[2]] == [1, ValueError, 1]
    store.close()

    again = Store(tmp_path / "sms")
    assert await again.run(lambda transaction: transaction.pairs(SQL.refusals)) == {"one": 1, "other": 1}
    again.close()
