"""Facts are merged, never overwritten: one statement per event, the same result in any order."""

from collections.abc import Mapping
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
_OF_SESSION = ("plan", "withdrawal")
_OF_MESSAGE = ("intention", "acceptance", "delivery", "failure", "expiry", "dropping")
_OF_CALL_TASK = ("alert", "answer")

Group = tuple[object, ...]
"""The columns that an event fills, as its composite type in the migration has them, without the sequence."""


async def record_appointment(
    tx: Transaction, event: Event[Any], *, site: UUID, patient: UUID | None = None, **groups: Group
) -> None:
    """Merge an event of an appointment. `groups` are named as in `appointment_fact`."""
    values = _in_order(_OF_APPOINTMENT, event, groups)
    await tx.execute(APPOINTMENTS.record, *_envelope(event), site, patient, *values)


async def record_session(tx: Transaction, event: Event[Any], *, site: UUID, **groups: Group) -> None:
    """Merge an event of a session."""
    await tx.execute(SESSIONS.record, *_envelope(event), site, *_in_order(_OF_SESSION, event, groups))


async def record_message(tx: Transaction, event: Event[MessageEvent], **groups: Group) -> None:
    """Merge an event of a text."""
    data = event.data
    values = _in_order(_OF_MESSAGE, event, groups)
    await tx.execute(MESSAGES.record, *_envelope(event), data.site, data.appointment, data.purpose, *values)


async def record_call_task(tx: Transaction, event: Event[CallTaskEvent], **groups: Group) -> None:
    """Merge an event of a call asked of the secretaries."""
    values = _in_order(_OF_CALL_TASK, event, groups)
    await tx.execute(MESSAGES.record_call_task, *_envelope(event), event.data.site, event.data.appointment, *values)


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
