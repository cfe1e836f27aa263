"""Taking a step back, as a pure rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.appointments import Action, Appointment, State, Step, after
from booking.domain.corrections import Uncorrectable, correctable, corrected
from tests.booking.test_appointment_life import appointment

PARIS = ZoneInfo("Europe/Paris")
NINE = datetime(2027, 1, 11, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOW: dict[Action, dict[str, Any]] = {
    Action.ARRIVE: {"arrived_at": NINE},
    Action.PREPARE: {"prepared_at": NINE},
    Action.START: {"started_at": NINE},
    Action.FINISH: {"ended_at": NINE, "outcome": "none", "severity": 2},
    Action.LEAVE: {"left_at": NINE},
    Action.CANCEL: {"cancelled_by": "patient", "cancel_reason": "excused", "late": True},
    Action.EXCUSE: {"cancelled_by": "patient", "cancel_reason": "excused", "late": True},
}


def booked() -> Appointment:
    return appointment(State.BOOKED, trail=(Step(1, State.BOOKED, NINE - timedelta(days=7), "secretary-1"),))


def took(it: Appointment, *actions: Action, at: datetime = NINE) -> Appointment:
    for action in actions:
        it = it.step(action, at, "secretary-1", **HOW.get(action, {}))
    return it


def undo(it: Appointment, at: datetime = NINE) -> Appointment:
    return corrected(it, at, "secretary-2", why="wrong_line", notify=False)


@given(st.data())
def test_undoing_any_step_gives_back_the_appointment_as_it_was(data: st.DataObject) -> None:
    """Whatever came before, only the version, the trail and `notify` tell that something happened."""
    it = booked()
    steps = [Action.ARRIVE, Action.PREPARE, Action.START, Action.FINISH, Action.NOTE_NO_SHOW, Action.LEAVE,
             Action.CANCEL, Action.EXCUSE]  # fmt: skip
    for _ in range(data.draw(st.integers(0, 4))):
        possible = [action for action in steps if after(it.state, action)]
        if possible:
            it = took(it, data.draw(st.sampled_from(possible)))
    possible = [action for action in steps if after(it.state, action)]
    if not possible:
        return
    further = took(it, data.draw(st.sampled_from(possible)))
    assert correctable(further, NINE + MINUTE, PARIS) is None
    undone = undo(further)
    assert replace(undone, version=it.version, trail=it.trail, notify=it.notify) == it
    assert (undone.version, undone.trail[-1].undoes, undone.trail[-1].why) == (
        it.version + 2,
        it.version + 1,
        "wrong_line",
    )


def test_a_correction_is_not_undone_but_the_right_step_follows() -> None:
    undone = undo(took(booked(), Action.NOTE_NO_SHOW))
    assert correctable(undone, NINE, PARIS) is Uncorrectable.ALREADY
    assert took(undone, Action.ARRIVE).state is State.ARRIVED


@pytest.mark.parametrize(("minutes", "expected"), [(14 * 60 + 59, None), (15 * 60, Uncorrectable.TOO_LATE)])
def test_a_step_is_undone_until_midnight_of_the_site(minutes: int, expected: Uncorrectable | None) -> None:
    missed = took(booked(), Action.NOTE_NO_SHOW)
    assert correctable(missed, NINE + minutes * MINUTE, PARIS) is expected


def test_neither_a_booking_nor_a_move_nor_a_hold_given_up_is_a_step_to_undo() -> None:
    held = appointment(State.HELD, trail=(Step(1, State.HELD, NINE, "x"),), expires_at=NINE + MINUTE)
    for it in (booked(), took(booked(), Action.MOVE), took(held, Action.CANCEL), took(held, Action.EXPIRE)):
        assert correctable(it, NINE, PARIS) is Uncorrectable.NOTHING


def test_a_step_that_leaves_the_state_as_it_was_does_not_hide_the_one_to_undo() -> None:
    arrived = took(booked(), Action.ARRIVE)
    ordered = arrived.noted(Step(arrived.version + 1, State.ARRIVED, NINE, "secretary-1", "asked_by_staff"))
    undone = undo(ordered)
    assert (undone.state, undone.arrived_at, undone.trail[-1].undoes) == (State.BOOKED, None, arrived.version)
