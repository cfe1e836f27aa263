"""Interns and those who answer for them, in the database: refused in time, flagged when presence changes, listed."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from booking import problems
from booking.domain.dated import Dated
from booking.domain.intervals import Interval
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.store import appointments
from booking.use_cases.appointments.book_slot import Booked, BookRequest, book_slot
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.appointments.prepare_consultation import prepare_consultation
from booking.use_cases.availability.search_availability import free_slots
from booking.use_cases.calendar.cancel_session import cancel_session
from booking.use_cases.calendar.reshaping import Consent
from booking.use_cases.kinds.kind_book import kind_on
from booking.use_cases.supervision.list_unsupported import Uncovered, list_unsupported
from booking.use_cases.supervision.reachability import ReachRequest, declare_reachable, withdraw_reachability
from booking.use_cases.supervision.recheck_supervision import QUIET, recheck_supervision
from booking.use_cases.supervision.supervising import why_not
from smp.contracts import ProfessionalLeft, SiteClosed, SupervisionAssigned, SupervisionEnded
from smp.postgres import Database
from tests.booking.desk import Desk
from tests.booking.test_concurrency import outcome
from tests.booking.world import (
    MONDAY,
    NOW,
    PARIS,
    RULES,
    SECRETARY,
    Centre,
    at,
    events_of,
    monday,
    paris,
    refusal,
    starts,
)
from tests.support.databases import ServiceDatabase

SOON = NOW + QUIET
ONE_INTERN = replace(RULES, interns_per_supervisor=Dated(1))
SIX_ACTS = replace(RULES, acts_per_half_day=Dated(6))


async def book(
    centre: Centre, session: Session, hour: str, rules: Rules = RULES, patient: UUID | None = None
) -> Booked:
    request = BookRequest(session.id, paris(session.day, hour), "consultation", patient or await centre.patient())
    async with centre.transaction() as tx:
        return await book_slot(tx, request, rules, actor=SECRETARY, now=NOW)


async def reach(
    centre: Centre, supervisor: UUID, start: str, end: str, site: UUID | None = None, now: datetime = NOW
) -> UUID:
    request = ReachRequest(supervisor, Interval(monday(start), monday(end)), site)
    async with centre.transaction() as tx:
        return (await declare_reachable(tx, request, actor=SECRETARY, now=now)).id


async def unsupported(centre: Centre) -> list[Uncovered]:
    async with centre.transaction() as tx:
        return await list_unsupported(tx, centre.site, reader=SECRETARY, now=NOW)


async def test_a_supervisor_on_the_telephone_covers_for_as_long_as_declared_and_no_minute_longer(
    centre: Centre,
) -> None:
    supervisor = await centre.doctor()
    intern = await centre.session(await centre.intern_of(supervisor))
    assert (await refusal(book(centre, intern, "09:00"))).problem is problems.NO_SUPERVISOR
    await reach(centre, supervisor, "09:00", "10:19")
    await book(centre, intern, "09:00")
    assert (await refusal(book(centre, intern, "10:00"))).problem is problems.NO_SUPERVISOR
    await reach(centre, supervisor, "10:19", "12:00", centre.site)
    await book(centre, intern, "10:00")


async def test_a_supervisor_answers_for_so_many_interns_at_one_instant(centre: Centre) -> None:
    supervisor = await centre.doctor()
    await centre.session(supervisor)
    first, second = [await centre.session(await centre.intern_of(supervisor)) for _ in range(2)]
    await book(centre, first, "10:00", ONE_INTERN)
    refused = await refusal(book(centre, second, "10:00", ONE_INTERN))
    assert refused.problem is problems.TOO_MANY_INTERNS
    await book(centre, second, "10:20", ONE_INTERN)
    await book(centre, second, "10:00", RULES)


async def test_an_intern_has_so_many_acts_in_a_half_day_and_no_more(centre: Centre) -> None:
    supervisor = await centre.doctor()
    intern = await centre.intern_of(supervisor)
    for start, end in (("09:00", "12:00"), ("14:00", "17:00")):
        await centre.session(supervisor, start, end)
    morning, afternoon = [await centre.session(intern, *hours) for hours in (("09:00", "12:00"), ("14:00", "17:00"))]
    for hour in ("09:00", "09:20", "09:40", "10:00", "10:20", "10:40"):
        last = (await book(centre, morning, hour, SIX_ACTS)).appointment
    assert (await refusal(book(centre, morning, "11:00", SIX_ACTS))).problem is problems.TOO_MANY_ACTS
    await book(centre, afternoon, "14:00", SIX_ACTS)
    async with centre.transaction() as tx:
        move = MoveRequest(morning.id, monday("11:00"))
        await move_appointment(tx, last.id, move, SIX_ACTS, actor=SECRETARY, now=NOW)
    assert (await refusal(book(centre, morning, "10:40", SIX_ACTS))).problem is problems.TOO_MANY_ACTS


async def test_of_two_who_want_the_last_act_of_a_half_day_exactly_one_has_it(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    other = await Database.connect(booking_database.app_url, size=4)
    try:
        two = (centre, replace(centre, database=other))
        for _ in range(6):
            supervisor = await centre.doctor()
            await centre.session(supervisor)
            intern = await centre.session(await centre.intern_of(supervisor))
            for hour in ("09:00", "09:20", "09:40", "10:00", "10:20"):
                await book(centre, intern, hour, SIX_ACTS)
            patients = [await centre.patient() for _ in range(2)]
            results = await asyncio.gather(
                *(
                    outcome(book(by, intern, hour, SIX_ACTS, patient))
                    for by, hour, patient in zip(two, ("11:00", "11:20"), patients, strict=True)
                )
            )
            assert sorted(isinstance(each, Booked) for each in results) == [False, True]
            assert problems.TOO_MANY_ACTS in results
    finally:
        await other.close()


async def test_of_two_interns_who_want_the_last_place_of_a_supervisor_exactly_one_has_it(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    other = await Database.connect(booking_database.app_url, size=4)
    try:
        two = (centre, replace(centre, database=other))
        for _ in range(6):
            supervisor = await centre.doctor()
            await centre.session(supervisor)
            interns = [await centre.session(await centre.intern_of(supervisor)) for _ in range(2)]
            patients = [await centre.patient() for _ in range(2)]
            results = await asyncio.gather(
                *(
                    outcome(book(by, intern, "10:00", ONE_INTERN, patient))
                    for by, intern, patient in zip(two, interns, patients, strict=True)
                )
            )
            assert sorted(isinstance(each, Booked) for each in results) == [False, True]
            assert problems.TOO_MANY_INTERNS in results
    finally:
        await other.close()


@pytest.mark.parametrize("change", ["ended", "left", "closed", "withdrawn"])
async def test_what_loses_its_coverage_is_said_listed_and_said_again_when_it_is_covered(
    centre: Centre, booking_database: ServiceDatabase, change: str
) -> None:
    supervisor = await centre.doctor()
    on_duty = None if change == "withdrawn" else await centre.session(supervisor)
    call = await reach(centre, supervisor, "09:00", "12:00") if on_duty is None else None
    intern = await centre.intern_of(supervisor)
    booked = (await book(centre, await centre.session(intern), "10:00")).appointment
    await recheck_supervision(centre.database, RULES, SOON)
    assert await unsupported(centre) == []
    match change:
        case "ended":
            await centre.hear(
                intern, SupervisionEnded(professional=intern, supervisor=supervisor, until_date=date(2027, 1, 10))
            )
        case "left":
            await centre.hear(supervisor, ProfessionalLeft(professional=supervisor, from_date=MONDAY))
        case "closed":
            await centre.hear(centre.site, SiteClosed(site=centre.site, from_date=MONDAY))
        case _:
            assert call is not None
            async with centre.transaction() as tx:
                await withdraw_reachability(tx, call, actor=SECRETARY, now=NOW)
    await recheck_supervision(centre.database, RULES, SOON)
    assert await recheck_supervision(centre.database, RULES, SOON) == 0
    (flagged,) = await unsupported(centre)
    assert flagged.unsupported.it.id == booked.id
    assert flagged.unsupported.since == SOON
    assert flagged.unsupported.reason == ("no_supervisor" if change in {"ended", "left"} else "supervisor_absent")
    assert await events_of(booking_database, booked.id) == [("SlotBooked", 1), ("AppointmentUnsupported", 2)]
    replacement = await centre.doctor()
    await centre.hear(
        intern, SupervisionAssigned(professional=intern, supervisor=replacement, from_date=date(2026, 11, 2))
    )
    await reach(centre, replacement, "09:00", "12:00")
    await recheck_supervision(centre.database, RULES, SOON)
    assert await unsupported(centre) == []
    assert (await events_of(booking_database, booked.id))[2:] == [("AppointmentSupported", 3)]


async def test_a_supervisors_session_that_is_shortened_flags_what_it_no_longer_covers(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    """By whichever command: the database itself asks for another look."""
    supervisor = await centre.doctor()
    presence = await centre.session(supervisor)
    intern = await centre.session(await centre.intern_of(supervisor))
    early, late = [(await book(centre, intern, hour)).appointment for hour in ("09:40", "10:00")]
    async with centre.transaction() as tx:
        await tx.execute("UPDATE session SET ends_at = $2 WHERE id = $1", presence.id, monday("10:19"))
    await recheck_supervision(centre.database, RULES, SOON)
    assert [each.unsupported.it.id for each in await unsupported(centre)] == [late.id]
    assert await events_of(booking_database, early.id) == [("SlotBooked", 1)]
    async with centre.transaction() as tx:
        await tx.execute("UPDATE session SET ends_at = $2 WHERE id = $1", presence.id, monday("10:20"))
    await recheck_supervision(centre.database, RULES, SOON)
    assert await unsupported(centre) == []


async def test_when_a_supervisor_answers_for_too_many_the_first_booked_keeps_them(centre: Centre) -> None:
    anne, boris = await centre.doctor(), await centre.doctor()
    sessions = [await centre.session(who) for who in (anne, boris)]
    interns = [await centre.session(await centre.intern_of(anne, boris)) for _ in range(2)]
    first, second = [(await book(centre, each, "10:00", ONE_INTERN)).appointment for each in interns]
    async with centre.transaction() as tx:
        request = Consent("practitioner_away")
        await cancel_session(tx, sessions[1].id, request, ONE_INTERN, actor=SECRETARY, now=NOW)
    await recheck_supervision(centre.database, ONE_INTERN, SOON)
    (flagged,) = await unsupported(centre)
    assert flagged.unsupported.it.id == second.id
    assert flagged.unsupported.reason == "too_many_interns"
    assert flagged.present == (anne,)
    assert flagged.could_be_reached == (boris,)
    assert first.id != second.id


async def test_an_appointment_that_somebody_is_busy_with_is_looked_at_again_later(centre: Centre) -> None:
    supervisor = await centre.doctor()
    call = await reach(centre, supervisor, "09:00", "12:00")
    intern = await centre.session(await centre.intern_of(supervisor))
    booked = (await book(centre, intern, "10:00")).appointment
    async with centre.transaction() as tx:
        await withdraw_reachability(tx, call, actor=SECRETARY, now=NOW)
    async with centre.transaction() as tx:
        await tx.execute("SELECT 1 FROM appointment WHERE id = $1 FOR UPDATE", booked.id)
        await recheck_supervision(centre.database, RULES, SOON)
        assert await unsupported(centre) == []
    await recheck_supervision(centre.database, RULES, SOON)
    assert len(await unsupported(centre)) == 1


async def test_a_flag_is_said_of_a_place_and_ends_with_a_move(centre: Centre) -> None:
    supervisor = await centre.doctor()
    call = await reach(centre, supervisor, "09:00", "12:00")
    intern = await centre.session(await centre.intern_of(supervisor))
    booked = (await book(centre, intern, "10:00")).appointment
    async with centre.transaction() as tx:
        await withdraw_reachability(tx, call, actor=SECRETARY, now=NOW)
    await recheck_supervision(centre.database, RULES, SOON)
    elsewhere = await centre.session(await centre.doctor())
    async with centre.transaction() as tx:
        move = MoveRequest(elsewhere.id, monday("10:00"))
        await move_appointment(tx, booked.id, move, RULES, actor=SECRETARY, now=NOW)
    assert await unsupported(centre) == []


async def test_facts_that_are_still_coming_in_are_not_judged(centre: Centre) -> None:
    supervisor = await centre.doctor()
    await centre.session(supervisor)
    intern = await centre.intern_of(supervisor)
    await book(centre, await centre.session(intern), "10:00")
    ended = SupervisionEnded(professional=intern, supervisor=supervisor, until_date=date(2027, 1, 10))
    await centre.hear(intern, ended)
    await recheck_supervision(centre.database, RULES, SOON - timedelta(microseconds=1))
    assert await unsupported(centre) == []
    await recheck_supervision(centre.database, RULES, SOON)
    assert len(await unsupported(centre)) == 1


async def test_the_secretary_declares_lists_and_withdraws_over_http(desk: Desk) -> None:
    centre = desk.centre
    supervisor, colleague = await centre.doctor(), await centre.doctor()
    await centre.session(colleague)
    body = {"supervisor": str(supervisor), "start": monday("09:00").isoformat(), "end": monday("12:00").isoformat()}
    declared = await desk.post("/reachabilities", body, key="k" * 20)
    assert declared.status_code == 201, declared.text
    assert (await desk.post("/reachabilities", body, key="k" * 20)).json() == declared.json()
    intern = await centre.session(await centre.intern_of(supervisor))
    booked = (await book(centre, intern, "10:00")).appointment
    where = f"/reachabilities/{declared.json()['reachability']}/withdrawal"
    assert (await desk.post(where)).status_code == 200
    again = await desk.post(where)
    assert (again.status_code, again.json()["type"]) == (409, "urn:smp:problem:reachability-withdrawn")
    await recheck_supervision(centre.database, RULES, SOON)
    (line,) = (await desk.get(f"/sites/{centre.site}/unsupported")).json()["appointments"]
    assert line["appointment"] == str(booked.id)
    assert line["reason"] == "supervisor_absent"
    assert line["who_could_cover"] == {
        "present": [], "could_be_reached": [str(supervisor)], "could_be_assigned": [str(colleague)],
    }  # fmt: skip
    assert (await desk.get(f"/sites/{centre.site}/unsupported", role="funder")).status_code == 403


@pytest.mark.parametrize(
    ("role", "hours", "problem"),
    [
        ("intern", ("09:00", "12:00"), "not-a-supervisor"),
        ("nurse", ("09:00", "12:00"), "not-a-supervisor"),
        ("gp", ("12:00", "09:00"), "invalid-body"),
    ],
)
async def test_a_reach_that_makes_no_sense_is_refused(
    desk: Desk, role: str, hours: tuple[str, str], problem: str
) -> None:
    start, end = (monday(hour).isoformat() for hour in hours)
    body = {"supervisor": str(await desk.centre.doctor(role)), "start": start, "end": end}
    refused = await desk.post("/reachabilities", body)
    assert refused.status_code == 422
    assert refused.json()["type"].endswith(problem)
    assert (await desk.post("/reachabilities", body, role="nurse")).status_code in (403, 422)


async def test_a_consultation_by_telephone_cover_names_who_answered(desk: Desk) -> None:
    centre = desk.centre
    supervisor = await centre.doctor()
    await reach(centre, supervisor, "09:00", "12:00")
    intern = await centre.session(await centre.intern_of(supervisor))
    booked = (await book(centre, intern, "10:00")).appointment
    desk.clock.time = monday("09:55")
    for step in ("arrival", "start"):
        assert (await desk.post(f"/appointments/{booked.id}/{step}")).status_code == 200
    done = await desk.post(f"/appointments/{booked.id}/completion", {"outcome": "none"})
    assert done.json()["supervisor"] == str(supervisor)


async def test_a_search_gives_exactly_the_places_of_interns_that_can_be_booked(centre: Centre) -> None:
    """Presence until half past ten, the telephone until half past eleven, another intern in between, nearly full."""
    strict = replace(ONE_INTERN, acts_per_half_day=Dated(6))
    supervisor = await centre.doctor()
    await centre.session(supervisor, "09:00", "10:30", kinds=("minor_emergency",))
    await reach(centre, supervisor, "10:30", "11:30")
    mine, other = [await centre.session(await centre.intern_of(supervisor)) for _ in range(2)]
    await book(centre, other, "09:20", strict)
    await book(centre, other, "10:40", strict)
    for hours in ((), ("09:00", "10:00", "10:20", "09:40", "11:00")):
        for hour in hours:
            await book(centre, mine, hour, strict)
        async with centre.transaction() as tx:
            kind = await kind_on(tx, strict, "consultation", centre.territory, MONDAY)
            window = Interval(monday("08:00"), monday("13:00"))
            found = await free_slots(tx, centre.site, kind, window, NOW, rules=strict)
        told = {slot.period.start for slot in found if slot.session == mine.id}
        had = set()
        for n in range(9):
            start = mine.period.start + n * mine.grid
            async with centre.transaction() as tx:
                period = Interval(start, start + kind.length)
                free = f"{start.astimezone(PARIS):%H:%M}" not in hours
                here = await appointments.place(tx, mine.id)
                if free and here and await why_not(tx, here, period, strict, NOW) is None:
                    had.add(start)
        assert told == had
        assert (len(had) > 0) == (hours == ())


async def test_what_an_intern_may_not_take_any_more_is_not_offered_as_an_alternative(centre: Centre) -> None:
    supervisor = await centre.doctor()
    intern = await centre.intern_of(supervisor)
    for start, end in (("09:00", "12:00"), ("14:00", "17:00")):
        await reach(centre, supervisor, start, end)
    morning, _ = [await centre.session(intern, *hours) for hours in (("09:00", "12:00"), ("14:00", "17:00"))]
    for hour in ("09:00", "09:20", "09:40", "10:00", "10:20", "10:40"):
        await book(centre, morning, hour, SIX_ACTS)
    refused = await refusal(book(centre, morning, "11:00", SIX_ACTS))
    assert starts(refused) == at("14:00", "14:20", "14:40")


async def test_the_appointment_and_the_day_say_that_nobody_covers_it(desk: Desk) -> None:
    centre = desk.centre
    supervisor = await centre.doctor()
    presence = await centre.session(supervisor)
    booked = (await centre.book(await centre.session(await centre.intern_of(supervisor)), "10:00")).appointment

    async def said() -> tuple[str | None, str | None]:
        one = (await desk.get(f"/appointments/{booked.id}")).json()
        (line,) = (await desk.get(f"/sites/{centre.site}/day", date=MONDAY)).json()["lines"]
        return one["unsupported"], line["unsupported"]

    assert await said() == (None, None)
    async with centre.transaction() as tx:
        await tx.execute("UPDATE session SET ends_at = starts_at + interval '20 minutes' WHERE id = $1", presence.id)
    await recheck_supervision(centre.database, RULES, SOON)
    assert await said() == ("supervisor_absent", "supervisor_absent")


async def test_another_ratio_has_every_day_judged_again_at_the_next_look(centre: Centre) -> None:
    supervisor = await centre.doctor()
    await centre.session(supervisor)
    for _ in range(2):
        await book(centre, await centre.session(await centre.intern_of(supervisor)), "09:00")
    await recheck_supervision(centre.database, RULES, SOON)
    assert await unsupported(centre) == []
    await recheck_supervision(centre.database, ONE_INTERN, SOON)
    (flagged,) = await unsupported(centre)
    assert flagged.unsupported.reason == "too_many_interns"
    await recheck_supervision(centre.database, RULES, SOON)
    assert await unsupported(centre) == []


async def test_whoever_is_being_prepared_is_listed_when_the_supervisor_is_not_reachable_any_more(
    centre: Centre,
) -> None:
    supervisor = await centre.doctor()
    call = await reach(centre, supervisor, "09:00", "12:00")
    booked = (await book(centre, await centre.session(await centre.intern_of(supervisor)), "10:00")).appointment
    soon = monday("09:45")
    async with centre.transaction() as tx:
        await mark_arrived(tx, booked.id, actor=SECRETARY, now=soon)
        await prepare_consultation(tx, booked.id, actor=SECRETARY, now=soon)
        await withdraw_reachability(tx, call, actor=SECRETARY, now=soon)
    await recheck_supervision(centre.database, RULES, soon)
    async with centre.transaction() as tx:
        (listed,) = await list_unsupported(tx, centre.site, reader=SECRETARY, now=soon)
    assert (listed.unsupported.it.id, listed.unsupported.reason) == (booked.id, "supervisor_absent")
