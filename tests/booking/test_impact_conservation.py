"""Every hit appointment ends in exactly one of kept, moved, cancelled, call: through kills and two appliers at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from booking.domain.appointments import Appointment
from booking.domain.impact import Decision
from booking.store import impacts
from booking.use_cases.appointments.book_slot import BookRequest, book_slot
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.impact.apply_impact import Application, Choice, apply_impact
from booking.use_cases.impact.plan_impact import Planned
from booking.use_cases.impact.settle_impact import settle_impact
from smp.postgres import Database
from tests.booking.impact import AT_DAWN, TUESDAY, apply, away, begin, now_of, plan, progress
from tests.booking.world import RULES, SECRETARY, Centre, actor, events_of
from tests.support.databases import ServiceDatabase

HOURS = ("09:00", "09:20", "09:40", "10:00", "10:20", "10:40", "11:00", "11:20", "11:40")
EVENT_OF = {"kept": "SlotMoved", "moved": "SlotMoved", "cancelled": "SlotCancelled", "call": "CallRequested"}


class Killed(BaseException):
    """What a kill looks like from inside."""


@pytest.fixture
async def patients(centre: Centre) -> list[Appointment]:
    """Nine of a doctor who will not come: two can keep their hour, four can move, the others cannot."""
    session = await centre.session(await centre.doctor())
    booked = [(await centre.book(session, hour)).appointment for hour in HOURS]
    await centre.session(await centre.doctor(), "09:00", "09:40")
    await centre.session(await centre.doctor(), "14:00", "15:20")
    return booked


@pytest.fixture
async def planned(centre: Centre, patients: list[Appointment]) -> Planned:
    return await plan(centre, away(patients[0].professional))


def decisions(planned: Planned) -> Application:
    """The policy, but one is cancelled and told."""
    return Application(decisions={planned.items[-1].appointment: Choice(Decision.CANCEL)})


async def conserved(
    centre: Centre, planned: Planned, patients: list[Appointment], database: ServiceDatabase
) -> dict[str, int]:
    """The outcomes, once it is sure that each appointment had exactly one effect, the one its line tells."""
    done = await progress(centre, planned)
    assert (done.impact.state, done.still_open) == ("applied", 0)
    assert sum(done.done.values()) == len(planned.items) == len(patients)
    async with database.admin() as connection:
        rows = await connection.fetch("SELECT * FROM impact_item WHERE impact = $1", planned.impact.id)
    for row in rows:
        told = await events_of(database, row["appointment"])
        assert told == [("SlotBooked", 1), (EVENT_OF[row["outcome"]], 2)], row["outcome"]
    return done.done


@pytest.fixture
async def other(booking_database: ServiceDatabase, centre: Centre) -> AsyncIterator[Centre]:
    """The same centre through a second process's pool."""
    database = await Database.connect(booking_database.app_url, size=4, name="other-process")
    yield Centre(database, site=centre.site, sequences=centre.sequences)
    await database.close()


async def test_the_figures_of_the_dry_run_are_those_of_the_end(
    centre: Centre, planned: Planned, patients: list[Appointment], booking_database: ServiceDatabase
) -> None:
    await apply(centre, planned)
    told = planned.impact.figures["outcomes"]["move_to_first_proposal"]
    ended = await conserved(centre, planned, patients, booking_database)
    assert {outcome: ended.get(outcome, 0) for outcome in told} == told == {
        "kept": 2, "moved": 4, "cancelled": 0, "call": 3,
    }  # fmt: skip


@pytest.mark.parametrize("step", ["before", "after"])
@pytest.mark.parametrize("kill_at", range(9))
async def test_a_kill_anywhere_loses_and_doubles_nothing(
    centre: Centre,
    planned: Planned,
    patients: list[Appointment],
    booking_database: ServiceDatabase,
    monkeypatch: pytest.MonkeyPatch,
    kill_at: int,
    step: str,
) -> None:
    await begin(centre, planned, decisions(planned))
    settled = 0

    async def settle_and_die(*args: object) -> None:
        nonlocal settled
        settled += 1
        dies = settled == kill_at + 1
        if dies and step == "before":
            raise Killed
        await original(*args)  # type: ignore[arg-type]
        if dies:
            raise Killed  # the line is written, not committed

    original = impacts.settle
    with monkeypatch.context() as patched:
        patched.setattr(impacts, "settle", settle_and_die)
        with pytest.raises(Killed):
            await settle_impact(centre.database, planned.impact.id, RULES, AT_DAWN)
    assert sum((await progress(centre, planned)).done.values()) == kill_at
    await settle_impact(centre.database, planned.impact.id, RULES, AT_DAWN)
    await conserved(centre, planned, patients, booking_database)


async def test_a_line_that_fails_keeps_no_other_from_being_settled(
    centre: Centre,
    planned: Planned,
    patients: list[Appointment],
    booking_database: ServiceDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await begin(centre, planned)
    original = impacts.settle

    async def fail_once(tx: object, impact: UUID, appointment: UUID, *rest: object) -> None:
        if appointment == planned.items[2].appointment:
            raise RuntimeError("the disk is full")
        await original(tx, impact, appointment, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(impacts, "settle", fail_once)
        with pytest.raises(RuntimeError):
            await settle_impact(centre.database, planned.impact.id, RULES, AT_DAWN)
    assert (await progress(centre, planned)).still_open == 1
    await settle_impact(centre.database, planned.impact.id, RULES, AT_DAWN)
    await conserved(centre, planned, patients, booking_database)


async def test_two_who_apply_at_once_have_one_effect(
    centre: Centre, other: Centre, planned: Planned, patients: list[Appointment], booking_database: ServiceDatabase
) -> None:
    async def by(centre: Centre) -> None:
        await begin(centre, planned, decisions(planned))
        await asyncio.gather(*(settle_impact(centre.database, planned.impact.id, RULES, AT_DAWN) for _ in range(2)))

    await asyncio.gather(by(centre), by(other))
    await conserved(centre, planned, patients, booking_database)


async def test_an_application_that_is_killed_before_its_end_has_changed_nothing(
    centre: Centre, planned: Planned, booking_database: ServiceDatabase
) -> None:
    with contextlib.suppress(Killed):
        async with centre.transaction() as tx:
            who = actor(site=centre.site)
            await apply_impact(tx, planned.impact.id, Application(), RULES, actor=who, now=AT_DAWN)
            raise Killed
    assert (await progress(centre, planned)).impact.state == "planned"
    assert await events_of(booking_database, planned.items[0].session) == [("SessionOpened", 1)]


async def test_what_somebody_has_settled_by_hand_in_the_meantime_is_left_alone(
    centre: Centre, planned: Planned, patients: list[Appointment], booking_database: ServiceDatabase
) -> None:
    elsewhere = await centre.session(await centre.doctor(), "17:00", "18:00")
    await begin(centre, planned)
    gone, moved = patients[0].id, patients[5].id
    async with centre.transaction() as tx:
        await cancel_appointment(tx, gone, CancelRequest("patient"), RULES, actor=SECRETARY, now=AT_DAWN)
        there = MoveRequest(elsewhere.id, elsewhere.period.start)
        await move_appointment(tx, moved, there, RULES, actor=SECRETARY, now=AT_DAWN)
    await settle_impact(centre.database, planned.impact.id, RULES, AT_DAWN)
    async with booking_database.admin() as connection:
        rows = await connection.fetch(
            "SELECT appointment, outcome FROM impact_item WHERE impact = $1 AND by_hand", planned.impact.id
        )
    assert {row["appointment"]: row["outcome"] for row in rows} == {gone: "cancelled", moved: "moved"}
    assert (await now_of(centre, moved)).period.start == elsewhere.period.start
    await conserved(centre, planned, patients, booking_database)


@pytest.mark.parametrize(("has_second", "outcome"), [(True, "moved"), (False, "call")])
async def test_a_promised_place_taken_at_the_last_moment_gives_way_to_the_second_or_to_a_call(
    centre: Centre,
    patients: list[Appointment],
    booking_database: ServiceDatabase,
    has_second: bool,
    outcome: str,
) -> None:
    if has_second:
        await centre.session(await centre.doctor(), "09:00", "12:00", day=TUESDAY)
    planned = await plan(centre, away(patients[0].professional))
    promised = next(item for item in planned.items if item.proposals)
    assert len(promised.proposals) == 1 + has_second
    await begin(centre, planned)
    place = promised.proposals[0]
    request = BookRequest(place.session, place.period.start, "consultation", await centre.patient())
    async with centre.transaction() as tx:
        await book_slot(tx, request, RULES, actor=SECRETARY, now=AT_DAWN)
    await settle_impact(centre.database, planned.impact.id, RULES, AT_DAWN)
    async with booking_database.admin() as connection:
        row = await connection.fetchrow(
            "SELECT outcome, note FROM impact_item WHERE impact = $1 AND appointment = $2",
            planned.impact.id, promised.appointment,
        )  # fmt: skip
    assert row is not None
    assert (row["outcome"], row["note"]) == (outcome, "slot-taken")
    if has_second:
        assert (await now_of(centre, promised.appointment)).period == promised.proposals[1].period


async def test_bookings_and_an_application_at_once_leave_nobody_in_a_lost_session(
    centre: Centre, other: Centre, patients: list[Appointment]
) -> None:
    """Either the booking comes first and the application is refused, or it finds the session gone."""
    extra = await centre.session(patients[0].professional, "17:00", "18:00", day=patients[0].day)

    async def book() -> str:
        try:
            await other.book(extra, "17:00", now=AT_DAWN)
        except Exception as refused:
            return str(refused)
        return "booked"

    async def do() -> str:
        try:
            fresh = await plan(centre, away(patients[0].professional))
            await apply(centre, fresh)
        except Exception as refused:
            return str(refused)
        return "applied"

    booked, applied = await asyncio.gather(book(), do())
    assert (booked, applied) in {
        ("booked", "impact-changed"), ("session-cancelled", "applied"), ("booked", "applied"),
    }  # fmt: skip
    async with centre.transaction() as tx:
        lost = await tx.fetchval(
            "SELECT count(*) FROM appointment a JOIN session s ON s.id = a.session WHERE s.state = 'cancelled'"
            " AND a.state = 'booked' AND a.site = $1 AND a.id NOT IN (SELECT appointment FROM impact_item)",
            centre.site,
        )
    assert lost == 0
