"""Two people in one appointment: whoever prepares, whoever sits in."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from booking import problems
from booking.domain.appointments import Appointment
from booking.domain.availability import Slot, partner_order
from booking.domain.kinds import KindBooks, Preparation
from booking.domain.platform_kinds import platform_kinds
from booking.domain.reasons import Reason
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.use_cases.appointments import company
from booking.use_cases.appointments.book_family import book_family
from booking.use_cases.appointments.book_slot import Booked, BookRequest, book_slot
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.confirm_hold import ConfirmRequest, confirm_hold
from booking.use_cases.appointments.family_room import FamilyRequest
from booking.use_cases.appointments.hold_slot import HoldRequest, hold_slot
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.availability.find_places import partners_of
from booking.use_cases.calendar.cancel_session import cancel_session
from booking.use_cases.calendar.reshaping import Consent
from smp.problems import Refusal
from tests.booking.test_holds_and_steps import stored
from tests.booking.world import NOW, RULES, SECRETARY, Centre, blocking, monday, refusal, starts
from tests.support.databases import ServiceDatabase

TEN = timedelta(minutes=10)


def prepared(**how: Any) -> KindBooks:
    preparation = Preparation(TEN, **how)
    return KindBooks(
        tuple(
            replace(kind, preparation=preparation) if kind.code == "consultation" else kind for kind in platform_kinds()
        )
    )


ELSEWHERE = replace(RULES, kinds=prepared(same_room=False))


async def house(centre: Centre, assistants: int = 1) -> tuple[Session, list[Session]]:
    """A doctor and medical assistants, each in a room of their own."""
    doctor = await centre.session(await centre.doctor(), room="1")
    helpers = [
        await centre.session(await centre.doctor("medical_assistant"), kinds=("preparation",), room=f"soins {n}")
        for n in range(assistants)
    ]
    return doctor, helpers


async def book(
    centre: Centre, session: Session, hour: str, patient: UUID | None = None, rules: Any = ELSEWHERE, **how: Any
) -> Appointment:
    request = BookRequest(session.id, monday(hour), "consultation", patient or await centre.patient(), **how)
    async with centre.transaction() as tx:
        return (await book_slot(tx, request, rules, actor=SECRETARY, now=NOW)).appointment


class TestPreparation:
    async def test_occupies_the_assistant_their_room_and_the_patient_before(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session, (helper,) = await house(centre)
        patient = await centre.patient()
        booked = await book(centre, session, "09:20", patient)
        assert booked.preparation_start == monday("09:10")
        assert [(each.professional, each.role) for each in booked.others] == [
            (helper.professional, "medical_assistant")
        ]
        assert await stored(centre, booked.id) == booked
        assert await blocking(booking_database, booked.id) == 5
        other = await centre.session(await centre.doctor())
        refused = await refusal(centre.book(other, "09:00", patient))
        assert refused.problem is problems.PATIENT_BUSY
        said = await payload(booking_database, booked.id)
        assert [each["role"] for each in said["practitioners"]] == ["gp", "medical_assistant"]

    async def test_wants_an_assistant_and_proposes_hours_that_have_one(self, centre: Centre) -> None:
        session, _ = await house(centre)
        other = await centre.session(await centre.doctor(), room="2")
        await book(centre, session, "09:20")
        refused = await refusal(book(centre, other, "09:20"))
        assert refused.problem is problems.COMPANY_MISSING
        assert monday("09:40").isoformat() in starts(refused)
        assert monday("09:20").isoformat() not in starts(refused)
        first = await refusal(book(centre, other, "09:00"))
        assert first.problem is problems.COMPANY_MISSING, "nobody is there before nine"

    async def test_of_two_doctors_at_once_one_has_the_only_assistant(self, centre: Centre) -> None:
        session, _ = await house(centre)
        other = await centre.session(await centre.doctor(), room="2")
        for hour in ("09:20", "09:40", "10:00"):
            ends = await asyncio.gather(book(centre, session, hour), book(centre, other, hour), return_exceptions=True)
            assert sorted(isinstance(end, Refusal) for end in ends) == [False, True], ends

    async def test_in_the_same_room_keeps_that_room_from_the_preparation_on(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session, _ = await house(centre)
        rules = replace(RULES, kinds=prepared(same_room=True))
        booked = await book(centre, session, "09:20", rules=rules)
        assert await blocking(booking_database, booked.id) == 4
        assert (await refusal(book(centre, session, "09:00", rules=RULES))).problem is problems.SLOT_TAKEN

    async def test_follows_a_move_and_is_free_after_a_cancellation(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session, _ = await house(centre)
        booked = await book(centre, session, "09:20")
        async with centre.transaction() as tx:
            request = MoveRequest(session.id, monday("09:40"))
            moved = (await move_appointment(tx, booked.id, request, ELSEWHERE, actor=SECRETARY, now=NOW)).appointment
        assert (moved.preparation_start, await blocking(booking_database, booked.id)) == (monday("09:30"), 5)
        assert (await book(centre, session, "09:20")).preparation_start == monday("09:10")
        async with centre.transaction() as tx:
            await cancel_appointment(tx, moved.id, CancelRequest("patient"), ELSEWHERE, actor=SECRETARY, now=NOW)
        assert await blocking(booking_database, moved.id) == 0

    async def test_rests_with_the_place_and_goes_with_it_to_the_waiting_list(self, centre: Centre) -> None:
        session, _ = await house(centre)
        rules = replace(ELSEWHERE, cool_down=TEN)
        booked = await book(centre, session, "09:20")
        async with centre.transaction() as tx:
            await cancel_appointment(tx, booked.id, CancelRequest("patient"), rules, actor=SECRETARY, now=NOW)
        async with centre.transaction() as tx:
            request = HoldRequest(session.id, monday("09:20"), "consultation", first_call=True)
            offered = await hold_slot(tx, request, rules, actor=SECRETARY, now=NOW)
        assert offered.others == booked.others

    async def test_is_kept_by_a_hold(self, centre: Centre, booking_database: ServiceDatabase) -> None:
        session, _ = await house(centre)
        async with centre.transaction() as tx:
            request = HoldRequest(session.id, monday("09:20"), "consultation")
            hold = await hold_slot(tx, request, ELSEWHERE, actor=SECRETARY, now=NOW)
        async with centre.transaction() as tx:
            confirm = ConfirmRequest(hold.id, await centre.patient())
            booked = (await confirm_hold(tx, confirm, ELSEWHERE, actor=SECRETARY, now=NOW)).appointment
        assert booked.preparation_start == monday("09:10")
        assert await blocking(booking_database, hold.id) == 5

    async def test_is_hit_when_the_session_of_the_assistant_is_cancelled(self, centre: Centre) -> None:
        session, (helper,) = await house(centre)
        booked = await book(centre, session, "09:20")
        async with centre.transaction() as tx:
            request = Consent("practitioner_away")
            refused = await refusal(cancel_session(tx, helper.id, request, ELSEWHERE, actor=SECRETARY, now=NOW))
        assert [each["appointment"] for each in refused.extensions["appointments"]] == [str(booked.id)]


async def test_a_social_worker_sits_in_with_the_doctor(centre: Centre, booking_database: ServiceDatabase) -> None:
    session = await centre.session(await centre.doctor(), room="1")
    social = await centre.session(await centre.doctor("social_worker"), kinds=("social",), room="2")
    booked = await book(centre, session, "09:20", rules=RULES, together_with="social_worker")
    assert [each.professional for each in booked.others] == [social.professional]
    assert (booked.preparation_start, await blocking(booking_database, booked.id)) == (None, 4)
    refused = await refusal(book(centre, session, "09:40", rules=RULES, together_with="nurse"))
    assert refused.problem is problems.COMPANY_MISSING
    assert isinstance(await centre.book(session, "09:40"), Booked)


async def offered(centre: Centre, kind: str, role: str, rules: Rules) -> list[Slot]:
    """The places of the Monday with somebody of that role who sits in."""
    return (await centre.find(monday("09:00"), monday("12:00"), kind, rules=rules, together_with=role)).slots


class TestWhoeverSitsIn:
    async def test_leaves_the_preparation_to_the_other_role_that_prepares(self, centre: Centre) -> None:
        session, _ = await house(centre)
        await centre.session(await centre.doctor("nurse"), kinds=("nurse_care",))
        for sits, prepares in (("nurse", "medical_assistant"), ("medical_assistant", "nurse")):
            first = (await offered(centre, "consultation", sits, ELSEWHERE))[0]
            assert (first.period.start, [each.role for each in first.companions]) == (monday("09:20"), [prepares, sits])
        booked = await book(centre, session, "09:20", together_with="nurse")
        assert [each.role for each in booked.others] == ["medical_assistant", "nurse"]
        refused = await refusal(book(centre, session, "09:20", together_with="nurse"))
        assert (refused.problem, starts(refused)[0]) == (problems.COMPANY_MISSING, monday("09:40").isoformat())

    async def test_is_of_another_role_where_only_theirs_prepares(self, centre: Centre) -> None:
        session, _ = await house(centre)
        await centre.session(await centre.doctor("nurse"), kinds=("nurse_care",))
        nurses = replace(RULES, kinds=prepared(roles=frozenset({"nurse"})))
        assert (await refusal(offered(centre, "consultation", "nurse", nurses))).problem is problems.NOBODY_TO_PREPARE
        refused = await refusal(book(centre, session, "09:20", rules=nurses, together_with="nurse"))
        assert refused.problem is problems.NOBODY_TO_PREPARE
        assert await offered(centre, "consultation", "medical_assistant", nurses)

    async def test_is_somebody_else_than_the_practitioner(self, centre: Centre) -> None:
        alone = await centre.session(await centre.doctor("nurse"), "09:00", "10:00", kinds=("nurse_care",))
        assert await offered(centre, "nurse_care", "nurse", RULES) == []
        other = await centre.session(await centre.doctor("nurse"), "09:00", "10:00", kinds=("nurse_care",))
        slots = await offered(centre, "nurse_care", "nurse", RULES)
        who = {alone.professional, other.professional}
        assert slots
        assert all({slot.professional, slot.companions[0].professional} == who for slot in slots)


class TestOneRoleDoesBoth:
    """Booked before whoever sits in left the preparation to the other role."""

    @pytest.fixture
    async def session(self, centre: Centre) -> Session:
        return (await house(centre, assistants=0))[0]

    async def test_a_nurse_who_prepares_and_sits_in_does_so_again_after_a_move(
        self, centre: Centre, session: Session, booking_database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (nurse,) = await nurses(centre, 1)
        booked = await self.booked_before(centre, session, monkeypatch)
        moved = await self.move(centre, session, booked, "10:00")
        assert [(each.professional, each.period.start) for each in moved.others] == [
            (nurse.professional, monday("09:50")),
            (nurse.professional, monday("10:00")),
        ]
        assert await blocking(booking_database, booked.id) == 4
        assert await stored(centre, booked.id) == moved
        assert (await refusal(centre.book(nurse, "10:00", kind="nurse_care"))).problem is problems.SLOT_TAKEN
        await centre.book(nurse, "09:20", kind="nurse_care")

    async def test_another_nurse_prepares_when_the_one_who_sits_in_is_taken_before(
        self, centre: Centre, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, other = await nurses(centre, 2)
        booked = await self.booked_before(centre, session, monkeypatch)
        await centre.book(one, "09:40", kind="nurse_care")
        moved = await self.move(centre, session, booked, "10:00")
        assert [each.professional for each in moved.others] == [other.professional, one.professional]

    async def booked_before(self, centre: Centre, session: Session, monkeypatch: pytest.MonkeyPatch) -> Appointment:
        with monkeypatch.context() as before:
            before.setattr(company, "require_a_role_to_prepare", lambda *_: None)
            before.setattr(company, "partners_of", lambda *of, **_: partners_of(*of, leaves_the_preparation=False))
            return await book(centre, session, "09:20", together_with="nurse")

    async def move(self, centre: Centre, session: Session, booked: Appointment, hour: str) -> Appointment:
        request = MoveRequest(session.id, monday(hour))
        async with centre.transaction() as tx:
            return (await move_appointment(tx, booked.id, request, ELSEWHERE, actor=SECRETARY, now=NOW)).appointment


async def nurses(centre: Centre, number: int) -> list[Session]:
    """In the order in which they are asked."""
    open = [await centre.session(await centre.doctor("nurse"), kinds=("nurse_care",)) for _ in range(number)]
    return sorted(open, key=partner_order)


async def payload(database: ServiceDatabase, subject: UUID, sequence: int = 1) -> dict[str, Any]:
    """What an event of an appointment says."""
    async with database.admin() as connection:
        said = await connection.fetchval(
            "SELECT convert_from(payload, 'UTF8') FROM smp.outbox WHERE aggregateid = $1 AND sequence = $2",
            subject,
            sequence,
        )
    found: dict[str, Any] = json.loads(said)
    return found


class TestFamiliesThatArePrepared:
    async def test_each_member_occupies_an_assistant_before_as_a_single_booking_does(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        await house(centre)
        booked = await self.book(centre, ELSEWHERE)
        assert [each.period.start for each in booked] == [monday("09:20"), monday("09:40")]
        assert [each.preparation_start for each in booked] == [monday("09:10"), monday("09:30")]
        assert [len(each.others) for each in booked] == [1, 1]
        assert [await blocking(booking_database, each.id) for each in booked] == [5, 5]

    async def test_in_the_practitioners_room_the_preparation_comes_between(self, centre: Centre) -> None:
        rules = replace(RULES, kinds=prepared(same_room=True))
        await house(centre)
        booked = await self.book(centre, rules)
        assert [each.period.start for each in booked] == [monday("09:20"), monday("10:00")]
        assert all(each.others for each in booked)

    async def test_is_refused_where_nobody_prepares(self, centre: Centre) -> None:
        await centre.session(await centre.doctor(), room="1")
        refused = await refusal(self.book(centre, ELSEWHERE))
        assert (refused.problem, refused.extensions["reason"]) == (problems.FAMILY_DOES_NOT_FIT, Reason.NO_SESSION)

    async def test_at_the_same_hour_with_two_doctors_two_assistants_are_wanted(self, centre: Centre) -> None:
        for room in ("1", "2"):
            await centre.session(await centre.doctor(), "09:20", "09:40", room=room)
        await centre.session(await centre.doctor("medical_assistant"), kinds=("preparation",), room="soins 1")
        assert (await refusal(self.book(centre, ELSEWHERE))).problem is problems.FAMILY_DOES_NOT_FIT
        await centre.session(await centre.doctor("medical_assistant"), kinds=("preparation",), room="soins 2")
        booked = await self.book(centre, ELSEWHERE)
        assert len({each.others[0].professional for each in booked}) == 2

    async def test_begins_later_when_too_few_prepare_at_the_first_hour(self, centre: Centre) -> None:
        for room in ("1", "2"):
            await centre.session(await centre.doctor(), "09:20", "10:20", room=room, grid=4 * TEN)
        await centre.session(await centre.doctor("medical_assistant"), kinds=("preparation",), room="soins 1")
        late = await centre.doctor("medical_assistant")
        await centre.session(late, "09:40", "12:00", kinds=("preparation",), room="soins 2")
        booked = await self.book(centre, ELSEWHERE)
        assert {each.period.start for each in booked} == {monday("10:00")}

    async def book(self, centre: Centre, rules: Any) -> tuple[Appointment, ...]:
        """Two patients who come together on Monday."""
        patients = (await centre.patient(), await centre.patient())
        request = FamilyRequest(centre.site, "consultation", patients, monday("09:00"), monday("18:00"))
        async with centre.transaction() as tx:
            return (await book_family(tx, request, rules, actor=SECRETARY, now=NOW)).appointments
