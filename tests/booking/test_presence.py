"""Agreements with part-timers: counters, warnings over the cap, refusals out of contract."""

from datetime import date, time, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from booking import problems
from booking.domain.planning import Skip
from booking.domain.presence import OverCap, PresencePlan
from booking.use_cases.calendar import materialise_sessions
from booking.use_cases.calendar.agree_presence import PresenceAgreed, agree_presence
from booking.use_cases.calendar.materialise_sessions import materialise_rules
from booking.use_cases.calendar.presence import NOT_A_WISHED_DAY, OVER_WEEKLY_CAP, OVER_YEARLY_CAP
from booking.use_cases.calendar.see_agenda import Days, see_presence
from tests.booking.agenda import Planner
from tests.booking.world import MONDAY, NOW, RULES, Centre, events_of, paris, refusal
from tests.support.databases import ServiceDatabase

TUESDAY = MONDAY + timedelta(days=1)
FEBRUARY, MARCH = date(2027, 2, 1), date(2027, 3, 1)  # Mondays


@pytest.fixture
def planner(centre: Centre) -> Planner:
    return Planner(centre)


async def agree(planner: Planner, who: UUID, **terms: Any) -> PresenceAgreed:
    known: dict[str, Any] = {"contract_start": date(2026, 1, 1), "contract_end": None, "wished_weekdays": frozenset()}
    plan = PresencePlan(who, **{**known, "weekly_cap": None, "yearly_cap": None, **terms})
    async with planner.centre.transaction() as tx:
        return await agree_presence(tx, planner.centre.site, plan, RULES, actor=planner.who, now=planner.now)


async def test_over_the_cap_a_session_is_opened_with_a_warning_that_says_by_how_much(planner: Planner) -> None:
    doctor = await planner.centre.doctor("retired_gp")
    await agree(planner, doctor, weekly_cap=2, wished_weekdays=frozenset({1}))
    within = await planner.rule(doctor, {1}, "09:00-17:00")
    assert within.warnings == ()
    over = await planner.rule(doctor, {2}, dates={TUESDAY})
    assert over.warnings == (OVER_WEEKLY_CAP, NOT_A_WISHED_DAY)
    assert over.excess.over == (OverCap("2027-W02", 3, 2),)
    assert over.excess.over[0].over_by == 1
    assert over.excess.unwished == (TUESDAY,)


async def test_the_year_counts_too_and_a_change_is_counted_as_it_becomes(planner: Planner) -> None:
    doctor = await planner.centre.doctor("retired_gp")
    await agree(planner, doctor, yearly_cap=1)
    session = await planner.centre.session(doctor)
    changed = await planner.change(session.id, hours="09:00-17:00")
    assert changed.opened.warnings == (OVER_YEARLY_CAP,)
    assert changed.opened.excess.over == (OverCap("2027", 2, 1),)


async def test_an_expired_contract_refuses(planner: Planner) -> None:
    doctor = await planner.centre.doctor("retired_gp")
    await agree(planner, doctor, contract_end=MONDAY)
    await planner.centre.session(doctor)
    refused = await refusal(planner.centre.session(doctor, day=TUESDAY))
    assert refused.problem is problems.OUT_OF_CONTRACT
    assert (await refusal(planner.rule(doctor, valid_from=TUESDAY))).problem is problems.OUT_OF_CONTRACT


async def test_a_rule_from_a_day_past_is_refused_when_the_contract_is_over_by_now(planner: Planner) -> None:
    doctor = await planner.centre.doctor("retired_gp")
    await agree(planner, doctor, contract_end=TUESDAY)
    planner.now = paris(date(2027, 1, 20), "09:00")
    refused = await refusal(planner.rule(doctor, valid_from=MONDAY))
    assert (refused.problem, refused.extensions) == (problems.OUT_OF_CONTRACT, {"day": "2027-01-20"})


async def test_a_contract_agreed_shorter_ends_the_sessions_after_it(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    doctor = await planner.centre.doctor("retired_gp")
    after = await planner.centre.session(doctor, day=TUESDAY)
    await agree(planner, doctor, contract_end=MONDAY)
    await planner.follow()
    assert await events_of(booking_database, after.id) == [("SessionOpened", 1), ("SessionCancelled", 2)]


async def test_a_later_agreement_replaces_the_former(planner: Planner) -> None:
    doctor = await planner.centre.doctor("retired_gp")
    assert (await agree(planner, doctor, weekly_cap=1)).version == 1
    assert (await agree(planner, doctor, weekly_cap=3)).version == 2
    assert (await planner.rule(doctor, {1, 2})).warnings == ()


async def test_a_renewal_agreed_in_advance_leaves_the_contract_that_runs(
    planner: Planner, booking_database: ServiceDatabase
) -> None:
    doctor = await planner.centre.doctor("retired_gp")
    await agree(planner, doctor, contract_end=date(2027, 1, 31))
    january = [await planner.centre.session(doctor, day=day) for day in (MONDAY, TUESDAY)]
    await planner.centre.book(january[1], "09:00")
    await agree(planner, doctor, contract_start=date(2027, 3, 1), contract_end=date(2027, 12, 31))
    await planner.follow()
    assert [await events_of(booking_database, each.id) for each in january] == [[("SessionOpened", 1)]] * 2
    opened = await planner.rule(doctor, dates={date(2027, 1, 31), date(2027, 2, 1), date(2027, 2, 28), MARCH})
    assert [each.day for each in opened.materialised.opened] == [date(2027, 1, 31), MARCH]
    refused = await refusal(planner.centre.session(doctor, day=date(2028, 1, 3)))
    assert refused.problem is problems.OUT_OF_CONTRACT


async def test_between_two_contracts_a_rule_begins_with_the_renewal_and_can_be_changed(planner: Planner) -> None:
    doctor = await planner.centre.doctor("retired_gp")
    await agree(planner, doctor, contract_end=date(2027, 1, 5))
    await agree(planner, doctor, contract_start=FEBRUARY)
    opened = await planner.rule(doctor, valid_from=MONDAY, valid_until=date(2027, 2, 8))
    assert [each.day for each in opened.materialised.opened] == [FEBRUARY, date(2027, 2, 8)]
    skipped = {each.day: each.reason for each in opened.materialised.skipped}
    assert skipped == dict.fromkeys((MONDAY, date(2027, 1, 18), date(2027, 1, 25)), Skip.OUT_OF_CONTRACT)
    changed = await planner.change_rule(opened.id, MONDAY, end=time(11))
    assert [each.day for each in changed.followed.done.changed] == [FEBRUARY, date(2027, 2, 8)]


async def test_a_rule_that_ends_before_the_renewal_begins_is_refused(planner: Planner) -> None:
    doctor = await planner.centre.doctor("retired_gp")
    await agree(planner, doctor, contract_end=date(2027, 1, 5))
    await agree(planner, doctor, contract_start=FEBRUARY)
    refused = await refusal(planner.rule(doctor, valid_from=MONDAY, valid_until=date(2027, 1, 25)))
    assert (refused.problem, refused.extensions) == (problems.OUT_OF_CONTRACT, {"day": "2027-01-11"})


async def test_the_terms_of_a_day_are_those_of_the_agreement_in_force_on_it(planner: Planner) -> None:
    doctor = await planner.centre.doctor("retired_gp")
    await agree(planner, doctor, weekly_cap=1, wished_weekdays=frozenset({1}))
    await agree(planner, doctor, contract_start=FEBRUARY, weekly_cap=2, wished_weekdays=frozenset({2}))
    await planner.rule(doctor, {1, 2}, dates={MONDAY, TUESDAY, FEBRUARY, FEBRUARY + timedelta(days=1)})
    async with planner.centre.transaction() as tx:
        (counted,) = await see_presence(tx, Days(planner.centre.site, MONDAY, FEBRUARY + timedelta(days=1)))
    assert counted.over == (OverCap("2027-W02", 2, 1),)
    assert counted.plan is not None
    assert counted.plan.contract_start == FEBRUARY
    opened = await planner.rule(doctor, hours="14:00-16:00", dates={MONDAY, FEBRUARY})
    assert opened.excess.unwished == (FEBRUARY,)
    assert opened.excess.over == (OverCap("2027-W02", 3, 1), OverCap("2027-W05", 3, 2))


async def test_the_contract_that_runs_can_be_agreed_again_without_touching_its_renewal(planner: Planner) -> None:
    doctor = await planner.centre.doctor("retired_gp")
    await agree(planner, doctor, contract_end=date(2027, 1, 31))
    await agree(planner, doctor, contract_start=FEBRUARY, contract_end=date(2027, 2, 8))
    assert (await agree(planner, doctor, contract_end=MONDAY)).version == 3
    opened = await planner.rule(doctor, {1}, dates={MONDAY, MONDAY + timedelta(weeks=1), date(2027, 2, 8), MARCH})
    assert [each.day for each in opened.materialised.opened] == [MONDAY, date(2027, 2, 8)]


async def test_an_agreement_without_end_takes_the_place_of_the_renewal_that_was_to_come(planner: Planner) -> None:
    doctor = await planner.centre.doctor("retired_gp")
    await agree(planner, doctor, contract_start=MONDAY, contract_end=MONDAY)
    assert (await agree(planner, doctor)).version == 2
    await planner.centre.session(doctor, day=TUESDAY)


async def test_an_agreement_says_what_is_open_beyond_it_already(planner: Planner) -> None:
    doctor = await planner.centre.doctor("retired_gp")
    await planner.rule(doctor, {1, 2}, valid_until=date(2027, 1, 19))  # two half-days a week, for three weeks
    assert (await agree(planner, doctor, weekly_cap=2, yearly_cap=6)).over == ()
    planner.now = paris(TUESDAY, "13:00")
    told = await agree(planner, doctor, weekly_cap=1, yearly_cap=5)
    assert told.over == (OverCap("2027-W02", 2, 1), OverCap("2027-W03", 2, 1), OverCap("2027", 6, 5))


async def test_what_the_timer_opens_over_the_cap_is_logged_and_shown(
    planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor = await planner.centre.doctor("retired_gp")
    await agree(planner, doctor, yearly_cap=10)
    assert (await planner.rule(doctor)).warnings == ()
    rule, lines = await planner.only_rule(), []
    monkeypatch.setattr(materialise_sessions, "log", SimpleNamespace(warning=lambda *_, **what: lines.append(what)))
    for weeks in (1, 2):
        await materialise_rules(planner.centre.database, RULES, NOW + timedelta(weeks=weeks))
    of_this = [line for line in lines if line["rule"] == rule]
    assert of_this == [{"rule": rule, "over": {"2027": 1}}]
    async with planner.centre.transaction() as tx:
        (counted,) = await see_presence(tx, Days(planner.centre.site, MONDAY, TUESDAY))
    assert counted.over == (OverCap("2027", 11, 10),)


async def test_a_rule_that_is_changed_beyond_the_cap_says_so(planner: Planner) -> None:
    doctor = await planner.centre.doctor("retired_gp")
    await agree(planner, doctor, weekly_cap=1)
    opened = await planner.rule(doctor, valid_until=date(2027, 1, 18))
    changed = await planner.change_rule(opened.id, MONDAY, end=time(17))
    assert changed.warnings == (OVER_WEEKLY_CAP,)
    assert changed.excess.over == (OverCap("2027-W02", 2, 1), OverCap("2027-W03", 2, 1))


async def test_counters_of_the_site_hold_whole_weeks_and_years(planner: Planner) -> None:
    doctor, other = await planner.centre.doctor(), await planner.centre.doctor()
    await agree(planner, doctor, weekly_cap=2)
    await planner.rule(doctor, {1, 2, 3}, valid_until=date(2027, 1, 15))
    await planner.centre.session(other, "14:00", "18:00")
    async with planner.centre.transaction() as tx:
        counted = {
            each.professional: each for each in await see_presence(tx, Days(planner.centre.site, MONDAY, TUESDAY))
        }
    assert (counted[doctor].weeks, counted[doctor].years) == ({"2027-W02": 3}, {"2027": 6})
    assert counted[doctor].over == (OverCap("2027-W02", 3, 2),)
    assert (counted[other].weeks, counted[other].plan) == ({"2027-W02": 1}, None)
