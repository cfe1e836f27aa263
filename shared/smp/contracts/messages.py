"""Texts to patients and calls to make instead. Published by notifications; the key is the message, or the task.

planned → accepted by the provider → delivered, failed or expired; planned → cancelled. No number and no text of a
message ever appears here.
"""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from smp.contracts.base import Code, EventData, Topic
from smp.contracts.vocabulary import CallReason, MessageChannel, MessagePurpose

MESSAGES = Topic(
    "smp.notifications.messages", "notifications", "message", "Each text and its one fate; calls to make instead."
)

Segments = Annotated[int, Field(ge=1)]
"""Billed parts of a text: 160 GSM-7 characters or 70 others, fewer per part when there are several."""


class MessageEvent(EventData):
    topic: ClassVar[Topic] = MESSAGES

    message: UUID
    appointment: UUID
    site: UUID
    purpose: MessagePurpose


class MessagePlanned(MessageEvent):
    """A text will leave at `due_at` or just after, quiet hours respected; `segments` when already known."""

    patient: UUID
    channel: MessageChannel
    due_at: AwareDatetime
    segments: Segments | None = None


class MessageAccepted(MessageEvent):
    """The provider took the text: sent, not yet delivered. `credits` in the provider's own unit."""

    provider: Code
    provider_reference: str
    accepted_at: AwareDatetime
    segments: Segments
    credits: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class MessageDelivered(MessageEvent):
    """The operator says that the telephone received the text."""

    delivered_at: AwareDatetime


class MessageFailed(MessageEvent):
    """The text will not arrive; `reason` is our code, not the provider's words."""

    reason: Code
    failed_at: AwareDatetime


class MessageExpired(MessageEvent):
    """No receipt came in time: nobody knows whether the text arrived, and it is not sent again."""

    expired_at: AwareDatetime


class MessageCancelled(MessageEvent):
    """The planned text is dropped before sending, because the appointment changed."""

    reason: Code
    cancelled_at: AwareDatetime


class CallTaskEvent(EventData):
    topic: ClassVar[Topic] = MESSAGES

    task: UUID
    appointment: UUID
    site: UUID


class CallTaskRaised(CallTaskEvent):
    """A secretary must call the patient; `message` is the text it replaces, null when none was planned. `party`: the
    call is for all those who were asked for together, named after the appointment of the first."""

    message: UUID | None = None
    patient: UUID
    purpose: MessagePurpose
    reason: CallReason
    raised_at: AwareDatetime
    party: UUID | None = None


class CallTaskDone(CallTaskEvent):
    """The call was made, or given up; `outcome` is a code."""

    outcome: Code
    done_at: AwareDatetime
