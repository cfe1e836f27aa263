"""The patient is in the waiting room."""

from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.appointments import Action, Appointment
from booking.domain.local_time import local_day
from booking.store import projections
from booking.use_cases.appointments import announcing
from booking.use_cases.appointments.steps import RoomStep, Stepped, require_place, save_once_in_queue, take_step
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


async def mark_arrived(tx: Transaction, id: UUID, *, actor: Actor, now: datetime) -> Appointment:
    """The wait begins.

    Raises Refusal: APPOINTMENT_UNKNOWN, FORBIDDEN, WRONG_TRANSITION, NOT_THE_DAY, PLACE_LOST, ALREADY_IN_QUEUE.
    """
    return await take_step(tx, id, ARRIVAL, actor, now)


async def arrive(tx: Transaction, booked: Appointment, actor: Actor, now: datetime) -> Appointment:
    """The step itself, for an appointment that is new."""
    stepped = _arrived(booked, actor, now)
    await save_once_in_queue(tx, stepped.appointment, actor)
    stepped.say(tx)
    return stepped.appointment


async def _make(tx: Transaction, booked: Appointment, actor: Actor, now: datetime) -> Stepped:
    site = await projections.site(tx, booked.site)
    if site is not None and local_day(now, site.zone) != booked.day:
        raise Refusal(problems.NOT_THE_DAY, day=booked.day.isoformat())
    await require_place(tx, booked)
    return _arrived(booked, actor, now)


def _arrived(booked: Appointment, actor: Actor, now: datetime) -> Stepped:
    arrived = booked.step(Action.ARRIVE, now, actor.subject, arrived_at=now)
    return Stepped(arrived, lambda tx: announcing.arrived(tx, arrived, now))


ARRIVAL = RoomStep(Action.ARRIVE, _make)
