"""A rule changes or ends from a day on: what was never touched follows, the rest is left alone and listed."""

from datetime import date, time, timedelta

import pytest

from booking import problems
from booking.domain.recurrence import Listed, Weekly
from booking.store.sessions import Author
from booking.use_cases.calendar.change_session_rule import PLANNED_CHANGE_REPLACED
from booking.use_cases.calendar.following import Kept
from booking.use_cases.calendar.materialise_sessions import materialise
from booking.use_cases.calendar.see_agenda import see_rules
from smp.ids import new_id
from tests.booking.agenda import Planner
from tests.booking.test_company import book, house
from tests.booking.world import RULES, Centre, actor, events_of, paris, refusal, said_of
from tests.support.databases import ServiceDatabase

D11, D18, D25 = (date(2027, 1, day) for day in (11, 18, 25))


@pytest.fixture
def planner(centre: Centre) -> Planner:
    return Planner(centre)


async def test_future_sessions_follow_each_with_its_event(planner: Planner, booking_database: ServiceDatabase) -> None:
    opened = await planner.rule(await planner.centre.doctor())
    first, second, third = opened.materialised.opened[:3]
    changed = await planner.change_rule(opened.id, D18, start=time(8), end=time(11))
    assert changed.rule.version == 2
    assert await planner.hours(date(2027, 1, 4), D25) == [
        "2027-01-04 09:00-12:00", "2027-01-11 09:00-12:00", "2027-01-18 08:00-11:00", "2027-01-25 08:00-11:00",
    ]  # fmt: skip
    assert await events_of(booking_database, second.id) == [("SessionOpened", 1)]
    assert await events_of(booking_database, third.id) == [("SessionOpened", 1), ("SessionChanged", 2)]
    assert (await said_of(booking_database, third.id))[-1]["data"]["rule"] == str(opened.id)
    assert first.id not in {each.id for each in changed.followed.done.changed}


async def test_other_weekdays_cancel_some_and_open_others(planner: Planner, booking_database: ServiceDatabase) -> None:
    opened = await planner.rule(await planner.centre.doctor(), {1, 3})
    gone = opened.materialised.opened[4]
    assert gone.day == D18
    changed = await planner.change_rule(opened.id, D18, recurrence=Weekly(frozenset({3, 5}), D18))
    assert gone.id in changed.followed.done.cancelled
    assert await events_of(booking_database, gone.id) == [("SessionOpened", 1), ("SessionCancelled", 2)]
    assert await planner.hours(D18, D18 + timedelta(days=6)) == ["2027-01-20 09:00-12:00", "2027-01-22 09:00-12:00"]
    assert {each.day.isoweekday() for each in changed.followed.done.opened} == {5}


async def test_edited_occurrences_are_left_alone_and_listed(planner: Planner) -> None:
    opened = await planner.rule(await planner.centre.doctor())
    edited, moved, cancelled = opened.materialised.opened[1:4]
    await planner.change(edited.id, hours="10:00-12:00")
    await planner.change(moved.id, day=date(2027, 1, 19))
    await planner.cancel(cancelled.id)
    changed = await planner.change_rule(opened.id, D11, start=time(8), end=time(11))
    assert [(each.day, each.reason) for each in changed.followed.left_alone] == [
        (D11, Kept.EDITED), (D18, Kept.EDITED), (D25, Kept.EDITED),
    ]  # fmt: skip
    assert await planner.hours(D11, date(2027, 2, 1)) == [
        "2027-01-11 10:00-12:00", "2027-01-19 09:00-12:00", "2027-02-01 08:00-11:00",
    ]  # fmt: skip


async def test_those_whose_patients_would_lose_their_place_are_left_alone_and_listed(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    opened = await planner.rule(await planner.centre.doctor())
    second, third = opened.materialised.opened[1:3]
    stays = (await planner.centre.book(second, "10:00")).appointment
    loses = (await planner.centre.book(third, "11:40")).appointment
    changed = await planner.change_rule(opened.id, D11, end=time(11))
    (left,) = changed.followed.left_alone
    assert (left.day, left.reason, [each.id for each in left.appointments]) == (D18, Kept.HAS_APPOINTMENTS, [loses.id])
    assert await planner.hours(D11, D25) == [
        "2027-01-11 09:00-11:00", "2027-01-18 09:00-12:00", "2027-01-25 09:00-11:00",
    ]  # fmt: skip
    assert await events_of(booking_database, stays.id) == [("SlotBooked", 1)]
    assert await events_of(booking_database, loses.id) == [("SlotBooked", 1)]


async def test_whoever_is_prepared_by_somebody_keeps_them_too(planner: Planner) -> None:
    session, _ = await house(planner.centre, assistants=0)
    helper = await planner.centre.doctor("medical_assistant")
    opened = await planner.rule(helper, kinds=("preparation",), room="soins")
    booked = await book(planner.centre, session, "09:20")
    changed = await planner.change_rule(opened.id, D11, start=time(10))
    (left,) = changed.followed.left_alone
    assert (left.day, left.reason, [each.id for each in left.appointments]) == (D11, Kept.HAS_APPOINTMENTS, [booked.id])
    mine = left.sessions[0].id
    refused = await refusal(planner.change(mine, professional=await planner.centre.doctor("nurse")))
    assert refused.problem is problems.HAS_APPOINTMENTS


async def test_a_rule_ends_and_its_sessions_with_it(planner: Planner) -> None:
    opened = await planner.rule(await planner.centre.doctor())
    await planner.centre.book(opened.materialised.opened[3], "10:00")
    ended = await planner.change_rule(opened.id, D18, ends=True)
    assert [each.day for each in ended.followed.left_alone] == [D25]
    assert await planner.hours(date(2027, 1, 4), date(2027, 3, 1)) == [
        "2027-01-04 09:00-12:00", "2027-01-11 09:00-12:00", "2027-01-25 09:00-12:00",
    ]  # fmt: skip
    assert (await refusal(planner.change_rule(opened.id, D25, end=time(11)))).problem is problems.RULE_ENDED
    async with planner.centre.transaction() as tx:
        later = Author("job", planner.now + timedelta(weeks=4))
        assert (await materialise(tx, opened.id, RULES, later)).opened == []


async def test_the_horizon_goes_on_with_the_version_in_force(planner: Planner) -> None:
    opened = await planner.rule(await planner.centre.doctor())
    await planner.change_rule(opened.id, date(2027, 3, 15), start=time(8), end=time(11))
    async with planner.centre.transaction() as tx:
        await materialise(tx, opened.id, RULES, Author("job", planner.now + timedelta(weeks=2)))
    assert await planner.hours(date(2027, 3, 8), date(2027, 3, 15)) == [
        "2027-03-08 09:00-12:00", "2027-03-15 08:00-11:00",
    ]  # fmt: skip


async def test_a_later_last_day_brings_sessions_and_an_earlier_one_takes_them(planner: Planner) -> None:
    opened = await planner.rule(await planner.centre.doctor(), valid_until=D11)
    await planner.change_rule(opened.id, D18, valid_until=D25)
    assert len(await planner.hours(date(2027, 1, 4), date(2027, 3, 1))) == 4
    await planner.change_rule(opened.id, D11, valid_until=D18)
    assert len(await planner.hours(date(2027, 1, 4), date(2027, 3, 1))) == 3


async def test_a_day_on_which_the_new_hours_meet_another_session_is_left_alone(planner: Planner) -> None:
    doctor = await planner.centre.doctor()
    opened = await planner.rule(doctor)
    await planner.centre.session(doctor, "13:00", "15:00", day=D18)
    changed = await planner.change_rule(opened.id, D11, end=time(14))
    assert [(each.day, each.reason) for each in changed.followed.left_alone] == [(D18, Kept.OVERLAP)]
    assert await planner.hours(D11, D18) == [
        "2027-01-11 09:00-14:00", "2027-01-18 09:00-12:00", "2027-01-18 13:00-15:00",
    ]  # fmt: skip


async def test_what_has_begun_is_left_alone(planner: Planner) -> None:
    opened = await planner.rule(await planner.centre.doctor())
    planner.now = paris(date(2027, 1, 4), "10:30")
    changed = await planner.change_rule(opened.id, date(2027, 1, 4), start=time(14), end=time(16))
    assert [(each.day, each.reason) for each in changed.followed.left_alone] == [(date(2027, 1, 4), Kept.BEGUN)]
    assert (await planner.hours(D11)) == ["2027-01-11 14:00-16:00"]


async def test_the_versions_can_be_seen(planner: Planner) -> None:
    opened = await planner.rule(await planner.centre.doctor())
    await planner.change_rule(opened.id, D18, end=time(11))
    await planner.change_rule(opened.id, D25, ends=True)
    async with planner.centre.transaction() as tx:
        (series,) = await see_rules(tx, planner.centre.site, planner.rules, reader=planner.who)
    assert [(each.version, each.from_day, each.ended) for each in series.versions] == [
        (1, date(2027, 1, 4), False), (2, D18, False), (3, D25, True),
    ]  # fmt: skip


async def test_what_makes_no_sense_is_refused_and_nothing_changes(planner: Planner) -> None:
    opened = await planner.rule(await planner.centre.doctor(), valid_until=date(2027, 2, 1))
    rule = opened.id
    expected = {
        problems.RULE_UNKNOWN: planner.change_rule(new_id(), D18, end=time(11)),
        problems.CHANGE_PAST: planner.change_rule(rule, date(2027, 1, 3), end=time(11)),
        problems.END_BEFORE_START: planner.change_rule(rule, D18, end=time(9)),
        problems.KIND_TOO_LONG: planner.change_rule(rule, D18, end=time(9, 10)),
        problems.KIND_NOT_FOR_ROLE: planner.change_rule(rule, D18, kinds=frozenset({"social"})),
        problems.RULE_WITHOUT_OCCURRENCE: planner.change_rule(rule, D18, recurrence=Listed(frozenset({D11}))),
        problems.RULE_ENDED: planner.change_rule(rule, date(2027, 3, 1), end=time(11)),
    }
    for problem, command in expected.items():
        assert (await refusal(command)).problem is problem, problem.slug
    planner.who = actor(site=new_id())
    assert (await refusal(planner.change_rule(rule, D18, ends=True))).problem.slug == "forbidden"
    assert len(await planner.hours(date(2027, 1, 4), date(2027, 3, 1))) == 5


async def test_a_rule_that_falls_on_no_coming_day_is_not_opened(planner: Planner) -> None:
    doctor = await planner.centre.doctor()
    for command in (
        planner.rule(doctor, {1}, nth={5}, valid_from=date(2027, 2, 1), valid_until=date(2027, 2, 28)),
        planner.rule(doctor, dates={date(2026, 12, 1)}, valid_from=date(2026, 11, 1)),
    ):
        assert (await refusal(command)).problem is problems.RULE_WITHOUT_OCCURRENCE


async def test_the_last_friday_of_the_month_becomes_sessions(planner: Planner) -> None:
    opened = await planner.rule(await planner.centre.doctor(), {5}, nth={-1})
    assert [each.day for each in opened.materialised.opened] == [date(2027, 1, 29), date(2027, 2, 26)]


FEBRUARY = date(2027, 2, 1)


async def test_a_nearer_change_leaves_the_end_that_was_planned(planner: Planner) -> None:
    opened = await planner.rule(await planner.centre.doctor())
    await planner.change_rule(opened.id, FEBRUARY, ends=True)
    changed = await planner.change_rule(opened.id, D18, room="2")
    assert changed.warnings == ()
    assert [each[:10] for each in await planner.hours(D18, date(2027, 3, 1))] == ["2027-01-18", "2027-01-25"]
    async with planner.centre.transaction() as tx:
        later = Author("job", planner.now + timedelta(weeks=4))
        assert (await materialise(tx, opened.id, RULES, later)).opened == []


async def test_a_nearer_change_and_the_one_that_was_planned_both_hold(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    opened = await planner.rule(await planner.centre.doctor())
    await planner.change_rule(opened.id, FEBRUARY, start=time(10))
    changed = await planner.change_rule(opened.id, D18, room="2")
    assert (changed.rule.version, changed.warnings) == (3, ())
    seen = (await planner.see(D11, FEBRUARY)).sessions
    assert [(planner.written(each), each.session.room) for each in seen] == [
        ("2027-01-11 09:00-12:00", None), ("2027-01-18 09:00-12:00", "2"),
        ("2027-01-25 09:00-12:00", "2"), ("2027-02-01 10:00-12:00", "2"),
    ]  # fmt: skip
    said = await said_of(booking_database, opened.id)
    assert [(each["data"]["from_day"], each["data"]["start"]) for each in said] == [
        ("2027-01-04", "09:00"), ("2027-02-01", "10:00"), ("2027-01-18", "09:00"), ("2027-02-01", "10:00"),
    ]  # fmt: skip


async def test_what_a_nearer_change_names_holds_from_its_day_on_and_says_so_when_it_was_planned_otherwise(
    planner: Planner,
) -> None:
    opened = await planner.rule(await planner.centre.doctor())
    await planner.change_rule(opened.id, FEBRUARY, start=time(10), room="2")
    changed = await planner.change_rule(opened.id, D25, start=time(8))
    assert changed.warnings == (PLANNED_CHANGE_REPLACED,)
    seen = (await planner.see(D18, FEBRUARY)).sessions
    assert [(planner.written(each), each.session.room) for each in seen] == [
        ("2027-01-18 09:00-12:00", None), ("2027-01-25 08:00-12:00", None), ("2027-02-01 08:00-12:00", "2"),
    ]  # fmt: skip


async def test_whoever_names_another_last_day_takes_back_the_end_that_was_planned(planner: Planner) -> None:
    opened = await planner.rule(await planner.centre.doctor())
    await planner.change_rule(opened.id, FEBRUARY, ends=True)
    changed = await planner.change_rule(opened.id, D18, valid_until=date(2027, 2, 8))
    assert changed.warnings == (PLANNED_CHANGE_REPLACED,)
    assert len(await planner.hours(D18, date(2027, 3, 1))) == 4


async def test_a_rule_that_ends_sooner_forgets_what_was_planned_after(planner: Planner) -> None:
    for ending in ({"ends": True}, {"valid_until": D18}):
        opened = await planner.rule(await planner.centre.doctor())
        await planner.change_rule(opened.id, FEBRUARY, start=time(10))
        ended = await planner.change_rule(opened.id, D18, **ending)
        assert ended.warnings == (PLANNED_CHANGE_REPLACED,)
        assert FEBRUARY not in {each.day for each in ended.followed.done.changed}
    assert await planner.hours(FEBRUARY, date(2027, 3, 1)) == []


async def test_a_change_that_does_not_go_with_the_one_that_was_planned_is_refused_with_its_day(
    planner: Planner,
) -> None:
    opened = await planner.rule(await planner.centre.doctor())
    await planner.change_rule(opened.id, FEBRUARY, start=time(7), end=time(9))
    refused = await refusal(planner.change_rule(opened.id, D18, start=time(10)))
    assert (refused.problem, refused.extensions) == (problems.LATER_CHANGE_PLANNED, {"day": "2027-02-01"})
    assert await planner.hours(D18, FEBRUARY) == [
        "2027-01-18 09:00-12:00", "2027-01-25 09:00-12:00", "2027-02-01 07:00-09:00",
    ]  # fmt: skip


async def test_a_rule_that_is_changed_before_it_begins_begins_no_sooner(planner: Planner) -> None:
    opened = await planner.rule(await planner.centre.doctor(), valid_from=FEBRUARY)
    changed = await planner.change_rule(opened.id, date(2027, 1, 5), start=time(10))
    assert changed.rule.from_day == FEBRUARY
    assert (await planner.hours(date(2027, 1, 4), date(2027, 2, 8))) == [
        "2027-02-01 10:00-12:00", "2027-02-08 10:00-12:00",
    ]  # fmt: skip
    await planner.change_rule(opened.id, D11, ends=True)
    assert await planner.hours(date(2027, 1, 4), date(2027, 3, 1)) == []


async def test_a_moved_occurrence_is_listed_when_the_rule_changes_before_the_day_it_was_moved_to(
    planner: Planner,
) -> None:
    opened = await planner.rule(await planner.centre.doctor())
    sooner, later = opened.materialised.opened[1], opened.materialised.opened[3]
    await planner.change(sooner.id, day=date(2027, 1, 19))
    await planner.change(later.id, day=date(2027, 1, 20))
    changed = await planner.change_rule(opened.id, date(2027, 1, 12), start=time(10))
    assert [(each.day, each.reason) for each in changed.followed.left_alone] == [
        (D11, Kept.EDITED), (D25, Kept.EDITED),
    ]  # fmt: skip
    assert await planner.hours(D11, D25) == [
        "2027-01-18 10:00-12:00", "2027-01-19 09:00-12:00", "2027-01-20 09:00-12:00",
    ]  # fmt: skip
