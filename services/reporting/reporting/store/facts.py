"""Facts are merged, never overwritten: a row per event, the same result in any order."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from smp.contracts import Event, SiteOpened
from smp.contracts.messages import CallTaskEvent, MessageEvent
from smp.postgres import Transaction
from smp.sql import Statements

APPOINTMENTS = Statements.load(__package__, "appointments.sql")
SESSIONS = Statements.load(__package__, "sessions.sql")
MESSAGES = Statements.load(__package__, "messages.sql")
SITES = Statements.load(__package__, "sites.sql")

# The groups of columns of each fact, in the order of its statement's parameters.
_OF_APPOINTMENT = (
    "held", "request", "placement", "move", "expiry", "cancellation", "arrival", "start", "consultation", "absence",
    "preparation", "departure", "excuse", "correction", "mention",
)  # fmt: skip
_OF_SESSION = ("plan", "withdrawal", "mention")
_OF_MESSAGE = ("intention", "acceptance", "delivery", "failure", "expiry", "dropping")
_OF_CALL_TASK = ("alert", "answer")

Group = tuple[object, ...]
"""The columns that an event fills, as its composite type in the migration has them, without the sequence."""
Row = tuple[object, ...]
"""What one event says of a fact, as the parameters of its table's statement."""


def of_appointment(event: Event[Any], *, site: UUID, patient: UUID | None = None, **groups: Group) -> Row:
    """What an event of an appointment says. `groups` are named as in `appointment_fact`."""
    return (*_envelope(event), site, patient, *_in_order(_OF_APPOINTMENT, event, groups))


def of_session(event: Event[Any], *, site: UUID, **groups: Group) -> Row:
    """What an event of a session says."""
    return (*_envelope(event), site, *_in_order(_OF_SESSION, event, groups))


def of_message(event: Event[MessageEvent], **groups: Group) -> Row:
    """What an event of a text says."""
    data = event.data
    return (*_envelope(event), data.site, data.appointment, data.purpose, *_in_order(_OF_MESSAGE, event, groups))


def of_call_task(event: Event[CallTaskEvent], **groups: Group) -> Row:
    """What an event of a call asked of the secretaries says."""
    return (*_envelope(event), event.data.site, event.data.appointment, *_in_order(_OF_CALL_TASK, event, groups))


async def record_appointments(tx: Transaction, rows: Sequence[Row]) -> None:
    """Merge what events say of appointments."""
    await tx.executemany(APPOINTMENTS.record, rows)


async def record_sessions(tx: Transaction, rows: Sequence[Row]) -> None:
    """Merge what events say of sessions."""
    await tx.executemany(SESSIONS.record, rows)


async def record_messages(tx: Transaction, rows: Sequence[Row]) -> None:
    """Merge what events say of texts."""
    await tx.executemany(MESSAGES.record, rows)


async def record_call_tasks(tx: Transaction, rows: Sequence[Row]) -> None:
    """Merge what events say of calls."""
    await tx.executemany(MESSAGES.record_call_task, rows)


async def record_site(tx: Transaction, event: Event[SiteOpened]) -> None:
    """Keep the name and zone of a site."""
    await tx.execute(SITES.record, event.subject, event.territory, event.data.name, event.data.zone)


async def forget_patient(tx: Transaction, patient: UUID, territory: str) -> None:
    """Unlink a patient's acts, those recorded and those whose events are still to come."""
    await tx.execute(APPOINTMENTS.forget, patient, territory)


async def forget_again(tx: Transaction) -> None:
    """Unlink what was being recorded while its patient was forgotten."""
    await tx.execute(APPOINTMENTS.forget_again)


def _envelope(event: Event[Any]) -> tuple[object, ...]:
    return event.subject, event.territory, event.sequence, event.time


def _in_order(names: tuple[str, ...], event: Event[Any], groups: Mapping[str, Group]) -> list[Group | None]:
    unknown = groups.keys() - set(names)
    if unknown:
        raise TypeError(f"no such group of columns: {sorted(unknown)}")
    return [(event.sequence, *groups[name]) if name in groups else None for name in names]
