from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from notifications.settings import Settings
from notifications.use_cases.policy import Policy
from tests.notifications.test_ovh_over_http import SETTINGS
from tests.support.api import test_settings


def settings(**given: Any) -> Settings:
    made: Settings = test_settings(Settings, **{**SETTINGS, **given})
    return made


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"texts_open": "20:00", "texts_close": "08:00"}, "SMP_TEXTS_OPEN must be before SMP_TEXTS_CLOSE"),
        ({"reminder_at_least_hours": 72}, "SMP_REMINDER_AT_LEAST_HOURS must not exceed"),
        ({"texts_zone": "Europe/Laval"}, "is not an IANA time zone"),
        ({"texts_weekdays": "8"}, "pattern"),
        ({"sms_sender": "Centre de santé"}, "pattern"),
        ({"sms_callback_secret": "short"}, "at least 16"),
    ],
)
def test_a_wrong_setting_is_refused_at_start_with_its_reason(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        settings(**wrong)


def test_the_provider_is_never_spoken_to_in_clear_in_production() -> None:
    with pytest.raises(ValidationError, match="SMP_SMS_URL must be https in production"):
        settings(environment="production", oidc_issuer="https://issuer.test")


def test_every_rule_of_the_policy_comes_from_a_setting() -> None:
    policy = settings(
        texts_open="09:00",
        texts_close="18:30",
        texts_weekdays="1,2,3,4,5",
        texts_zone="Indian/Reunion",
        reminder_hours=24,
        reminder_at_least_hours=12,
        horizon_hours=5,
        unanswered_hours=6,
        texts_kept_days=7,
        sms_parallel=3,
        wait_for_others_seconds=9,
        sms_doubt_seconds=2,
    ).policy()
    assert (policy.opens, policy.closes, policy.weekdays) == (time(9), time(18, 30), frozenset({1, 2, 3, 4, 5}))
    assert (policy.default_zone, policy.parallel) == ("Indian/Reunion", 3)
    assert (policy.reminder_lead, policy.reminder_at_least) == (timedelta(hours=24), timedelta(hours=12))
    assert (policy.horizon, policy.unanswered, policy.kept) == (
        timedelta(hours=5),
        timedelta(hours=6),
        timedelta(days=7),
    )
    assert (policy.wait_for_others, policy.doubt) == (timedelta(seconds=9), timedelta(seconds=2))


@pytest.mark.parametrize(
    ("subdivision", "day", "holiday"),
    [
        (None, date(2026, 4, 6), True),
        (None, date(2026, 12, 26), False),
        ("Moselle", date(2026, 12, 26), True),
        ("Réunion", date(2026, 12, 20), True),
        ("Atlantis", date(2031, 5, 1), True),
    ],
)
def test_public_holidays_are_those_of_the_place_in_any_year(subdivision: str | None, day: date, holiday: bool) -> None:
    hours = Policy().rules("Europe/Paris", subdivision).hours
    assert (day in hours.holidays) is holiday


def test_a_zone_nobody_knows_does_not_stop_the_texts_of_the_others() -> None:
    hours = Policy().rules("Mars/Olympus", None).hours
    assert hours.allows(datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Europe/Paris")))
