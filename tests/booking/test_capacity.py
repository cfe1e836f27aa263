"""Shares of a session: who may still take what, against an oracle that counts slots one by one."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.capacity import (
    CapacityClass,
    Release,
    Share,
    Taken,
    class_of,
    first_release,
    has_room,
    released,
    room,
    shares,
)
from booking.domain.intervals import Interval

GRID = timedelta(minutes=20)
NINE = datetime(2027, 1, 11, 8, tzinfo=UTC)
MORNING = Interval(NINE, NINE + timedelta(hours=3))  # nine slots
BEFORE, AT_ELEVEN = NINE - timedelta(days=7), NINE + timedelta(hours=2)


def taken(capacity_class: str, *slots: int) -> list[Taken]:
    return [Taken(capacity_class, Interval(NINE + n * GRID, NINE + (n + 1) * GRID)) for n in slots]


def may_take(kept: list[Share], has: list[Taken], wanted: str, now: datetime = BEFORE, minutes: int = 20) -> bool:
    return has_room(MORNING, GRID, kept, has, wanted, timedelta(minutes=minutes), now)


@pytest.mark.parametrize(
    ("kind_class", "channel", "expected"),
    [
        ("desk", "phone", "desk"),
        ("desk", "desk", "desk"),
        ("desk", "walk_in", "desk"),
        ("desk", "online", "online"),
        ("desk", "regulation", "regulation"),
        ("same_day", "phone", "same_day"),
        ("same_day", "walk_in", "same_day"),
        ("same_day", "online", "same_day"),
        ("same_day", "regulation", "regulation"),
        ("medico_social", "regulation", "medico_social"),
        ("medico_social", "online", "medico_social"),
    ],
)
def test_the_class_follows_the_channel_and_the_kind(kind_class: str, channel: str, expected: str) -> None:
    assert class_of(kind_class, channel) == expected


def test_a_share_keeps_its_slots_from_other_classes() -> None:
    kept = [Share("same_day", 2, AT_ELEVEN)]
    seven = taken("desk", *range(6))
    assert may_take(kept, seven, "desk")
    full = [*seven, *taken("desk", 6)]
    assert not may_take(kept, full, "desk")
    assert not may_take(kept, full, "online")
    assert may_take(kept, full, "same_day")


def test_a_class_takes_from_its_share_first_and_then_from_what_is_common() -> None:
    kept = [Share("same_day", 2), Share("online", 3)]
    has = taken("same_day", 0, 1)
    assert room(MORNING, GRID, kept, has, BEFORE).kept == {"same_day": 0, "online": 3}
    assert room(MORNING, GRID, kept, has, BEFORE).places("same_day") == 4
    assert not may_take(kept, taken("same_day", *range(6)), "same_day")


def test_a_share_is_everybodys_from_the_very_instant_of_its_release() -> None:
    kept = [Share("regulation", 3, AT_ELEVEN)]
    has = taken("desk", *range(6))
    assert not may_take(kept, has, "desk", AT_ELEVEN - timedelta(microseconds=1))
    assert may_take(kept, has, "desk", AT_ELEVEN)


def test_what_a_class_has_taken_stays_taken_after_the_release() -> None:
    kept = [Share("same_day", 3, NINE)]
    left = room(MORNING, GRID, kept, taken("same_day", 0, 1, 2), NINE)
    assert left.free == 6
    assert left.places("desk") == 6


def test_slots_that_have_begun_are_lost_to_everybody() -> None:
    kept = [Share("same_day", 2)]
    late = NINE + timedelta(hours=2)  # three slots to come
    assert may_take(kept, [], "desk", late)
    assert not may_take(kept, taken("desk", 6), "desk", late)
    assert may_take(kept, taken("desk", 6), "same_day", late)


def test_an_appointment_longer_than_a_slot_takes_several() -> None:
    kept = [Share("same_day", 2)]
    has = taken("desk", *range(6))
    assert may_take(kept, has, "desk", minutes=20)
    assert not may_take(kept, has, "desk", minutes=30)


def test_a_full_session_is_refused_for_what_is_taken_and_not_for_its_shares() -> None:
    kept = [Share("same_day", 2)]
    assert may_take(kept, taken("desk", *range(9)), "online")


def test_the_hour_of_release_is_that_of_the_sites_clock_whatever_the_season() -> None:
    paris, rule = ZoneInfo("Europe/Paris"), {"online": Release(1, time(18)), "same_day": Release(0, time(11))}
    (online, same_day) = shares({"same_day": 2, "online": 3, "desk": 0}, rule, date(2027, 3, 28), paris)
    assert online == Share("online", 3, datetime(2027, 3, 27, 17, tzinfo=UTC))
    assert same_day == Share("same_day", 2, datetime(2027, 3, 28, 9, tzinfo=UTC))
    reunion = shares({"same_day": 1}, rule, date(2027, 1, 11), ZoneInfo("Indian/Reunion"))
    assert reunion == (Share("same_day", 1, datetime(2027, 1, 11, 7, tzinfo=UTC)),)


def test_a_class_without_rule_of_release_keeps_its_share_until_the_end() -> None:
    (kept,) = shares({"regulation": 1}, {}, date(2027, 1, 11), ZoneInfo("Europe/Paris"))
    assert kept.release_at is None
    assert kept.keeps(MORNING.end)


def test_each_release_is_told_once_with_what_was_left_of_it() -> None:
    kept = [Share("online", 3, BEFORE), Share("same_day", 2, AT_ELEVEN), Share("desk", 1, AT_ELEVEN)]
    has = taken("same_day", 7)
    assert first_release(kept, BEFORE) == AT_ELEVEN
    told = released(MORNING, GRID, kept, has, AT_ELEVEN, AT_ELEVEN)
    assert [(share.capacity_class, slots) for share, slots in told] == [("same_day", 1), ("desk", 1)]
    assert first_release(kept, AT_ELEVEN) is None


classes = st.sampled_from([each.value for each in CapacityClass])
instants = st.integers(-5, 240).map(lambda minutes: NINE + timedelta(minutes=minutes))


@st.composite
def sessions(draw: st.DrawFn) -> tuple[list[Share], list[Taken], datetime, str]:
    kept = {draw(classes): draw(st.integers(1, 4)) for _ in range(draw(st.integers(0, 3)))}
    hours = st.one_of(st.none(), instants)
    has = [taken(draw(classes), n)[0] for n in sorted(draw(st.sets(st.integers(0, 8))))]
    return [Share(each, slots, draw(hours)) for each, slots in kept.items()], has, draw(instants), draw(classes)


@given(sessions())
def test_a_single_slot_is_had_exactly_when_others_still_find_what_is_kept_for_them(
    case: tuple[list[Share], list[Taken], datetime, str],
) -> None:
    """The oracle hands the slots that are left to the shares, one by one, and looks for one more."""
    kept, has, now, wanted = case
    free = sum(
        1 for n in range(9) if NINE + n * GRID >= now and all(each.period.start != NINE + n * GRID for each in has)
    )
    own, others = 0, 0
    for share in kept:
        if share.release_at is not None and share.release_at <= now:
            continue
        left = share.slots
        for each in has:
            if left and each.capacity_class == share.capacity_class:
                left -= 1
        if share.capacity_class == wanted:
            own = left
        else:
            others += left
    expected = free == 0 or others == 0 or own > 0 or free > others
    assert has_room(MORNING, GRID, kept, has, wanted, GRID, now) == expected


@given(sessions(), instants)
def test_a_release_never_takes_a_place_from_anybody(
    case: tuple[list[Share], list[Taken], datetime, str], release: datetime
) -> None:
    kept, has, now, wanted = case
    sooner = [
        replace(each, release_at=release) for each in kept if each.release_at is None or each.release_at > release
    ]
    before = room(MORNING, GRID, kept, has, now)
    after = room(
        MORNING, GRID, [*sooner, *(each for each in kept if each.release_at and each.release_at <= release)], has, now
    )
    assert after.free == before.free
    assert after.places(wanted) >= min(before.places(wanted), before.common)
