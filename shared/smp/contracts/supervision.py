"""Supervisors who answer the telephone. Published by booking; the key is the declaration."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from smp.contracts.base import EventData, Topic

REACHABILITIES = Topic(
    "smp.booking.reachabilities", "booking", "reachability", "When supervisors can be reached by telephone."
)


class SupervisorReachable(EventData):
    """The supervisor answers the telephone in [start, end) for interns of `site`; for every site of the territory when
    it is null."""

    topic: ClassVar[Topic] = REACHABILITIES

    reachability: UUID
    supervisor: UUID
    site: UUID | None = None
    start: AwareDatetime
    end: AwareDatetime
    declared_at: AwareDatetime


class SupervisorReachWithdrawn(EventData):
    """The telephone declared for [start, end) is not answered any more."""

    topic: ClassVar[Topic] = REACHABILITIES

    reachability: UUID
    supervisor: UUID
    site: UUID | None = None
    start: AwareDatetime
    end: AwareDatetime
    withdrawn_at: AwareDatetime
