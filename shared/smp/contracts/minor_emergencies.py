"""The short form of a minor emergency. Published by booking; the key is the request, which names nobody."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from smp.contracts.base import EventData, Topic
from smp.contracts.vocabulary import BookingChannel

MINOR_EMERGENCIES = Topic(
    "smp.booking.minor-emergencies", "booking", "request", "Short forms that were answered, and who was sent to 15."
)


class MinorEmergencyAnswered(EventData):
    """The form in force since `form` was answered for the request, maybe not for the first time.

    `sent_to_15`: a sign was named, now or before; it stays so for this request. Which sign is never said: it is why
    somebody called.
    """

    topic: ClassVar[Topic] = MINOR_EMERGENCIES

    request: UUID
    site: UUID
    form: date
    sent_to_15: bool
    channel: BookingChannel
    answered_at: AwareDatetime
