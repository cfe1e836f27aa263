"""Facts from events: the same whatever comes late, twice or out of order."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reporting.consumers import FACTS, HANDLERS
from smp.contracts import CATALOGUE, Event
from tests.reporting.stories import (
    FACT_TABLES,
    MONDAY,
    Appointment,
    Session,
    a_whole_day,
    erased,
    facts,
    hear,
    missed,
    seen,
    told,
)
from tests.support.databases import ServiceDatabase


async def forget_everything(database: ServiceDatabase) -> None:
    async with database.admin() as connection:
        await connection.execute(f"TRUNCATE {', '.join(FACT_TABLES)}")


async def statuses(database: ServiceDatabase) -> list[str]:
    async with database.admin() as connection:
        return [row[0] for row in await connection.fetch("SELECT status FROM appointment_fact ORDER BY appointment")]


DAY = a_whole_day()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(DAY), again=st.lists(st.sampled_from(DAY), max_size=12))
async def test_facts_are_the_same_in_any_order_and_with_duplicates(
    reporting_database: ServiceDatabase, order: list[Event[Any]], again: list[Event[Any]]
) -> None:
    """Rebuilding from Kafka, whose topics have no common order, must give the same bytes."""
    await forget_everything(reporting_database)
    await hear(reporting_database.database, DAY)
    in_order = await facts(reporting_database)
    await forget_everything(reporting_database)

    await hear(reporting_database.database, [*order, *again])

    assert await facts(reporting_database) == in_order
    assert all(in_order.values())


async def test_an_event_heard_twice_writes_nothing_the_second_time(reporting_database: ServiceDatabase) -> None:
    story = seen()
    await hear(reporting_database.database, told(story))
    async with reporting_database.admin() as connection:
        one = "SELECT xmin::text || ctid::text FROM appointment_fact WHERE appointment = $1"
        before = await connection.fetchval(one, story.subject)
    await hear(reporting_database.database, told(story))
    async with reporting_database.admin() as connection:
        assert await connection.fetchval(one, story.subject) == before


async def test_the_status_is_what_the_last_event_says_not_the_last_one_received(
    reporting_database: ServiceDatabase,
) -> None:
    lives = {
        "held": Appointment().held(),
        "expired": Appointment().held().hold_expired(),
        "booked": Appointment().held().booked().moved(timedelta(days=1)),
        "cancelled": Appointment().booked().arrived().cancelled(),
        "arrived": Appointment().booked().arrived(),
        "in_consultation": Appointment().booked().arrived().started(),
        "done": seen(),
        "no_show": missed(),
        "in_preparation": Appointment().booked().arrived().prepared(),
        "left_unseen": Appointment().booked().arrived().prepared().left(),
        "excused": missed().cancelled(excused=True),
    }
    for life in lives.values():
        await hear(reporting_database.database, reversed(life.events))

    assert await statuses(reporting_database) == [
        status for status, _ in sorted(lives.items(), key=lambda life: life[1].subject)
    ]


async def test_a_correction_brings_back_the_state_before_in_whatever_order_it_is_heard(
    reporting_database: ServiceDatabase,
) -> None:
    lives = {
        "booked": Appointment().booked().cancelled().corrected("cancelled", "booked"),
        "arrived": Appointment().booked().arrived().started().corrected("in_consultation", "arrived"),
        "done": missed().corrected("no_show", "booked").arrived().started().done(),
        "no_show": seen().corrected("done", "in_consultation").corrected("in_consultation", "booked").missed(),
    }
    for life in lives.values():
        await hear(reporting_database.database, reversed(life.events))

    assert await statuses(reporting_database) == [
        status for status, _ in sorted(lives.items(), key=lambda life: life[1].subject)
    ]


def test_no_event_of_what_is_counted_leaves_a_hole_in_its_sequence() -> None:
    counted = {event.topic for event in FACTS}
    assert {event for event in CATALOGUE if event.topic in counted} <= FACTS <= HANDLERS.keys()


async def test_a_doubt_and_a_released_share_leave_no_hole_even_alone(reporting_database: ServiceDatabase) -> None:
    story = Session().opened().released().doubted().shortened(3).trusted()
    alone = Session().opened().doubted()
    await hear(reporting_database.database, [*reversed(story.events), alone.events[-1]])
    async with reporting_database.admin() as connection:
        rows = await connection.fetch(
            "SELECT missing_events, offered_minutes, start_at FROM session_fact ORDER BY missing_events"
        )
    assert [tuple(row) for row in rows] == [(0, 180, story.start), (1, 240, alone.start)]


async def test_an_event_that_changes_no_figure_leaves_no_hole_even_alone(reporting_database: ServiceDatabase) -> None:
    story = Appointment().booked().arrived().called_last().started().done()
    alone = Appointment().booked().arrived().called_last()
    await hear(reporting_database.database, [*reversed(story.events), alone.events[-1]])
    async with reporting_database.admin() as connection:
        rows = await connection.fetch("SELECT status, missing_events FROM appointment_fact ORDER BY missing_events")
    assert [row["missing_events"] for row in rows] == [0, 2]
    assert rows[0]["status"] == "done"


async def test_a_correction_heard_alone_says_where_the_appointment_lies(reporting_database: ServiceDatabase) -> None:
    story = Appointment().booked().cancelled().corrected("cancelled", "booked")
    await hear(reporting_database.database, story.events[-1:])
    async with reporting_database.admin() as connection:
        row = await connection.fetchrow(
            "SELECT status, occurs_at, minutes, missing_events FROM appointment_fact WHERE appointment = $1",
            story.subject,
        )
    assert row is not None
    assert tuple(row) == ("booked", story.start, 20, 2)


async def test_an_appointment_moved_twice_lies_where_the_last_move_put_it(reporting_database: ServiceDatabase) -> None:
    story = Appointment().booked().moved(timedelta(days=1)).moved(timedelta(days=1))
    first, second, third = story.events
    await hear(reporting_database.database, [third, first, second])
    async with reporting_database.admin() as connection:
        assert await connection.fetchval("SELECT occurs_at FROM appointment_fact") == MONDAY + timedelta(days=2)


async def test_an_end_without_its_beginning_counts_and_its_missing_events_are_told(
    reporting_database: ServiceDatabase,
) -> None:
    story = seen()
    await hear(reporting_database.database, story.events[3:])
    async with reporting_database.admin() as connection:
        row = await connection.fetchrow("SELECT status, occurs_at, missing_events AS missing FROM appointment_fact")
    assert row is not None
    assert (row["status"], row["occurs_at"], row["missing"]) == ("done", MONDAY, 3)


async def test_a_forgotten_patient_is_unlinked_from_acts_before_and_after_the_erasure(
    reporting_database: ServiceDatabase,
) -> None:
    before, after = seen(), Appointment()
    after.patient = before.patient
    after.booked()
    await hear(reporting_database.database, told(before, erased(before.patient), after))
    async with reporting_database.admin() as connection:
        assert await connection.fetch("SELECT appointment FROM appointment_fact WHERE patient IS NOT NULL") == []
        assert await connection.fetchval("SELECT count(*) FROM appointment_fact") == 2


async def test_no_column_knows_when_its_event_was_processed(reporting_database: ServiceDatabase) -> None:
    """A default of now(), or a clock in a handler, would make a rebuilt table differ."""
    async with reporting_database.admin() as connection:
        defaults = await connection.fetch(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND table_name = ANY ($1) AND column_default IS NOT NULL",
            list(FACT_TABLES),
        )
    assert defaults == []
