"""Every setting of a kind that was accepted is enforced: where there is room and where it is taken."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from booking import problems
from booking.domain.kinds import KindBooks
from booking.domain.platform_kinds import platform_kinds
from booking.domain.ranking import Order
from booking.domain.sessions import Session
from booking.use_cases.appointments.book_slot import Booked, BookRequest, book_slot
from booking.use_cases.appointments.confirm_hold import ConfirmRequest, confirm_hold
from booking.use_cases.appointments.finish_consultation import Conclusion, finish_consultation
from booking.use_cases.appointments.hold_slot import HoldRequest, hold_slot
from booking.use_cases.appointments.mark_arrived import arrive
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.appointments.register_walk_in import WalkInRequest, register_walk_in
from booking.use_cases.appointments.start_consultation import start_consultation
from booking.use_cases.availability.find_places import Search, find_places
from booking.use_cases.calendar.open_session import SessionRequest, open_session
from smp.problems import ProblemType, Refusal
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, at, monday, refusal, starts

MINUTE = timedelta(minutes=1)
BASIC = {kind.code: kind for kind in platform_kinds()}["consultation"]


class Place:
    """A centre where consultations are as a test wants them."""

    def __init__(self, centre: Centre, **settings: Any) -> None:
        self.centre = centre
        others = [kind for kind in platform_kinds() if kind.code != "consultation"]
        self.rules = replace(RULES, kinds=KindBooks((replace(BASIC, **settings), *others)))

    async def session(self, who: UUID | None = None, day: date = MONDAY, **how: Any) -> Session:
        request = SessionRequest(
            self.centre.site, who or await self.centre.doctor(), frozenset({"consultation"}), day,
            time(9), time(12), 20 * MINUTE, **how,
        )  # fmt: skip
        async with self.centre.transaction() as tx:
            return (await open_session(tx, request, self.rules, actor=SECRETARY, now=NOW)).session

    async def book(self, session: Session, hour: str, now: datetime = NOW, **how: Any) -> Booked:
        patient = how.pop("patient", None) or await self.centre.patient()
        request = BookRequest(session.id, monday(hour), "consultation", patient, **how)
        async with self.centre.transaction() as tx:
            return await book_slot(tx, request, self.rules, actor=SECRETARY, now=now)

    async def hold(self, session: Session, hour: str, now: datetime = NOW, patient: UUID | None = None) -> UUID:
        async with self.centre.transaction() as tx:
            request = HoldRequest(session.id, monday(hour), "consultation", patient)
            return (await hold_slot(tx, request, self.rules, actor=SECRETARY, now=now)).id

    async def confirm(self, hold: UUID, patient: UUID) -> Booked:
        async with self.centre.transaction() as tx:
            return await confirm_hold(tx, ConfirmRequest(hold, patient), self.rules, actor=SECRETARY, now=NOW)

    async def move(self, booked: Booked, session: Session, hour: str, now: datetime = NOW) -> Booked:
        async with self.centre.transaction() as tx:
            request = MoveRequest(session.id, monday(hour))
            return await move_appointment(tx, booked.appointment.id, request, self.rules, actor=SECRETARY, now=now)

    async def walk_in(self, hour: str) -> Booked:
        request = WalkInRequest(self.centre.site, await self.centre.patient(), "consultation")
        async with self.centre.transaction() as tx:
            return await register_walk_in(tx, request, self.rules, actor=SECRETARY, now=monday(hour))

    async def free(self, now: datetime = NOW, patient: UUID | None = None) -> list[str]:
        day = monday("00:00"), monday("23:00")
        search = Search(self.centre.site, "consultation", *day, patient=patient, order=Order.CHRONOLOGICAL)
        async with self.centre.transaction() as tx:
            found = await find_places(tx, self.centre.agendas, search, self.rules, actor=SECRETARY, now=now)
        return [slot.period.start.isoformat() for slot in found.slots]

    async def see(self, booked: Booked) -> None:
        """The appointment takes place."""
        start = booked.appointment.period.start
        async with self.centre.transaction() as tx:
            await arrive(tx, booked.appointment, SECRETARY, start)
            await start_consultation(tx, booked.appointment.id, actor=SECRETARY, now=start)
            await finish_consultation(
                tx, booked.appointment.id, Conclusion("none"), self.rules, actor=SECRETARY, now=start + 20 * MINUTE
            )


class TestBuffers:
    async def test_are_taken_of_the_practitioner_and_of_nobody_else(self, centre: Centre) -> None:
        place = Place(centre, buffer_before=10 * MINUTE, buffer_after=10 * MINUTE)
        session, other = await place.session(), await place.session()
        patient = await centre.patient()
        await place.book(session, "10:00", patient=patient)
        refused = await refusal(place.book(session, "10:20"))
        assert refused.problem is problems.SLOT_TAKEN
        await place.book(other, "10:20", patient=patient)  # at once after the first, with somebody else
        await place.book(session, "10:40")

    async def test_lie_inside_the_session(self, centre: Centre) -> None:
        place = Place(centre, buffer_before=10 * MINUTE, buffer_after=10 * MINUTE)
        session = await place.session()
        for hour in ("09:00", "11:40"):
            refused = await refusal(place.book(session, hour))
            assert refused.problem is problems.OUTSIDE_SESSION
        assert (await place.free())[0] == at("09:20")[0]
        assert (await place.free())[-1] == at("11:20")[0]

    async def test_are_seen_by_the_search_and_kept_by_a_move(self, centre: Centre) -> None:
        place = Place(centre, buffer_after=10 * MINUTE)
        session = await place.session()
        booked = await place.book(session, "10:00")
        free = at("09:00", "09:20", "10:40", "11:00", "11:20")
        assert await place.free() == free
        moved = await place.move(booked, session, "10:20")
        assert moved.appointment.occupied.length == 30 * MINUTE
        assert await place.free() == at("09:00", "09:20", "09:40", "11:00", "11:20")


class TestTheMode:
    async def test_that_the_kind_does_not_have_is_refused(self, centre: Centre) -> None:
        place = Place(centre, modes=frozenset({"AMB", "TEL"}))
        session = await place.session()
        refused = await refusal(place.book(session, "09:00", mode="VR"))
        assert refused.problem is problems.MODE_NOT_OFFERED
        assert refused.extensions["modes"] == "AMB, TEL"
        assert (await place.book(session, "09:00", mode="TEL")).appointment.mode == "TEL"

    async def test_is_the_usual_one_of_the_kind_unless_somebody_says_otherwise(self, centre: Centre) -> None:
        place = Place(centre, modes=frozenset({"VR", "TEL"}))
        assert (await place.book(await place.session(), "09:00")).appointment.mode == "VR"

    async def test_of_somebody_who_walks_in_is_on_site(self, centre: Centre) -> None:
        place = Place(centre, modes=frozenset({"VR"}))
        await place.session()
        assert (await refusal(place.walk_in("08:00"))).problem is problems.MODE_NOT_OFFERED


class TestLeads:
    async def test_a_start_closer_than_the_least_is_refused_and_not_found(self, centre: Centre) -> None:
        place = Place(centre, min_lead=timedelta(hours=2))
        session, now = await place.session(), monday("08:00")
        for refused in (
            await refusal(place.book(session, "09:40", now)),
            await refusal(place.hold(session, "09:40", now)),
            await refusal(place.move(await place.book(session, "11:00"), session, "09:40", now)),
        ):
            assert refused.problem is problems.LEAD_TOO_SHORT
            assert refused.extensions["minutes"] == 120
            assert starts(refused)[0] == at("10:00")[0]
        assert (await place.free(now))[0] == at("10:00")[0]
        assert (await refusal(place.walk_in("11:00"))).problem is problems.NO_PLACE_TODAY
        await place.book(session, "10:00", now)

    async def test_a_start_farther_than_the_most_is_refused_and_not_found(self, centre: Centre) -> None:
        place = Place(centre, max_lead=timedelta(days=3))
        session, now = await place.session(), monday("10:00") - timedelta(days=3)
        refused = await refusal(place.book(session, "10:20", now))
        assert refused.problem is problems.LEAD_TOO_LONG
        assert refused.extensions["days"] == 3
        assert await place.free(now) == at("09:00", "09:20", "09:40", "10:00")
        await place.book(session, "10:00", now)


class TestRoomAndEquipment:
    async def test_a_session_without_the_room_is_not_opened_for_it(self, centre: Centre) -> None:
        place = Place(centre, wants_room=True)
        assert (await refusal(place.session())).problem is problems.ROOM_WANTED
        await place.book(await place.session(room="Salle 1"), "09:00")

    async def test_a_session_without_the_equipment_is_not_opened_for_it(self, centre: Centre) -> None:
        place = Place(centre, equipment=frozenset({"ecg"}))
        assert (await refusal(place.session(equipment=frozenset({"scale"})))).problem is problems.EQUIPMENT_WANTED
        await place.book(await place.session(equipment=frozenset({"ecg", "scale"})), "09:00")

    @pytest.mark.parametrize(
        ("settings", "problem"),
        [
            ({"wants_room": True}, problems.ROOM_WANTED),
            ({"equipment": frozenset({"ecg"})}, problems.EQUIPMENT_WANTED),
            ({"roles": frozenset({"nurse"})}, problems.KIND_NOT_OFFERED),
        ],
    )
    async def test_a_session_opened_before_it_was_wanted_is_refused_and_not_found(
        self, centre: Centre, settings: dict[str, Any], problem: ProblemType
    ) -> None:
        session = await Place(centre).session()
        wanting = Place(centre, **settings)
        assert (await refusal(wanting.book(session, "09:00"))).problem is problem
        assert await wanting.free() == []


class TestFollowUp:
    async def test_is_with_somebody_who_has_seen_the_patient(self, centre: Centre) -> None:
        before, place = Place(centre), Place(centre, follow_up_only=True)
        known, unknown = await before.session(), await before.session()
        patient = await centre.patient()
        await before.see(await before.book(known, "09:00", patient=patient))
        refused = await refusal(place.book(unknown, "09:20", patient=patient))
        assert refused.problem is problems.NEVER_SEEN
        assert {each["session"] for each in refused.extensions["alternatives"]} == {str(known.id)}
        assert (await place.free(patient=patient))[0] == at("09:20")[0]
        await place.book(known, "09:20", patient=patient)

    async def test_of_a_patient_named_later_is_judged_when_the_hold_is_confirmed(self, centre: Centre) -> None:
        place = Place(centre, follow_up_only=True)
        hold = await place.hold(await place.session(), "09:00")
        assert (await refusal(place.confirm(hold, await centre.patient()))).problem is problems.NEVER_SEEN

    async def test_an_appointment_that_did_not_take_place_is_no_visit(self, centre: Centre) -> None:
        place = Place(centre)
        session, patient = await place.session(), await centre.patient()
        await place.book(session, "09:00", patient=patient)
        refused: Refusal = await refusal(Place(centre, follow_up_only=True).book(session, "09:20", patient=patient))
        assert refused.problem is problems.NEVER_SEEN


class TestAlternatives:
    async def test_are_of_the_kind_as_it_is_given_on_their_day(self, centre: Centre) -> None:
        place, tuesday = Place(centre), MONDAY + timedelta(days=1)
        longer = replace(BASIC, version=1, valid_from=tuesday, duration=40 * MINUTE)
        place.rules = replace(RULES, kinds=KindBooks((*platform_kinds(), longer)))
        session, doctor = await place.session(), await centre.doctor()
        await place.session(doctor, tuesday)
        for hour in ("09:00", "09:20", "09:40", "10:00", "10:20", "10:40", "11:00", "11:20", "11:40"):
            await place.book(session, hour)
        refused = await refusal(place.book(session, "09:00"))
        lengths = {
            datetime.fromisoformat(each["end"]) - datetime.fromisoformat(each["start"])
            for each in refused.extensions["alternatives"]
        }
        assert lengths == {40 * MINUTE}
