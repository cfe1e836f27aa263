"""A projection that is thrown away and heard again is the same, byte for byte."""

import asyncio
from datetime import date

import pytest

import booking.__main__
import door_list.__main__
import notifications.__main__
import reporting.__main__
from smp.service import Service
from smp_local.day.quiet import undisturbed, until_heard
from smp_local.services import rebuild
from tests.flows.changes import TOLD, Changes
from tests.flows.house import House

TUESDAY, MONDAY = date(2026, 12, 29), date(2027, 1, 4)  # days that no other test touches


@pytest.fixture(scope="module")
async def stories(house: House) -> None:
    """Something of everything: booked, moved, given up, arrived, seen, missed, offered, noted by mistake, and all that
    changes."""
    house.stand(TUESDAY, 9)
    booked = [await house.book(MONDAY, await house.patient()) for _ in range(7)]
    free = (await house.free(MONDAY))[0]
    ids = [each["appointment"] for each in booked]
    moved = await house.do(f"/v1/appointments/{ids[0]}/move", {"session": free["session"], "start": free["start"]})
    gone = await house.do(f"/v1/appointments/{ids[1]}/cancellation", {"by": "patient"})
    changes = Changes(house, TUESDAY, MONDAY)
    await changes.of_patients()
    await changes.of_places()
    await changes.of_sessions()
    await changes.of_the_waiting_list()
    await changes.of_a_mistake(ids[5])
    house.stand(MONDAY, 12)
    await changes.of_a_visit(ids[6])
    come = await house.do(f"/v1/appointments/{ids[2]}/arrival")
    missed = await house.do(f"/v1/appointments/{ids[3]}/no-show")
    mistaken = await house.do(f"/v1/appointments/{ids[4]}/no-show")
    put_right = await house.do(f"/v1/appointments/{ids[4]}/correction", {"reason": "wrong_line"})
    assert all(answer.ok for answer in (moved, gone, come, missed, mistaken, put_right))
    house.stand(TUESDAY, 12)  # so that no rule has sessions to open meanwhile


SERVICES = (
    booking.__main__.service,
    notifications.__main__.service,
    reporting.__main__.SERVICE,
    door_list.__main__.SERVICE,
)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_a_rebuilt_projection_is_the_live_one(house: House, stories: None, service: Service) -> None:
    before, after = await undisturbed(house.books, lambda: _before_and_after(house, service))
    assert [table for table, rows in before.items() if not rows] == [], "an empty projection proves nothing"
    assert after.keys() == before.keys()
    for table, rows in before.items():
        assert after[table] == rows, table


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_nobody_who_listens_misses_an_event(house: House, stories: None, service: Service) -> None:
    await until_heard(house.books)
    heard = await house.books.rows(service.name, "SELECT aggregate, highest, received FROM smp.sequence_heard")
    assert heard, "who hears nothing misses nothing"
    assert [each for each in heard if each["highest"] != each["received"]] == []


async def test_the_door_list_expects_whom_booking_expects(house: House, stories: None) -> None:
    await until_heard(house.books)
    given_up = await house.books.rows(
        "booking", "SELECT id FROM appointment WHERE state IN ('cancelled', 'excused') ORDER BY id"
    )
    gone = await house.books.rows("door_list", "SELECT appointment FROM expected_visit WHERE cancelled ORDER BY 1")
    assert given_up
    assert [each["appointment"] for each in gone] == [each["id"] for each in given_up]


async def test_the_story_holds_every_sort_of_change(house: House, stories: None) -> None:
    await until_heard(house.books)
    said = {each.type.split(".")[-2] for each in (await house.books.kafka()).envelopes}
    assert said >= TOLD


async def _before_and_after(house: House, service: Service) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The projection as it is, and once it was thrown away and everything was heard again."""
    await until_heard(house.books)
    before = await _dump(house, service)
    assert await asyncio.to_thread(rebuild, house.home, service.name) == 0
    await until_heard(house.books)
    return before, await _dump(house, service)


async def _dump(house: House, service: Service) -> dict[str, list[str]]:
    """Each table of the projection, its rows as PostgreSQL writes them."""
    return {
        table: [row["line"] for row in await house.books.rows(service.name, _ROWS.format(table=table))]
        for table in service.projections
    }


_ROWS = "SELECT t::text AS line FROM {table} AS t ORDER BY line"
