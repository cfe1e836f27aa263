"""Give an appointment or a hold up, by the patient or by the centre; or excuse a patient who cannot or did not come."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain.appointments import Action, Appointment, State, is_late, rest_of
from booking.domain.rules import Rules
from booking.store import appointments, impacts
from booking.use_cases.appointments import announcing
from booking.use_cases.appointments.steps import appointment_for
from smp.auth import Actor
from smp.postgres import Transaction

PATIENT, CENTRE = "patient", "centre"


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Who gives it up, and why as a code (never a reason of care). `excused`: a patient who could not come and said
    why, be it after the hour; neither a no-show nor an ordinary cancellation."""

    by: str
    reason: str | None = None
    notify: bool = True
    excused: bool = False

    @property
    def action(self) -> Action:
        return Action.EXCUSE if self.excused else Action.CANCEL


async def cancel_appointment(
    tx: Transaction, id: UUID, request: CancelRequest, rules: Rules, *, actor: Actor, now: datetime
) -> Appointment:
    """The place is free again: to the waiting list at once, to all when it has rested. Late when the patient gives
    less notice than the setting, for a place that the centre had not taken back.

    Raises Refusal: APPOINTMENT_UNKNOWN, FORBIDDEN, WRONG_TRANSITION.
    """
    found = await appointment_for(tx, id, request.action, actor)
    has_place = not await impacts.lost_or_losing_place(tx, [found.id])
    cancelled = cancel(found, request, rules, now, actor.subject, has_place=has_place)
    await appointments.save(tx, [cancelled])
    announcing.released(tx, cancelled, now)
    return cancelled


def cancel(
    found: Appointment, request: CancelRequest, rules: Rules, now: datetime, by: str, *, has_place: bool = False
) -> Appointment:
    """The appointment once cancelled; a hold whose time is over expires instead. Only when it `has_place` is there
    one to be late for, and to rest for the waiting list; that of a mere hold never rests, for nobody else was refused
    it for long, unless it was an offer: the next who waits has first call."""
    if found.has_expired(now):
        return found.expired(now, by, rules.cool_down)
    late = has_place and request.by == PATIENT and is_late(found.period.start, now, rules.late_notice)
    may_rest = has_place and (found.state is not State.HELD or found.is_offer)
    return found.step(
        request.action, now, by, why=request.reason,
        cancelled_by=request.by, cancel_reason=request.reason, late=late,
        notify=request.notify and found.state is not State.HELD,  # to whom nothing was promised nothing is taken back
        rests_until=rest_of(found.period.start, now, rules.cool_down) if may_rest else None,
    )  # fmt: skip
