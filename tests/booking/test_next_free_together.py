"""Next, second and third next can all be had: each is what is the first place once those before it are booked."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from booking.domain.availability import Slot
from booking.domain.dated import Dated
from booking.domain.kinds import Preparation
from booking.domain.rules import Rules
from booking.use_cases.appointments.book_slot import BookRequest, book_slot
from tests.booking.test_next_free import counted, of_a_consultation, starts, told
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, monday, paris
from tests.support.databases import ServiceDatabase

TUESDAY = MONDAY + timedelta(days=1)
TEN = timedelta(minutes=10)


async def take(centre: Centre, slot: Slot, rules: Rules) -> None:
    request = BookRequest(slot.session, slot.period.start, "consultation", await centre.patient())
    async with centre.transaction() as tx:
        await book_slot(tx, request, rules, actor=SECRETARY, now=NOW)


async def one_after_the_other(centre: Centre, rules: Rules) -> list[datetime | None]:
    """The next place, and the one that is the next once two were booked."""
    first = await told(centre, rules=rules)
    last = first
    for _ in range(2):
        if last.next:
            await take(centre, last.next, rules)
            last = await told(centre, rules=rules)
    return [each.next.period.start if each.next else None for each in (first, last)]


async def agrees(centre: Centre, rules: Rules) -> None:
    assert starts(await told(centre, rules=rules)) == await one_after_the_other(centre, rules)


async def test_of_a_session_that_is_kept_but_for_one_place_there_is_one(centre: Centre) -> None:
    await centre.session(await centre.doctor(), "09:00", "10:00", shares={"online": 2})
    await centre.session(await centre.doctor(), "11:00", "12:00")
    assert starts(await told(centre)) == [monday("09:00"), monday("11:20")]
    await agrees(centre, RULES)


async def test_of_an_intern_whose_session_is_kept_but_for_one_place_there_is_one(centre: Centre) -> None:
    supervisor = await centre.doctor()
    await centre.session(supervisor, kinds=("minor_emergency",))
    await centre.session(await centre.intern_of(supervisor), "09:00", "10:00", shares={"online": 2})
    await centre.session(await centre.doctor(), "11:00", "12:00")
    assert starts(await told(centre)) == [monday("09:00"), monday("11:20")]
    await agrees(centre, RULES)


async def test_on_a_fine_grid_an_intern_begins_when_the_other_one_ends(centre: Centre) -> None:
    """Somebody answers for one of them at a time."""
    supervisor = await centre.doctor()
    await centre.session(supervisor, kinds=("minor_emergency",))
    await centre.session(await centre.intern_of(supervisor), "09:00", "09:20")
    await centre.session(await centre.intern_of(supervisor), "09:10", "10:10", grid=TEN)
    rules = replace(RULES, interns_per_supervisor=Dated(1))
    found = await told(centre, rules=rules)
    assert (starts(found), counted(found)["desk"]) == ([monday("09:00"), monday("09:40")], 3)
    await agrees(centre, rules)


async def test_one_assistant_prepares_one_at_a_time(centre: Centre) -> None:
    rules = of_a_consultation(preparation=Preparation(TEN, same_room=False))
    helper = await centre.doctor("medical_assistant")
    for _ in range(3):
        await centre.session(await centre.doctor(), "09:00", "10:00")
    await centre.session(helper, "08:50", "12:00", kinds=("preparation",))
    assert starts(await told(centre, rules=rules)) == [monday("09:00"), monday("09:40")]
    await centre.session(await centre.doctor("nurse"), "08:50", "12:00", kinds=("nurse_care",))
    assert starts(await told(centre, rules=rules)) == [monday("09:00"), monday("09:20")], "of two who prepare"
    await agrees(centre, rules)


async def test_acts_are_counted_across_the_end_of_the_longest_search(centre: Centre) -> None:
    supervisor = await centre.doctor()
    intern = await centre.intern_of(supervisor)
    for day in (MONDAY, TUESDAY):
        await centre.session(supervisor, day=day, kinds=("minor_emergency",))
        await centre.session(intern, "09:00", "12:00", day=day)
    until_ten = replace(RULES, acts_per_half_day=Dated(2), search_span=monday("09:30") - NOW)
    assert starts(await told(centre, rules=until_ten)) == [monday("09:00"), paris(TUESDAY, "09:00")]
    await agrees(centre, until_ten)


async def test_a_place_across_the_end_of_the_longest_search_is_told_once(centre: Centre) -> None:
    await centre.session(await centre.doctor(), "09:00", "09:50", grid=TEN)
    rules = replace(RULES, search_span=monday("09:05") - NOW)
    assert starts(await told(centre, rules=rules)) == [monday("09:00"), None]
    await agrees(centre, rules)


@pytest.mark.parametrize("seed", range(6))
async def test_as_many_are_counted_as_can_be_had_when_the_earliest_is_always_taken_next(
    booking_database: ServiceDatabase, seed: int
) -> None:
    draw = Random(seed)
    centre = await Centre(booking_database.database).open()
    supervisors = [await centre.doctor() for _ in range(2)]
    rules = replace(RULES, interns_per_supervisor=Dated(1), acts_per_half_day=Dated(draw.choice([2, 6])))
    for supervisor in supervisors:
        await centre.session(supervisor, "08:00", "17:00", kinds=("minor_emergency",))
    for whose in (supervisors, supervisors[:1], supervisors[1:], supervisors):
        start, end = draw.choice([("09:00", "10:00"), ("09:10", "10:10"), ("12:30", "13:30")])
        shares = draw.choice([{}, {}, {"online": 1}])
        await centre.session(await centre.intern_of(*whose), start, end, shares=shares, grid=draw.choice([1, 2]) * TEN)
    count, had = counted(await told(centre, rules=rules))["desk"], 0
    while slot := (await told(centre, rules=rules)).next:
        await take(centre, slot, rules)
        had += 1
    assert had == count


@pytest.mark.parametrize("seed", range(12))
async def test_whoever_works_there_the_third_is_the_next_once_two_are_booked(
    booking_database: ServiceDatabase, seed: int
) -> None:
    """Doctors, interns, shares, fine grids, people who prepare: whatever is drawn."""
    draw = Random(seed)
    centre = await Centre(booking_database.database).open()
    supervisor = await centre.doctor()
    people = [await centre.doctor(), *[await centre.intern_of(supervisor) for _ in range(3)]]
    settings: dict[str, Any] = {"buffer_after": draw.choice([timedelta(), TEN])}
    if seed % 3 == 0:
        settings["preparation"] = Preparation(TEN, same_room=draw.random() < 0.5)
    rules = replace(
        of_a_consultation(**settings),
        interns_per_supervisor=Dated(draw.choice([1, 1, 2])),
        acts_per_half_day=Dated(draw.choice([1, 2, 6])),
        search_span=monday(draw.choice(["09:30", "12:00"])) - NOW + draw.choice([timedelta(), timedelta(days=1)]),
    )
    for day in (MONDAY, TUESDAY):
        await centre.session(supervisor, "08:00", "17:00", day=day, kinds=("minor_emergency",))
        for who in people:
            start, end = draw.choice([("09:00", "10:00"), ("09:10", "10:10"), ("11:00", "12:00"), ("13:00", "14:00")])
            shares = draw.choice([{}, {}, {"online": 2}, {"same_day": 1}])
            await centre.session(who, start, end, day=day, shares=shares, grid=draw.choice([1, 2]) * TEN)
        if seed % 3 == 0:
            await centre.session(await centre.doctor("nurse"), "08:00", "17:00", day=day, kinds=("nurse_care",))
    while (await told(centre, rules=rules)).next:
        await agrees(centre, rules)
