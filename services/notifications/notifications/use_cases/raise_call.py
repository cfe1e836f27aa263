"""A text that cannot be becomes a call for the secretary: one per event, never two."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from notifications.domain.appointments import Mode, Slot
from notifications.domain.messages import Purpose
from notifications.domain.reachability import CallReason
from notifications.use_cases.say import say, say_call_ended
from smp.contracts import CallTaskRaised
from smp.ids import new_id
from smp.postgres import Record, Statements, Transaction

SQL = Statements.load("notifications.store", "call_tasks.sql")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a text or a call is about: one state of one appointment."""

    territory: str
    appointment: UUID
    version: int
    patient: UUID
    site: UUID
    starts_at: datetime
    mode: Mode
    traceparent: str | None
    answer_by: datetime | None = None
    """Of an offer."""
    party: UUID | None = None
    """For which a text or a call speaks; nobody's whose hour is their own."""
    occasion: int = 0
    """The number of the site's event that calls for it; 0 when the appointment's own does."""

    @classmethod
    def of(
        cls,
        row: Record,
        traceparent: str | None,
        *,
        answer_by: datetime | None = None,
        party: UUID | None = None,
        occasion: int = 0,
    ) -> Self:
        """From columns named as these fields."""
        return cls(
            territory=row["territory"],
            appointment=row["appointment"],
            version=row["version"],
            patient=row["patient"],
            site=row["site"],
            starts_at=row["starts_at"],
            mode=Mode(row["mode"]),
            traceparent=traceparent,
            answer_by=answer_by,
            party=party,
            occasion=occasion,
        )

    @property
    def slot(self) -> Slot:
        """Where and when."""
        return Slot(self.site, self.starts_at, self.mode)


async def raise_call(
    tx: Transaction, about: Subject, purpose: Purpose, reason: CallReason, now: datetime, message: UUID | None = None
) -> bool:
    """Add a call to the list of the site, once. When the appointment is over or has changed since, the call is kept
    but nobody has to make it any more. False when it was there already."""
    row = await tx.fetchrow(
        SQL.raise_call,
        new_id(),
        about.territory,
        message,
        about.appointment,
        about.version,
        purpose,
        about.patient,
        about.site,
        about.starts_at,
        about.mode,
        reason,
        about.traceparent,
        now,
        about.answer_by,
        about.occasion,
        about.party,
    )
    if row is None:
        return False
    raised = CallTaskRaised(
        task=row["task"],
        message=message,
        appointment=about.appointment,
        patient=about.patient,
        site=about.site,
        purpose=purpose,
        reason=reason,
        raised_at=now,
        party=about.party,
    )
    say(tx, {**row, "sequence": 1}, row["task"], raised, now)
    if row["state"] != "open":
        say_call_ended(tx, row, now)
    return True
