"""Who locks in the order in which all others do waits for them, and never crosswise. The order is forced: one has not
committed when the other starts."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from booking import problems
from booking.consumers import patient_erased
from booking.domain.appointments import State
from booking.domain.presence import PresencePlan
from booking.domain.sessions import Session
from booking.store import appointments, impacts, presence, projections, sessions, supervision
from booking.store.presence import PROFESSIONAL, Pending
from booking.use_cases.appointments.book_slot import BookRequest, book_slot
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.appointments.register_walk_in import WalkInRequest, register_walk_in
from booking.use_cases.calendar.agree_presence import agree_presence
from booking.use_cases.calendar.shutting import Days
from booking.use_cases.waiting_list.offer_places import offer_places
from smp.consumer import Delivery
from smp.contracts import Event, PatientErased
from smp.problems import Refusal
from tests.booking.agenda import Planner
from tests.booking.test_book_together import order, together
from tests.booking.test_concurrency import until_somebody_waits
from tests.booking.test_corrections_and_closing import cancel, correct
from tests.booking.test_family import family
from tests.booking.test_holds_and_steps import confirm, stored
from tests.booking.waiting import join as join_list
from tests.booking.waiting import offers_to
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, joined, monday
from tests.support.api import FixedClock


@pytest.fixture
def planner(centre: Centre) -> Planner:
    return Planner(centre)


async def absent(planner: Planner, doctor: UUID) -> object:
    return await planner.absent(doctor, Days(MONDAY))


async def back(planner: Planner, doctor: UUID) -> object:
    async with planner.centre.transaction() as tx:
        (absence,) = await tx.fetch("SELECT id FROM absence WHERE professional = $1", doctor)
    return await planner.back(absence["id"])


async def agree(planner: Planner, doctor: UUID) -> object:
    plan = PresencePlan(doctor, MONDAY, None, frozenset({1}), None, None)
    async with planner.centre.transaction() as tx:
        return await agree_presence(tx, planner.centre.site, plan, RULES, actor=SECRETARY, now=NOW)


async def join(planner: Planner, doctor: UUID) -> None:
    await planner.centre.hear(doctor, joined(doctor, planner.centre.site))


Deed = Callable[[Planner, UUID], Awaitable[object]]


@pytest.mark.parametrize("deed", [absent, back, agree, join])
async def test_whoever_changes_what_a_professional_does_waits_for_the_job_that_follows(
    planner: Planner, deed: Deed
) -> None:
    """And for whoever notes an absence: both begin with what is to be followed, then lock the professional."""
    doctor = await planner.centre.doctor()
    if deed is back:
        await absent(planner, doctor)
    async with planner.centre.transaction() as tx:
        assert await presence.take(tx, Pending(doctor, planner.centre.territory, PROFESSIONAL))
        doing = asyncio.create_task(_outcome(deed(planner, doctor)))
        await until_somebody_waits(planner.centre)
        assert await projections.professional_for_absence(tx, doctor) is not None
    assert await doing is None


async def book(centre: Centre, session: Session, patient: UUID) -> object:
    request = BookRequest(session.id, monday("09:00"), "consultation", patient)
    async with centre.transaction() as tx:
        return await book_slot(tx, request, RULES, actor=SECRETARY, now=NOW)


async def hold(centre: Centre, session: Session, patient: UUID) -> object:
    return await centre.hold(session, "09:00", patient)


async def book_with_others(centre: Centre, session: Session, patient: UUID) -> object:
    """As the API does, which leaves to `book_slot` what cannot be had together with others."""
    (made,) = await together(centre, order(session, "09:00", patient))
    return made or await book(centre, session, patient)


async def wait(centre: Centre, _: Session, patient: UUID) -> object:
    return await join_list(centre, patient)


def erased(patient: UUID) -> PatientErased:
    return PatientErased(patient=patient, erased_at=NOW)


WAYS = [book, hold, book_with_others, wait]


class TestPatientsWhoAreForgotten:
    """Patients come before entries and appointments; whoever forgets one is alone with them, and comes first."""

    async def test_what_is_being_booked_is_found_and_cancelled(self, centre: Centre) -> None:
        session, patient = await centre.session(await centre.doctor()), await centre.patient()
        async with centre.transaction() as tx:
            request = BookRequest(session.id, monday("09:00"), "consultation", patient)
            booked = (await book_slot(tx, request, RULES, actor=SECRETARY, now=NOW)).appointment
            forgetting = asyncio.create_task(centre.hear(patient, erased(patient), sequences=[2]))
            await _until_it_waits_or_is_over(centre, forgetting)
        await forgetting
        assert (await stored(centre, booked.id)).state is State.CANCELLED

    @pytest.mark.parametrize("way", WAYS)
    async def test_what_is_asked_meanwhile_finds_them_gone(
        self, centre: Centre, way: Callable[[Centre, Session, UUID], Awaitable[object]]
    ) -> None:
        session, patient = await centre.session(await centre.doctor()), await centre.patient()
        async with centre.transaction() as tx:
            event: Event[Any] = Event.of(
                erased(patient), subject=patient, territory=centre.territory, sequence=2, time=NOW
            )
            await patient_erased(tx, Delivery(event, "next", NOW))
            asking = asyncio.create_task(_outcome(way(centre, session, patient)))
            await _until_it_waits_or_is_over(centre, asking)
        refused = await asking
        assert isinstance(refused, Refusal)
        assert refused.problem is problems.PATIENT_ERASED

    async def test_an_offer_leaves_them_alone_and_waits_for_nobody(self, centre: Centre) -> None:
        await centre.session(await centre.doctor(), "09:00", "09:20")
        entry = await join_list(centre)
        async with centre.transaction() as tx:
            await projections.patient_erased(tx, entry.patient, centre.territory, NOW)
            await offer_places(centre.database, RULES, FixedClock(NOW))
        assert await offers_to(centre, entry) == []


async def test_whoever_confirms_an_interns_hold_keeps_the_supervisor_before_the_hold(centre: Centre) -> None:
    """As whoever cancels the supervisor's session locks them."""
    supervisor = await centre.doctor()
    presence = await centre.session(supervisor)
    hold = await centre.hold(await centre.session(await centre.intern_of(supervisor)), "09:00")
    patient = await centre.patient()
    async with centre.transaction() as tx:
        await tx.execute("SELECT FROM session WHERE id = $1 FOR UPDATE", presence.id)
        confirming = asyncio.create_task(_outcome(confirm(centre, hold.id, patient)))
        await until_somebody_waits(centre)
        assert await appointments.lock(tx, hold.id) is not None
    assert await confirming is None


async def move_to(centre: Centre, session: Session, id: UUID) -> object:
    async with centre.transaction() as tx:
        return await move_appointment(tx, id, MoveRequest(session.id, monday("09:40")), RULES, actor=SECRETARY, now=NOW)


async def confirm_it(centre: Centre, _: Session, id: UUID) -> object:
    return await confirm(centre, id, await centre.patient())


async def take_back(centre: Centre, _: Session, id: UUID) -> object:
    return await correct(centre, id)


@pytest.mark.parametrize("deed", [move_to, take_back])
async def test_whoever_puts_somebody_with_an_intern_keeps_the_supervisor_before_the_appointment(
    centre: Centre, deed: Callable[[Centre, Session, UUID], Awaitable[object]]
) -> None:
    supervisor = await centre.doctor()
    presence = await centre.session(supervisor)
    session = await centre.session(await centre.intern_of(supervisor))
    id = (await centre.book(session, "09:00")).appointment.id
    if deed is take_back:
        await cancel(centre, id)
    async with centre.transaction() as tx:
        await tx.execute("SELECT FROM session WHERE id = $1 FOR UPDATE", presence.id)
        doing = asyncio.create_task(_outcome(deed(centre, session, id)))
        await until_somebody_waits(centre)
        assert await appointments.lock(tx, id) is not None
    assert await doing is None


async def take_hold(centre: Centre, session: Session, _: UUID) -> object:
    return await hold(centre, session, await centre.patient())


async def walk_in(centre: Centre, _: Session, __: UUID) -> object:
    request = WalkInRequest(centre.site, await centre.patient(), "consultation")
    async with centre.transaction() as tx:
        return await register_walk_in(tx, request, RULES, actor=SECRETARY, now=monday("08:00"))


async def come_together(centre: Centre, _: Session, __: UUID) -> object:
    return await family(centre, [await centre.patient(), await centre.patient()])


async def book_it(centre: Centre, session: Session, _: UUID) -> object:
    return await book(centre, session, await centre.patient())


@pytest.mark.parametrize("deed", [book_it, take_hold, confirm_it, move_to, take_back, walk_in, come_together])
async def test_whoever_puts_somebody_with_an_intern_keeps_sessions_in_order(
    centre: Centre, deed: Callable[[Centre, Session, UUID], Awaitable[object]]
) -> None:
    """The supervisor's is the older one: whoever closes the site has it first."""
    supervisor = await centre.doctor()
    presence = await centre.session(supervisor, kinds=("minor_emergency",))
    session = await centre.session(await centre.intern_of(supervisor))
    standing = (
        await centre.hold(session, "10:00") if deed is confirm_it else (await centre.book(session, "10:00")).appointment
    )
    if deed is take_back:
        await cancel(centre, standing.id)
    async with centre.transaction() as tx:
        assert await sessions.lock(tx, presence.id) is not None
        doing = asyncio.create_task(_outcome(deed(centre, session, standing.id)))
        await until_somebody_waits(centre)
        assert await sessions.lock(tx, session.id) is not None
    assert await doing is None


async def give_to_an_intern(planner: Planner, session: Session, intern: UUID, _: UUID) -> object:
    return await planner.change(session.id, professional=intern)


async def give_a_place_back(planner: Planner, session: Session, _: UUID, id: UUID) -> object:
    async with planner.centre.transaction() as tx:
        await impacts.lose_place(tx, id, NOW, for_sure=True)
    return await planner.change(session.id, hours="09:00-12:20")


@pytest.mark.parametrize("deed", [give_to_an_intern, give_a_place_back])
async def test_whoever_changes_sessions_waits_for_bookings_of_interns_before_any_appointment_is_locked(
    planner: Planner, deed: Callable[[Planner, Session, UUID, UUID], Awaitable[object]]
) -> None:
    """As whoever moves, confirms or corrects does."""
    centre, supervisor = planner.centre, await planner.centre.doctor()
    await centre.session(supervisor)
    intern = await centre.intern_of(supervisor)
    session = await centre.session(await centre.doctor() if deed is give_to_an_intern else intern)
    id = (await centre.book(session, "09:00")).appointment.id
    async with centre.transaction() as tx:
        await supervision.one_booking_at_a_time(tx, centre.territory, [session.day])
        doing = asyncio.create_task(_outcome(deed(planner, session, intern, id)))
        await until_somebody_waits(centre)
        assert await appointments.lock(tx, id) is not None
    assert await doing is None


async def _until_it_waits_or_is_over(centre: Centre, doing: asyncio.Task[Any]) -> None:
    async with asyncio.timeout(30):
        while not doing.done():
            async with centre.transaction() as tx:
                if await tx.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
                    return


async def _outcome(doing: Awaitable[object]) -> Exception | None:
    try:
        await doing
    except Exception as error:
        return error
    return None
