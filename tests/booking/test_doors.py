"""What binds a patient or an actor binds them at every door: a hold, its confirmation, a booking, a move, a family, a
walk-in."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from booking.api.rights import RIGHTS, Right
from booking.domain.compartments import BOOK
from booking.domain.kinds import Compartment
from booking.use_cases.appointments.finish_consultation import Conclusion, finish_consultation
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.appointments.start_consultation import start_consultation
from tests.booking.desk import Desk
from tests.booking.test_deciding_kinds import code, decide
from tests.booking.world import MONDAY, OPENED_FOR, RULES, SECRETARY, monday


async def hold(desk: Desk, session: str, kind: str, who: list[UUID]) -> Any:
    slot = {"session": session, "start": monday("10:00").isoformat(), "kind": kind}
    return await desk.post("/holds", {**slot, "patient": str(who[0])})


async def confirm(desk: Desk, session: str, kind: str, who: list[UUID]) -> Any:
    """Of a hold that was taken before the patient was named."""
    slot = {"session": session, "start": monday("10:00").isoformat(), "kind": kind}
    held = (await desk.post("/holds", slot)).json()["appointment"]
    return await desk.post("/appointments", {"hold": held, "patient": str(who[0])})


async def book(desk: Desk, session: str, kind: str, who: list[UUID]) -> Any:
    return await desk.book(session, "10:00", kind=kind, patient=str(who[0]))


async def family(desk: Desk, session: str, kind: str, who: list[UUID], channel: str = "phone", **actor: Any) -> Any:
    body = {
        "site": str(desk.centre.site), "kind": kind, "patients": [str(each) for each in who], "channel": channel,
        "start": monday("10:00").isoformat(), "end": monday("12:00").isoformat(),
    }  # fmt: skip
    return await desk.post("/appointments/family", body, **actor)


async def walk_in(desk: Desk, session: str, kind: str, who: list[UUID], **actor: Any) -> Any:
    return await desk.post("/walk-ins", {"site": str(desk.centre.site), "patient": str(who[0]), "kind": kind}, **actor)


async def see(desk: Desk, session: str, hour: str, patient: UUID) -> None:
    """The patient's consultation in that session takes place."""
    booked = UUID((await desk.book(session, hour, patient=str(patient))).json()["appointment"])
    start = monday(hour)
    async with desk.centre.transaction() as tx:
        await mark_arrived(tx, booked, actor=SECRETARY, now=start)
        await start_consultation(tx, booked, actor=SECRETARY, now=start)
        await finish_consultation(tx, booked, Conclusion("none"), RULES, actor=SECRETARY, now=start)


Door = Callable[[Desk, str, str, list[UUID]], Awaitable[Any]]
DOORS: tuple[Door, ...] = (hold, confirm, book, family, walk_in)
NO_PLACE: dict[Door, str] = {family: "family-does-not-fit", walk_in: "no-place-today"}
"""What a door says that looks for places by itself."""


@pytest.fixture
async def morning(desk: Desk) -> Desk:
    """Half past eight on the Monday."""
    desk.clock.time = monday("08:30")
    return desk


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
async def test_a_patient_has_no_more_ahead_than_the_kind_allows(morning: Desk, door: Door) -> None:
    kind = code()
    await decide(morning, kind, MONDAY, duration_minutes=20, roles=["gp"], running_cap=1)
    session = await morning.open_session((kind, "consultation"))
    capped, free, other = [await morning.centre.patient() for _ in range(3)]
    ahead = (await morning.book(session, "11:40", kind=kind, patient=str(capped))).json()["appointment"]
    refused = await door(morning, session, kind, [capped, other])
    assert refused.json()["type"] == "urn:smp:problem:too-many-running", refused.text
    assert refused.json()["appointments"] == [ahead]
    if door is confirm:
        morning.clock.time = monday("09:40")  # the hold is over
    assert (await door(morning, session, kind, [free, other])).status_code == 201


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
async def test_a_follow_up_is_with_somebody_who_has_seen_the_patient(morning: Desk, door: Door) -> None:
    kind = code()
    await decide(morning, kind, MONDAY, duration_minutes=20, roles=["gp"], follow_up_only=True)
    session = await morning.open_session((kind, "consultation"))
    known, too, unknown = [await morning.centre.patient() for _ in range(3)]
    await see(morning, session, "09:00", known)
    await see(morning, session, "09:20", too)
    morning.clock.time = monday("09:40")
    refused = await door(morning, session, kind, [unknown, known])
    assert refused.json()["type"] == f"urn:smp:problem:{NO_PLACE.get(door, 'follow-up-elsewhere')}", refused.text
    if door is confirm:
        morning.clock.time = monday("09:50")
    assert (await door(morning, session, kind, [known, too])).status_code == 201


@pytest.mark.parametrize("compartment", list(Compartment))
async def test_a_family_and_a_walk_in_are_booked_by_who_may_book_there(morning: Desk, compartment: Compartment) -> None:
    kind, giver = OPENED_FOR[compartment]
    for door, right in ((family, Right.BOOK), (walk_in, Right.RECEIVE)):
        for role in sorted(RIGHTS[right]):
            session = await morning.open_session((kind,), role=giver)
            who = [await morning.centre.patient() for _ in range(2)]
            channel = {"channel": "regulation"} if (door, role) == (family, "regulator") else {}
            answer = await door(morning, session, kind, who, role=role, **channel)
            assert answer.status_code == (201 if role in BOOK[compartment] else 403), (role, answer.text)


async def test_a_regulator_brings_a_family_by_the_channel_of_regulation_only(desk: Desk) -> None:
    session = await desk.open_session()
    who = [await desk.centre.patient() for _ in range(2)]
    for channel, status in (("phone", 403), ("regulation", 201)):
        answer = await family(desk, session, "consultation", who, channel, role="regulator")
        assert answer.status_code == status, answer.text
