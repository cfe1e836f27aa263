"""Sessions: one stretch of one professional's presence at one site. Published by booking; the key is the session."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from smp.contracts.base import Code, EventData, Topic
from smp.contracts.vocabulary import CapacityClass, Kind, Role, SessionDoubt, ShareOfSession

SESSIONS = Topic("smp.booking.sessions", "booking", "session", "Bookable presence: who, where, when, for which kinds.")


class SessionEvent(EventData):
    topic: ClassVar[Topic] = SESSIONS

    session: UUID
    site: UUID
    professional: UUID


class SessionState(SessionEvent):
    role: Role
    room: str | None = None
    kinds: tuple[Kind, ...]
    start: AwareDatetime
    end: AwareDatetime
    slot_minutes: Annotated[int, Field(ge=1)]
    rule: UUID | None = None
    shares: tuple[ShareOfSession, ...] | None = None
    equipment: tuple[str, ...] | None = None


class SessionOpened(SessionState):
    """`professional` receives at `site` in [start, end), on a grid of `slot_minutes` that starts at `start`.

    `rule` is the recurrence it comes from, null for a single date. `room` is null when any room will do. `shares` are
    the slots kept for some callers; null in events written before shares were said.
    """


class SessionChanged(SessionState):
    """The whole session as it is now, in the same terms as `SessionOpened`. What was said against it is over."""


class SessionCancelled(SessionEvent):
    """The presence in [start, end) does not take place; `reason` is a code, never a health fact."""

    start: AwareDatetime
    end: AwareDatetime
    reason: Code


class SessionUnsupported(SessionEvent):
    """Since `since` a fact of registry speaks against the presence in [start, end), but patients are expected: it
    stands, and somebody is to decide."""

    start: AwareDatetime
    end: AwareDatetime
    reason: SessionDoubt
    since: AwareDatetime


class SessionSupported(SessionEvent):
    """Nothing speaks against the presence in [start, end) any more."""

    start: AwareDatetime
    end: AwareDatetime
    supported_at: AwareDatetime


class CapacityReleased(SessionEvent):
    """From `released_at` on the `slots` still kept for `capacity_class` may be taken by anybody.

    A slot is `slot_minutes` of the session in [start, end). Which slots they are is not said: only how many.
    """

    capacity_class: CapacityClass
    slots: Annotated[int, Field(ge=1)]
    slot_minutes: Annotated[int, Field(ge=1)]
    start: AwareDatetime
    end: AwareDatetime
    released_at: AwareDatetime
