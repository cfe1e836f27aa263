"""One demo clock for all processes; without it, the machine's."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from smp.clock import DemoTime, FileClock, SystemClock, clock_from, set_demo_clock

MONDAY = datetime(2026, 11, 23, 7, 55, tzinfo=UTC)


def test_demo_time_starts_where_it_is_told_and_runs_at_its_speed() -> None:
    time = DemoTime(real=1000.0, start=MONDAY.timestamp(), speed=720.0)
    assert time.at(1000.0) == MONDAY
    assert time.at(1060.0) == MONDAY + timedelta(hours=12)


def test_two_clocks_on_the_same_file_agree_and_follow_when_it_is_set_again(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    set_demo_clock(file, MONDAY, 0.0)
    one, two = FileClock(file), FileClock(file)
    assert one.now() == two.now() == MONDAY
    set_demo_clock(file, MONDAY + timedelta(days=1), 0.0)
    assert one.now() == two.now() == MONDAY + timedelta(days=1)


def test_without_a_file_the_clock_is_the_machines() -> None:
    assert isinstance(clock_from(None), SystemClock)
    assert clock_from(None).now().tzinfo is UTC
