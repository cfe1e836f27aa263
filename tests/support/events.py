"""Toy events on topics of their own, so that tests of delivery do not meet each other's records."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from smp.contracts import envelope
from smp.contracts.base import EventData, Topic
from smp.contracts.envelope import Event
from smp.ids import new_id


def toy_event_type(topic: str) -> type[EventData]:
    """A new event type `Noted` on `topic`."""

    class Noted(EventData):
        """Something was noted."""

        topic: ClassVar[Topic]
        text: str

    Noted.topic = Topic(topic, f"toy{topic[-8:]}", "note", "toy", partitions=3)
    return Noted


@contextmanager
def known(event_type: type[EventData]) -> Iterator[None]:
    """The type is in the catalogue while the block runs."""
    name = event_type.ce_type().encode()
    envelope._TYPES[name] = event_type
    try:
        yield
    finally:
        del envelope._TYPES[name]


def toy_event(
    event_type: type[EventData],
    text: str = "x",
    *,
    subject: UUID | None = None,
    sequence: int = 1,
    territory: str = "53",
) -> Event[Any]:
    """One event of a toy type."""
    return Event.of(
        event_type.model_validate({"text": text}),
        subject=subject or new_id(),
        territory=territory,
        sequence=sequence,
        time=datetime.now(UTC),
    )
