"""What this API reads and answers."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from notifications.domain.appointments import Mode
from notifications.domain.messages import Purpose, State
from notifications.domain.reachability import CallReason
from notifications.store.rows import Row
from notifications.use_cases.preview_message import Preview, Wished
from smp.http import Body, Instant

CallOutcome = Literal["reached", "message_left", "not_reached", "not_needed"]
CallState = Literal["open", "done", "dropped"]


class MessageView(BaseModel):
    """One text. `state` "accepted" is not "delivered"; `trace` is the trace id of the event that called for it."""

    message: UUID
    appointment: UUID
    purpose: Purpose
    site: UUID
    starts_at: datetime
    state: State
    reason: str | None
    planned_at: datetime
    due_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None
    attempts: int
    segments: int | None
    credits: float | None
    text: str | None
    traceparent: str | None

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(**{**row, "text": row["body"]})


class MessageList(BaseModel):
    """The texts about one appointment, oldest first."""

    messages: list[MessageView]


class CallTaskView(BaseModel):
    """A call to make instead of a text; the patient's name and numbers are registry's to show. `party`: it speaks for
    all those who were asked for together, named after the appointment of the first."""

    task: UUID
    appointment: UUID
    patient: UUID
    site: UUID
    starts_at: datetime
    purpose: Purpose
    reason: CallReason
    state: CallState
    raised_at: datetime
    message: UUID | None
    ended_at: datetime | None
    ended_by: str | None
    outcome: str | None
    answer_by: datetime | None
    party: UUID | None

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(**row)


class CallTaskList(BaseModel):
    """One page, in the order of the appointments; `next` goes into `after` to read on, null at the end."""

    call_tasks: list[CallTaskView]
    next: UUID | None


class Completion(Body):
    """How a call ended."""

    outcome: Annotated[CallOutcome, Field(examples=["reached"])]


class PreviewRequest(Body):
    """The appointment as it would be."""

    purpose: Annotated[Purpose, Field(examples=["change"])]
    site: UUID
    start: Annotated[Instant, Field(examples=["2026-03-19T10:30:00+01:00"])]
    mode: Mode = Mode.ON_SITE
    previous_start: Instant | None = None
    patient: UUID | None = None
    answer_by: Instant | None = None

    def wished(self) -> Wished:
        return Wished(self.purpose, self.site, self.start, self.mode, self.previous_start, self.patient, self.answer_by)


class PreviewView(BaseModel):
    """`by`: a text, a call (with `call_reason`), or nothing at all."""

    by: Literal["text", "call", "nothing"]
    call_reason: CallReason | None
    due_at: datetime | None
    text: str
    encoding: Literal["gsm7", "ucs2"]
    characters: int
    segments: int

    @classmethod
    def of(cls, preview: Preview) -> Self:
        return cls(
            by="nothing" if preview.due_at is None else "call" if preview.call else "text",
            call_reason=preview.call,
            due_at=preview.due_at,
            text=preview.text.body,
            encoding=preview.text.size.encoding,
            characters=preview.text.size.units,
            segments=preview.text.size.segments,
        )
