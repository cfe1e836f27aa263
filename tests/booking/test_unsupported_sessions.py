"""A session that registry's facts speak against keeps whoever is expected there, takes nobody else, and ends with the
last of them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from booking import problems
from booking.domain.appointments import Appointment, State
from booking.domain.presence import PresencePlan
from booking.domain.reasons import Reason
from booking.domain.sessions import Session
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.expire_holds import expire_holds
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.calendar.agree_presence import agree_presence
from booking.use_cases.supervision.recheck_supervision import recheck_supervision
from smp.contracts import ProfessionalLeft, SiteClosed
from tests.booking.agenda import Planner, of_hours
from tests.booking.test_book_together import order, together
from tests.booking.test_company import ELSEWHERE
from tests.booking.test_company import book as book_prepared
from tests.booking.test_corrections_and_closing import correct
from tests.booking.test_coverage import SOON, unsupported
from tests.booking.test_floating import book
from tests.booking.test_holds_and_steps import cancel, confirm, move, stored
from tests.booking.test_next_free import told
from tests.booking.waiting import accept, join, offer_to, offers_to, run_jobs
from tests.booking.world import (
    MONDAY,
    NOW,
    RULES,
    SECRETARY,
    Centre,
    events_of,
    joined,
    monday,
    refusal,
    said_of,
    starts,
)
from tests.support.databases import ServiceDatabase

FRIDAY_BEFORE = MONDAY - timedelta(days=3)
LATER = NOW + timedelta(minutes=5)  # when a hold taken at NOW is over


@pytest.fixture
def planner(centre: Centre) -> Planner:
    return Planner(centre)


async def ends_contract(planner: Planner, session: Session) -> None:
    plan = PresencePlan(session.professional, MONDAY - timedelta(weeks=50), FRIDAY_BEFORE, frozenset(), None, None)
    async with planner.centre.transaction() as tx:
        await agree_presence(tx, session.site, plan, RULES, actor=SECRETARY, now=NOW)
    await planner.follow()


async def leaves(planner: Planner, session: Session) -> None:
    who = session.professional
    await planner.centre.hear(who, ProfessionalLeft(professional=who, from_date=FRIDAY_BEFORE))
    await planner.follow()


async def closes(planner: Planner, session: Session) -> None:
    await planner.centre.hear(session.site, SiteClosed(site=session.site, from_date=FRIDAY_BEFORE))
    await planner.follow()


async def comes_back(planner: Planner, session: Session) -> None:
    await planner.centre.hear(session.professional, joined(session.professional, session.site))
    await planner.follow()


async def expected(planner: Planner) -> tuple[Session, Appointment]:
    """A doctor's session, and whoever is expected in it."""
    session = await planner.centre.session(await planner.centre.doctor(), "09:00", "10:00")
    return session, (await planner.centre.book(session, "09:00")).appointment


async def found(centre: Centre) -> list[UUID]:
    """The sessions that a search of the Monday offers."""
    return [slot.session for slot in (await centre.find(monday("08:00"), monday("18:00"))).slots]


@pytest.mark.parametrize("fact", [ends_contract, leaves, closes])
async def test_nobody_is_offered_or_given_a_place_of_it(
    planner: Planner, fact: Callable[[Planner, Session], Awaitable[None]]
) -> None:
    centre = planner.centre
    session, _ = await expected(planner)
    assert await found(centre) == [session.id, session.id]
    await fact(planner, session)
    assert await found(centre) == []
    assert (await refusal(centre.book(session, "09:20"))).problem is problems.SESSION_UNSUPPORTED


async def test_neither_the_next_place_nor_the_count_nor_the_alternatives_tell_it(planner: Planner) -> None:
    session, _ = await expected(planner)
    await leaves(planner, session)
    assert (await told(planner.centre)).reason is Reason.NO_SESSION
    other = await planner.centre.session(await planner.centre.doctor(), "09:00", "09:40")
    assert starts(await refusal(planner.centre.book(session, "09:20"))) == [
        monday(hour).isoformat() for hour in ("09:20", "09:00")
    ]
    assert set(await found(planner.centre)) == {other.id}


async def test_every_other_door_is_shut_too(planner: Planner) -> None:
    centre = planner.centre
    session, _ = await expected(planner)
    by_mistake = (await centre.book(session, "09:20")).appointment
    await cancel(centre, by_mistake.id)
    elsewhere = (await centre.book(await centre.session(await centre.doctor()), "11:00")).appointment
    hold, patient = await centre.hold(session, "09:40"), await centre.patient()
    await leaves(planner, session)

    for door in (
        centre.hold(session, "09:20"),
        confirm(centre, hold.id, patient),
        move(centre, elsewhere.id, session.id, "09:20"),
        correct(centre, by_mistake.id),
    ):
        assert (await refusal(door)).problem is problems.SESSION_UNSUPPORTED
    assert await together(centre, order(session, "09:20", patient)) == [None]


async def test_whoever_prepares_there_is_asked_for_nobody_else(planner: Planner) -> None:
    centre = planner.centre
    doctor = await centre.session(await centre.doctor())
    helper = await centre.session(await centre.doctor("medical_assistant"), kinds=("preparation",), room="soins")
    await book_prepared(centre, doctor, "09:20")
    await leaves(planner, helper)
    assert (await refusal(book_prepared(centre, doctor, "10:00"))).problem is problems.COMPANY_MISSING


async def test_whoever_named_nobody_does_not_go_there_to_make_room(planner: Planner) -> None:
    centre = planner.centre
    doubtful, _ = await expected(planner)
    wanted = await centre.session(await centre.doctor(), "09:00", "10:00")
    await book(centre, wanted, "09:20", named=False)
    await leaves(planner, doubtful)
    assert (await refusal(book(centre, wanted, "09:20"))).problem is problems.SLOT_TAKEN


async def test_a_closure_of_some_of_its_hours_does_not_open_the_others(planner: Planner) -> None:
    session, _ = await expected(planner)
    await leaves(planner, session)
    await planner.close(of_hours(MONDAY, "09:40-10:00"))
    assert (await refusal(planner.centre.book(session, "09:20"))).problem is problems.SESSION_UNSUPPORTED


async def test_what_a_closure_leaves_behind_it_ends_when_nobody_is_expected_there(planner: Planner) -> None:
    session, _ = await expected(planner)
    await leaves(planner, session)
    await planner.close(of_hours(MONDAY, "09:20-09:40"))
    await planner.follow()
    assert await planner.hours(MONDAY) == ["2027-01-11 09:00-09:20"]


async def test_given_to_somebody_else_it_takes_appointments_again(planner: Planner) -> None:
    session, _ = await expected(planner)
    await leaves(planner, session)
    await planner.change(session.id, professional=await planner.centre.doctor())
    assert (await planner.centre.book(session, "09:20")).appointment.session == session.id


async def test_who_is_expected_there_is_received_or_goes_elsewhere(planner: Planner) -> None:
    centre = planner.centre
    session, first = await expected(planner)
    second = (await centre.book(session, "09:20")).appointment
    other = await centre.session(await centre.doctor())
    await leaves(planner, session)
    assert (await move(centre, second.id, other.id, "11:00")).appointment.session == other.id
    async with centre.transaction() as tx:
        arrived = await mark_arrived(tx, first.id, actor=SECRETARY, now=monday("08:50"))
    assert arrived.state is State.ARRIVED


async def test_it_ends_once_the_last_one_has_cancelled(planner: Planner, booking_database: ServiceDatabase) -> None:
    session, last = await expected(planner)
    await leaves(planner, session)
    await cancel(planner.centre, last.id)
    await planner.follow()
    *_, ended = await said_of(booking_database, session.id)
    assert (ended["type"], ended["data"]["reason"]) == ("SessionCancelled", "out_of_contract")


async def test_it_ends_once_the_last_one_has_gone_elsewhere(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    session, last = await expected(planner)
    other = await planner.centre.session(await planner.centre.doctor())
    await leaves(planner, session)
    await move(planner.centre, last.id, other.id, "11:00")
    await planner.follow()
    assert (await events_of(booking_database, session.id))[-1] == ("SessionCancelled", 3)


async def test_it_ends_once_the_last_hold_is_over(planner: Planner, booking_database: ServiceDatabase) -> None:
    session = await planner.centre.session(await planner.centre.doctor())
    await planner.centre.hold(session, "09:00")
    await leaves(planner, session)
    await expire_holds(planner.centre.database, LATER, RULES.cool_down)
    await planner.follow()
    assert (await events_of(booking_database, session.id))[-1] == ("SessionCancelled", 3)


async def test_it_ends_once_nobody_is_prepared_there_any_more(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    centre = planner.centre
    doctor = await centre.session(await centre.doctor())
    helper = await centre.session(await centre.doctor("medical_assistant"), kinds=("preparation",), room="soins")
    booked = await book_prepared(centre, doctor, "09:20")
    await leaves(planner, helper)
    async with centre.transaction() as tx:
        await cancel_appointment(tx, booked.id, CancelRequest("patient"), ELSEWHERE, actor=SECRETARY, now=NOW)
    await planner.follow()
    assert (await events_of(booking_database, helper.id))[-1] == ("SessionCancelled", 3)


async def test_it_stays_while_somebody_else_is_expected(planner: Planner, booking_database: ServiceDatabase) -> None:
    session, first = await expected(planner)
    await planner.centre.book(session, "09:20")
    await leaves(planner, session)
    await cancel(planner.centre, first.id)
    await planner.follow()
    assert (await events_of(booking_database, session.id))[-1] == ("SessionUnsupported", 2)


async def test_its_professional_answers_for_no_intern(planner: Planner) -> None:
    centre = planner.centre
    supervisor = await centre.doctor()
    presence = await centre.session(supervisor)
    interns = await centre.session(await centre.intern_of(supervisor))
    booked = (await centre.book(interns, "09:20")).appointment
    await centre.book(presence, "09:00")
    await ends_contract(planner, presence)
    await recheck_supervision(centre.database, RULES, SOON)
    assert [each.unsupported.it.id for each in await unsupported(centre)] == [booked.id]
    assert (await refusal(centre.book(interns, "09:40"))).problem is problems.NO_SUPERVISOR


async def test_it_does_not_stay_for_the_sake_of_interns(planner: Planner, booking_database: ServiceDatabase) -> None:
    centre = planner.centre
    supervisor = await centre.doctor()
    presence = await centre.session(supervisor)
    interns = await centre.session(await centre.intern_of(supervisor))
    booked = (await centre.book(interns, "09:20")).appointment
    await ends_contract(planner, presence)
    assert (await events_of(booking_database, presence.id))[-1] == ("SessionCancelled", 3)
    await recheck_supervision(centre.database, RULES, SOON)
    assert [each.unsupported.it.id for each in await unsupported(centre)] == [booked.id]


@pytest.mark.parametrize("fact", [ends_contract, leaves, closes])
async def test_an_offer_of_it_is_withdrawn(
    planner: Planner, booking_database: ServiceDatabase, fact: Callable[[Planner, Session], Awaitable[None]]
) -> None:
    centre = planner.centre
    session, _ = await expected(planner)
    waiting = await join(centre)
    await run_jobs(centre)
    offer = await offer_to(centre, waiting)
    await fact(planner, session)
    await run_jobs(centre)
    *_, told = await said_of(booking_database, waiting.id)
    assert (told["type"], told["data"]["reason"]) == ("OfferExpired", "withdrawn")
    assert (await stored(centre, offer.appointment)).state is State.CANCELLED
    assert (await refusal(accept(centre, offer))).problem is problems.OFFER_OVER


async def test_the_next_place_is_for_whoever_had_that_offer(planner: Planner) -> None:
    centre = planner.centre
    session, _ = await expected(planner)
    first, second = await join(centre), await join(centre)
    await run_jobs(centre)
    await leaves(planner, session)
    await run_jobs(centre)
    other = await centre.session(await centre.doctor(), "11:00", "11:20")
    await run_jobs(centre)
    assert [each.session for each in await offers_to(centre, first)] == [session.id, other.id]
    assert [each.session for each in await offers_to(centre, second)] == [session.id]


async def test_an_offer_whose_preparation_is_lost_is_withdrawn(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    centre = planner.centre
    await centre.session(await centre.doctor())
    helper = await centre.session(await centre.doctor("medical_assistant"), kinds=("preparation",), room="soins")
    waiting = await join(centre)
    await run_jobs(centre, rules=ELSEWHERE)
    await leaves(planner, helper)
    await run_jobs(centre, rules=ELSEWHERE)
    *_, told = await said_of(booking_database, waiting.id)
    assert (told["type"], told["data"]["reason"]) == ("OfferExpired", "withdrawn")


async def test_its_places_are_offered_again_once_nothing_speaks_against_it(planner: Planner) -> None:
    centre = planner.centre
    session, _ = await expected(planner)
    await leaves(planner, session)
    waiting = await join(centre)
    await run_jobs(centre)
    assert await offers_to(centre, waiting) == []
    await comes_back(planner, session)
    await run_jobs(centre)
    assert (await offer_to(centre, waiting)).session == session.id
    assert set(await found(centre)) == {session.id}
