"""Shares and supervision by settings: what is accepted is enforced, what is not is refused at start."""

from datetime import date, time
from typing import Any

import pytest
from pydantic import ValidationError

from booking.domain.capacity import CapacityClass, Release
from booking.settings import Settings
from tests.support.api import test_settings


def settings(**given: Any) -> Settings:
    made: Settings = test_settings(Settings, **given)
    return made


def test_the_hours_of_release_are_those_that_were_agreed_when_nothing_is_said() -> None:
    assert settings().rules().releases == {
        CapacityClass.MEDICO_SOCIAL: Release(2, time(0)),
        CapacityClass.ONLINE: Release(1, time(18)),
        CapacityClass.DESK: Release(1, time(18)),
        CapacityClass.REGULATION: Release(0, time(11)),
        CapacityClass.SAME_DAY: Release(0, time(11)),
    }


def test_a_share_may_be_released_otherwise_or_never() -> None:
    releases = settings(release_online="3d 08:30", release_regulation="never").rules().releases
    assert releases[CapacityClass.ONLINE] == Release(3, time(8, 30))
    assert CapacityClass.REGULATION not in releases


def test_the_figures_of_supervision_may_change_from_a_day_on() -> None:
    rules = settings(interns_per_supervisor="2, 1 from 2027-09-01", intern_acts_per_half_day="12").rules()
    assert [rules.interns_per_supervisor.on(date(2027, month, 1)) for month in (8, 9)] == [2, 1]
    assert rules.acts_per_half_day.on(date(2030, 1, 1)) == 12


@pytest.mark.parametrize(
    "wrong",
    [
        {"release_online": "18:00"},
        {"release_online": "1d 25:00"},
        {"release_online": "sometimes"},
        {"interns_per_supervisor": "0"},
        {"interns_per_supervisor": "2, 11 from 2027-09-01"},
        {"intern_acts_per_half_day": "5"},
        {"intern_acts_per_half_day": "13"},
        {"intern_acts_per_half_day": "10, 8 from soon"},
    ],
)
def test_a_setting_that_cannot_be_enforced_is_refused_at_start(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)
