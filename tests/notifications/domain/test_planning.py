from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.domain.appointments import Mode, Slot
from notifications.domain.hours import TextingHours
from notifications.domain.messages import Purpose
from notifications.domain.planning import Draft, Earlier, Rules, plan_booking, plan_cancellation, plan_move

PARIS = ZoneInfo("Europe/Paris")
RULES = Rules(TextingHours(PARIS))
SITE, OTHER_SITE = UUID(int=1), UUID(int=2)


def at(text: str) -> datetime:
    """A time of March 2026, in which the 2nd is a Monday."""
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=PARIS)


def slot(text: str) -> Slot:
    return Slot(SITE, at(text))


def purposes(drafts: tuple[Draft, ...]) -> list[Purpose]:
    return [draft.purpose for draft in drafts]


def test_a_booking_is_confirmed_now_and_recalled_two_days_before() -> None:
    assert plan_booking(slot("19T10:30"), at("02T09:00"), RULES) == (
        Draft(Purpose.CONFIRMATION, at("02T09:00")),
        Draft(Purpose.REMINDER, at("17T10:30")),
    )


def test_a_booking_less_than_two_days_ahead_has_no_reminder() -> None:
    assert purposes(plan_booking(slot("04T08:59"), at("02T09:00"), RULES)) == [Purpose.CONFIRMATION]


@pytest.mark.parametrize(
    ("start", "reminder"),
    [
        ("10T10:00", "09T08:00"),  # a Tuesday: Sunday is carried over to Monday 8:00
        ("10T08:00", "09T08:00"),
        ("16T07:00", "14T08:00"),  # a Monday at 7:00: Saturday at 8:00
    ],
)
def test_a_reminder_is_brought_into_allowed_hours(start: str, reminder: str) -> None:
    assert Draft(Purpose.REMINDER, at(reminder)) in plan_booking(slot(start), at("02T09:00"), RULES)


def test_a_reminder_goes_earlier_when_a_long_weekend_would_bring_it_too_late() -> None:
    easter = Rules(TextingHours(PARIS, holidays=frozenset({date(2026, 4, 6)})))
    tuesday = Slot(SITE, datetime(2026, 4, 7, 10, tzinfo=PARIS))
    assert plan_booking(tuesday, at("02T09:00"), easter)[1].due_at == datetime(2026, 4, 4, 10, tzinfo=PARIS)


def test_a_patient_who_is_already_there_gets_no_text() -> None:
    assert plan_booking(slot("02T09:00"), at("02T09:00"), RULES) == ()


def test_a_confirmation_that_would_come_after_the_appointment_is_dropped() -> None:
    assert plan_booking(slot("02T07:30"), at("02T06:00"), RULES) == ()


def test_an_unsent_confirmation_then_moved_becomes_one_correct_confirmation() -> None:
    earlier = [Earlier(Purpose.CONFIRMATION, slot("12T10:00"), told=False)]
    drafts = plan_move(slot("13T10:00"), at("12T10:00"), earlier, at("02T07:00"), RULES)
    assert drafts[0] == Draft(Purpose.CONFIRMATION, at("02T08:00"))


def test_a_patient_who_knows_an_older_slot_is_told_of_the_change() -> None:
    earlier = [Earlier(Purpose.CONFIRMATION, slot("12T10:00"), told=True)]
    drafts = plan_move(slot("13T10:00"), at("12T10:00"), earlier, at("02T09:00"), RULES)
    assert purposes(drafts) == [Purpose.CHANGE, Purpose.REMINDER]


def test_a_patient_who_was_never_meant_to_be_told_is_told_of_the_change() -> None:
    assert purposes(plan_move(slot("03T10:00"), at("03T11:00"), [], at("02T09:00"), RULES)) == [Purpose.CHANGE]


def test_a_move_of_today_is_told_at_once_to_a_patient_whom_the_confirmation_has_not_reached_yet() -> None:
    """Booked yesterday evening by telephone for eight; at a quarter to eight the doctor is ill."""
    earlier = [Earlier(Purpose.CONFIRMATION, slot("03T08:00"), told=False)]
    drafts = plan_move(slot("03T14:00"), at("03T08:00"), earlier, at("03T07:45"), RULES)
    assert drafts == (Draft(Purpose.CONFIRMATION, at("03T07:45"), at_once=True),)


def test_a_colleague_at_the_same_hour_hurries_no_confirmation() -> None:
    earlier = [Earlier(Purpose.CONFIRMATION, slot("03T10:00"), told=False)]
    drafts = plan_move(slot("03T10:00"), at("03T10:00"), earlier, at("03T07:45"), RULES)
    assert drafts == (Draft(Purpose.CONFIRMATION, at("03T08:00")),)
    earlier = [Earlier(Purpose.CONFIRMATION, slot("03T08:00"), told=False)]
    assert plan_move(slot("03T08:00"), at("03T08:00"), earlier, at("03T07:45"), RULES) == ()


def test_moving_back_to_the_slot_the_patient_knows_says_nothing() -> None:
    earlier = [
        Earlier(Purpose.CONFIRMATION, slot("03T10:00"), told=True),
        Earlier(Purpose.CHANGE, slot("03T11:00"), told=False),
    ]
    assert plan_move(slot("03T10:00"), at("03T11:00"), earlier, at("02T09:00"), RULES) == ()


def test_another_place_at_the_same_hour_is_a_change() -> None:
    earlier = [Earlier(Purpose.CONFIRMATION, slot("03T10:00"), told=True)]
    for moved in (Slot(OTHER_SITE, at("03T10:00")), Slot(SITE, at("03T10:00"), Mode.BY_VIDEO)):
        assert purposes(plan_move(moved, at("03T10:00"), earlier, at("02T09:00"), RULES)) == [Purpose.CHANGE]


@pytest.mark.parametrize(("now", "due", "at_once"), [("02T07:45", "02T07:45", True), ("01T21:00", "02T08:00", False)])
def test_a_cancellation_of_the_same_day_goes_at_once_others_wait_for_the_morning(
    now: str, due: str, at_once: bool
) -> None:
    assert plan_cancellation(slot("02T09:00"), at(now), RULES) == (Draft(Purpose.CANCELLATION, at(due), at_once),)


def test_a_cancellation_goes_at_night_rather_than_after_the_appointment() -> None:
    assert plan_cancellation(slot("02T07:30"), at("01T21:00"), RULES) == (
        Draft(Purpose.CANCELLATION, at("01T21:00"), at_once=True),
    )


def test_a_change_of_an_appointment_of_today_goes_at_once_even_when_moved_to_next_week() -> None:
    earlier = [Earlier(Purpose.CONFIRMATION, slot("02T09:00"), told=True)]
    drafts = plan_move(slot("09T09:00"), at("02T09:00"), earlier, at("02T07:30"), RULES)
    assert drafts[0] == Draft(Purpose.CHANGE, at("02T07:30"), at_once=True)


MINUTES = st.integers(-3 * 24 * 60, 40 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


@given(MINUTES, MINUTES, MINUTES, st.booleans())
def test_no_text_is_ever_planned_in_the_past_nor_after_the_appointment(
    booked: timedelta, start: timedelta, previous: timedelta, told: bool
) -> None:
    now, wanted = at("02T09:00") + booked, Slot(SITE, at("02T09:00") + start)
    before = at("02T09:00") + previous
    earlier = [Earlier(Purpose.CONFIRMATION, Slot(SITE, before), told)]
    plans = (
        plan_booking(wanted, now, RULES),
        plan_move(wanted, before, earlier, now, RULES),
        plan_cancellation(wanted, now, RULES),
    )
    for drafts in plans:
        assert all(now <= draft.due_at < wanted.start for draft in drafts)
        assert len({draft.purpose for draft in drafts}) == len(drafts)
