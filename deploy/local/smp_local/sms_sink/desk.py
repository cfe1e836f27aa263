"""The provider's desk: what it does with an order, in one transaction, according to each number's scenario."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from smp.clock import Clock
from smp.logging import log
from smp_local.sms_sink.orders import Order, normal_number
from smp_local.sms_sink.problems import Refused
from smp_local.sms_sink.receipts import Receipts
from smp_local.sms_sink.scenarios import SCENARIOS, Scenario, scenario_of
from smp_local.sms_sink.store import SQL, Store, Transaction

_FLUSH_PATIENCE = 5.0  # seconds an answer waits for early receipts
_RESCUE = 10.0  # seconds after which an early receipt is sent anyway, had this process died meanwhile


@dataclass(frozen=True, slots=True)
class Pace:
    """Real seconds: before each receipt, and of silence in the scenario `silent_once`."""

    step: float
    silence: float


@dataclass
class Outcome:
    """What became of an order. `refused` is raised after the commit, so that refusals are remembered."""

    ids: list[int] = field(default_factory=list)
    valid: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    early: list[int] = field(default_factory=list)
    silent: bool = False
    refused: Refused | None = None
    lines: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, credits_each: int) -> dict[str, Any]:
        """The provider's JSON."""
        return {
            "ids": self.ids,
            "invalidReceivers": self.invalid,
            "validReceivers": self.valid,
            "totalCreditsRemoved": credits_each * len(self.valid),
        }


class Desk:
    """Takes orders."""

    def __init__(self, store: Store, receipts: Receipts, clock: Clock, pace: Pace) -> None:
        self._store, self._receipts, self._clock, self._pace = store, receipts, clock, pace

    async def take(self, order: Order, client_left: Callable[[], Awaitable[None]]) -> dict[str, Any]:
        """Accept an order and answer as the provider does; raises `Refused`.

        `client_left` returns when the client has hung up: nobody is left to be silent to.
        """
        outcome = await self._store.run(partial(self._decide, order))
        self._receipts.wake()
        for line in outcome.lines:
            log.info(**line, tag=order.tag)
        if outcome.refused is not None:
            raise outcome.refused
        for job in outcome.early:
            await self._send_early(job)
        if outcome.silent:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(client_left(), self._pace.silence)
        return outcome.answer(order.size.parts)

    async def _send_early(self, job: int) -> None:
        try:
            async with asyncio.timeout(_FLUSH_PATIENCE):
                await self._receipts.flush(job)
        except TimeoutError:
            self._receipts.wake()

    def _decide(self, order: Order, transaction: Transaction) -> Outcome:
        numbers = [(given, normal_number(given)) for given in dict.fromkeys(order.receivers)]
        known = {number: _scenario(transaction, number) for _, number in numbers if number}
        outcome = Outcome()
        _refuse_whole(transaction, order, known, outcome)
        if outcome.refused is not None:
            return outcome
        for given, number in numbers:
            if number is None or not _takes_texts(transaction, number, known[number]):
                outcome.invalid.append(given)
                transaction.execute(SQL.count_refusal, "invalid_receiver")
                outcome.lines.append(_line("text_refused", given, reason="invalid_receiver"))
            else:
                self._accept(transaction, order, number, known[number], outcome)
        return outcome

    def _accept(
        self, transaction: Transaction, order: Order, number: str, scenario: Scenario, outcome: Outcome
    ) -> None:
        accepted_at = self._clock.now().isoformat()
        leaves_at = time.time() + order.differedPeriod * 60
        job = transaction.execute(
            SQL.insert_job,
            *(order.tag, number, order.sender, order.message, scenario.name),
            *(order.size.parts, order.size.characters, order.differedPeriod, accepted_at, leaves_at),
        ).lastrowid
        assert job is not None
        early = scenario.early and not order.differedPeriod
        transaction.plan(job, scenario, leaves_at + (_RESCUE if early else self._pace.step), self._pace.step)
        if scenario.blacklists:
            transaction.execute(SQL.blacklist, number, accepted_at)
        outcome.ids.append(job)
        outcome.valid.append(number)
        outcome.early += [job] if early else []
        outcome.silent |= scenario.answer == "silent_once" and transaction.first_trouble(number, order.tag or "")
        outcome.lines.append(_line("text_accepted", number, job=job, scenario=scenario.name))


def _scenario(transaction: Transaction, number: str) -> Scenario:
    forced = transaction.execute(SQL.forced_scenario, number).fetchone()
    return scenario_of(number) if forced is None else SCENARIOS[forced[0]]


def _takes_texts(transaction: Transaction, number: str, scenario: Scenario) -> bool:
    return scenario.answer != "invalid" and not transaction.exists(SQL.is_blacklisted, number)


def _line(event: str, number: str, **fields: object) -> dict[str, Any]:
    """A log line: of the number only its last two digits, of the text nothing."""
    return {"event": event, "number_ends": number[-2:], **fields}


def _refuse_whole(transaction: Transaction, order: Order, scenarios: dict[str, Scenario], outcome: Outcome) -> None:
    """Refuse the order as a whole if one of its numbers plays that."""
    for number, scenario in scenarios.items():
        refusal = _REFUSALS.get(scenario.answer)
        if refusal is None:
            continue
        if scenario.answer == "no_credit" or transaction.first_trouble(number, order.tag or ""):
            transaction.execute(SQL.count_refusal, scenario.answer)
            outcome.lines.append(_line("text_refused", number, reason=scenario.answer))
            outcome.refused = Refused(*refusal)
            return


_REFUSALS: dict[str, tuple[int, str, str, int | None]] = {
    "no_credit": (402, "INSUFFICIENT_CREDITS", "Not enough credits left", None),
    "busy_once": (429, "TOO_MANY_REQUESTS", "Too many requests", 1),
    "broken_once": (500, "INTERNAL_ERROR", "Internal server error", None),
}
