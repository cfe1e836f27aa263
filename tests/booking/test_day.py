"""The day of a site: walk-ins and appointments in one list."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from booking import problems
from booking.domain.appointments import State
from booking.domain.kinds import KindBooks
from booking.domain.platform_kinds import platform_kinds
from booking.domain.rules import Rules
from booking.use_cases.appointments.book_slot import Booked
from booking.use_cases.appointments.day_list import DayLine, day_list
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.appointments.register_walk_in import WalkInRequest, register_walk_in
from booking.use_cases.appointments.start_consultation import start_consultation
from smp.auth import Actor
from tests.booking.desk import Desk
from tests.booking.world import (
    MONDAY,
    RULES,
    SECRETARY,
    Centre,
    actor,
    events_of,
    monday,
    paris,
    refusal,
    said_of,
    starts,
)
from tests.support.databases import ServiceDatabase


async def walk_in(
    centre: Centre,
    hour: str,
    kind: str = "minor_emergency",
    patient: UUID | None = None,
    who: UUID | None = None,
    rules: Rules = RULES,
) -> Booked:
    request = WalkInRequest(centre.site, patient or await centre.patient("not_eligible"), kind, who)
    async with centre.transaction() as tx:
        return await register_walk_in(tx, request, rules, actor=SECRETARY, now=monday(hour))


async def lines(centre: Centre, hour: str, reader: Actor = SECRETARY) -> list[DayLine]:
    async with centre.transaction() as tx:
        return await day_list(tx, centre.site, MONDAY, reader=reader, now=monday(hour))


async def test_a_walk_in_has_the_next_free_slot_and_waits_already(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    session = await centre.session(await centre.doctor())
    await centre.book(session, "10:20")
    came = (await walk_in(centre, "10:05")).appointment
    assert (came.period.start, came.state, came.channel) == (monday("10:40"), State.ARRIVED, "walk_in")
    assert came.arrived_at == monday("10:05")
    assert await events_of(booking_database, came.id) == [("SlotBooked", 1), ("PatientArrived", 2)]


async def test_a_walk_in_takes_the_first_of_several_practitioners_or_the_one_asked_for(centre: Centre) -> None:
    one, other = await centre.doctor(), await centre.doctor()
    busy, free = await centre.session(one), await centre.session(other)
    await centre.book(busy, "10:20")
    assert (await walk_in(centre, "10:05")).appointment.session == free.id
    assert (await walk_in(centre, "10:05", who=one)).appointment.period.start == monday("10:40")


async def test_when_today_is_full_the_next_days_are_proposed(centre: Centre) -> None:
    doctor = await centre.doctor()
    await centre.session(doctor, "09:00", "10:00")
    await centre.session(doctor, "09:00", "10:00", day=MONDAY + timedelta(days=1))
    refused = await refusal(walk_in(centre, "10:05"))
    assert refused.problem is problems.NO_PLACE_TODAY
    assert starts(refused)[0] == (monday("09:00") + timedelta(days=1)).isoformat()


async def test_other_days_are_proposed_with_the_kind_as_it_stands_then(centre: Centre) -> None:
    tuesday = MONDAY + timedelta(days=1)
    kinds = {kind.code: kind for kind in platform_kinds()}
    longer = replace(kinds["minor_emergency"], duration=timedelta(minutes=40), valid_from=tuesday, version=1)
    rules = replace(RULES, kinds=KindBooks((*kinds.values(), longer)))
    await centre.session(await centre.doctor(), "09:00", "10:00", day=tuesday)
    refused = await refusal(walk_in(centre, "10:05", rules=rules))
    assert [each["end"] for each in refused.extensions["alternatives"]] == [
        paris(tuesday, hour).isoformat() for hour in ("09:40", "10:00")
    ]


@pytest.mark.parametrize(
    ("hours", "how", "reason"),
    [
        (None, {}, "no_session"),
        ("09:00-10:00", {}, "too_late"),
        ("10:20-10:40", {}, "full"),
        ("10:20-10:40", {"shares": {"regulation": 1}}, "not_released"),
    ],
)
async def test_a_walk_in_without_a_place_today_is_told_why_and_noted_as_demand_once(
    desk: Desk, booking_database: ServiceDatabase, hours: str | None, how: dict[str, Any], reason: str
) -> None:
    centre = desk.centre
    if hours is not None:
        start, end = hours.split("-")
        session = await centre.session(await centre.doctor(), start, end, **how)
        if reason == "full":
            await centre.book(session, "10:20")
    desk.clock.time = monday("10:05")
    body = {"site": str(centre.site), "patient": str(await centre.patient()), "kind": "minor_emergency"}
    for _ in range(2):
        answer = await desk.post("/walk-ins", body)
        assert answer.json()["type"] == "urn:smp:problem:no-place-today", answer.text
        assert answer.json()["reason"] == reason
    (unmet,) = await said_of(booking_database, centre.site)
    assert (unmet["type"], unmet["data"]["reason"], unmet["data"]["channel"]) == ("DemandUnmet", reason, "walk_in")
    desk.clock.time = monday("10:05") + timedelta(days=1)
    await desk.post("/walk-ins", body)
    assert [each["sequence"] for each in await said_of(booking_database, centre.site)] == [1, 2]


async def test_a_walk_in_who_asks_for_somebody_is_told_of_them_alone(centre: Centre) -> None:
    taken, absent = await centre.doctor(), await centre.doctor()
    await centre.book(await centre.session(taken, "10:20", "10:40"), "10:20")
    for who, reason in ((taken, "full"), (absent, "no_session")):
        assert (await refusal(walk_in(centre, "10:05", who=who))).extensions["reason"] == reason


async def test_a_walk_in_whom_nobody_has_seen_is_told_that_nobody_receives_for_a_follow_up(centre: Centre) -> None:
    kinds = [replace(kind, follow_up_only=kind.code == "minor_emergency") for kind in platform_kinds()]
    await centre.session(await centre.doctor())
    refused = await refusal(walk_in(centre, "10:05", rules=replace(RULES, kinds=KindBooks(tuple(kinds)))))
    assert (refused.problem, refused.extensions["reason"]) == (problems.NO_PLACE_TODAY, "no_session")


async def test_a_walk_in_of_somebody_not_eligible_is_told_so_when_there_is_no_place(centre: Centre) -> None:
    refused = await refusal(walk_in(centre, "10:05", kind="consultation"))
    assert (refused.problem, refused.extensions["reason"]) == (problems.NO_PLACE_TODAY, "not_eligible")


async def test_a_walk_in_for_a_consultation_wants_an_eligible_patient(centre: Centre) -> None:
    await centre.session(await centre.doctor())
    refused = await refusal(walk_in(centre, "09:05", kind="consultation"))
    assert refused.problem is problems.NOT_ELIGIBLE


async def test_somebody_with_an_appointment_at_the_next_hour_gets_the_one_after(centre: Centre) -> None:
    session = await centre.session(await centre.doctor())
    await centre.session(await centre.doctor())
    patient = await centre.patient()
    await centre.book(session, "10:20", patient)
    assert (await walk_in(centre, "10:05", patient=patient)).appointment.period.start == monday("10:40")


async def test_the_day_lists_appointments_and_walk_ins_by_hour_with_their_waits(centre: Centre) -> None:
    session = await centre.session(await centre.doctor())
    booked = (await centre.book(session, "09:40")).appointment
    came = (await walk_in(centre, "08:30")).appointment
    await centre.hold(session, "11:00")
    async with centre.transaction() as tx:
        await mark_arrived(tx, booked.id, actor=SECRETARY, now=monday("09:30"))
        await start_consultation(tx, came.id, actor=SECRETARY, now=monday("09:00"))
    day = await lines(centre, "09:42")
    assert [line.appointment.id for line in day] == [came.id, booked.id], "holds are nobody's visit yet"
    assert [line.waited for line in day] == [timedelta(minutes=30), timedelta(minutes=12)]


async def test_a_social_appointment_is_only_taken_time_for_others(centre: Centre) -> None:
    session = await centre.session(await centre.doctor("social_worker"), kinds=("social",))
    await centre.book(session, "09:00", await centre.patient("not_eligible"), kind="social")
    for role, veiled in (("gp", True), ("social_worker", False)):
        seen = await lines(centre, "09:00", actor(role, subject="somebody-else"))
        assert [line.is_veiled for line in seen] == [veiled]
