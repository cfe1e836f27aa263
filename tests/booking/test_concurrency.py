"""Many at once, through two pools as two processes have: the database refuses what must never be."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from uuid import UUID

import asyncpg
import pytest

from booking import problems
from booking.domain.appointments import State
from booking.domain.sessions import Session
from booking.store import appointments
from booking.use_cases.appointments.book_slot import BookRequest, book_slot
from booking.use_cases.appointments.confirm_hold import ConfirmRequest, confirm_hold
from booking.use_cases.appointments.expire_holds import expire_holds
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.calendar.cancel_session import cancel_session
from booking.use_cases.calendar.close_site import ClosureRequest, close_site
from booking.use_cases.calendar.reshaping import Consent
from booking.use_cases.calendar.shutting import Days
from smp.postgres import Database, is_transient
from smp.problems import Refusal
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, blocking, monday
from tests.support.databases import ServiceDatabase

WAITED = "waited for a lock for too long"
Command = Callable[[], Awaitable[object]]


@pytest.fixture
async def two(booking_database: ServiceDatabase, centre: Centre) -> AsyncIterator[tuple[Centre, Centre]]:
    """The same centre seen by two processes."""
    other = await Database.connect(booking_database.app_url, size=10)
    try:
        yield centre, replace(centre, database=other)
    finally:
        await other.close()


async def outcome(command: Awaitable[object]) -> object:
    """What a command came to: its answer, the problem of its refusal, or a passing trouble: WAITED when it waited for a
    lock for too long, which a slow machine does, and nothing when it was a worse one, such as a deadlock."""
    try:
        return await command
    except Refusal as refused:
        return refused.problem
    except asyncpg.LockNotAvailableError:
        return WAITED
    except Exception as error:
        if not is_transient(error):
            raise
        return None


async def overlaps(database: ServiceDatabase) -> int:
    """Pairs of blocking occupancies of one resource that share an instant, counted without the constraint."""
    async with database.admin() as connection:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM occupancy a JOIN occupancy b USING (resource) "
            "WHERE a.appointment < b.appointment AND a.blocking AND b.blocking AND a.period && b.period"
        )
    return count


async def test_of_many_bookings_of_one_slot_exactly_one_succeeds(
    two: tuple[Centre, Centre], booking_database: ServiceDatabase
) -> None:
    session = await two[0].session(await two[0].doctor(), room="1")
    patients = [await two[0].patient() for _ in range(24)]
    results = await asyncio.gather(
        *(outcome(by.book(session, "10:00", patient)) for by, patient in zip(cycle(two), patients, strict=False))
    )
    booked = [each for each in results if hasattr(each, "appointment")]
    assert len(booked) == 1
    assert {each for each in results if each not in booked} <= {problems.SLOT_TAKEN, WAITED, None}
    assert await overlaps(booking_database) == 0


async def test_those_who_want_the_same_three_resources_never_wait_crosswise(two: tuple[Centre, Centre]) -> None:
    """A deadlock would be a passing trouble (`outcome` gives nothing); the order of resources excludes it."""
    session = await two[0].session(await two[0].doctor(), room="1")
    for n in range(6):
        patient = await two[0].patient()
        results = await asyncio.gather(
            *(outcome(by.book(session, f"{9 + n // 3:02}:{n % 3 * 20:02}", patient)) for by in two * 10)
        )
        assert len([each for each in results if hasattr(each, "appointment")]) == 1
        assert None not in results


async def test_resources_are_taken_in_the_order_of_their_numbers(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    sessions = [await centre.session(await centre.doctor(), room=label) for label in "123456"]
    for session in sessions:
        booked = (await centre.book(session, "09:00")).appointment
        assert await _numbers_as_written(booking_database, booked.id)
        async with centre.transaction() as tx:
            await move_appointment(
                tx, booked.id, MoveRequest(session.id, monday("10:00")), RULES, actor=SECRETARY, now=NOW
            )
        assert await _numbers_as_written(booking_database, booked.id)


async def _numbers_as_written(database: ServiceDatabase, appointment: UUID) -> bool:
    """Whether the rows lie in the order of their numbers, as PostgreSQL wrote them."""
    async with database.admin() as connection:
        rows = await connection.fetch(
            "SELECT resource FROM occupancy WHERE appointment = $1 ORDER BY ctid", appointment
        )
    numbers = [row["resource"] for row in rows]
    assert len(numbers) == 3
    return numbers == sorted(numbers)


async def test_one_patient_asked_for_by_many_is_in_one_place(
    two: tuple[Centre, Centre], booking_database: ServiceDatabase
) -> None:
    sessions = [await two[0].session(await two[0].doctor()) for _ in range(8)]
    patient = await two[0].patient()
    results = await asyncio.gather(
        *(outcome(by.book(session, "10:00", patient)) for by, session in zip(cycle(two), sessions, strict=False))
    )
    assert len([each for each in results if hasattr(each, "appointment")]) == 1
    assert await overlaps(booking_database) == 0


async def test_one_patient_asked_for_at_two_sites_of_the_territory_is_in_one_place(
    two: tuple[Centre, Centre], booking_database: ServiceDatabase
) -> None:
    here, there = two[0], await Centre(two[1].database).open()
    at_site = [(here, await here.session(await here.doctor())), (there, await there.session(await there.doctor()))]
    patient = await here.patient()
    results = await asyncio.gather(
        *(outcome(by.book(session, "10:00", patient)) for by, session in at_site for _ in range(3))
    )
    assert len([each for each in results if hasattr(each, "appointment")]) == 1
    refused = [await outcome(by.book(session, "10:00", patient)) for by, session in at_site]
    assert problems.PATIENT_BUSY in refused
    assert set(refused) <= {problems.PATIENT_BUSY, problems.SLOT_TAKEN}
    assert await overlaps(booking_database) == 0


async def test_a_session_sells_exactly_the_places_it_has(
    two: tuple[Centre, Centre], booking_database: ServiceDatabase
) -> None:
    session = await two[0].session(await two[0].doctor(), "09:00", "11:00")
    hours = [f"{9 + n // 3:02}:{n % 3 * 20:02}" for n in range(6)]
    patients = [await two[0].patient() for _ in range(36)]

    async def try_all(by: Centre, patient: UUID, first: int) -> int:
        tries = [await outcome(by.book(session, hours[(first + n) % 6], patient)) for n in range(6)]
        return len([each for each in tries if hasattr(each, "appointment")])

    sold = await asyncio.gather(
        *(try_all(by, patient, n) for n, (by, patient) in enumerate(zip(cycle(two), patients, strict=False)))
    )
    assert sum(sold) == 6
    assert await overlaps(booking_database) == 0


async def test_an_expired_hold_met_by_many_is_taken_over_once_and_expires_once(
    two: tuple[Centre, Centre], booking_database: ServiceDatabase
) -> None:
    session = await two[0].session(await two[0].doctor())
    hold = await two[0].hold(session, "10:00")
    patients = [await two[0].patient() for _ in range(12)]
    later = NOW + timedelta(minutes=6)
    results = await asyncio.gather(
        *(outcome(by.book(session, "10:00", p, now=later)) for by, p in zip(cycle(two), patients, strict=False)),
        outcome(expire_holds(two[1].database, later)),
    )
    assert len([each for each in results if hasattr(each, "appointment")]) == 1
    async with booking_database.admin() as connection:
        told = await connection.fetchval(
            "SELECT count(*) FROM smp.outbox WHERE aggregateid = $1 AND type LIKE '%HoldExpired%'", hold.id
        )
    assert told == 1


async def test_a_hold_is_confirmed_or_expires_but_never_both(
    two: tuple[Centre, Centre], booking_database: ServiceDatabase
) -> None:
    session = await two[0].session(await two[0].doctor())
    for n in range(8):
        hold = await two[0].hold(session, f"{9 + n // 3:02}:{n % 3 * 20:02}")
        patient = await two[0].patient()

        async def confirm(hold: UUID = hold.id, patient: UUID = patient) -> object:
            async with two[0].transaction() as tx:
                return await confirm_hold(
                    tx, ConfirmRequest(hold, patient), RULES, actor=SECRETARY, now=NOW + timedelta(minutes=4)
                )

        confirmed, _ = await asyncio.gather(
            outcome(confirm()), outcome(expire_holds(two[1].database, NOW + timedelta(minutes=6)))
        )
        async with two[0].transaction() as tx:
            stored = await appointments.get(tx, hold.id)
        assert stored is not None
        if hasattr(confirmed, "appointment"):
            assert stored.state is State.BOOKED
            assert await blocking(booking_database, hold.id) == 2
        else:
            assert stored.state is State.EXPIRED
            assert await blocking(booking_database, hold.id) == 0


async def test_two_who_move_to_one_place_do_not_both_have_it_and_nobody_loses_theirs(
    two: tuple[Centre, Centre], booking_database: ServiceDatabase
) -> None:
    session = await two[0].session(await two[0].doctor())
    booked = [(await two[0].book(session, hour)).appointment for hour in ("09:00", "09:20", "09:40", "10:00")]

    async def move(by: Centre, id: UUID) -> object:
        async with by.transaction() as tx:
            return await move_appointment(
                tx, id, MoveRequest(session.id, monday("11:00")), RULES, actor=SECRETARY, now=NOW
            )

    results = await asyncio.gather(*(outcome(move(by, each.id)) for by, each in zip(cycle(two), booked, strict=False)))
    assert len([each for each in results if hasattr(each, "appointment")]) == 1
    assert await blocking(booking_database, *(each.id for each in booked)) == 8
    async with two[0].transaction() as tx:
        after = [await appointments.get(tx, each.id) for each in booked]
    stayed = [each for each, before in zip(after, booked, strict=True) if each == before]
    assert len(stayed) == 3
    assert await overlaps(booking_database) == 0


async def test_a_session_is_cancelled_or_booked_but_no_patient_is_expected_in_a_cancelled_one(
    two: tuple[Centre, Centre], booking_database: ServiceDatabase
) -> None:
    doctor = await two[0].doctor()
    for n in range(6):
        session = await two[0].session(doctor, day=MONDAY + timedelta(days=n))
        patients = [await two[0].patient() for _ in range(4)]
        await asyncio.gather(
            *(outcome(by.book(session, hour, p)) for by, hour, p in zip(cycle(two), HOURS, patients, strict=False)),
            outcome(_cancel(two[1], session)),
        )
    assert await _expected_in_cancelled_sessions(booking_database, two[0].site) == 0


async def test_an_intern_is_never_left_without_supervisor_by_two_who_leave_at_once(
    two: tuple[Centre, Centre], booking_database: ServiceDatabase
) -> None:
    one, other = await two[0].doctor(), await two[0].doctor()
    intern = await two[0].intern_of(one, other)
    for n in range(4):
        day = MONDAY + timedelta(days=n)
        presence = [await two[0].session(who, day=day) for who in (one, other)]
        session = await two[0].session(intern, day=day)
        booked = (await two[0].book(session, "10:00")).appointment
        late = await two[0].patient()
        await asyncio.gather(
            *(outcome(_cancel(by, each)) for by, each in zip(two, presence, strict=True)),
            outcome(two[1].book(session, "11:00", late)),
        )
        async with two[0].transaction() as tx:
            still = await tx.fetchval(
                "SELECT count(*) FROM session WHERE state = 'open' AND id = ANY ($1)", [each.id for each in presence]
            )
        assert still >= 1, "the second to leave is refused: a patient of the intern is expected"
        async with two[0].transaction() as tx:
            stored = await appointments.get(tx, booked.id)
        assert stored is not None
        assert stored.state is State.BOOKED


HOURS = ("09:00", "09:20", "09:40", "10:00")


async def _cancel(by: Centre, session: Session) -> object:
    async with by.transaction() as tx:
        how = Consent("practitioner_away")
        return await cancel_session(tx, session.id, how, RULES, actor=SECRETARY, now=NOW)


async def _expected_in_cancelled_sessions(database: ServiceDatabase, site: UUID) -> int:
    async with database.admin() as connection:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM appointment a JOIN session s ON s.id = a.session "
            "WHERE a.site = $1 AND s.state = 'cancelled' AND a.state = 'booked'",
            site,
        )
    return count


async def test_a_booking_started_before_the_cancellation_is_waited_for_and_found(centre: Centre) -> None:
    """The order is forced: the booking holds the session while the cancellation starts."""
    session = await centre.session(await centre.doctor())
    patient = await centre.patient()

    async with centre.transaction() as tx:
        request = BookRequest(session.id, monday("09:00"), "consultation", patient)
        await book_slot(tx, request, RULES, actor=SECRETARY, now=NOW)
        cancelling = asyncio.create_task(outcome(_cancel(centre, session)))
        await until_somebody_waits(centre)
        assert not cancelling.done()
    assert await cancelling is problems.HAS_APPOINTMENTS


async def test_a_booking_that_comes_during_the_cancellation_finds_the_session_cancelled(centre: Centre) -> None:
    """The order is forced: the cancellation holds the session while the booking starts."""
    session = await centre.session(await centre.doctor())
    patient = await centre.patient()
    async with centre.transaction() as tx:
        how = Consent("practitioner_away")
        await cancel_session(tx, session.id, how, RULES, actor=SECRETARY, now=NOW)
        booking = asyncio.create_task(outcome(centre.book(session, "09:00", patient)))
        await until_somebody_waits(centre)
        assert not booking.done()
    assert await booking is problems.SESSION_CANCELLED


async def test_a_supervisor_who_leaves_while_their_intern_is_booked_is_waited_for_and_refused(centre: Centre) -> None:
    """The order is forced: the intern's booking holds the supervisor's presence while its cancellation starts."""
    supervisor = await centre.doctor()
    presence = await centre.session(supervisor)
    session = await centre.session(await centre.intern_of(supervisor))
    patient = await centre.patient()
    async with centre.transaction() as tx:
        request = BookRequest(session.id, monday("09:00"), "consultation", patient)
        await book_slot(tx, request, RULES, actor=SECRETARY, now=NOW)
        leaving = asyncio.create_task(outcome(_cancel(centre, presence)))
        await until_somebody_waits(centre)
        assert not leaving.done()
    assert await leaving is problems.HAS_APPOINTMENTS


async def test_the_second_of_two_supervisors_who_leave_cannot_count_on_the_first(centre: Centre) -> None:
    """The order is forced: the first cancellation has not committed when the second starts."""
    one, other = await centre.doctor(), await centre.doctor()
    first, second = await centre.session(one), await centre.session(other)
    session = await centre.session(await centre.intern_of(one, other))
    await centre.book(session, "09:00")
    async with centre.transaction() as tx:
        how = Consent("practitioner_away")
        await cancel_session(tx, first.id, how, RULES, actor=SECRETARY, now=NOW)
        leaving = asyncio.create_task(outcome(_cancel(centre, second)))
        await until_somebody_waits(centre)
        assert not leaving.done()
    assert await leaving is problems.HAS_APPOINTMENTS


async def test_a_session_is_not_opened_on_a_day_that_is_being_closed(centre: Centre) -> None:
    """The order is forced: the closure has not committed when the session is asked for."""
    doctor = await centre.doctor()
    async with centre.transaction() as tx:
        closure = ClosureRequest(centre.site, Days(MONDAY), Consent("works"))
        await close_site(tx, closure, RULES, actor=SECRETARY, now=NOW)
        opening = asyncio.create_task(outcome(centre.session(doctor)))
        await until_somebody_waits(centre)
        assert not opening.done()
    assert await opening is problems.SITE_CLOSED


async def until_somebody_waits(centre: Centre) -> None:
    async with asyncio.timeout(30):
        while True:
            async with centre.transaction() as tx:
                if await tx.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
                    return


async def test_bookings_of_neighbouring_slots_do_not_wait_for_each_other(centre: Centre) -> None:
    session = await centre.session(await centre.doctor())
    patient = await centre.patient()

    async with centre.transaction() as tx:
        request = BookRequest(session.id, monday("09:00"), "consultation", patient)
        await book_slot(tx, request, RULES, actor=SECRETARY, now=NOW)
        async with asyncio.timeout(30):
            neighbour = await centre.book(session, "09:20")
    assert neighbour.appointment.period.start == monday("09:20")
