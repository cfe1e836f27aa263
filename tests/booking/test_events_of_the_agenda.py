"""Every change of what sessions are made from, and every short form, is an event with a sequence."""

from datetime import date, time, timedelta
from uuid import UUID

import pytest

from booking.domain.intervals import Interval
from booking.domain.presence import PresencePlan
from booking.use_cases.availability.declare_distance import Distance, declare_distance
from booking.use_cases.calendar.agree_presence import agree_presence
from booking.use_cases.calendar.shutting import Days
from booking.use_cases.supervision.reachability import ReachRequest, declare_reachable, withdraw_reachability
from smp.contracts import ProfessionalLeft
from smp.ids import new_id
from tests.booking.agenda import Planner
from tests.booking.desk import Desk
from tests.booking.test_minor_emergencies import ask
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, events_of, joined, monday, said_of
from tests.support.databases import ServiceDatabase

TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def planner(centre: Centre) -> Planner:
    return Planner(centre)


async def test_each_answered_form_says_whether_it_sent_to_15_and_never_which_sign(
    desk: Desk, booking_database: ServiceDatabase
) -> None:
    desk.clock.time = monday("09:30")
    request = new_id()
    await ask(desk, request)
    await ask(desk, request, chest_pain=True)
    await ask(desk, request)
    told = await said_of(booking_database, request)
    assert [(each["type"], each["sequence"], each["data"]["sent_to_15"]) for each in told] == [
        ("MinorEmergencyAnswered", 1, False), ("MinorEmergencyAnswered", 2, True), ("MinorEmergencyAnswered", 3, True),
    ]  # fmt: skip
    assert told[0]["data"]["site"] == str(desk.centre.site)
    assert "chest_pain" not in str(told)


async def test_a_reach_by_telephone_is_said_and_so_is_its_withdrawal(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    supervisor = await centre.doctor()
    period = Interval(monday("12:00"), monday("18:00"))
    async with centre.transaction() as tx:
        declared = await declare_reachable(tx, ReachRequest(supervisor, period, centre.site), actor=SECRETARY, now=NOW)
    async with centre.transaction() as tx:
        await withdraw_reachability(tx, declared.id, actor=SECRETARY, now=NOW)
    reachable, withdrawn = await said_of(booking_database, declared.id)
    assert (reachable["type"], reachable["sequence"]) == ("SupervisorReachable", 1)
    assert (withdrawn["type"], withdrawn["sequence"]) == ("SupervisorReachWithdrawn", 2)
    for each in (reachable, withdrawn):
        assert (each["data"]["supervisor"], each["data"]["site"]) == (str(supervisor), str(centre.site))
        assert each["data"]["start"] == "2027-01-11T11:00:00Z"


async def test_a_session_that_registry_speaks_against_is_said_and_so_is_its_relief(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    doctor = await planner.centre.doctor()
    session = await planner.centre.session(doctor)
    await planner.centre.book(session, "09:00")
    await planner.centre.hear(doctor, ProfessionalLeft(professional=doctor, from_date=MONDAY))
    await planner.follow()
    await planner.centre.hear(doctor, joined(doctor, planner.centre.site))
    await planner.follow()
    told = await said_of(booking_database, session.id)
    assert [(each["type"], each["sequence"]) for each in told] == [
        ("SessionOpened", 1), ("SessionUnsupported", 2), ("SessionSupported", 3),
    ]  # fmt: skip
    assert (told[1]["data"]["reason"], told[1]["data"]["start"]) == ("out_of_contract", "2027-01-11T08:00:00Z")


async def test_a_doubt_is_said_once_however_often_it_is_looked_at(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    doctor = await planner.centre.doctor()
    session = await planner.centre.session(doctor)
    await planner.centre.book(session, "09:00")
    for _ in range(2):
        await planner.centre.hear(doctor, ProfessionalLeft(professional=doctor, from_date=MONDAY))
        await planner.follow()
    assert await events_of(booking_database, session.id) == [("SessionOpened", 1), ("SessionUnsupported", 2)]


async def test_a_closure_is_said_and_that_it_ends_earlier_each_time(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    shut = await planner.close(Days(MONDAY, MONDAY + timedelta(days=4)), room="Salle 1")
    await planner.reopen(shut.closure.id, MONDAY + timedelta(days=3))
    await planner.reopen(shut.closure.id, MONDAY)
    told = await said_of(booking_database, shut.closure.id)
    assert [(each["type"], each["sequence"]) for each in told] == [
        ("ClosureDeclared", 1), ("ClosureEnded", 2), ("ClosureEnded", 3),
    ]  # fmt: skip
    first, shorter, withdrawn = (each["data"] for each in told)
    assert (first["room"], first["reason"], first["end"]) == ("Salle 1", "meeting", "2027-01-15T23:00:00Z")
    assert (shorter["end"], shorter["withdrawn"]) == ("2027-01-13T23:00:00Z", False)
    assert withdrawn["withdrawn"] is True


async def test_an_absence_is_said_without_its_reason(planner: Planner, booking_database: ServiceDatabase) -> None:
    doctor = await planner.centre.doctor()
    shut = await planner.absent(doctor, Days(MONDAY, TUESDAY))
    await planner.back(shut.closure.id, TUESDAY)
    noted, ended = await said_of(booking_database, shut.closure.id)
    assert (noted["type"], noted["data"]["professional"]) == ("AbsenceNoted", str(doctor))
    assert (ended["type"], ended["sequence"], ended["data"]["end"]) == ("AbsenceEnded", 2, "2027-01-11T23:00:00Z")
    assert "leave" not in str([noted, ended])


async def test_each_version_of_a_rule_is_said_in_full(planner: Planner, booking_database: ServiceDatabase) -> None:
    doctor = await planner.centre.doctor()
    rule = (await planner.rule(doctor, {1, 3})).id
    await planner.change_rule(rule, TUESDAY, start=time(8, 30), shares={"online": 2})
    await planner.change_rule(rule, date(2027, 3, 1), ends=True)
    told = await said_of(booking_database, rule)
    assert [(each["type"], each["sequence"]) for each in told] == [("SessionRuleDecided", n) for n in (1, 2, 3)]
    first, second, third = (each["data"] for each in told)
    assert (first["weekdays"], first["every_weeks"], first["start"], first["ended"]) == ([1, 3], 1, "09:00", False)
    assert (second["from_day"], second["start"], second["shares"][0]["slots"]) == ("2027-01-12", "08:30", 2)
    assert (third["from_day"], third["ended"]) == ("2027-03-01", True)


async def test_a_session_says_which_slots_it_keeps_for_whom_and_until_when(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    session = await centre.session(await centre.doctor(), shares={"same_day": 2})
    (opened,) = await said_of(booking_database, session.id)
    assert [(each["capacity_class"], each["slots"]) for each in opened["data"]["shares"]] == [("same_day", 2)]
    assert opened["data"]["equipment"] == []


async def test_what_is_agreed_with_a_part_timer_is_said(centre: Centre, booking_database: ServiceDatabase) -> None:
    doctor = await centre.doctor()
    for cap in (4, 3):
        plan = PresencePlan(doctor, date(2026, 1, 1), None, frozenset({1, 2}), cap, None)
        async with centre.transaction() as tx:
            await agree_presence(tx, centre.site, plan, RULES, actor=SECRETARY, now=NOW)
    told = await said_of(booking_database, doctor)
    assert [(each["type"], each["sequence"], each["data"]["weekly_cap"]) for each in told] == [
        ("PresenceAgreed", 1, 4), ("PresenceAgreed", 2, 3),
    ]  # fmt: skip


async def test_a_declared_way_is_said_of_the_pair_whichever_way_it_was_declared(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    other = await Centre(booking_database.database).open()
    for one, two, minutes in ((centre.site, other.site, 20), (other.site, centre.site, 25)):
        async with centre.transaction() as tx:
            await declare_distance(tx, Distance(one, two, minutes), actor=SECRETARY, now=NOW)
    async with booking_database.admin() as connection:
        ids = await connection.fetch(
            "SELECT DISTINCT aggregateid FROM smp.outbox"
            " WHERE type LIKE '%DistanceDeclared%' AND convert_from(payload, 'UTF8') LIKE $1",
            f"%{centre.site}%",
        )
    (row,) = ids
    subject: UUID = row["aggregateid"]
    told = await said_of(booking_database, subject)
    assert [(each["sequence"], each["data"]["minutes"]) for each in told] == [(1, 20), (2, 25)]
