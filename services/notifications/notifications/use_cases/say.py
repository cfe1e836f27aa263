"""What this service says of its texts and calls: one event per change, in the row's own sequence."""

from datetime import datetime
from typing import Any
from uuid import UUID

from notifications.domain.messages import State
from notifications.store.rows import Row
from smp.contracts import (
    CallTaskDone,
    MessageCancelled,
    MessageDelivered,
    MessageExpired,
    MessageFailed,
)
from smp.contracts.base import EventData
from smp.contracts.envelope import Event
from smp.postgres import Transaction


def say(tx: Transaction, row: Row, subject: UUID, data: EventData, now: datetime) -> None:
    """Publish `data` about a row just written (it holds territory, site, sequence and traceparent)."""
    tx.publish(
        Event.of(
            data,
            subject=subject,
            territory=row["territory"],
            site=row["site"],
            sequence=row["sequence"],
            time=now,
            traceparent=row["traceparent"],
        )
    )


def say_fate(tx: Transaction, row: Row, now: datetime) -> None:
    """Publish the fate that a text's row has just reached; nothing for a row that has none yet."""
    about: dict[str, Any] = {
        "message": row["message"],
        "appointment": row["appointment"],
        "site": row["site"],
        "purpose": row["purpose"],
    }
    match State(row["state"]):
        case State.DELIVERED:
            data: EventData = MessageDelivered(**about, delivered_at=now)
        case State.FAILED:
            data = MessageFailed(**about, reason=row["reason"], failed_at=now)
        case State.EXPIRED | State.UNKNOWN:
            data = MessageExpired(**about, expired_at=now)
        case State.CANCELLED:
            data = MessageCancelled(**about, reason=row["reason"], cancelled_at=now)
        case _:
            return
    say(tx, row, row["message"], data, now)


def say_call_ended(tx: Transaction, row: Row, now: datetime) -> None:
    """Publish that a call was made, given up or became useless."""
    data = CallTaskDone(
        task=row["task"], appointment=row["appointment"], site=row["site"], outcome=row["outcome"], done_at=now
    )
    say(tx, row, row["task"], data, now)
