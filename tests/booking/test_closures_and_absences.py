"""Closures of a site or a room, absences of a professional: sessions are cut or cancelled, and come back."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from booking import problems
from booking.domain.planning import Skip
from booking.use_cases.calendar.see_agenda import Days as SeenDays
from booking.use_cases.calendar.see_agenda import see_absences, see_closures
from booking.use_cases.calendar.shutting import Days
from smp.ids import new_id
from smp.postgres import Transaction
from tests.booking.agenda import AND_CANCEL, Planner, of_hours
from tests.booking.test_presence import agree
from tests.booking.world import MONDAY, Centre, actor, events_of, joined, monday, refusal, said_of
from tests.support.databases import ServiceDatabase

TUESDAY, WEDNESDAY, FRIDAY = (MONDAY + timedelta(days=n) for n in (1, 2, 4))


@pytest.fixture
def planner(centre: Centre) -> Planner:
    return Planner(centre)


class TestAnAbsence:
    async def test_takes_the_sessions_of_several_days_each_with_its_event(
        self, planner: Planner, booking_database: ServiceDatabase
    ) -> None:
        doctor = await planner.centre.doctor()
        opened = await planner.rule(doctor, {1, 2, 3})
        one = next(each for each in opened.materialised.opened if each.day == MONDAY)
        shut = await planner.absent(doctor, Days(MONDAY, TUESDAY))
        assert len(shut.done.cancelled) == 2
        assert await planner.hours(MONDAY, WEDNESDAY) == ["2027-01-13 09:00-12:00"]
        told = await said_of(booking_database, one.id)
        assert [(each["type"], each["sequence"]) for each in told] == [("SessionOpened", 1), ("SessionCancelled", 2)]
        assert told[-1]["data"]["reason"] == "practitioner_absent", "never why"

    async def test_keeps_the_reason_of_each_day_in_sight(self, planner: Planner) -> None:
        doctor = await planner.centre.doctor()
        rule = await planner.rule(doctor, {1, 2})
        shut = await planner.absent(doctor, Days(MONDAY, TUESDAY))
        seen = await planner.see(MONDAY, TUESDAY)
        assert [(each.rule, each.skipped.day, each.skipped.reason, each.skipped.source) for each in seen.skipped] == [
            (rule.id, MONDAY, Skip.ABSENCE, shut.closure.id), (rule.id, TUESDAY, Skip.ABSENCE, shut.closure.id),
        ]  # fmt: skip

    async def test_of_an_hour_leaves_both_ends_of_the_session(
        self, planner: Planner, booking_database: ServiceDatabase
    ) -> None:
        doctor = await planner.centre.doctor()
        opened = await planner.rule(doctor)
        session = next(each for each in opened.materialised.opened if each.day == MONDAY)
        late = (await planner.centre.book(session, "11:20")).appointment
        shut = await planner.absent(doctor, of_hours(MONDAY, "10:00-11:00"))
        assert await planner.hours(MONDAY) == ["2027-01-11 09:00-10:00", "2027-01-11 11:00-12:00"]
        (part,) = shut.done.opened
        assert await events_of(booking_database, session.id) == [("SessionOpened", 1), ("SessionChanged", 2)]
        told = await said_of(booking_database, late.id)
        assert [each["type"] for each in told] == ["SlotBooked", "SlotMoved"]
        assert (told[-1]["data"]["session"], told[-1]["data"]["start"]) == (str(part.id), told[0]["data"]["start"])
        seen = (await planner.see(MONDAY)).skipped
        assert [each.skipped.period and each.skipped.period.start for each in seen] == [monday("10:00")]

    async def test_is_refused_with_the_list_while_patients_are_expected_unless_told(
        self, planner: Planner, booking_database: ServiceDatabase
    ) -> None:
        doctor = await planner.centre.doctor()
        session = await planner.centre.session(doctor)
        booked = (await planner.centre.book(session, "09:00")).appointment
        refused = await refusal(planner.absent(doctor, Days(MONDAY)))
        assert refused.problem is problems.HAS_APPOINTMENTS
        assert [each["appointment"] for each in refused.extensions["appointments"]] == [str(booked.id)]
        await planner.centre.session(doctor, "14:00", "15:00")
        shut = await planner.absent(doctor, Days(MONDAY), cancel=True)
        assert shut.done.appointments == (booked.id,)
        assert (await said_of(booking_database, booked.id))[-1]["data"]["reason"] == "practitioner_absent"

    async def test_holds_at_every_site_of_the_professional(
        self, planner: Planner, booking_database: ServiceDatabase
    ) -> None:
        other = Planner(await Centre(booking_database.database).open())
        doctor = new_id()
        told = joined(doctor, planner.centre.site)
        await planner.centre.hear(doctor, told.model_copy(update={"sites": (planner.centre.site, other.centre.site)}))
        await planner.rule(doctor)
        await other.rule(doctor, {2})
        planner.who = actor("secretary", site=planner.centre.site)
        refused = await refusal(planner.absent(doctor, Days(MONDAY, TUESDAY)))
        assert refused.problem.slug == "forbidden", "a secretary of one site cancels nothing at another"
        planner.who = actor("coordinator")
        await planner.absent(doctor, Days(MONDAY, TUESDAY))
        assert await planner.hours(MONDAY) == []
        assert await other.hours(TUESDAY) == []

    async def test_is_foreseen_when_the_horizon_moves_on(self, planner: Planner) -> None:
        doctor = await planner.centre.doctor()
        shut = await planner.absent(doctor, Days(MONDAY))
        opened = await planner.rule(doctor)
        assert MONDAY not in {each.day for each in opened.materialised.opened}
        assert opened.materialised.skipped[0].source == shut.closure.id
        assert (await refusal(planner.centre.session(doctor))).problem is problems.PROFESSIONAL_ABSENT

    async def test_that_has_begun_takes_only_what_is_left_of_today(self, planner: Planner) -> None:
        doctor = await planner.centre.doctor()
        await planner.rule(doctor)
        planner.now = monday("10:29") + timedelta(seconds=30)
        await planner.absent(doctor, Days(MONDAY))
        assert await planner.hours(MONDAY) == ["2027-01-11 09:00-10:30"]

    async def test_withdrawn_brings_the_days_back(self, planner: Planner, booking_database: ServiceDatabase) -> None:
        doctor = await planner.centre.doctor()
        await planner.rule(doctor, {1, 2})
        shut = await planner.absent(doctor, Days(MONDAY, TUESDAY))
        back = await planner.back(shut.closure.id)
        assert await planner.hours(MONDAY, TUESDAY) == ["2027-01-11 09:00-12:00", "2027-01-12 09:00-12:00"]
        assert [await events_of(booking_database, each.id) for each in back.done.opened] == [[("SessionOpened", 1)]] * 2
        assert (await planner.see(MONDAY, TUESDAY)).skipped == []
        assert (await refusal(planner.back(shut.closure.id))).problem is problems.ABSENCE_UNKNOWN

    async def test_that_ends_earlier_brings_back_what_follows(self, planner: Planner) -> None:
        doctor = await planner.centre.doctor()
        await planner.rule(doctor, {1, 2})
        shut = await planner.absent(doctor, Days(MONDAY, TUESDAY))
        await planner.back(shut.closure.id, on=TUESDAY)
        assert await planner.hours(MONDAY, TUESDAY) == ["2027-01-12 09:00-12:00"]
        planner.now = monday("23:59") + timedelta(days=2)
        assert (await refusal(planner.back(shut.closure.id))).problem is problems.CLOSURE_OVER

    async def test_of_an_hour_withdrawn_makes_one_session_of_two_again(
        self, planner: Planner, booking_database: ServiceDatabase
    ) -> None:
        doctor = await planner.centre.doctor()
        opened = await planner.rule(doctor)
        session = next(each for each in opened.materialised.opened if each.day == MONDAY)
        shut = await planner.absent(doctor, of_hours(MONDAY, "10:00-11:00"))
        booked = (await planner.centre.book(shut.done.opened[0], "11:20")).appointment
        await planner.back(shut.closure.id)
        assert await planner.hours(MONDAY) == ["2027-01-11 09:00-12:00"]
        assert (await said_of(booking_database, booked.id))[-1]["data"]["session"] == str(session.id)

    async def test_brings_back_what_somebody_had_edited_as_it_was_edited(self, planner: Planner) -> None:
        doctor = await planner.centre.doctor()
        opened = await planner.rule(doctor, {1, 2})
        edited = next(each for each in opened.materialised.opened if each.day == MONDAY)
        await planner.change(edited.id, hours="09:00-11:00")
        shut = await planner.absent(doctor, Days(MONDAY, TUESDAY))
        planner_of_tuesday = await planner.centre.doctor()
        await planner.centre.session(planner_of_tuesday, day=TUESDAY)
        back = await planner.back(shut.closure.id)
        assert sorted(each.day for each in back.done.opened) == [MONDAY, TUESDAY]
        assert (await planner.hours(MONDAY)) == ["2027-01-11 09:00-11:00"]

    async def test_two_absences_that_overlap_each_count(self, planner: Planner) -> None:
        doctor = await planner.centre.doctor()
        await planner.rule(doctor)
        first = await planner.absent(doctor, of_hours(MONDAY, "09:00-11:00"))
        await planner.absent(doctor, of_hours(MONDAY, "10:00-12:00"))
        assert await planner.hours(MONDAY) == []
        await planner.back(first.closure.id)
        assert await planner.hours(MONDAY) == ["2027-01-11 09:00-10:00"]
        refused = await refusal(planner.absent(doctor, of_hours(MONDAY, "10:30-11:30")))
        assert refused.problem is problems.ALREADY_ABSENT

    async def test_is_seen_by_the_planners_of_the_site(self, planner: Planner) -> None:
        doctor = await planner.centre.doctor()
        shut = await planner.absent(doctor, Days(MONDAY))
        async with planner.centre.transaction() as tx:
            found = await see_absences(tx, SeenDays(planner.centre.site, MONDAY, MONDAY))
            assert await see_absences(tx, SeenDays(planner.centre.site, TUESDAY, TUESDAY)) == []
        assert [(each.id, each.professional, each.reason) for each in found] == [(shut.closure.id, doctor, "leave")]


class TestAClosure:
    async def test_of_hours_cuts_every_session_of_the_site(self, planner: Planner) -> None:
        await planner.rule(await planner.centre.doctor())
        await planner.centre.session(await planner.centre.doctor(), "10:00", "13:00")
        await planner.close(of_hours(MONDAY, "11:00-18:00"))
        assert await planner.hours(MONDAY) == ["2027-01-11 09:00-11:00", "2027-01-11 10:00-11:00"]

    async def test_of_several_days_takes_them_all_and_gives_them_back(self, planner: Planner) -> None:
        await planner.rule(await planner.centre.doctor(), {1, 2, 3, 4, 5})
        closed = await planner.close(of_hours(MONDAY, "10:00-10:00", FRIDAY))
        assert await planner.hours(MONDAY, FRIDAY) == ["2027-01-11 09:00-10:00", "2027-01-15 10:00-12:00"]
        await planner.reopen(closed.closure.id, WEDNESDAY)
        assert await planner.hours(MONDAY, WEDNESDAY) == ["2027-01-11 09:00-10:00", "2027-01-13 09:00-12:00"]

    async def test_of_a_room_touches_its_sessions_only(self, planner: Planner) -> None:
        await planner.rule(await planner.centre.doctor(), room="Cabinet 1")
        await planner.rule(await planner.centre.doctor(), room="Cabinet 2")
        await planner.rule(await planner.centre.doctor(), hours="14:00-16:00")
        await planner.close(Days(MONDAY), room="cabinet 1")
        seen = await planner.see(MONDAY)
        assert [each.session.room for each in seen.sessions] == ["Cabinet 2", None]
        assert [each.skipped.reason for each in seen.skipped] == [Skip.CLOSURE]

    async def test_a_single_session_split_by_hours_keeps_both_parts(
        self, planner: Planner, booking_database: ServiceDatabase
    ) -> None:
        session = await planner.centre.session(await planner.centre.doctor())
        shut = await planner.close(of_hours(MONDAY, "10:00-10:30"))
        assert await planner.hours(MONDAY) == ["2027-01-11 09:00-10:00", "2027-01-11 10:40-12:00"]
        (part,) = shut.done.opened
        assert await events_of(booking_database, part.id) == [("SessionOpened", 1)]
        assert await events_of(booking_database, session.id) == [("SessionOpened", 1), ("SessionChanged", 2)]

    async def test_cancels_appointments_only_when_told(self, planner: Planner) -> None:
        session = await planner.centre.session(await planner.centre.doctor())
        await planner.centre.book(session, "09:00")
        kept = (await planner.centre.book(session, "11:00")).appointment
        hours = of_hours(MONDAY, "08:00-10:00")
        assert (await refusal(planner.close(hours))).problem is problems.HAS_APPOINTMENTS
        assert kept.id not in (await planner.close(hours, AND_CANCEL)).done.appointments

    async def test_of_a_day_of_twenty_three_hours_is_that_long(self, planner: Planner) -> None:
        shut = await planner.close(Days(date(2027, 3, 28)))
        assert shut.closure.period.length == timedelta(hours=23)

    async def test_what_makes_no_sense_is_refused(self, planner: Planner) -> None:
        expected = {
            problems.SESSION_PAST: planner.close(Days(date(2027, 1, 1))),
            problems.END_BEFORE_START: planner.close(Days(TUESDAY, MONDAY)),
            problems.HOUR_MISSING: planner.close(Days(date(2027, 3, 28), None, time(2, 30), time(12))),
            problems.PERIOD_TOO_LONG: planner.close(Days(MONDAY, date(2037, 1, 1))),
            problems.CLOSURE_UNKNOWN: planner.reopen(new_id()),
        }
        for problem, command in expected.items():
            assert (await refusal(command)).problem is problem, problem.slug

    async def test_is_seen(self, planner: Planner) -> None:
        shut = await planner.close(Days(MONDAY), room="Cabinet 1")
        async with planner.centre.transaction() as tx:
            found = await see_closures(tx, SeenDays(planner.centre.site, MONDAY, MONDAY))
        assert [(each.id, each.room, each.reason) for each in found] == [(shut.closure.id, "Cabinet 1", "meeting")]


async def test_what_ends_within_the_minute_is_over(planner: Planner) -> None:
    planner.now = monday("09:59") + timedelta(seconds=30)
    hour, doctor = of_hours(MONDAY, "09:00-10:00"), await planner.centre.doctor()
    assert (await refusal(planner.close(hour))).problem is problems.SESSION_PAST
    assert (await refusal(planner.absent(doctor, hour))).problem is problems.SESSION_PAST
    shut = await planner.close(of_hours(MONDAY, "09:00-10:01"))
    assert shut.closure.period.length == timedelta(minutes=1)


async def test_a_year_of_absence_takes_no_more_statements_than_a_week(
    planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        monkeypatch.setattr(Transaction, name, _counted(getattr(Transaction, name), said))
    counts = []
    for last in (date(2027, 1, 11), date(2028, 1, 4)):
        doctor = await planner.centre.doctor()
        opened = await planner.rule(doctor, {1, 2, 3, 4, 5})
        said.clear()
        shut = await planner.absent(doctor, Days(date(2027, 1, 5), last))
        counts.append(len(said))
    assert len(shut.done.cancelled) == len(opened.materialised.opened) - 1
    assert counts[1] == counts[0] < 40
    said.clear()
    back = await planner.back(shut.closure.id)
    assert len(back.done.opened) == len(shut.done.cancelled)
    assert len(said) < 40


def _counted(ask: Callable[..., Any], said: list[str]) -> Callable[..., Any]:
    async def counted(self: Transaction, sql: str, *arguments: object) -> Any:
        said.append(sql)
        return await ask(self, sql, *arguments)

    return counted


async def test_overseas_a_day_is_a_day_over_there(booking_database: ServiceDatabase) -> None:
    zone = ZoneInfo("Indian/Reunion")
    centre = await Centre(booking_database.database, territory="974").open("Indian/Reunion", "La Réunion")
    planner = Planner(centre, who=actor(territory="974"), zone=zone)
    await planner.rule(await centre.doctor(), {1, 2}, "07:00-11:00")
    await planner.close(Days(MONDAY))
    assert await planner.hours(MONDAY, TUESDAY) == ["2027-01-12 07:00-11:00"]


class TestWhoWorksInTwoTerritories:
    """Whoever notes an absence of theirs may see one of them only: the job lets the other one follow."""

    @pytest.fixture
    async def there(self, booking_database: ServiceDatabase) -> Planner:
        return Planner(await Centre(booking_database.database, territory="85").open(), who=actor(territory="85"))

    @pytest.mark.parametrize("registry", ["53", "85"])
    async def test_is_away_from_both(self, planner: Planner, there: Planner, registry: str) -> None:
        doctor = await self.doctor_of_both(planner, there, registry)
        shut = await planner.absent(doctor, Days(MONDAY))
        await planner.follow()
        assert await there.hours(MONDAY) == []
        await planner.back(shut.closure.id)
        await planner.follow()
        assert await there.hours(MONDAY) == ["2027-01-11 14:00-17:00"]

    @pytest.mark.parametrize("registry", ["53", "85"])
    async def test_has_one_contract_after_another_in_both(
        self, planner: Planner, there: Planner, registry: str
    ) -> None:
        doctor = await self.doctor_of_both(planner, there, registry)
        assert (await agree(there, doctor, contract_end=TUESDAY)).version == 1
        assert (await agree(planner, doctor, contract_end=MONDAY - timedelta(days=1))).version == 2
        await planner.follow()
        assert await there.hours(MONDAY) == []
        assert (await agree(there, doctor, contract_end=MONDAY)).version == 3
        await planner.follow()
        assert await there.hours(MONDAY) == ["2027-01-11 14:00-17:00"]

    async def test_is_unknown_where_they_do_not_work(self, planner: Planner, there: Planner) -> None:
        doctor = await planner.centre.doctor()
        assert (await refusal(there.absent(doctor, Days(MONDAY)))).problem is problems.PROFESSIONAL_UNKNOWN

    async def doctor_of_both(self, planner: Planner, there: Planner, registry: str) -> UUID:
        """Told of by registry in one territory, they receive in the other one on Monday afternoons."""
        doctor, sites = new_id(), (planner.centre.site, there.centre.site)
        told = joined(doctor, planner.centre.site).model_copy(update={"sites": sites})
        await (planner if registry == planner.centre.territory else there).centre.hear(doctor, told)
        await there.rule(doctor, hours="14:00-17:00", valid_from=MONDAY)
        return doctor
