"""Delivery receipts: HTTP GET on the client's address, tried again until it answers 200."""

import asyncio
import random
import sqlite3
import time
from datetime import datetime

import httpx2

from smp.clock import Clock
from smp.logging import log
from smp_local.sms_sink.scenarios import PTT_TEXTS
from smp_local.sms_sink.store import SQL, DueReceipt, Store, Transaction

_TIMEOUT = 5.0  # seconds for the client to answer
_LONGEST_PAUSE = 30.0  # seconds between two tries
_IDLE = 60.0  # seconds


class Receipts:
    """Sends what is due, for ever. Receipts of one text go one after the other, those of others meanwhile."""

    def __init__(self, store: Store, http: httpx2.AsyncClient, callback: str | None, clock: Clock) -> None:
        self._store, self._http, self._callback, self._clock = store, http, callback, clock
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Something new may be due."""
        self._news.set()

    async def run(self) -> None:
        """Send receipts until cancelled."""
        await self._store.run(lambda transaction: transaction.execute(SQL.hurry_receipts, time.time()))
        while True:
            try:
                await self._send_due_then_rest()
            except sqlite3.Error as error:  # such as a full disk: what is committed is safe, sending goes on later
                log.error("receipts_interrupted", error=type(error).__name__)
                await asyncio.sleep(1.0)

    async def _send_due_then_rest(self) -> None:
        self._news.clear()
        due = await self._store.run(lambda transaction: transaction.due(time.time()))
        if due:
            await asyncio.gather(*map(self._send, due))
            return
        next_due = await self._store.run(lambda transaction: transaction.next_due())
        await self._sleep(_IDLE if next_due is None else max(0.0, next_due - time.time()))

    async def flush(self, job: int) -> None:
        """Send the receipts of one text now (the scenario where they overtake the HTTP answer)."""
        for receipt in await self._store.run(lambda transaction: transaction.left_of(job)):
            await self._send(receipt)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(min(seconds, _IDLE)):
                await self._news.wait()
        except TimeoutError:
            return

    async def _send(self, due: DueReceipt) -> None:
        now = self._clock.now()
        if due.attempts == 0:
            await self._store.run(lambda transaction: _learn(transaction, due, now))
        if await self._client_has_it(due, now):
            await self._store.run(lambda transaction: transaction.execute(SQL.answer_receipt, time.time(), due.id))
            return
        pause = min(_LONGEST_PAUSE, 0.25 * 2 ** min(due.attempts, 10)) * random.uniform(0.75, 1.25)  # noqa: S311
        again = time.time() + pause
        await self._store.run(lambda transaction: transaction.execute(SQL.postpone_receipt, again, due.id))

    async def _client_has_it(self, due: DueReceipt, now: datetime) -> bool:
        if self._callback is None:
            return True
        receipt = due.receipt
        query: dict[str, str | int] = {
            "id": due.job,
            "ptt": receipt.ptt,
            "date": now.isoformat(timespec="seconds"),
            "description": receipt.description,
            "descriptionDlr": PTT_TEXTS.get(receipt.ptt, "Unknown"),
        }
        try:
            answer = await self._http.get(self._callback, params=query, timeout=_TIMEOUT)
        except httpx2.HTTPError as error:
            log.warning("receipt_not_taken", job=due.job, ptt=receipt.ptt, error=type(error).__name__)
            return False
        log.info("receipt_sent", job=due.job, ptt=receipt.ptt, status=answer.status_code)
        return answer.status_code == 200


def _learn(transaction: Transaction, due: DueReceipt, now: datetime) -> None:
    receipt = due.receipt
    transaction.execute(SQL.learn, due.job, receipt.ptt, receipt.description, receipt.state, now.isoformat())
