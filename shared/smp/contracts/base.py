"""What every event of the platform is made of: its topic, its name, and how it reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

KNOWN_VALUES = "x-known-values"


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic: one aggregate, several event types, one owner.

    `key` says in one word what the record key identifies. `retention_days` is None when records are
    kept without limit: every service rebuilds its projections from the topic, and each event tells a
    change rather than a whole state, so neither expiry nor compaction may remove one silently.
    """

    name: str
    service: str
    key: str
    about: str
    partitions: int = 12
    retention_days: int | None = None

    @property
    def config(self) -> dict[str, str]:
        """The topic's settings in Kafka's own words, for its creation."""
        retention = -1 if self.retention_days is None else self.retention_days * 86_400_000
        return {"cleanup.policy": "delete", "retention.ms": str(retention)}


class EventData(BaseModel):
    """The payload of one event type: frozen once made; unknown fields are ignored when read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic: ClassVar[Topic]
    version: ClassVar[int] = 1

    @classmethod
    def event_name(cls) -> str:
        """The name without its version: `SlotBooked` for both `SlotBooked` and a later `SlotBookedV2`."""
        return cls.__name__.removesuffix(f"V{cls.version}")

    @classmethod
    def contract(cls) -> str:
        """Name and version, as in `SlotBooked.v1`: also the name of its schema file."""
        return f"{cls.event_name()}.v{cls.version}"

    @classmethod
    def ce_type(cls) -> str:
        """The CloudEvents type, as in `fr.smp.booking.SlotBooked.v1`."""
        return f"fr.smp.{cls.topic.service}.{cls.contract()}"

    @classmethod
    def ce_source(cls) -> str:
        """The CloudEvents source: which service says so."""
        return f"/smp/{cls.topic.service}"

    @classmethod
    def ce_dataschema(cls) -> str:
        """The identifier of the payload's JSON Schema."""
        return f"urn:smp:contracts:{cls.contract()}"


class Part(BaseModel):
    """A structure inside a payload, with the same manners: frozen, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(frozen=True, slots=True)
class OneOf:
    """An open list of codes: we write only the known ones, we read any.

    A closed `Literal` can never change (see `compatibility`); an open list may grow, because every
    consumer has been accepting unknown codes from the first day.
    """

    values: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.json_or_python_schema(
            json_schema=core_schema.str_schema(),
            python_schema=core_schema.literal_schema(list(self.values)),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", KNOWN_VALUES: list(self.values)}


Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
"""A machine code chosen by its publisher: never free text, so that no reason of care can slip in."""
