"""Events as a centre says them: invented, but of the size, shape and order of real ones."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from smp.contracts import ConsultationDone, ConsultationStarted, PatientArrived, SlotBooked
from smp.contracts.envelope import Event
from smp.contracts.vocabulary import Practitioner
from smp.ids import new_id
from smp.telemetry import new_traceparent

# How many appointments are alive at once: between two events of one of them come events of the others.
_ALIVE = 500
_MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
_SITES = {"53": new_id(), "72": new_id()}
_DOCTORS = [Practitioner(professional=new_id(), role="retired_gp") for _ in range(12)]


def bookings(count: int) -> Iterator[Event[Any]]:
    """One SlotBooked of each of `count` appointments."""
    for number in range(count):
        yield _event(number, 1, _booked(number, new_id()))


def lives(count: int) -> Iterator[Event[Any]]:
    """`count` events: booked, arrived, started, done of each appointment, mixed with those of the others."""
    draw = random.Random(53)
    alive: list[tuple[int, UUID, int]] = []
    appointments = 0
    for _ in range(count):
        if len(alive) < _ALIVE and appointments * 4 < count:
            alive.append((appointments, new_id(), 1))
            appointments += 1
        at = draw.randrange(len(alive))
        number, appointment, step = alive[at]
        yield _event(number, step, _STEPS[step - 1](number, appointment))
        if step == len(_STEPS):
            alive[at] = alive[-1]
            alive.pop()
        else:
            alive[at] = number, appointment, step + 1


def _event(number: int, sequence: int, data: Any) -> Event[Any]:
    return Event.of(
        data,
        subject=data.appointment,
        territory=_territory(number),
        site=data.site,
        sequence=sequence,
        time=_MONDAY,
        traceparent=new_traceparent(),
    )


def _territory(number: int) -> str:
    """Two centres, one three times as busy as the other."""
    return "72" if number % 4 == 3 else "53"


def _of_patient(number: int, appointment: UUID) -> dict[str, Any]:
    return {"appointment": appointment, "site": _SITES[_territory(number)], "patient": UUID(int=number + 1)}


def _booked(number: int, appointment: UUID) -> SlotBooked:
    start = _MONDAY + timedelta(minutes=20 * (number % 24))
    return SlotBooked(
        **_of_patient(number, appointment),
        session=UUID(int=(1 << 64) + number // 12),
        practitioners=(_DOCTORS[number % len(_DOCTORS)],),
        kind="consultation",
        mode="AMB",
        start=start,
        end=start + timedelta(minutes=20),
        capacity_class="desk",
        channel="phone",
        requested_at=_MONDAY - timedelta(days=3),
        booked_at=_MONDAY - timedelta(days=3),
        notify=True,
    )


def _arrived(number: int, appointment: UUID) -> PatientArrived:
    return PatientArrived(**_of_patient(number, appointment), arrived_at=_MONDAY)


def _started(number: int, appointment: UUID) -> ConsultationStarted:
    doctor = _DOCTORS[number % len(_DOCTORS)]
    return ConsultationStarted(**_of_patient(number, appointment), practitioners=(doctor,), started_at=_MONDAY)


def _done(number: int, appointment: UUID) -> ConsultationDone:
    return ConsultationDone(
        **_of_patient(number, appointment),
        practitioners=(_DOCTORS[number % len(_DOCTORS)],),
        started_at=_MONDAY,
        ended_at=_MONDAY + timedelta(minutes=19),
        outcome="follow_up",
        unscheduled=False,
    )


_STEPS = (_booked, _arrived, _started, _done)
