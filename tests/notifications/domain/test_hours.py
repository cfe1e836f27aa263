from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.domain.hours import TextingHours

PARIS = ZoneInfo("Europe/Paris")
EASTER_MONDAY = date(2026, 4, 6)
HOURS = TextingHours(PARIS, holidays=frozenset({EASTER_MONDAY}))

ZONES = st.sampled_from(["Europe/Paris", "Indian/Reunion", "America/Guadeloupe", "Pacific/Noumea"]).map(ZoneInfo)
NEW_YEAR_2025 = datetime(2025, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: NEW_YEAR_2025 + timedelta(minutes=minutes))


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        ("2026-03-02T08:00", "2026-03-02T08:00"),
        ("2026-03-02T07:59", "2026-03-02T08:00"),
        ("2026-03-02T19:59", "2026-03-02T19:59"),
        ("2026-03-02T20:00", "2026-03-03T08:00"),
        ("2026-03-07T21:00", "2026-03-09T08:00"),
        ("2026-04-05T10:00", "2026-04-07T08:00"),
    ],
)
def test_a_text_waits_for_the_next_allowed_moment(moment: str, allowed: str) -> None:
    assert HOURS.next_allowed(paris(moment)) == paris(allowed)


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        ("2026-03-08T10:30", "2026-03-07T10:30"),
        ("2026-04-06T06:00", "2026-04-04T08:00"),
        ("2026-03-08T23:00", "2026-03-07T19:59"),
        ("2026-03-03T22:00", "2026-03-03T19:59"),
    ],
)
def test_a_text_that_cannot_wait_goes_at_the_last_allowed_moment_before(moment: str, allowed: str) -> None:
    assert HOURS.last_allowed(paris(moment)) == paris(allowed)


@given(MOMENTS, ZONES, st.frozensets(st.dates(date(2025, 1, 1), date(2028, 1, 31)), max_size=20))
def test_quiet_hours_are_idempotent_and_never_go_back(moment: datetime, zone: ZoneInfo, off: frozenset[date]) -> None:
    hours = TextingHours(zone, holidays=off)
    later, earlier = hours.next_allowed(moment), hours.last_allowed(moment)
    assert hours.allows(later)
    assert hours.next_allowed(later) == later >= moment
    assert hours.allows(earlier)
    assert hours.last_allowed(earlier) == earlier <= moment


@given(MOMENTS, ZONES)
def test_no_allowed_moment_is_skipped(moment: datetime, zone: ZoneInfo) -> None:
    hours = TextingHours(zone)
    allowed = hours.next_allowed(moment)
    assert allowed == moment or not hours.allows(allowed - timedelta(minutes=1))
    assert allowed - moment <= timedelta(hours=37)


def test_a_calendar_without_any_day_is_refused_rather_than_searched_for_ever() -> None:
    with pytest.raises(ValueError, match="no day"):
        TextingHours(PARIS, weekdays=frozenset()).next_allowed(paris("2026-03-02T10:00"))


def test_the_opening_hour_is_local_on_both_sides_of_the_change_to_summer_time() -> None:
    hours = TextingHours(PARIS, time(8), time(20), frozenset(range(1, 8)))
    assert hours.next_allowed(paris("2026-03-28T21:00")) == datetime(2026, 3, 29, 6, tzinfo=UTC)
    assert hours.next_allowed(paris("2026-03-27T21:00")) == datetime(2026, 3, 28, 7, tzinfo=UTC)
