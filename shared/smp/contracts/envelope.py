"""Events on the wire: CloudEvents 1.0, Kafka protocol binding, binary content mode.

Attributes travel as `ce_*` headers, the payload as the JSON value, the aggregate id as the record key. Reading is
in two steps, so that a consumer can look at its inbox, or pass over an unknown type, before it pays for the
payload: `read_headers` then `decode`. `parse` does both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID

from asyncpg.pgproto import pgproto
from pydantic import ValidationError

from smp.contracts.base import EventData
from smp.contracts.catalogue import BY_TYPE
from smp.contracts.territories import TERRITORIES
from smp.ids import new_id
from smp.telemetry import current_traceparent

T_co = TypeVar("T_co", bound=EventData, covariant=True)

Headers = Iterable[tuple[str, bytes]]
DataClass = type[EventData]

CONTENT_TYPE = "application/json"
# A `uuid.UUID` all the same, read and written ten times faster: an envelope has three.
_UUID: type[UUID] = pgproto.UUID
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_TYPES = {name.encode(): data_class for name, data_class in BY_TYPE.items()}
_TERRITORIES = {code.encode(): code for code in TERRITORIES}


class MalformedEvent(Exception):
    """The record can never be read. The message says what is wrong and never quotes the record."""


@dataclass(frozen=True, slots=True)
class Event(Generic[T_co]):
    """One fact, published once.

    `subject` is the aggregate's id and the Kafka key. `sequence` starts at 1 and grows by one for each event of that
    aggregate. `time` is when it happened (aware, UTC). `territory` is a département code. `traceparent` follows W3C
    Trace Context.
    """

    id: UUID
    data: T_co
    subject: UUID
    territory: str
    site: UUID | None
    sequence: int
    time: datetime
    traceparent: str | None = None

    @classmethod
    def of(
        cls,
        data: T_co,  # type: ignore[misc]  # a constructor of a frozen value may take what it holds
        *,
        subject: UUID,
        territory: str,
        sequence: int,
        time: datetime,
        site: UUID | None = None,
        id: UUID | None = None,
        traceparent: str | None = None,
    ) -> Event[T_co]:
        """A new event, with a new id and the current trace unless they are given.

        Give `id` when the payload was sealed for it. Raises ValueError for an unknown territory, a sequence below 1
        or a time without zone.
        """
        if territory not in TERRITORIES:
            raise ValueError("territory is not a département code")
        if sequence < 1:
            raise ValueError("sequence starts at 1")
        if time.tzinfo is None:
            raise ValueError("time has no zone")
        return cls(
            id=id or new_id(),
            data=data,
            subject=subject,
            territory=territory,
            site=site,
            sequence=sequence,
            time=time.astimezone(UTC),
            traceparent=traceparent or current_traceparent(),
        )


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the headers say: enough for the inbox, the order check and the choice of a handler."""

    id: UUID
    type: str
    data_class: DataClass | None
    subject: UUID
    territory: str
    site: UUID | None
    sequence: int
    time: datetime
    traceparent: str | None

    @property
    def known(self) -> bool:
        """Whether this version of the contracts has the type; pass over the record when it has not."""
        return self.data_class is not None


def to_key(event: Event[EventData]) -> bytes:
    """The record key: every event of one aggregate goes to one partition, in order."""
    return str(event.subject).encode()


def to_value(event: Event[EventData]) -> bytes:
    """The record value: the payload as JSON."""
    return event.data.model_dump_json().encode()


def to_headers(event: Event[EventData]) -> list[tuple[str, bytes]]:
    """The record headers: CloudEvents attributes and extensions, and the content type."""
    data = event.data
    subject = str(event.subject)
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": str(event.id),
        "ce_type": data.ce_type(),
        "ce_source": data.ce_source(),
        "ce_subject": subject,
        "ce_time": event.time.isoformat().replace("+00:00", "Z"),
        "ce_dataschema": data.ce_dataschema(),
        "ce_partitionkey": subject,
        "ce_territory": event.territory,
        "ce_sequence": str(event.sequence),
        "content-type": CONTENT_TYPE,
    }
    if event.site is not None:
        attributes["ce_site"] = str(event.site)
    if event.traceparent is not None:
        attributes["ce_traceparent"] = event.traceparent
    return [(name, text.encode()) for name, text in attributes.items()]


def read_headers(headers: Headers) -> Envelope:
    """The envelope of a record, without touching its value.

    Raises MalformedEvent when a header is missing, or is not what it must be. An unknown type is not an error.
    """
    found = dict(headers)
    if _required(found, "ce_specversion") != b"1.0":
        raise MalformedEvent("ce_specversion is not 1.0")
    _check_content_type(_required(found, "content-type"))
    raw_type = _required(found, "ce_type")
    data_class = _TYPES.get(raw_type)
    site = found.get("ce_site")
    trace = found.get("ce_traceparent")
    return Envelope(
        id=_uuid("ce_id", _required(found, "ce_id")),
        type=_text("ce_type", raw_type),
        data_class=data_class,
        subject=_uuid("ce_subject", _required(found, "ce_subject")),
        territory=_territory(_required(found, "ce_territory")),
        site=None if site is None else _uuid("ce_site", site),
        sequence=_sequence(_required(found, "ce_sequence")),
        time=_time(_required(found, "ce_time")),
        # W3C Trace Context §3.2.2: a traceparent that cannot be read is ignored, and never fails the work.
        traceparent=trace.decode() if trace is not None and _TRACEPARENT.fullmatch(trace) else None,
    )


def decode(envelope: Envelope, value: bytes | None) -> Event[EventData]:
    """The event of an envelope and a record value.

    Raises MalformedEvent for an unknown type, an empty value, broken JSON, a payload that breaks its contract, or a
    NUL character (PostgreSQL text cannot hold it).
    """
    if envelope.data_class is None:
        raise MalformedEvent("ce_type is not in the catalogue")
    if value is None:
        raise MalformedEvent("the record has no value")
    try:
        data = envelope.data_class.model_validate_json(value, strict=True)
    except ValidationError as error:
        raise MalformedEvent(_explain(error)) from None
    if b"\\u0000" in value and _has_nul(data.model_dump()):
        raise MalformedEvent("the payload holds a NUL character")
    return Event(
        envelope.id,
        data,
        envelope.subject,
        envelope.territory,
        envelope.site,
        envelope.sequence,
        envelope.time,
        envelope.traceparent,
    )


def require_key(envelope: Envelope, key: bytes | None) -> None:
    """Raises MalformedEvent when the record's key is not its subject: the order per aggregate would not hold."""
    if key != str(envelope.subject).encode():
        raise MalformedEvent("the record key is not ce_subject")


def parse(headers: Headers, key: bytes | None, value: bytes | None) -> Event[EventData]:
    """The event in a Kafka record. Raises MalformedEvent, as `read_headers`, `require_key` and `decode` do."""
    envelope = read_headers(headers)
    require_key(envelope, key)
    return decode(envelope, value)


def _required(found: dict[str, bytes], name: str) -> bytes:
    value = found.get(name)
    if not value:
        raise MalformedEvent(f"{name} is missing")
    return value


def _check_content_type(raw: bytes) -> None:
    if raw == b"application/json":
        return
    if raw.partition(b";")[0].strip().lower() != b"application/json":
        raise MalformedEvent("content-type is not application/json")


def _text(name: str, raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise MalformedEvent(f"{name} is not UTF-8") from None
    if not text.isprintable():
        raise MalformedEvent(f"{name} holds a control character")
    return text


def _uuid(name: str, raw: bytes) -> UUID:
    try:
        return _UUID(raw.decode())
    except ValueError:
        raise MalformedEvent(f"{name} is not a UUID") from None


def _territory(raw: bytes) -> str:
    code = _TERRITORIES.get(raw)
    if code is None:
        raise MalformedEvent("ce_territory is not a département code")
    return code


def _sequence(raw: bytes) -> int:
    # 18 digits fit PostgreSQL's bigint.
    if not raw.isdigit() or len(raw) > 18 or (number := int(raw)) < 1:
        raise MalformedEvent("ce_sequence is not a positive integer")
    return number


def _time(raw: bytes) -> datetime:
    try:
        time = datetime.fromisoformat(raw.decode())
    except ValueError:
        raise MalformedEvent("ce_time is not an RFC 3339 time") from None
    if time.tzinfo is None:
        raise MalformedEvent("ce_time has no zone")
    return time if time.tzinfo is UTC else _to_utc(time)


def _to_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise MalformedEvent("ce_time is out of range") from None


def _explain(error: ValidationError) -> str:
    """Where and what, in our own field names and pydantic's error codes; the input is never quoted."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    reasons = [f"{'.'.join(map(str, each['loc'])) or 'payload'}: {each['type']}" for each in problems[:5]]
    return "; ".join(reasons)


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, (list, tuple)):
        return any(map(_has_nul, value))
    if isinstance(value, dict):
        return any(map(_has_nul, value.values()))
    return False
