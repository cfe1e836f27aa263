"""What each event of a text, or of the call that replaces it, says, put into its fact."""

from reporting.store import facts
from smp.contracts import (
    CallTaskDone,
    CallTaskRaised,
    Event,
    MessageAccepted,
    MessageCancelled,
    MessageDelivered,
    MessageExpired,
    MessageFailed,
    MessagePlanned,
)
from smp.postgres import Transaction


async def planned(tx: Transaction, event: Event[MessagePlanned]) -> None:
    await facts.record_message(tx, event, intention=(event.data.due_at, event.data.segments))


async def accepted(tx: Transaction, event: Event[MessageAccepted]) -> None:
    data = event.data
    await facts.record_message(tx, event, acceptance=(data.accepted_at, data.segments, data.credits))


async def delivered(tx: Transaction, event: Event[MessageDelivered]) -> None:
    await facts.record_message(tx, event, delivery=(event.data.delivered_at,))


async def failed(tx: Transaction, event: Event[MessageFailed]) -> None:
    await facts.record_message(tx, event, failure=(event.data.failed_at, event.data.reason))


async def expired(tx: Transaction, event: Event[MessageExpired]) -> None:
    await facts.record_message(tx, event, expiry=(event.data.expired_at,))


async def dropped(tx: Transaction, event: Event[MessageCancelled]) -> None:
    await facts.record_message(tx, event, dropping=(event.data.cancelled_at, event.data.reason))


async def call_raised(tx: Transaction, event: Event[CallTaskRaised]) -> None:
    data = event.data
    await facts.record_call_task(tx, event, alert=(data.raised_at, data.reason, data.purpose, data.message))


async def call_done(tx: Transaction, event: Event[CallTaskDone]) -> None:
    await facts.record_call_task(tx, event, answer=(event.data.done_at, event.data.outcome))
