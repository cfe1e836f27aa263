"""Whatever can be in one place only, as a number the exclusion constraint can compare.

A number is 64 bits: 2 for the kind of resource, 62 from its identity. For a person they are the 62 low bits of the
UUIDv7 (RFC 9562 `rand_b`), all random. Among ten million people of one database, the probability that any two share
a number is about 10^14 / 2^63 = 10^-5; and then the only harm is that those two are refused the same hour.
Kinds never collide, for their 2 bits differ. PostgreSQL writes `int8range(r, r, '[]')` as `[r, r + 1)`, which has no
room for the greatest int8; no kind uses that corner.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

_LOW_62_BITS = (1 << 62) - 1


class ResourceKind(StrEnum):
    PRACTITIONER = "practitioner"
    ROOM = "room"
    PATIENT = "patient"


_PREFIX = {ResourceKind.PRACTITIONER: 0b00, ResourceKind.ROOM: 0b10, ResourceKind.PATIENT: 0b11}


@dataclass(frozen=True, slots=True, order=True)
class Resource:
    """One practitioner, room or patient; `number` fits a signed 64-bit integer."""

    number: int
    kind: ResourceKind


def practitioner(professional: UUID) -> Resource:
    return _numbered(ResourceKind.PRACTITIONER, professional.int)


def patient(person: UUID) -> Resource:
    return _numbered(ResourceKind.PATIENT, person.int)


def room(site: UUID, label: str) -> Resource:
    """The room called `label` at `site`: always the same number, whatever the case or spaces of the label."""
    name = " ".join(label.casefold().split())
    digest = hashlib.blake2b(site.bytes + name.encode(), digest_size=8).digest()
    return _numbered(ResourceKind.ROOM, int.from_bytes(digest))


@lru_cache(maxsize=65_536)
def of_session(site: UUID, professional: UUID, room_label: str | None) -> tuple[Resource, ...]:
    """What an appointment of this session occupies besides its patient."""
    if room_label is None:
        return (practitioner(professional),)
    return (practitioner(professional), room(site, room_label))


def _numbered(kind: ResourceKind, identity: int) -> Resource:
    number = (_PREFIX[kind] << 62) | (identity & _LOW_62_BITS)
    return Resource(number - (1 << 64) if number >> 63 else number, kind)
