"""What each event of a text, or of the call that replaces it, says, put into its fact."""

from reporting.store import facts
from reporting.store.facts import Row
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


def planned(event: Event[MessagePlanned]) -> Row:
    return facts.of_message(event, intention=(event.data.due_at, event.data.segments))


def accepted(event: Event[MessageAccepted]) -> Row:
    data = event.data
    return facts.of_message(event, acceptance=(data.accepted_at, data.segments, data.credits))


def delivered(event: Event[MessageDelivered]) -> Row:
    return facts.of_message(event, delivery=(event.data.delivered_at,))


def failed(event: Event[MessageFailed]) -> Row:
    return facts.of_message(event, failure=(event.data.failed_at, event.data.reason))


def expired(event: Event[MessageExpired]) -> Row:
    return facts.of_message(event, expiry=(event.data.expired_at,))


def dropped(event: Event[MessageCancelled]) -> Row:
    return facts.of_message(event, dropping=(event.data.cancelled_at, event.data.reason))


def call_raised(event: Event[CallTaskRaised]) -> Row:
    data = event.data
    return facts.of_call_task(event, alert=(data.raised_at, data.reason, data.purpose, data.message))


def call_done(event: Event[CallTaskDone]) -> Row:
    return facts.of_call_task(event, answer=(event.data.done_at, event.data.outcome))
