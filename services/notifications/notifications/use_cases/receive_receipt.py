"""What the operator says became of a text. Receipts may come early, twice, late or out of order."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifications.domain.messages import State
from notifications.domain.reachability import CallReason
from notifications.domain.receipts import Verdict, read_receipt
from notifications.use_cases.settle import settle
from smp.logging import log
from smp.postgres import Statements, Transaction
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


async def receive_receipt(tx: Transaction, receipt: Receipt, now: datetime) -> None:
    """Keep the receipt and, if its text is known, draw the consequence. Needs a transaction of all territories."""
    await tx.execute(SQL.lock_reference, receipt.reference)
    await tx.execute(
        SQL.keep_receipt,
        receipt.provider,
        receipt.reference,
        receipt.ptt,
        receipt.description,
        receipt.reported,
        now,
    )
    row = await tx.fetchrow(SQL.by_reference, receipt.provider, receipt.reference)
    if row is None:
        log.info("receipt before its text", provider=receipt.provider, ptt=receipt.ptt)
        return
    log.info("receipt", message=row["message"], ptt=receipt.ptt, trace_id=trace_id(row["traceparent"]))
    await _apply(tx, row["message"], read_receipt(receipt.ptt, receipt.description), now)


async def apply_early_receipts(tx: Transaction, message: UUID, provider: str, reference: str, now: datetime) -> None:
    """Draw the consequences of receipts that came before the provider's answer. The reference must be locked."""
    for row in await tx.fetch(SQL.receipts, provider, reference):
        await _apply(tx, message, read_receipt(row["ptt"], row["description"]), now)


async def _apply(tx: Transaction, message: UUID, verdict: Verdict, now: datetime) -> None:
    if verdict.state is None:
        return
    invalid = CallReason.INVALID_NUMBER if verdict.number_unusable else None
    await settle(
        tx,
        message,
        State(verdict.state),
        verdict.reason,
        now,
        call=invalid or CallReason.UNDELIVERED,
        unusable=invalid,
    )
