"""Several patients in one command, and caps on what one patient has ahead."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from booking import problems
from booking.domain.appointments import Appointment
from booking.domain.dated import Dated
from booking.domain.kinds import Compartment, KindBooks
from booking.domain.platform_kinds import platform_kinds
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.use_cases.appointments.book_family import FamilyBooked, book_family
from booking.use_cases.appointments.book_slot import Booked, BookRequest, book_slot
from booking.use_cases.appointments.family_room import FamilyRequest
from booking.use_cases.appointments.hold_slot import HoldRequest, hold_slot
from smp.problems import FORBIDDEN, Refusal
from tests.booking.desk import Desk
from tests.booking.world import (
    MONDAY,
    NOW,
    RULES,
    SECRETARY,
    Centre,
    actor,
    count_at,
    events_of,
    monday,
    paris,
    refusal,
    said_of,
)
from tests.support.databases import ServiceDatabase

TWENTY = timedelta(minutes=20)
CAPPED = replace(
    RULES,
    kinds=KindBooks(tuple(replace(kind, running_cap=2) for kind in platform_kinds() if kind.code == "consultation")),
)


async def family(centre: Centre, patients: list[UUID], rules: Rules = RULES, **how: Any) -> FamilyBooked:
    asked = {"kind": "consultation", "start": monday("09:00"), "end": monday("18:00"), **how}
    request = FamilyRequest(centre.site, patients=tuple(patients), **asked)
    async with centre.transaction() as tx:
        return await book_family(tx, request, rules, actor=SECRETARY, now=NOW)


TUESDAY = MONDAY + timedelta(days=1)


def changing_on(day: date, **settings: Any) -> Rules:
    """A consultation takes forty minutes from that day on."""
    kinds = {kind.code: kind for kind in platform_kinds()}
    longer = replace(kinds["consultation"], duration=2 * TWENTY, valid_from=day, version=1, **settings)
    return replace(RULES, kinds=KindBooks((*kinds.values(), longer)))


async def two(centre: Centre) -> list[UUID]:
    return [await centre.patient() for _ in range(2)]


class TestFamilies:
    async def test_come_one_after_the_other_to_one_practitioner_as_one_party(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        narrow = await centre.session(await centre.doctor(), "09:00", "09:40")
        wide = await centre.session(await centre.doctor())
        await centre.book(wide, "09:20")
        patients = [await centre.patient() for _ in range(3)]
        booked = await family(centre, patients)
        assert [each.patient for each in booked.appointments] == patients
        assert {each.session for each in booked.appointments} == {wide.id} != {narrow.id}
        assert [each.period.start for each in booked.appointments] == [monday(h) for h in ("09:40", "10:00", "10:20")]
        assert {each.party for each in booked.appointments} == {booked.party} == {booked.appointments[0].id}
        for each in booked.appointments:
            assert await events_of(booking_database, each.id) == [("SlotBooked", 1)]

    async def test_larger_than_the_room_left_are_refused_whole_with_other_days(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        doctor = await centre.doctor()
        await centre.session(doctor, "09:00", "09:40")
        await centre.session(doctor, "09:00", "10:00", day=MONDAY + timedelta(days=1))
        refused = await refusal(family(centre, [await centre.patient() for _ in range(3)]))
        assert refused.problem is problems.FAMILY_DOES_NOT_FIT
        (other,) = refused.extensions["alternatives"]
        tuesday = MONDAY + timedelta(days=1)
        assert [place["start"] for place in other["places"]] == [
            paris(tuesday, hour).isoformat() for hour in ("09:00", "09:20", "09:40")
        ]
        assert await count_at(booking_database, centre.site) == 0

    async def test_go_elsewhere_than_where_what_is_left_is_kept_for_others(self, centre: Centre) -> None:
        """The earliest session has one place for the desk, and two more for whoever books online."""
        await centre.session(await centre.doctor(), "09:00", "10:00", shares={"online": 2})
        wide = await centre.session(await centre.doctor(), "10:00", "11:00")
        booked = await family(centre, [await centre.patient() for _ in range(2)])
        assert {each.session for each in booked.appointments} == {wide.id}

    async def test_go_elsewhere_than_to_an_intern_with_one_act_left(self, centre: Centre) -> None:
        rules = replace(RULES, acts_per_half_day=Dated(6))
        supervisor = await centre.doctor()
        await centre.session(supervisor, "09:00", "12:00", kinds=("minor_emergency",))
        session = await centre.session(await centre.intern_of(supervisor))
        for hour in ("09:00", "09:20", "09:40", "10:00", "10:20"):
            await centre.book(session, hour)
        two = [await centre.patient() for _ in range(2)]
        assert (await refusal(family(centre, two, rules))).problem is problems.FAMILY_DOES_NOT_FIT
        wide = await centre.session(await centre.doctor(), "11:00", "12:00")
        booked = await family(centre, two, rules)
        assert {each.session for each in booked.appointments} == {wide.id}

    async def test_do_not_go_to_two_interns_at_once_when_their_supervisor_answers_for_one(self, centre: Centre) -> None:
        supervisor = await centre.doctor()
        await centre.session(supervisor, "09:00", "12:00", kinds=("minor_emergency",))
        for _ in range(2):
            await centre.session(await centre.intern_of(supervisor), "09:00", "09:20")
        two = [await centre.patient() for _ in range(2)]
        one_intern = replace(RULES, interns_per_supervisor=Dated(1))
        assert (await refusal(family(centre, two, one_intern))).problem is problems.FAMILY_DOES_NOT_FIT
        assert len({each.session for each in (await family(centre, two)).appointments}) == 2

    async def test_leave_no_trace_when_one_of_them_may_not_come(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        await centre.session(await centre.doctor())
        refused = await refusal(family(centre, [await centre.patient(), await centre.patient("not_eligible")]))
        assert refused.problem is problems.NOT_ELIGIBLE
        assert await count_at(booking_database, centre.site) == 0

    async def test_two_families_and_a_booking_at_once_share_what_there_is(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "10:40")
        people = [[await centre.patient() for _ in range(2)] for _ in range(3)]
        ends = await asyncio.gather(
            *(family(centre, each) for each in people), centre.book(session, "09:20"), return_exceptions=True
        )
        assert all(isinstance(end, FamilyBooked | Booked | Refusal) for end in ends), ends
        had = sum(2 for end in ends if isinstance(end, FamilyBooked)) + sum(isinstance(end, Booked) for end in ends)
        assert await count_at(booking_database, centre.site) == had
        assert had >= 3  # the booking first, then a family in the middle: no two places follow each other any more

    async def test_are_given_the_kind_as_it_stands_on_the_day_of_their_places(self, centre: Centre) -> None:
        """From Tuesday on it takes forty minutes; the window begins on Monday."""
        rules = changing_on(TUESDAY)
        await centre.session(await centre.doctor(), "09:00", "11:00", day=TUESDAY)
        booked = await family(centre, await two(centre), rules, end=paris(TUESDAY, "18:00"))
        assert [(each.kind_version, each.period.start) for each in booked.appointments] == [
            (1, paris(TUESDAY, "09:00")), (1, paris(TUESDAY, "09:40")),
        ]  # fmt: skip
        assert {each.period.length for each in booked.appointments} == {2 * TWENTY}

    async def test_come_on_the_first_day_with_room_before_the_kind_changes(self, centre: Centre) -> None:
        doctor = await centre.doctor()
        for day in (MONDAY, TUESDAY):
            await centre.session(doctor, "09:00", "11:00", day=day)
        booked = await family(centre, await two(centre), changing_on(TUESDAY), end=paris(TUESDAY, "18:00"))
        assert [(each.kind_version, each.period.start) for each in booked.appointments] == [
            (0, monday("09:00")), (0, monday("09:20")),
        ]  # fmt: skip

    async def test_are_proposed_other_days_of_the_kind_as_it_stands_then(self, centre: Centre) -> None:
        doctor = await centre.doctor()
        await centre.session(doctor, "09:00", "10:00", day=TUESDAY)  # no room for twice forty minutes
        await centre.session(doctor, "09:00", "10:20", day=TUESDAY + timedelta(days=1))
        refused = await refusal(family(centre, await two(centre), changing_on(TUESDAY)))
        (other,) = refused.extensions["alternatives"]
        assert [place["start"] for place in other["places"]] == [
            paris(TUESDAY + timedelta(days=1), hour).isoformat() for hour in ("09:00", "09:40")
        ]

    async def test_in_a_mode_that_comes_with_a_change_wait_for_it(self, centre: Centre) -> None:
        rules = changing_on(TUESDAY, modes=frozenset({"AMB", "VR"}))
        doctor = await centre.doctor()
        for day in (MONDAY, TUESDAY):
            await centre.session(doctor, "09:00", "11:00", day=day)
        assert (await refusal(family(centre, await two(centre), rules, mode="VR"))).problem is problems.MODE_NOT_OFFERED
        booked = await family(centre, await two(centre), rules, mode="VR", end=paris(TUESDAY, "18:00"))
        assert {each.period.start for each in booked.appointments} == {
            paris(TUESDAY, "09:00"), paris(TUESDAY, "09:40"),
        }  # fmt: skip

    async def test_are_booked_by_who_may_book_on_every_day_of_their_window(self, centre: Centre) -> None:
        rules = changing_on(TUESDAY, compartment=Compartment.SILENT)
        await centre.session(await centre.doctor())
        request = FamilyRequest(
            centre.site, "consultation", tuple(await two(centre)), monday("09:00"), paris(TUESDAY, "12:00")
        )
        async with centre.transaction() as tx:
            refused = await refusal(book_family(tx, request, rules, actor=actor("telephone_platform"), now=NOW))
        assert refused.problem is FORBIDDEN

    async def test_that_ask_for_one_practitioner_are_told_of_that_one(self, centre: Centre) -> None:
        await centre.session(await centre.doctor(), "09:00", "09:20")
        refused = await refusal(family(centre, await two(centre), professional=await centre.doctor()))
        assert refused.extensions["reason"] == "no_session"
        assert (await refusal(family(centre, await two(centre)))).extensions["reason"] == "full"

    async def test_ask_in_vain_for_a_kind_that_begins_when_their_window_ends(self, centre: Centre) -> None:
        new = replace(platform_kinds()[0], code="group", valid_from=TUESDAY, version=1)
        rules = replace(RULES, kinds=KindBooks((*platform_kinds(), new)))
        request = FamilyRequest(
            centre.site, "group", tuple(await two(centre)), monday("09:00"), paris(TUESDAY, "00:00")
        )
        async with centre.transaction() as tx:
            refused = await refusal(book_family(tx, request, rules, actor=SECRETARY, now=NOW))
        assert refused.problem is problems.KIND_UNKNOWN

    @pytest.mark.parametrize(
        ("sessions", "eligibility", "reason"),
        [
            ([], "eligible", "no_session"),
            ([{}], "not_eligible", "not_eligible"),
            ([{}], "eligible", "full"),
            ([{"shares": {"online": 2}}], "eligible", "not_released"),
        ],
    )
    async def test_that_do_not_fit_are_told_why_and_noted_as_demand_once(
        self,
        desk: Desk,
        booking_database: ServiceDatabase,
        sessions: list[dict[str, Any]],
        eligibility: str,
        reason: str,
    ) -> None:
        """The sessions have two places, of which one is left when nothing is kept for others."""
        centre = desk.centre
        for how in sessions:
            session = await centre.session(await centre.doctor(), "09:00", "09:40", **how)
            if reason in ("full", "not_eligible"):
                await centre.book(session, "09:00")
        who = [str(await centre.patient(eligibility)) for _ in range(2)]
        body = {
            "site": str(centre.site), "kind": "consultation", "patients": who,
            "start": monday("09:00").isoformat(), "end": monday("12:00").isoformat(),
        }  # fmt: skip
        for patients in (who, who[::-1]):
            answer = await desk.post("/appointments/family", {**body, "patients": patients})
            assert answer.json()["type"] == "urn:smp:problem:family-does-not-fit", answer.text
            assert answer.json()["reason"] == reason
        (unmet,) = await said_of(booking_database, centre.site)
        assert (unmet["type"], unmet["data"]["reason"], unmet["data"]["channel"]) == ("DemandUnmet", reason, "phone")

    async def test_over_http(self, desk: Desk) -> None:
        await desk.open_session()
        who = [str(await desk.centre.patient()) for _ in range(2)]
        body = {
            "site": str(desk.centre.site), "kind": "consultation", "patients": who,
            "start": monday("09:00").isoformat(), "end": monday("12:00").isoformat(),
        }  # fmt: skip
        answer = await desk.post("/appointments/family", body)
        assert answer.status_code == 201, answer.text
        assert [each["patient"] for each in answer.json()["appointments"]] == who
        again = await desk.post("/appointments/family", {**body, "patients": [who[0], who[0]]})
        assert again.status_code == 422


class TestFamiliesAreParted:
    """No one practitioner may take them all, but several together may."""

    async def test_when_a_session_has_one_place_left_beside_those_kept_for_others(self, centre: Centre) -> None:
        shared = await centre.session(await centre.doctor(), "09:00", "10:00", shares={"online": 2})
        single = await centre.session(await centre.doctor(), "09:00", "09:20")
        booked = await family(centre, await two(centre))
        assert {each.session for each in booked.appointments} == {shared.id, single.id}
        assert {each.period.start for each in booked.appointments} == {monday("09:00")}

    async def test_so_that_nobody_takes_a_part_of_what_is_kept_for_others(self, centre: Centre) -> None:
        """Twice half an hour takes four slots of twenty minutes, of which three are common."""
        long = tuple(replace(kind, duration=timedelta(minutes=30)) for kind in platform_kinds())
        shared = await centre.session(await centre.doctor(), "09:00", "10:40", shares={"online": 2})
        single = await centre.session(await centre.doctor(), "09:00", "09:40")
        booked = await family(centre, await two(centre), replace(RULES, kinds=KindBooks(long)))
        assert {each.session for each in booked.appointments} == {shared.id, single.id}

    async def test_when_an_intern_has_one_act_left(self, centre: Centre) -> None:
        intern = await an_intern(centre, "11:40", "12:20")
        single = await centre.session(await centre.doctor(), "11:40", "12:00")
        booked = await family(centre, await two(centre), replace(RULES, acts_per_half_day=Dated(1)))
        assert {each.session for each in booked.appointments} == {intern.id, single.id}

    async def test_not_when_an_intern_has_one_act_left_in_each_half_of_the_day(self, centre: Centre) -> None:
        await an_intern(centre, "12:20", "13:40")
        booked = await family(centre, await two(centre), replace(RULES, acts_per_half_day=Dated(1)))
        assert [each.period.start for each in booked.appointments] == [monday("12:40"), monday("13:00")]

    async def test_at_another_hour_than_two_interns_of_whom_their_supervisor_answers_for_one(
        self, centre: Centre
    ) -> None:
        supervisor = await centre.doctor()
        await centre.session(supervisor, "09:00", "12:00", kinds=("minor_emergency",))
        await centre.session(await centre.intern_of(supervisor), "09:00", "09:20")
        intern = await centre.session(await centre.intern_of(supervisor), "09:00", "10:20")
        for hour in ("09:20", "09:40"):
            await centre.book(intern, hour)
        single = await centre.session(await centre.doctor(), "10:00", "10:20")
        booked = await family(centre, await two(centre), replace(RULES, interns_per_supervisor=Dated(1)))
        assert {each.session for each in booked.appointments} == {intern.id, single.id}
        assert {each.period.start for each in booked.appointments} == {monday("10:00")}

    async def test_when_each_is_followed_up_by_somebody_else(self, centre: Centre) -> None:
        patients, followed = await two(centre), {}
        for patient in patients:
            session = await centre.session(await centre.doctor(), kinds=("consultation", "follow_up"))
            await is_done(centre, (await centre.book(session, "09:00", patient)).appointment)
            followed[patient] = session.id
        booked = await family(centre, patients, kind="follow_up")
        assert {each.patient: each.session for each in booked.appointments} == followed
        assert {each.period.start for each in booked.appointments} == {monday("09:20")}
        stranger = await centre.patient()
        refused = await refusal(family(centre, [patients[0], stranger], kind="follow_up"))
        assert refused.problem is problems.FAMILY_DOES_NOT_FIT


async def an_intern(centre: Centre, start: str, end: str) -> Session:
    """Whose supervisor is there all day and receives nobody of this kind."""
    supervisor = await centre.doctor()
    await centre.session(supervisor, "08:00", "18:00", kinds=("minor_emergency",))
    return await centre.session(await centre.intern_of(supervisor), start, end)


async def is_done(centre: Centre, it: Appointment) -> None:
    async with centre.transaction() as tx:
        await tx.execute("UPDATE appointment SET state = 'done' WHERE id = $1", it.id)


class TestCaps:
    async def test_a_patient_has_no_more_ahead_than_the_kind_allows(self, centre: Centre) -> None:
        session, patient = await centre.session(await centre.doctor()), await centre.patient()
        first = await book(centre, session, "09:00", patient)
        await book(centre, session, "09:40", patient)
        refused = await refusal(book(centre, session, "10:20", patient))
        assert refused.problem is problems.TOO_MANY_RUNNING
        assert refused.extensions["appointments"][0] == str(first.appointment.id)
        assert (await book(centre, session, "10:20", await centre.patient())).appointment.patient != patient

    async def test_of_many_at_once_only_as_many_as_allowed_are_had(self, centre: Centre) -> None:
        session, patient = await centre.session(await centre.doctor()), await centre.patient()
        hours = ("09:00", "09:20", "09:40", "10:00", "10:20", "10:40")
        ends = await asyncio.gather(*(book(centre, session, hour, patient) for hour in hours), return_exceptions=True)
        assert sum(isinstance(end, Booked) for end in ends) == 2, ends
        assert {end.problem for end in ends if isinstance(end, Refusal)} == {problems.TOO_MANY_RUNNING}

    async def test_holds_count_and_families_are_bound(self, centre: Centre) -> None:
        session, patient = await centre.session(await centre.doctor()), await centre.patient()
        await book(centre, session, "09:00", patient)
        async with centre.transaction() as tx:
            request = HoldRequest(session.id, monday("09:40"), "consultation", patient)
            await hold_slot(tx, request, CAPPED, actor=SECRETARY, now=NOW)
        refused = await refusal(family(centre, [patient, await centre.patient()], CAPPED))
        assert refused.problem is problems.TOO_MANY_RUNNING


async def book(centre: Centre, session: Session, hour: str, patient: UUID) -> Booked:
    request = BookRequest(session.id, monday(hour), "consultation", patient)
    async with centre.transaction() as tx:
        return await book_slot(tx, request, CAPPED, actor=SECRETARY, now=NOW)
