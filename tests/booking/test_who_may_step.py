"""Who may note which step of an appointment that is not theirs: the whole table, as rule and over HTTP."""

from dataclasses import replace
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from booking.domain.appointments import Action, Appointment, Companion, State, Step
from booking.domain.compartments import SEE, may_correct, may_step
from booking.domain.intervals import Interval
from booking.domain.kinds import Compartment
from tests.booking.desk import Desk
from tests.booking.test_appointment_life import MINUTES, NINE, appointment
from tests.booking.world import OPENED_FOR, monday

DESK = {"secretary", "coordinator"}
CARE = {"gp", "retired_gp", "intern", "nurse", "medical_assistant"}
CENTRE = DESK | CARE | {"social_worker"}
SOCIAL = DESK | {"social_worker"}
AFAR = {"telephone_platform", "regulator"}

# Who is not involved and may, for every step of the life of an appointment: its line is arrived, and the desk has the
# door; the rest is for whoever may read it.
READERS: dict[str, set[str]] = {"medical": CENTRE, "medico_social": SOCIAL, "silent": set()}
AT_THE_DOOR = {Action.NOTE_NO_SHOW, Action.LEAVE}
ROLES = sorted(CENTRE | AFAR | {"manager"})


def of_others(compartment: str) -> Appointment:
    booked = Step(1, State.BOOKED, NINE, "who-took-the-call")
    return replace(appointment(compartment=compartment), trail=(booked,))


@pytest.mark.parametrize(("compartment", "action"), list(product(READERS, Action)))
def test_the_table_of_steps_for_whoever_is_not_involved(compartment: str, action: Action) -> None:
    expected = READERS[compartment] | (DESK if action in AT_THE_DOOR else set())
    if action is Action.ARRIVE:
        expected = set(ROLES)  # of those who may note arrivals at all
    found = {role for role in ROLES if may_step(action, of_others(compartment), {role}, "somebody")}
    assert found == expected


@pytest.mark.parametrize(("compartment", "action"), list(product(READERS, Action)))
@pytest.mark.parametrize("subject", ["who-took-the-call", str(UUID(int=5)), str(UUID(int=9))])
def test_whoever_booked_receives_or_takes_part_may_note_every_step(
    compartment: str, action: Action, subject: str
) -> None:
    prepares = Companion(UUID(int=9), "medical_assistant", UUID(int=8), Interval(NINE - 10 * MINUTES, NINE))
    it = replace(of_others(compartment), others=(prepares,))
    assert may_step(action, it, {"medical_assistant"}, subject)
    assert may_correct(it, {"medical_assistant"}, subject)


@pytest.mark.parametrize("compartment", list(READERS))
def test_a_correction_is_for_readers_and_for_whoever_noted_the_step(compartment: str) -> None:
    it = of_others(compartment).step(Action.ARRIVE, NINE, "at-the-desk")
    assert {role for role in ROLES if may_correct(it, {role}, "somebody")} == READERS[compartment]
    assert may_correct(it, {"secretary"}, "at-the-desk")
    seen = it.step(Action.START, NINE, "the-doctor")
    assert may_correct(seen, {"secretary"}, "at-the-desk") == ("secretary" in READERS[compartment])


class Visit:
    """One appointment that somebody else booked, gone through by a role that is not involved."""

    def __init__(self, desk: Desk, id: str, role: str) -> None:
        self.desk, self.id, self.role = desk, id, role

    async def tries(self, step: str, body: Any = None) -> bool:
        """Whether the role may; whoever may not changes nothing."""
        answer = await self.desk.post(f"/appointments/{self.id}/{step}", body, role=self.role)
        assert answer.status_code in (200, 403), answer.text
        return bool(answer.status_code == 200)

    async def involved(self, step: str, body: Any = None) -> None:
        path = f"/appointments/{self.id}/{step}"
        answer = await self.desk.post(path, body, role="coordinator", subject="who-took-the-call")
        assert answer.status_code == 200, answer.text

    async def undo(self) -> None:
        await self.involved("correction", {"reason": "wrong_line"})


@pytest.mark.parametrize("compartment", list(Compartment))
@pytest.mark.parametrize("role", sorted(SEE[Compartment.MEDICAL]))
async def test_a_role_that_is_not_involved_takes_the_steps_of_the_table(
    desk: Desk, compartment: Compartment, role: str
) -> None:
    kind, who = OPENED_FOR[compartment]
    session = await desk.open_session((kind,), role=who)
    booked = await desk.book(session, "09:00", kind=kind, role="coordinator", subject="who-took-the-call")
    visit = Visit(desk, booked.json()["appointment"], role)
    reads = role in SEE[compartment]
    has_the_door = reads or role in DESK
    desk.clock.time = monday("09:05")

    if await visit.tries("no-show"):
        assert has_the_door
        await visit.undo()
    else:
        assert not has_the_door
    assert await visit.tries("arrival")
    assert await visit.tries("call-order", {"place": "last", "reason": "asked_by_staff"}) == reads
    left = await visit.tries("departure", {})
    assert left == has_the_door
    if left:
        await visit.undo()
    prepared = await visit.tries("preparation")
    assert prepared == reads
    if not prepared:
        await visit.involved("preparation")
    started = await visit.tries("start")
    assert started == reads
    if not started:
        await visit.involved("start")
    done = await visit.tries("completion", {"outcome": "none"})
    assert done == reads
    if not done:
        await visit.involved("completion", {"outcome": "none"})


@pytest.mark.parametrize("role", ["secretary", "gp"])
async def test_an_arrival_noted_on_the_wrong_line_is_taken_back_by_whoever_noted_it(desk: Desk, role: str) -> None:
    session = await desk.open_session(("protected",))
    booked = await desk.book(session, "09:00", kind="protected", role="coordinator", subject="who-took-the-call")
    visit = Visit(desk, booked.json()["appointment"], role)
    desk.clock.time = monday("08:50")
    assert await visit.tries("arrival")
    assert await visit.tries("correction", {"reason": "wrong_line"})
    await visit.involved("arrival")
    assert not await visit.tries("correction", {"reason": "wrong_line"})


async def test_whoever_may_not_take_the_step_does_not_learn_how_far_the_appointment_is(desk: Desk) -> None:
    session = await desk.open_session(("protected",))
    booked = await desk.book(session, "09:00", kind="protected", role="coordinator", subject="who-took-the-call")
    answer = await desk.post(f"/appointments/{booked.json()['appointment']}/start", role="nurse")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:smp:problem:forbidden"), "it has not arrived yet"
