"""Steps of the waiting room that come at the same time are taken in one transaction, and each has its own answer."""

from contextvars import copy_context
from datetime import datetime
from uuid import UUID

from booking.domain.appointments import Appointment
from booking.store import appointments
from booking.use_cases.appointments.finish_consultation import Conclusion, completion
from booking.use_cases.appointments.mark_arrived import ARRIVAL
from booking.use_cases.appointments.mark_no_show import ABSENCE
from booking.use_cases.appointments.start_consultation import START
from booking.use_cases.appointments.step_together import StepOrder, StepRequest, step_together
from booking.use_cases.appointments.steps import RoomStep
from smp.auth import Actor
from smp.combining import Order
from smp.ids import new_id
from smp.postgres import Answer, Scope
from tests.booking.world import MONDAY, RULES, SECRETARY, Centre, actor, events_of, paris
from tests.support.databases import ServiceDatabase

MAYENNE = Scope(frozenset({"53"}))
NOON = paris(MONDAY, "12:00")
FINISH = completion(Conclusion("none"), RULES)


def order(id: UUID, step: RoomStep, *, who: Actor = SECRETARY, now: datetime = NOON) -> StepOrder:
    """A step as the API submits it; its answer is the state."""

    def answer(it: Appointment) -> Answer:
        return Answer(who.subject, str(new_id()), b"", 200, it.state.encode())

    return Order(StepRequest(id, step), who, now, answer, copy_context())


async def together(centre: Centre, *orders: StepOrder) -> list[str | None]:
    answers = await step_together(centre.database, MAYENNE, orders)
    return [answer.body.decode() if answer else None for answer in answers]


async def booked(centre: Centre, count: int) -> list[UUID]:
    session = await centre.session(await centre.doctor())
    hours = [f"09:{20 * n:02}" for n in range(count)]
    return [(await centre.book(session, hour)).appointment.id for hour in hours]


async def test_each_step_of_a_batch_is_written_and_says_its_event(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    come, absent, other = await booked(centre, 3)
    first = await together(centre, order(come, ARRIVAL), order(absent, ABSENCE), order(other, ARRIVAL))
    assert first == ["arrived", "no_show", "arrived"]
    assert await together(centre, order(come, START), order(other, START)) == ["in_consultation"] * 2
    assert await together(centre, order(come, FINISH), order(other, FINISH)) == ["done"] * 2
    steps = [("SlotBooked", 1), ("PatientArrived", 2), ("ConsultationStarted", 3), ("ConsultationDone", 4)]
    assert await events_of(booking_database, come) == steps
    assert await events_of(booking_database, absent) == [("SlotBooked", 1), ("PatientNoShow", 2)]


async def test_what_must_be_refused_is_left_alone_and_the_others_are_taken(centre: Centre) -> None:
    come, other, _ = await booked(centre, 3)
    stranger = actor("secretary", site=new_id())
    early = paris(MONDAY, "08:00")
    assert await together(
        centre,
        order(come, ARRIVAL),
        order(other, START),
        order(new_id(), ARRIVAL),
        order(other, ARRIVAL, who=stranger),
    ) == ["arrived", None, None, None]
    assert await together(centre, order(other, ABSENCE, now=early)) == [None]


async def test_of_two_steps_of_one_appointment_the_second_waits_for_its_turn(centre: Centre) -> None:
    come, *_ = await booked(centre, 3)
    assert await together(centre, order(come, ARRIVAL), order(come, START)) == ["arrived", None]
    assert await together(centre, order(come, START)) == ["in_consultation"]


async def test_nobody_waits_for_an_appointment_with_which_somebody_is_busy(centre: Centre) -> None:
    busy, free, _ = await booked(centre, 3)
    async with centre.database.transaction(MAYENNE) as tx:
        await appointments.lock(tx, busy)
        assert await together(centre, order(busy, ARRIVAL), order(free, ARRIVAL)) == [None, "arrived"]
