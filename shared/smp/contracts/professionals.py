"""Professionals and the supervision of interns. Published by registry; the key is the professional."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from smp.contracts.base import EventData, Topic
from smp.contracts.vocabulary import Role

PROFESSIONALS = Topic(
    "smp.registry.professionals",
    "registry",
    "professional",
    "Who works where, in which role, and who supervises which intern.",
)


class ProfessionalEvent(EventData):
    topic: ClassVar[Topic] = PROFESSIONALS

    professional: UUID


class ProfessionalJoined(ProfessionalEvent):
    """A professional works at these sites from `contract_start` to `contract_end` (both included, null = open)."""

    role: Role
    sites: tuple[UUID, ...]
    contract_start: date
    contract_end: date | None = None


class ProfessionalRoleChanged(ProfessionalEvent):
    """The role changes on `from_date`: a GP who retires and stays in the rotation, for instance."""

    role: Role
    from_date: date


class SupervisionAssigned(ProfessionalEvent):
    """`supervisor` answers for the intern `professional` from `from_date` to `until_date` (included, null = open)."""

    supervisor: UUID
    from_date: date
    until_date: date | None = None


class SupervisionEnded(ProfessionalEvent):
    """The supervision's last day is `until_date`; after it the intern has no bookable time."""

    supervisor: UUID
    until_date: date


class ProfessionalLeft(ProfessionalEvent):
    """The professional no longer works in the centres from `from_date` on."""

    from_date: date
