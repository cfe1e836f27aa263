"""Undoing a step noted by mistake: the last one, once, on the local day on which it was noted."""

from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from booking.domain.appointments import GIVEN_BACK, Appointment, State, Step
from booking.domain.local_time import local_day

# What each step had written, to be taken back with it.
_WRITTEN: dict[State, tuple[str, ...]] = {
    State.ARRIVED: ("arrived_at", "call_place", "call_before", "call_decided_at"),
    State.IN_PREPARATION: ("prepared_at",),
    State.IN_CONSULTATION: ("started_at",),
    State.DONE: ("ended_at", "outcome", "severity", "otherwise_emergency", "supervisor"),
    State.NO_SHOW: (),
    State.LEFT_UNSEEN: ("left_at",),
    State.EXCUSED: ("cancelled_by", "cancel_reason", "late", "rests_until"),
    State.CANCELLED: ("cancelled_by", "cancel_reason", "late", "rests_until"),
}


class Uncorrectable(StrEnum):
    """Why a step stays."""

    NOTHING = "nothing"  # the last step is not one that can be undone
    ALREADY = "already"  # the last step is itself a correction
    TOO_LATE = "too_late"  # noted on another day
    REPLACED = "replaced"  # given back for a sooner one, which the patient has now


def correctable(it: Appointment, now: datetime, zone: ZoneInfo) -> Uncorrectable | None:
    """Why the last step of `it` cannot be undone at `now`, or nothing when it can. A cancelled hold stays cancelled:
    taking another one costs nothing."""
    change = _last_change(it)
    if change is None:
        return Uncorrectable.NOTHING
    before, last = change
    if last.undoes is not None:
        return Uncorrectable.ALREADY
    if last.state not in _WRITTEN or before.state is State.HELD:
        return Uncorrectable.NOTHING
    if last.state is State.CANCELLED and it.cancel_reason == GIVEN_BACK:
        return Uncorrectable.REPLACED
    if local_day(last.at, zone) != local_day(now, zone):
        return Uncorrectable.TOO_LATE
    return None


def corrected(it: Appointment, at: datetime, by: str, *, why: str, notify: bool) -> Appointment:
    """The appointment as before its last step, which must be `correctable`."""
    change = _last_change(it)
    assert change is not None
    before, last = change
    step = Step(it.version + 1, before.state, at, by, why, undoes=last.version)
    return it.noted(step, notify=notify, **dict.fromkeys(_WRITTEN[last.state]))


def _last_change(it: Appointment) -> tuple[Step, Step] | None:
    """The last step that changed the state, and the one before it; a step such as a change of the call order leaves
    the state as it was."""
    pairs = zip(reversed(it.trail[:-1]), reversed(it.trail), strict=False)
    return next(((before, last) for before, last in pairs if before.state is not last.state), None)
