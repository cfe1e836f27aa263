"""Bookings that come at the same time are made in one statement, and each has its own answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import asyncpg
import pytest

from booking.domain.resources import practitioner
from booking.domain.sessions import Session
from booking.store import projections, sessions
from booking.use_cases.appointments.book_slot import Booked, BookRequest, book_slot
from booking.use_cases.appointments.book_together import BookOrder, book_together
from smp.auth import Actor
from smp.combining import Order
from smp.ids import new_id
from smp.postgres import Answer, Autocommit, Database, Record, Scope, Transaction
from smp.telemetry import traced
from tests.booking.desk import Desk
from tests.booking.test_company import ELSEWHERE, house
from tests.booking.world import NOW, RULES, SECRETARY, Centre, actor, blocking, count_at, events_of, paris
from tests.support.databases import ServiceDatabase

MAYENNE = Scope(frozenset({"53"}))


def order(session: Session, at: str, patient: UUID, who: Actor = SECRETARY, key: str = "") -> BookOrder:
    """A booking of that slot as the API submits it; its answer is the appointment's id."""
    request = BookRequest(session.id, paris(session.day, at), "consultation", patient)
    key = key or str(new_id())

    def answer(it: Booked) -> Answer:
        return Answer(who.subject, key, b"", 201, str(it.appointment.id).encode())

    return Order(request, who, NOW, answer, copy_context())


async def together(centre: Centre, *orders: BookOrder) -> list[UUID | None]:
    answers = await book_together(centre.database, RULES, MAYENNE, orders)
    return [UUID(answer.body.decode()) if answer else None for answer in answers]


async def test_each_booking_of_a_batch_holds_its_resources_and_says_its_event(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    morning = await centre.session(await centre.doctor(), room="1")
    other = await centre.session(await centre.doctor(), room="2")
    patients = [await centre.patient() for _ in range(3)]
    booked = await together(
        centre,
        order(morning, "09:00", patients[0]),
        order(morning, "09:20", patients[1]),
        order(other, "09:00", patients[2]),
    )
    assert None not in booked
    for id in booked:
        assert id is not None
        assert await blocking(booking_database, id) == 3
        assert await events_of(booking_database, id) == [("SlotBooked", 1)]


async def test_of_two_who_want_one_slot_in_one_batch_at_most_one_has_it_and_the_other_leaves_nothing(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    session = await centre.session(await centre.doctor(), room="1")
    booked = await together(centre, *[order(session, "09:00", await centre.patient()) for _ in range(4)])
    assert sum(id is not None for id in booked) <= 1
    assert await count_at(booking_database, centre.site) == sum(id is not None for id in booked)
    async with booking_database.admin() as connection:
        assert not await connection.fetchval(
            "SELECT count(*) FROM occupancy WHERE resource = $1 AND appointment NOT IN (SELECT id FROM appointment)",
            practitioner(session.professional).number,
        )


async def test_what_needs_a_refusal_or_a_closer_look_is_left_alone_and_the_others_are_booked(centre: Centre) -> None:
    session = await centre.session(await centre.doctor())
    interns = await centre.session(await centre.intern_of(session.professional))
    patient = await centre.patient()
    booked = await together(
        centre,
        order(session, "09:00", await centre.patient("not_eligible")),
        order(session, "09:05", patient),
        order(session, "09:20", new_id()),
        order(session, "09:20", patient, who=actor("secretary", site=new_id())),
        order(interns, "09:20", await centre.patient()),
        order(session, "09:40", patient),
    )
    assert [id is not None for id in booked] == [False, False, False, False, False, True]


async def test_a_kind_that_is_prepared_is_left_alone(centre: Centre) -> None:
    session, _ = await house(centre)
    wanted = [order(session, "09:20", await centre.patient())]
    assert await book_together(centre.database, ELSEWHERE, MAYENNE, wanted) == [None]


async def test_a_session_that_somebody_is_changing_keeps_nobody_else_waiting(centre: Centre) -> None:
    busy = await centre.session(await centre.doctor())
    free = await centre.session(await centre.doctor())
    patients = [await centre.patient() for _ in range(2)]
    async with centre.transaction() as tx:
        await sessions.lock(tx, busy.id)
        booked = await together(centre, order(busy, "09:00", patients[0]), order(free, "09:00", patients[1]))
    assert [id is not None for id in booked] == [False, True]


@dataclass
class Meddled:
    """A database in which something happens between the look and the write of a batch."""

    centre: Centre
    meddle: Callable[[Transaction], Awaitable[object]]

    @asynccontextmanager
    async def autocommit(self, scope: Scope) -> AsyncIterator["_Slow"]:
        async with self.centre.database.autocommit(scope) as db:
            yield _Slow(db.connection, meddled=self)

    def on_publish(self) -> None:
        pass


@dataclass
class _Slow(Autocommit):
    meddled: Meddled | None = None

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        rows = await Autocommit.fetch(self, sql, *args)
        if meddled := self.meddled:
            self.meddled = None
            async with meddled.centre.transaction() as tx:
                await meddled.meddle(tx)
        return rows


async def meddled(centre: Centre, meddle: Callable[[Transaction], Awaitable[object]], *orders: BookOrder) -> list[bool]:
    answers = await book_together(cast("Database", Meddled(centre, meddle)), RULES, MAYENNE, orders)
    return [answer is not None for answer in answers]


async def test_a_session_that_changed_since_the_look_is_left_out(centre: Centre) -> None:
    cancelled, changed, same = [await centre.session(await centre.doctor()) for _ in range(3)]
    orders = [order(each, "09:00", await centre.patient()) for each in (cancelled, changed, same)]

    async def meddle(tx: Transaction) -> None:
        await tx.execute(
            "UPDATE session SET state = 'cancelled', cancel_reason = 'meeting', cancelled_at = opened_at,"
            " cancelled_by = 'x' WHERE id = $1",
            cancelled.id,
        )
        await tx.execute(
            "UPDATE session SET ends_at = starts_at + interval '10 minutes', version = version + 1 WHERE id = $1",
            changed.id,
        )

    assert await meddled(centre, meddle, *orders) == [False, False, True]


async def test_whoever_was_forgotten_since_the_look_is_left_out(centre: Centre) -> None:
    session = await centre.session(await centre.doctor())
    gone, there = await centre.patient(), await centre.patient()

    async def meddle(tx: Transaction) -> None:
        await projections.patient_erased(tx, gone, centre.territory, NOW)

    assert await meddled(centre, meddle, order(session, "09:00", gone), order(session, "09:20", there)) == [False, True]


async def test_a_place_taken_since_the_look_is_left_out_and_the_others_are_booked(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    session = await centre.session(await centre.doctor(), room="1")
    orders = [order(session, at, await centre.patient()) for at in ("09:00", "09:20")]
    other = BookRequest(session.id, paris(session.day, "09:00"), "consultation", await centre.patient())

    async def meddle(tx: Transaction) -> None:
        await book_slot(tx, other, RULES, actor=SECRETARY, now=NOW)

    assert await meddled(centre, meddle, *orders) == [False, True]
    assert await count_at(booking_database, centre.site) == 2


async def test_a_race_lost_in_the_middle_of_the_write_leaves_nothing_of_the_batch(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    session = await centre.session(await centre.doctor(), room="1")
    async with booking_database.admin() as connection:
        # The look sees nothing that began so long ago; the exclusion constraint does, as it sees a race.
        await connection.execute(
            "INSERT INTO occupancy (appointment, resource, resource_kind, territory, period)"
            " VALUES ($1, $2, 'practitioner', '53', tstzrange($3::timestamptz - interval '20 hours', $3))",
            new_id(), practitioner(session.professional).number, paris(session.day, "09:20"),
        )  # fmt: skip
    with pytest.raises(asyncpg.PostgresError):
        await together(centre, *[order(session, at, await centre.patient()) for at in ("09:00", "09:20")])
    assert await count_at(booking_database, centre.site) == 0
    async with booking_database.admin() as connection:
        numbers = [resource.number for resource in session.resources]
        assert await connection.fetchval("SELECT count(*) FROM occupancy WHERE resource = ANY ($1)", numbers) == 1
        said = "SELECT count(*) FROM smp.outbox WHERE site = $1 AND type LIKE '%SlotBooked%'"
        assert await connection.fetchval(said, centre.site) == 0


async def test_every_event_keeps_the_trace_of_its_own_caller(centre: Centre, booking_database: ServiceDatabase) -> None:
    session = await centre.session(await centre.doctor())
    orders = []
    for at in ("09:00", "09:20"):
        with traced(None) as trace:
            orders.append((trace, order(session, at, await centre.patient())))
    booked = await together(centre, *(each for _, each in orders))
    async with booking_database.admin() as connection:
        rows = await connection.fetch(
            "SELECT aggregateid, traceparent FROM smp.outbox WHERE aggregateid = ANY ($1)", booked
        )
    assert {row["aggregateid"]: row["traceparent"] for row in rows} == dict(
        zip(booked, (trace for trace, _ in orders), strict=True)
    )


async def test_secretaries_who_book_at_the_same_moment_each_get_their_own_answer(
    desk: Desk, booking_database: ServiceDatabase
) -> None:
    session = await desk.open_session()
    hours = [f"{hour:02}:{minute:02}" for hour in (9, 10, 11) for minute in (0, 20, 40)]
    patients = [str(await desk.centre.patient()) for _ in hours]
    wanted = list(zip([*hours, "09:00", "10:00"], [*patients, *patients[-2:]], strict=True))
    answers = await asyncio.gather(*(desk.book(session, at, patient=patient) for at, patient in wanted))
    assert sorted(answer.status_code for answer in answers) == [201] * 9 + [409] * 2
    for (at, patient), answer in zip(wanted, answers, strict=True):
        if answer.status_code == 201:
            assert (answer.json()["patient"], answer.json()["start"]) == (patient, _utc(at))
        else:
            assert answer.json()["type"] in {"urn:smp:problem:slot-taken", "urn:smp:problem:patient-already-booked"}
    assert await count_at(booking_database, desk.centre.site) == 9


async def test_the_same_command_sent_twice_at_once_has_one_effect_and_one_answer(
    desk: Desk, booking_database: ServiceDatabase
) -> None:
    session = await desk.open_session()
    body = {
        "session": session, "start": "2027-01-11T09:00:00+01:00", "kind": "consultation",
        "patient": str(await desk.centre.patient()),
    }  # fmt: skip
    first, second = await asyncio.gather(*(desk.post("/appointments", body, key="the-same-key") for _ in range(2)))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert await count_at(booking_database, desk.centre.site) == 1


def _utc(at: str) -> str:
    hour, minute = at.split(":")
    return f"2027-01-11T{int(hour) - 1:02}:{minute}:00Z"
