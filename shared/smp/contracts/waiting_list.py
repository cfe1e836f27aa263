"""People who wait for a place, and the places they are offered. Published by booking; the key is the entry.

joined → (changed) → offered → accepted, or declined or expired and offered again → left. One offer runs at a time,
for one person and for one place. No event says why the patient waits.
"""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from smp.contracts.base import Code, EventData, Part, Topic
from smp.contracts.vocabulary import Compartment, Kind, Mobility, Mode, People, RemoteBy, WaitingPriority

WAITING_LIST = Topic(
    "smp.booking.waiting-list",
    "booking",
    "entry",
    "People waiting for a place, each offer and its answer.",
)

LocalHour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""Hour of the site's own clock, `HH:MM`."""


class WishedWindow(Part):
    """When the patient could come: on these ISO weekdays (1 = Monday), between two local hours, between two days
    (both included; null = without limit)."""

    weekdays: tuple[int, ...]
    start: LocalHour
    end: LocalHour
    first_day: date | None = None
    last_day: date | None = None


class WaitingListEvent(EventData):
    topic: ClassVar[Topic] = WAITING_LIST

    entry: UUID
    patient: UUID


class _Wishes(WaitingListEvent):
    """What the patient waits for: no window = any hour, no practitioner = anyone. `replaces` is the later
    appointment that an accepted offer gives back."""

    kinds: tuple[Kind, ...]
    sites: tuple[UUID, ...]
    practitioners: tuple[UUID, ...] = ()
    windows: tuple[WishedWindow, ...] = ()
    mobility: Mobility
    video_accepted: bool
    priority: WaitingPriority
    replaces: UUID | None = None


class WaitingListJoined(_Wishes):
    """The patient waits from now on; `waiting_since` is the day that counts in the order of the list."""

    waiting_since: date
    joined_at: AwareDatetime


class WaitingListChanged(_Wishes):
    """Wishes or priority are other than before; the place in the order is kept unless the priority changed."""

    waiting_since: date
    changed_at: AwareDatetime


class OfferEvent(WaitingListEvent):
    offer: UUID
    appointment: UUID
    site: UUID


class SlotOffered(OfferEvent):
    """A place is held for this patient alone until `answer_by`; `appointment` is that hold.

    `replaces` is the later appointment that accepting would give back. `notify` = the centre wants the patient told.
    """

    session: UUID
    practitioners: People
    kind: Kind
    mode: Mode
    remote_by: RemoteBy | None = None
    start: AwareDatetime
    end: AwareDatetime
    answer_by: AwareDatetime
    replaces: UUID | None = None
    offered_at: AwareDatetime
    notify: bool
    compartment: Compartment | None = None
    neutral_wording: bool | None = None


class OfferAccepted(OfferEvent):
    """The hold is an appointment now and the entry is off the list; `replaced` was cancelled with it."""

    replaced: UUID | None = None
    accepted_at: AwareDatetime


class OfferDeclined(OfferEvent):
    """The patient does not take this place and goes on waiting; `later` = not now, rather than not this one."""

    later: bool
    declined_at: AwareDatetime


class OfferExpired(OfferEvent):
    """Nobody answered in time (`deadline`), the place could not be kept (`withdrawn`), or the patient has left the list
    meanwhile (`left`)."""

    reason: Code
    expired_at: AwareDatetime


class WaitingListLeft(WaitingListEvent):
    """The patient does not wait any more; `reason` is a code."""

    reason: Code
    left_at: AwareDatetime
