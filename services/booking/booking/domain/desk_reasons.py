"""Why the desk does something, as closed lists: events are kept for good and read by all, so that neither a reason of
care nor why somebody is absent may be written into them. What is not here is `other`."""

from enum import StrEnum


class CancellationReason(StrEnum):
    """Why an appointment is given up."""

    EXCUSED = "excused"  # the patient cannot come
    ANOTHER_TIME = "another_time"
    NO_LONGER_WANTED = "no_longer_wanted"
    FOUND_TREATING_DOCTOR = "found_treating_doctor"
    MOVED_AWAY = "moved_away"
    BOOKED_BY_MISTAKE = "booked_by_mistake"
    PRACTITIONER_AWAY = "practitioner_away"
    ORGANISATION = "organisation"
    OTHER = "other"


class CallOrderReason(StrEnum):
    """Why somebody who waits is called earlier or later; never how they are."""

    AGREED_TO_WAIT = "agreed_to_wait"
    ARRIVED_LATE = "arrived_late"
    WAITED_LONG = "waited_long"
    COMES_WITH_ANOTHER = "comes_with_another"
    ASKED_BY_STAFF = "asked_by_staff"
    ORGANISATION = "organisation"
    OTHER = "other"


class DepartureReason(StrEnum):
    """Why somebody left without being seen."""

    TOO_LONG = "too_long"
    CALLED_AWAY = "called_away"
    COMES_BACK_LATER = "comes_back_later"
    WENT_ELSEWHERE = "went_elsewhere"
    OTHER = "other"


class CorrectionReason(StrEnum):
    """Why the last step was a mistake."""

    WRONG_LINE = "wrong_line"
    WRONG_STEP = "wrong_step"
    CAME_BACK = "came_back"
    CAME_AFTER_ALL = "came_after_all"
    OTHER = "other"


class SessionReason(StrEnum):
    """Why a session is otherwise, or does not take place; of somebody who is away, only that they are."""

    PRACTITIONER_AWAY = "practitioner_away"
    REPLACED = "replaced"
    MEETING = "meeting"
    DEMAND = "demand"  # more or other patients than was planned for
    ROOM_UNAVAILABLE = "room_unavailable"
    WORKS = "works"
    WEATHER = "weather"
    ORGANISATION = "organisation"
    OTHER = "other"


class ClosureReason(StrEnum):
    """Why a site or a room receives nobody."""

    BRIDGE_DAY = "bridge_day"
    MEETING = "meeting"
    TRAINING = "training"
    WORKS = "works"
    MOVING = "moving"
    WEATHER = "weather"
    ORGANISATION = "organisation"
    OTHER = "other"


class AbsenceReason(StrEnum):
    """Why a professional is away: planners read it, no event says it. `leave` is any leave."""

    LEAVE = "leave"
    TRAINING = "training"
    MEETING = "meeting"
    ELSEWHERE = "elsewhere"
    OTHER = "other"


class ImpactReason(StrEnum):
    """Why the agenda changes, as it is said of every appointment that is hit."""

    PRACTITIONER_AWAY = "practitioner_away"
    SUPERVISOR_AWAY = "supervisor_away"
    MEETING = "meeting"
    WORKS = "works"
    WEATHER = "weather"
    NEW_ADDRESS = "new_address"
    ORGANISATION = "organisation"
    OTHER = "other"


class WaitingListReason(StrEnum):
    """Why somebody does not wait any more."""

    FOUND_TREATING_DOCTOR = "found_treating_doctor"
    SEEN_ELSEWHERE = "seen_elsewhere"
    MOVED_AWAY = "moved_away"
    NO_LONGER_WANTED = "no_longer_wanted"
    UNREACHABLE = "unreachable"
    JOINED_BY_MISTAKE = "joined_by_mistake"
    OTHER = "other"
