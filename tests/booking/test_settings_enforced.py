"""A setting accepted is enforced: each one reaches the rules, and a desk meets what was set, not the default."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from booking.__main__ import service
from booking.domain.capacity import CapacityClass, Release
from booking.domain.dated import Dated
from booking.domain.kinds import KindBooks
from booking.domain.offers import OfferRules
from booking.domain.platform_kinds import platform_kinds
from booking.domain.rules import Rules
from booking.settings import Settings
from smp.settings import BaseSettings
from tests.booking.desk import Desk
from tests.booking.test_minor_emergencies import form
from tests.booking.world import MONDAY, NOW, Centre, monday
from tests.support.api import FixedClock, client_for, test_settings
from tests.support.databases import ServiceDatabase, service_database

MINUTES = {
    "consultation": 25, "minor_emergency": 15, "social": 45, "follow_up": 35, "home_visit": 60, "nurse_care": 10,
    "preparation": 5, "protected": 50, "teleconsultation": 55,
}  # fmt: skip

OTHERWISE: dict[str, Any] = {
    **{f"{kind}_minutes": minutes for kind, minutes in MINUTES.items()},
    "hold_minutes": 7,
    "horizon_weeks": 11,
    "late_cancellation_hours": 48,
    "search_days": 21,
    "alternatives_days": 9,
    "float_notice_hours": 36,
    "cool_down_minutes": 17,
    "impact_notice_minutes": 45,
    "travel_minutes": 40,
    "patient_wait_seconds": 1.5,
    "interns_per_supervisor": "3, 1 from 2027-09-01",
    "intern_acts_per_half_day": "8",
    "release_medico_social": "3d 07:00",
    "release_online": "2d 12:00",
    "release_desk": "1d 17:00",
    "release_regulation": "0d 10:30",
    "release_same_day": "0d 09:15",
    "offer_minutes_week_ahead": 2880,
    "offer_minutes_days_ahead": 300,
    "offer_minutes_next_day": 90,
    "offer_minutes_same_day": 10,
    "offer_margin_minutes": 20,
    "offers_per_day": 4,
    "offer_days_ahead": 30,
    "offers_open": time(9),
    "offers_close": time(18, 30),
    "offers_weekdays": "1,3,7",
}
"""Every setting of booking, none of them at its default."""


def rules(**given: Any) -> Rules:
    settings: Settings = test_settings(Settings, **given)
    return settings.rules()


def test_no_setting_is_forgotten_here() -> None:
    own = Settings.model_fields.keys() - BaseSettings.model_fields.keys()
    assert own == OTHERWISE.keys()
    assert all(OTHERWISE[name] != Settings.model_fields[name].default for name in own)


def test_the_rules_are_what_was_set_figure_by_figure() -> None:
    assert rules(**OTHERWISE) == Rules(
        kinds=KindBooks(platform_kinds(MINUTES)),
        hold=timedelta(minutes=7),
        horizon=timedelta(weeks=11),
        late_notice=timedelta(hours=48),
        search_span=timedelta(days=21),
        alternatives_span=timedelta(days=9),
        patience=timedelta(seconds=1.5),
        cool_down=timedelta(minutes=17),
        float_notice=timedelta(hours=36),
        way=timedelta(minutes=40),
        releases={
            CapacityClass.MEDICO_SOCIAL: Release(3, time(7)),
            CapacityClass.ONLINE: Release(2, time(12)),
            CapacityClass.DESK: Release(1, time(17)),
            CapacityClass.REGULATION: Release(0, time(10, 30)),
            CapacityClass.SAME_DAY: Release(0, time(9, 15)),
        },
        impact_notice=timedelta(minutes=45),
        interns_per_supervisor=Dated.parse("3, 1 from 2027-09-01"),
        acts_per_half_day=Dated.parse("8"),
        offers=OfferRules(
            patience=(
                (7, timedelta(days=2)),
                (2, timedelta(hours=5)),
                (1, timedelta(minutes=90)),
                (0, timedelta(minutes=10)),
            ),
            margin=timedelta(minutes=20),
            per_day=4,
            days_ahead=30,
            opens=time(9),
            closes=time(18, 30),
            weekdays=frozenset({1, 3, 7}),
        ),
    )


@pytest.mark.parametrize("name", OTHERWISE)
def test_each_setting_alone_makes_other_rules(name: str) -> None:
    assert rules(**{name: OTHERWISE[name]}) != rules()


def test_each_kind_of_the_platform_lasts_as_long_as_its_own_setting_says() -> None:
    lasts = {kind.code: kind.duration for kind in rules(**OTHERWISE).kinds.platform}
    assert lasts == {kind: timedelta(minutes=minutes) for kind, minutes in MINUTES.items()}


@pytest.fixture
async def booking_database(postgres_url: str) -> AsyncIterator[ServiceDatabase]:
    """A database for each test: other sites and kinds of the territory would be proposed and listed too."""
    async with service_database(postgres_url, "booking", "booking") as database:
        yield database


@contextlib.asynccontextmanager
async def desk_with(centre: Centre, **settings: Any) -> AsyncIterator[Desk]:
    """The desk of a centre that has decided otherwise."""
    clock = FixedClock(NOW)
    async with client_for(service, centre.database, clock=clock, patient_wait_seconds=0, **settings) as client:
        yield Desk(centre, client, clock)


@pytest.mark.parametrize(("hours", "late"), [(12, False), (48, True)])
async def test_a_cancellation_is_late_by_the_notice_that_was_set(centre: Centre, hours: int, late: bool) -> None:
    """`LATE_CANCELLATION_HOURS`."""
    for before in (timedelta(hours=20), timedelta(hours=30)):
        async with desk_with(centre, late_cancellation_hours=hours) as desk:
            booked = (await desk.book(await desk.open_session(), "09:00")).json()
            desk.clock.time = monday("09:00") - before
            answer = await desk.post(f"/appointments/{booked['appointment']}/cancellation", {"by": "patient"})
            assert answer.json()["late"] is late, before


@pytest.mark.parametrize(("days", "proposed"), [(2, []), (3, [3]), (28, [3, 28])])
async def test_other_places_are_looked_for_as_far_ahead_as_was_set(
    centre: Centre, days: int, proposed: list[int]
) -> None:
    """`ALTERNATIVES_DAYS`, counted from the day that was wanted: for a caller, a walk-in, a minor emergency
    and a displaced patient."""
    who = await centre.doctor()
    full = await centre.session(who, "09:00", "09:20")
    await centre.book(full, "09:00")
    for ahead in (3, 28):
        await centre.session(await centre.doctor(), "09:00", "09:20", day=MONDAY + timedelta(days=ahead))
    async with desk_with(centre, alternatives_days=days) as desk:
        desk.clock.time = monday("07:45")
        called = (await desk.book(str(full.id), "09:00")).json()["alternatives"]
        came = await desk.post(
            "/walk-ins", {"site": str(centre.site), "patient": str(await centre.patient()), "kind": "consultation"}
        )
        urgent = (await desk.post("/minor-emergencies", form(desk))).json()["later"]
        displaced = await proposals(desk, who)
    starts = [monday("09:00") + timedelta(days=ahead) for ahead in proposed]
    for told in (called, came.json()["alternatives"], urgent, displaced):
        assert [datetime.fromisoformat(each["start"]) for each in told] == starts


@pytest.mark.parametrize(("days", "proposed"), [(2, []), (3, [3]), (28, [3, 28])])
async def test_other_days_of_a_family_are_looked_for_as_far_ahead_as_was_set(
    centre: Centre, days: int, proposed: list[int]
) -> None:
    """`ALTERNATIVES_DAYS` once more."""
    for ahead in (3, 28):
        await centre.session(await centre.doctor(), "09:00", "09:40", day=MONDAY + timedelta(days=ahead))
    asked = {
        "site": str(centre.site), "kind": "consultation", "patients": [str(await centre.patient()) for _ in range(2)],
        "start": monday("09:00").isoformat(), "end": monday("18:00").isoformat(),
    }  # fmt: skip
    async with desk_with(centre, alternatives_days=days) as desk:
        told = (await desk.post("/appointments/family", asked)).json()["alternatives"]
    starts = [monday("09:00") + timedelta(days=ahead) for ahead in proposed]
    assert [datetime.fromisoformat(each["start"]) for each in told] == starts


@pytest.mark.parametrize(("minutes", "free_from", "asked"), [(30, "09:00", True), (180, "10:00", False)])
async def test_nobody_is_asked_to_come_earlier_at_less_than_the_notice_that_was_set(
    centre: Centre, minutes: int, free_from: str, asked: bool
) -> None:
    """`IMPACT_NOTICE_MINUTES`, at 7:45, for whoever is expected at eleven."""
    who = await centre.doctor()
    await centre.book(await centre.session(who), "11:00")
    await centre.session(await centre.doctor(), free_from, f"{free_from[:2]}:20")
    async with desk_with(centre, impact_notice_minutes=minutes) as desk:
        desk.clock.time = monday("07:45")
        told = await proposals(desk, who)
    assert [datetime.fromisoformat(each["start"]) for each in told] == [monday(free_from)] * asked


async def proposals(desk: Desk, away: UUID) -> list[dict[str, str]]:
    """What is proposed to the one patient of somebody who is away all that Monday."""
    absence = {
        "kind": "absence", "reason": "practitioner_away", "professional": str(away),
        "start": monday("07:45").isoformat(), "end": monday("23:00").isoformat(),
    }  # fmt: skip
    plan = (await desk.post("/impacts", absence)).json()
    (item,) = (await desk.get(f"/impacts/{plan['impact']}")).json()["items"]
    told: list[dict[str, str]] = item["proposals"]
    return told


async def test_a_hold_and_a_rest_last_as_long_as_was_set(centre: Centre) -> None:
    """`HOLD_MINUTES` and `COOL_DOWN_MINUTES`."""
    async with desk_with(centre, hold_minutes=7, cool_down_minutes=17) as desk:
        session = await desk.open_session()
        wish = {"session": session, "start": monday("09:00").isoformat(), "kind": "consultation"}
        hold = (await desk.post("/holds", wish)).json()
        booked = (await desk.book(session, "10:00")).json()
        await desk.post(f"/appointments/{booked['appointment']}/cancellation", {"by": "patient"})
        resting = (await desk.book(session, "10:00")).json()
    assert datetime.fromisoformat(hold["expires_at"]) == NOW + timedelta(minutes=7)
    assert datetime.fromisoformat(resting["released_at"]) == NOW + timedelta(minutes=17)


@pytest.mark.parametrize(("hours", "before", "status"), [(12, 20, 201), (48, 30, 409)])
async def test_a_practitioner_is_changed_until_the_notice_that_was_set(
    centre: Centre, hours: int, before: int, status: int
) -> None:
    """`FLOAT_NOTICE_HOURS`: whoever named nobody gives way to whoever names somebody, so long before."""
    async with desk_with(centre, float_notice_hours=hours) as desk:
        session, _other = await desk.open_session(), await desk.open_session()
        assert (await desk.book(session, "09:00", named=False)).status_code == 201
        desk.clock.time = monday("09:00") - timedelta(hours=before)
        assert (await desk.book(session, "09:00")).status_code == status


async def test_an_appointment_lasts_as_long_as_was_set(centre: Centre) -> None:
    """The minutes of each kind of the platform, as the desk reads and as it books them."""
    lengths = {f"{kind}_minutes": minutes for kind, minutes in MINUTES.items()}
    async with desk_with(centre, **lengths) as desk:
        listed = (await desk.get("/kinds", site=centre.site)).json()["kinds"]
        booked = (await desk.book(await desk.open_session(), "09:00")).json()
    assert {kind["code"]: kind["duration_minutes"] for kind in listed} == MINUTES
    assert datetime.fromisoformat(booked["end"]) == monday("09:25")
