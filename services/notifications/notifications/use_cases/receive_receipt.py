"""What the operator says became of a text. Receipts may come early, twice, late or out of order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifications.domain.messages import State
from notifications.domain.reachability import CallReason
from notifications.domain.receipts import Verdict, read_receipt
from notifications.use_cases.settle import settle
from smp.clock import Clock
from smp.logging import log
from smp.postgres import Database, Scope, Statements, Transaction
from smp.telemetry import trace_id

SQL = Statements.load("notifications.store", "messages.sql")


@dataclass(frozen=True, slots=True)
class Receipt:
    """One delivery receipt, as the provider's callback gives it. `reported` is its date, uninterpreted."""

    provider: str
    reference: str
    ptt: int
    description: int
    reported: str


async def receive_receipts(tx: Transaction, receipts: Sequence[Receipt], now: datetime) -> None:
    """Keep receipts and, where their texts are known, draw the consequences. Needs a transaction of all territories."""
    providers, references = [each.provider for each in receipts], [each.reference for each in receipts]
    await tx.execute(SQL.lock_references, references)
    await tx.execute(
        SQL.keep_receipts,
        now,
        providers,
        references,
        [each.ptt for each in receipts],
        [each.description for each in receipts],
        [each.reported for each in receipts],
    )
    rows = {row["n"] - 1: row for row in await tx.fetch(SQL.by_references, providers, references)}
    verdicts = []
    for position, each in enumerate(receipts):
        row = rows.get(position)
        if row is None:
            log.info("receipt before its text", provider=each.provider, ptt=each.ptt)
            continue
        log.info("receipt", message=row["message"], ptt=each.ptt, trace_id=trace_id(row["traceparent"]))
        verdicts.append((row["message"], read_receipt(each.ptt, each.description)))
    await _apply(tx, verdicts, now)


async def receive_together(
    database: Database, clock: Clock, scope: Scope, receipts: Sequence[Receipt]
) -> Sequence[bool]:
    """Receipts that came at the same time, in one transaction."""
    async with database.transaction(scope) as tx:
        await receive_receipts(tx, receipts, clock.now())
    return [True] * len(receipts)


async def apply_early_receipts(tx: Transaction, messages: Mapping[str, UUID], provider: str, now: datetime) -> None:
    """Draw the consequences of receipts that came before the provider's answers, which gave these references. They
    must be locked."""
    rows = await tx.fetch(SQL.receipts, provider, list(messages))
    verdicts = [(messages[row["provider_reference"]], read_receipt(row["ptt"], row["description"])) for row in rows]
    await _apply(tx, verdicts, now)


async def _apply(tx: Transaction, verdicts: Sequence[tuple[UUID, Verdict]], now: datetime) -> None:
    """The first verdict that decides a text is its fate."""
    decided: dict[UUID, tuple[State, Verdict]] = {}
    for message, verdict in verdicts:
        if verdict.state is not None:
            decided.setdefault(message, (verdict.state, verdict))
    alike: dict[tuple[State, Verdict], list[UUID]] = {}
    for message, fate in decided.items():
        alike.setdefault(fate, []).append(message)
    for (state, verdict), messages in alike.items():
        invalid = CallReason.INVALID_NUMBER if verdict.number_unusable else None
        call = invalid or CallReason.UNDELIVERED
        await settle(tx, messages, state, verdict.reason, now, call=call, unusable=invalid)
