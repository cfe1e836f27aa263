"""The answers to an offer, as the secretary hears them on the telephone."""

from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel

from booking import problems
from booking.api.parts import STEP, AppointmentView, rules_of
from booking.api.rights import Right, allow
from booking.api.waiting_list_parts import EntryView
from booking.use_cases.waiting_list.answer_offer import Accepted, accept_offer, answer_later, decline_offer
from smp.http import Command, describe

router = APIRouter(prefix="/v1/offers", tags=["liste d'attente"])


class AcceptedView(BaseModel):
    """The appointment that the patient has now, and the later one that was given back."""

    appointment: AppointmentView
    replaced: UUID | None


_OFFER = (problems.OFFER_UNKNOWN, problems.OFFER_OVER)


@router.post(
    "/{offer}/acceptance",
    response_model=AcceptedView,
    responses=describe(
        *_OFFER,
        *STEP,
        problems.HOLD_EXPIRED,
        problems.HOLD_FOR_ANOTHER,
        problems.SESSION_CANCELLED,
        problems.SESSION_UNSUPPORTED,
        problems.NO_SUPERVISOR,
        problems.TOO_MANY_INTERNS,
        problems.TOO_MANY_ACTS,
        problems.OUTSIDE_SESSION,
        problems.PATIENT_UNKNOWN,
        problems.PATIENT_ERASED,
        problems.NOT_ELIGIBLE,
        problems.NEVER_SEEN,
        problems.PATIENT_BUSY,
        problems.TOO_MANY_RUNNING,
    ),
)
async def accept(offer: UUID, command: Command) -> Response:
    """The held place becomes the appointment; the later one is given back in the same transaction."""
    allow(command, Right.ANSWER)

    def view(it: Accepted) -> AcceptedView:
        booked = it.booked
        shown = AppointmentView.of(booked.appointment, command.actor, booked.warnings)
        return AcceptedView(appointment=shown, replaced=it.replaced)

    return await command.once(
        lambda tx: accept_offer(tx, offer, rules_of(command), actor=command.actor, now=command.now), view
    )


@router.post("/{offer}/refusal", response_model=EntryView, responses=describe(*_OFFER))
async def decline(offer: UUID, command: Command) -> Response:
    """Not this place: it is offered to the next, and the patient goes on waiting."""
    allow(command, Right.ANSWER)
    return await command.once(
        lambda tx: decline_offer(tx, offer, rules_of(command), actor=command.actor, now=command.now), EntryView.of
    )


@router.post("/{offer}/later", response_model=EntryView, responses=describe(*_OFFER, problems.SITE_UNKNOWN))
async def later(offer: UUID, command: Command) -> Response:
    """Not this place, and no other one before tomorrow."""
    allow(command, Right.ANSWER)
    return await command.once(
        lambda tx: answer_later(tx, offer, rules_of(command), actor=command.actor, now=command.now), EntryView.of
    )
