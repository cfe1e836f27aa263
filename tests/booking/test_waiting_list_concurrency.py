"""Freed places, people who wait and ordinary callers, all at once, through two processes."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from booking.domain.appointments import Appointment
from booking.domain.sessions import Session
from booking.use_cases.appointments.expire_holds import expire_holds
from booking.use_cases.waiting_list.ending_offers import end_offers
from booking.use_cases.waiting_list.offer_places import offer_places
from smp.postgres import Database, is_transient
from smp.problems import Refusal
from tests.booking.waiting import accept, cancel, decline, join, leave, offer_to, offers_to, run_jobs
from tests.booking.world import NOW, PARIS, RULES, Centre
from tests.support.api import FixedClock
from tests.support.databases import ServiceDatabase

HOURS = tuple(f"{9 + n // 3:02}:{n % 3 * 20:02}" for n in range(9))


@pytest.fixture
async def two(booking_database: ServiceDatabase, centre: Centre) -> AsyncIterator[tuple[Centre, Centre]]:
    """The same centre seen by two processes."""
    other = await Database.connect(booking_database.app_url, size=10)
    try:
        yield centre, replace(centre, database=other)
    finally:
        await other.close()


async def attempt(command: Awaitable[object]) -> object | None:
    """The answer, or nothing when it is refused or must be tried again."""
    try:
        return await command
    except Refusal:
        return None
    except Exception as error:
        if not is_transient(error):
            raise
        return None


async def full_sessions(centre: Centre, doctors: int) -> tuple[list[Session], list[Appointment]]:
    """Doctors with every place of their morning taken."""
    sessions = [await centre.session(await centre.doctor()) for _ in range(doctors)]
    booked = [(await centre.book(session, hour)).appointment for session in sessions for hour in HOURS]
    return sessions, booked


async def test_whatever_comes_at_once_no_place_is_double_and_nobody_has_two_offers(
    two: tuple[Centre, Centre], booking_database: ServiceDatabase
) -> None:
    """Each freed place ends in exactly one of: booked, offered, free for everybody."""
    luck = random.Random(4172)
    centre = two[0]
    sessions, booked = await full_sessions(centre, 3)
    entries = [await join(centre) for _ in range(8)]
    patients = [await centre.patient() for _ in range(10)]
    freed = luck.sample(booked, 14)
    of_session = {session.id: session for session in sessions}

    def ordinary(by: Centre, place: Appointment, patient: UUID) -> Callable[[], Awaitable[object]]:
        hour = place.period.start.astimezone(PARIS).strftime("%H:%M")
        return lambda: by.book(of_session[place.session], hour, patient)

    async def jobs(by: Centre) -> None:
        for _ in range(4):
            await attempt(end_offers(by.database, NOW, RULES.cool_down))
            await attempt(offer_places(by.database, RULES, FixedClock(NOW)))

    async def answers(by: Centre) -> None:
        for entry in luck.sample(entries, len(entries)):
            for offer in await offers_to(by, entry):
                await attempt(accept(by, offer) if luck.random() < 0.5 else decline(by, offer))

    commands: list[Awaitable[object]] = [attempt(cancel(luck.choice(two), each)) for each in freed]
    commands += [
        attempt(ordinary(luck.choice(two), place, patient)())
        for place, patient in zip(luck.sample(freed, len(patients)), patients, strict=True)
    ]
    commands += [jobs(by) for by in two for _ in range(2)]
    commands += [answers(by) for by in two]
    luck.shuffle(commands)
    await asyncio.gather(*commands)
    await run_jobs(centre, NOW + timedelta(seconds=2))  # who was busy with another answer is asked again by then

    async with booking_database.admin() as connection:
        doubled = await connection.fetchval(
            "SELECT count(*) FROM occupancy a JOIN occupancy b USING (resource) "
            "WHERE a.appointment < b.appointment AND a.blocking AND b.blocking AND a.period && b.period"
        )
        running = await connection.fetch(
            "SELECT o.patient, o.appointment, a.state FROM offer o JOIN appointment a ON a.id = o.appointment "
            "WHERE o.state = 'running' AND o.site = $1",
            centre.site,
        )
        held = await connection.fetchval(
            "SELECT count(*) FROM appointment WHERE site = $1 AND state = 'held' AND channel = 'waiting_list'",
            centre.site,
        )
        queued = await connection.fetchval(
            "SELECT count(*) FROM freed_place WHERE resource IN "
            "(SELECT practitioner_resource FROM session WHERE site = $1)",
            centre.site,
        )
        taken = await connection.fetch(
            "SELECT a.session, a.starts_at, a.state FROM appointment a JOIN occupancy o ON o.appointment = a.id "
            "WHERE a.site = $1 AND o.blocking AND o.resource_kind = 'practitioner'",
            centre.site,
        )
        told = await connection.fetch(
            "SELECT aggregateid, sequence FROM smp.outbox WHERE aggregateid = ANY ($1)", [each.id for each in entries]
        )
        entered = await connection.fetch(
            "SELECT id, version FROM waiting_list_entry WHERE id = ANY ($1)", [each.id for each in entries]
        )
    assert doubled == 0
    assert max(Counter(row["patient"] for row in running).values(), default=0) <= 1
    assert {row["state"] for row in running} <= {"held"}
    assert held == len(running), "no place is kept for an offer that does not run"
    assert queued == 0, "every freed place was looked at"
    fates = Counter((row["session"], row["starts_at"]) for row in taken)
    assert max(fates.values()) == 1
    for row in entered:
        sequences = sorted(each["sequence"] for each in told if each["aggregateid"] == row["id"])
        assert sequences == list(range(1, row["version"] + 1)), "one event for each step, none missing"


async def test_two_processes_never_offer_one_place_to_two_people(two: tuple[Centre, Centre]) -> None:
    centre = two[0]
    _, booked = await full_sessions(centre, 1)
    entries = [await join(centre) for _ in range(3)]
    await cancel(centre, booked[0])
    await asyncio.gather(*(attempt(offer_places(by.database, RULES, FixedClock(NOW))) for by in two * 3))
    made = [offer for entry in entries for offer in await offers_to(centre, entry)]
    assert len(made) == 1


async def test_one_person_is_asked_once_by_two_processes(two: tuple[Centre, Centre]) -> None:
    centre = two[0]
    _, booked = await full_sessions(centre, 2)
    patient = await centre.patient()
    entries = [await join(centre, patient), await join(centre, patient, kinds=("minor_emergency",))]
    for each in booked[:6]:
        await cancel(centre, each)
    await asyncio.gather(*(attempt(offer_places(by.database, RULES, FixedClock(NOW))) for by in two * 3))
    made = [offer for entry in entries for offer in await offers_to(centre, entry)]
    assert len(made) == 1


async def test_an_offer_is_accepted_or_expires_but_never_both(two: tuple[Centre, Centre]) -> None:
    centre = two[0]
    _, booked = await full_sessions(centre, 1)
    for place in booked[:5]:
        entry = await join(centre)
        await cancel(centre, place)
        await run_jobs(centre)
        offer = await offer_to(centre, entry)
        just_before, just_after = offer.answer_by - timedelta(seconds=1), offer.answer_by

        async def time_passes(at: object = just_after) -> None:
            await expire_holds(two[1].database, at)  # type: ignore[arg-type]
            await end_offers(two[1].database, at, RULES.cool_down)  # type: ignore[arg-type]

        accepted, _ = await asyncio.gather(attempt(accept(centre, offer, just_before)), attempt(time_passes()))
        await run_jobs(centre, just_after)
        state = (await offers_to(centre, entry))[0].state
        assert state == ("accepted" if accepted else "expired")
        if not accepted:
            await leave(centre, entry)


async def test_who_accepts_twice_at_once_has_one_appointment_and_has_given_one_back(
    two: tuple[Centre, Centre], booking_database: ServiceDatabase
) -> None:
    centre = two[0]
    _, booked = await full_sessions(centre, 1)
    later = await centre.session(await centre.doctor(), day=NOW.date() + timedelta(days=14))
    had = (await centre.book(later, "09:00")).appointment
    assert had.patient is not None
    entry = await join(centre, had.patient)
    await cancel(centre, booked[0])
    await run_jobs(centre)
    offer = await offer_to(centre, entry)
    done = await asyncio.gather(*(attempt(accept(by, offer)) for by in two * 2))
    assert len([each for each in done if each]) == 1
    async with booking_database.admin() as connection:
        standing = await connection.fetchval(
            "SELECT count(*) FROM appointment WHERE patient = $1 AND state IN ('held', 'booked')", had.patient
        )
    assert standing == 1
