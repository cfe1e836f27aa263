"""The single fate of a text, with all that follows from it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from notifications.domain.messages import NEEDS_A_CALL, TRANSITIONS, Purpose, State
from notifications.domain.reachability import CallReason
from notifications.use_cases.raise_call import Subject, raise_call
from notifications.use_cases.say import say_fate
from smp.logging import log
from smp.postgres import Statements, Transaction
from smp.telemetry import trace_id

SQL = Statements.load("notifications.store", "messages.sql")


async def settle(
    tx: Transaction,
    messages: Sequence[UUID],
    state: State,
    reason: str | None,
    now: datetime,
    *,
    call: CallReason = CallReason.UNDELIVERED,
    unusable: CallReason | None = None,
) -> None:
    """Give texts their fate, say it, and raise a call for each patient who was not told. A text that has its fate
    already keeps it.

    `unusable` says that the operator refuses the number for good.
    """
    allowed = [before.value for before, after in TRANSITIONS.items() if state in after]
    for row in await tx.fetch(SQL.settle, messages, state, reason, now, allowed):
        say_fate(tx, row, now)
        if unusable and row["contact_event"]:
            await tx.execute(SQL.mark_unusable, row["patient"], row["contact_event"], row["territory"], unusable, now)
        if state in NEEDS_A_CALL:
            about = Subject.of(row, row["traceparent"], answer_by=row["answer_by"], occasion=row["occasion"])
            await raise_call(tx, about, Purpose(row["purpose"]), call, now, row["message"])
        log.info(
            "text settled",
            message=row["message"],
            appointment=row["appointment"],
            purpose=row["purpose"],
            state=state,
            reason=reason,
            trace_id=trace_id(row["traceparent"]),
        )
