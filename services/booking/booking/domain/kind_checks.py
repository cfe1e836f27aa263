"""Which settings of a kind can be kept: those that could never be enforced together are refused when decided."""

from datetime import timedelta
from enum import StrEnum

from booking.domain.kinds import CAPACITY_CLASSES, MODES, ON_SITE, Compartment, Kind
from booking.domain.sessions import LONGEST_HOURS

ROLES = frozenset({"gp", "retired_gp", "intern", "nurse", "medical_assistant", "social_worker"})
PREPARING = frozenset({"medical_assistant", "nurse"})
STEP = timedelta(minutes=5)  # of every grid
LONGEST_BUFFER = timedelta(hours=2)
LONGEST_PREPARATION = timedelta(hours=1)


class Fault(StrEnum):
    """What is wrong with the settings of a kind."""

    ROLE_UNKNOWN = "role_unknown"
    MODE_UNKNOWN = "mode_unknown"
    CLASS_UNKNOWN = "class_unknown"
    DURATION = "duration"  # a multiple of five minutes, with its buffers at most as long as a session may be
    BUFFER = "buffer"  # a multiple of five minutes, at most two hours
    LEADS = "leads"  # the least is less than the most
    LEAD_OF_UNSCHEDULED = "lead_of_unscheduled"  # same-day care is asked for on the day
    ELIGIBILITY_OF_UNSCHEDULED = "eligibility_of_unscheduled"  # urgent care is never refused for lack of proof
    PREPARATION = "preparation"  # a multiple of five minutes, shorter than an hour, by assistants or nurses
    PREPARATION_AWAY = "preparation_away"  # who is prepared comes
    ROOM_AWAY = "room_away"  # a room is wanted for those who come
    FOLLOW_UP_OF_UNSCHEDULED = "follow_up_of_unscheduled"
    SILENT_TOLD = "silent_told"  # a silent kind has neutral wording
    CAP = "cap"  # one at least


def fault_of(kind: Kind) -> Fault | None:
    """The first thing wrong with these settings, or nothing."""
    return next((fault for fault, is_wrong in _faults(kind).items() if is_wrong), None)


def _faults(kind: Kind) -> dict[Fault, bool]:
    preparation = kind.preparation
    comes = ON_SITE in kind.modes
    return {
        Fault.ROLE_UNKNOWN: not kind.roles or not kind.roles <= ROLES,
        Fault.MODE_UNKNOWN: not kind.modes or not kind.modes <= MODES,
        Fault.CLASS_UNKNOWN: kind.capacity_class not in CAPACITY_CLASSES,
        Fault.DURATION: not _is_on_the_step(kind.duration) or not kind.duration or kind.length > LONGEST_HOURS,
        Fault.BUFFER: not all(
            _is_on_the_step(each) and each <= LONGEST_BUFFER for each in (kind.buffer_before, kind.buffer_after)
        ),
        Fault.LEADS: kind.max_lead is not None and kind.min_lead >= kind.max_lead,
        Fault.LEAD_OF_UNSCHEDULED: kind.unscheduled and kind.min_lead > timedelta(),
        Fault.ELIGIBILITY_OF_UNSCHEDULED: kind.unscheduled and kind.wants_eligibility,
        Fault.FOLLOW_UP_OF_UNSCHEDULED: kind.unscheduled and kind.follow_up_only,
        Fault.PREPARATION: preparation is not None
        and (
            not _is_on_the_step(preparation.length)
            or not timedelta() < preparation.length < LONGEST_PREPARATION
            or not preparation.roles
            or not preparation.roles <= PREPARING
        ),
        Fault.PREPARATION_AWAY: preparation is not None and not comes,
        Fault.ROOM_AWAY: kind.wants_room and not comes,
        Fault.SILENT_TOLD: kind.compartment is Compartment.SILENT and not kind.neutral_wording,
        Fault.CAP: kind.running_cap is not None and kind.running_cap < 1,
    }


def _is_on_the_step(length: timedelta) -> bool:
    return length >= timedelta() and not length % STEP
