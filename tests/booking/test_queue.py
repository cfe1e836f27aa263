"""One queue for walk-ins and appointments: the rule, and the order decided by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from booking import problems
from booking.domain.queue import Waiting, call_order
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.appointments.site_queue import CallOrder, SiteQueue, change_call_order, site_queue
from booking.use_cases.appointments.start_consultation import start_consultation
from tests.booking.desk import Desk
from tests.booking.test_corrections_and_closing import correct, step
from tests.booking.test_day import walk_in
from tests.booking.world import SECRETARY, Centre, events_of, monday, refusal
from tests.support.databases import ServiceDatabase

NINE = datetime(2027, 1, 11, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def waiting(number: int, start: int, arrived: int, **how: Any) -> Waiting:
    return Waiting(UUID(int=number), NINE + start * MINUTE, NINE + arrived * MINUTE, **how)


def numbers(queue: list[Waiting]) -> list[int]:
    return [each.appointment.int for each in queue]


def test_the_hour_agreed_comes_first_or_the_arrival_of_the_late() -> None:
    on_time, early, late = waiting(1, 20, 5), waiting(2, 40, 0), waiting(3, 0, 35)
    assert numbers(call_order([early, late, on_time])) == [1, 3, 2]


def test_somebody_is_put_before_another_or_last_by_hand() -> None:
    first, second = waiting(1, 0, 0), waiting(2, 20, 0)
    moved = waiting(3, 40, 0, place="before", before=UUID(int=1), decided_at=NINE)
    patient = waiting(4, 10, 0, place="last", decided_at=NINE + MINUTE)
    assert numbers(call_order([first, second, moved, patient])) == [3, 1, 2, 4]
    assert numbers(call_order([second, moved, patient])) == [2, 3, 4], "the one before whom they were is gone"


queues = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5)


@given(queues)
def test_the_order_does_not_depend_on_who_is_named_first(found: list[tuple[int, int]]) -> None:
    queue = [waiting(n, start, arrived) for n, (start, arrived) in enumerate(found)]
    if len(queue) > 1:
        queue[0] = replace(queue[0], place="before", before=queue[1].appointment, decided_at=NINE)
    orders = {tuple(numbers(call_order(each))) for each in permutations(queue)}
    assert len(orders) == 1
    (order,) = orders
    assert sorted(order) == list(range(len(queue)))
    if len(queue) > 1:
        assert order.index(0) == order.index(1) - 1


async def queue(centre: Centre, hour: str) -> SiteQueue:
    async with centre.transaction() as tx:
        return await site_queue(tx, centre.site, reader=SECRETARY, now=monday(hour))


async def put(centre: Centre, appointment: UUID, hour: str, place: str, before: UUID | None = None) -> None:
    async with centre.transaction() as tx:
        request = CallOrder(place, "asked_by_staff", before)
        await change_call_order(tx, appointment, request, actor=SECRETARY, now=monday(hour))


class TestTheQueueOfASite:
    async def test_an_arrival_taken_back_takes_the_order_by_hand_with_it(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        first, last = [(await centre.book(session, hour)).appointment.id for hour in ("09:00", "09:40")]
        for each in (first, last):
            await step(centre, mark_arrived, each, "08:50")
        await put(centre, last, "08:52", "before", first)
        await correct(centre, last, monday("08:53"))
        await step(centre, mark_arrived, last, "08:58")
        assert [line.appointment.id for line in (await queue(centre, "08:59")).lines] == [first, last]

    async def test_holds_walk_ins_and_appointments_with_their_measured_waits(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        seen, booked = [(await centre.book(session, hour)).appointment.id for hour in ("09:00", "09:20")]
        await step(centre, mark_arrived, seen, "08:50")
        await step(centre, start_consultation, seen, "09:02")
        came = (await walk_in(centre, "09:01")).appointment.id
        await step(centre, mark_arrived, booked, "09:10")
        found = await queue(centre, "09:15")
        assert [line.appointment.id for line in found.lines] == [booked, came]
        assert [line.waited for line in found.lines] == [5 * MINUTE, 14 * MINUTE]
        assert (found.seen, found.median_wait, found.longest_wait) == (1, 12 * MINUTE, 12 * MINUTE)

    async def test_is_changed_by_hand_and_put_right_by_rule(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor())
        first, second = [(await centre.book(session, hour)).appointment.id for hour in ("09:00", "09:20")]
        await step(centre, mark_arrived, first, "08:50")
        assert (await refusal(put(centre, second, "08:50", "last"))).problem is problems.WRONG_TRANSITION
        assert (await refusal(put(centre, first, "08:50", "before", second))).problem is problems.NOT_IN_QUEUE
        await step(centre, mark_arrived, second, "08:55")
        await put(centre, second, "08:56", "before", first)
        assert [line.appointment.id for line in (await queue(centre, "08:57")).lines] == [second, first]
        await put(centre, second, "08:58", "by_rule")
        assert [line.appointment.id for line in (await queue(centre, "08:59")).lines] == [first, second]
        assert [name for name, _ in await events_of(booking_database, second)][2:] == ["CallOrderChanged"] * 2
        undone = await correct(centre, second, monday("09:00"))
        assert (undone.state, undone.arrived_at, undone.trail[-1].undoes) == ("booked", None, 2)

    async def test_over_http(self, desk: Desk) -> None:
        session = await desk.open_session()
        ids = [(await desk.book(session, hour)).json()["appointment"] for hour in ("09:00", "09:20")]
        desk.clock.time = monday("08:50")
        for id in ids:
            await desk.post(f"/appointments/{id}/arrival")
        body = {"place": "before", "before": ids[0], "reason": "asked_by_staff"}
        assert (await desk.post(f"/appointments/{ids[1]}/call-order", {**body, "place": "last"})).status_code == 422
        placed = await desk.post(f"/appointments/{ids[1]}/call-order", body)
        assert placed.json()["trail"][-1]["why"] == "asked_by_staff"
        desk.clock.time = monday("09:00")
        answer = (await desk.get(f"/sites/{desk.centre.site}/queue")).json()
        assert [(each["line"]["appointment"], each["by_hand"]) for each in answer["lines"]] == [
            (ids[1], True), (ids[0], False),
        ]  # fmt: skip
        assert answer["lines"][0]["line"]["waited_minutes"] == 10.0
