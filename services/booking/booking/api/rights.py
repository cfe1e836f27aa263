"""Who may do what in booking: the whole table, in one place. Use cases check the site of what they touch, row
security the territory."""

from enum import StrEnum
from uuid import UUID

from booking.use_cases.waiting_list.set_priority import CLINICIANS
from smp.http import Caller


class Right(StrEnum):
    PLAN = "plan"  # open and cancel sessions, close a day
    SEE_KINDS = "see_kinds"  # the kinds of appointment and how they are given
    DECIDE_KINDS = "decide_kinds"  # change them from a day on, for the whole territory
    SEE_AGENDA = "see_agenda"  # the sessions and rules of a site, as they are planned
    SEARCH = "search"  # see where there is room
    BOOK = "book"  # hold, book, move, cancel
    RECEIVE = "receive"  # arrivals, walk-ins, no-shows
    CORRECT = "correct"  # take a step back that was noted by mistake
    CLOSE_DAY = "close_day"  # conclude the day of a site in one command
    TREAT = "treat"  # start and finish consultations
    READ = "read"  # one appointment, the day and the waiting list of a site
    WAIT = "wait"  # put somebody on the waiting list, read and change that entry
    ANSWER = "answer"  # say yes, no or later to an offer for who waits
    PRIORITISE = "prioritise"  # say who on the waiting list is more urgent


_DESK = frozenset({"secretary", "coordinator"})
_CARE = frozenset({"gp", "retired_gp", "intern", "nurse", "medical_assistant"})
_SOCIAL = frozenset({"social_worker"})
_CENTRE = _DESK | _CARE | _SOCIAL
# They book without reading: an agent of the telephone platform, and a regulator by the channel of regulation only
# (`use_cases/access.py`). Of what is booked they see, move and cancel their own; of who waits, whom they put on
# the list.
# The answer to an offer comes to the telephone, never to the regulation.
_AFAR = frozenset({"telephone_platform", "regulator"})

# Managers plan but read nothing personal; funders do nothing here.
RIGHTS: dict[Right, frozenset[str]] = {
    Right.SEE_KINDS: _CENTRE | _AFAR | {"manager"},
    Right.DECIDE_KINDS: frozenset({"coordinator", "manager"}),
    Right.PLAN: _DESK | {"manager"},
    Right.SEE_AGENDA: _CENTRE | {"manager"},
    Right.SEARCH: _CENTRE | _AFAR,
    Right.BOOK: _CENTRE | _AFAR,
    Right.RECEIVE: _CENTRE,
    Right.CORRECT: _DESK | {"gp", "retired_gp", "social_worker"},
    Right.CLOSE_DAY: _DESK,
    Right.TREAT: _CENTRE,
    Right.READ: _CENTRE,
    Right.WAIT: _CENTRE | _AFAR,
    Right.ANSWER: _CENTRE | {"telephone_platform"},
    Right.PRIORITISE: CLINICIANS | _SOCIAL,
}

# Every route of the service and the right that it wants; the tests walk role by route by place
# (own site, other site, other territory).
ROUTES: dict[str, Right] = {
    "GET /v1/kinds": Right.SEE_KINDS,
    "POST /v1/kinds": Right.DECIDE_KINDS,
    "POST /v1/session-rules": Right.PLAN,
    "POST /v1/sessions": Right.PLAN,
    "POST /v1/session-rules/{rule}/change": Right.PLAN,
    "GET /v1/session-rules": Right.SEE_AGENDA,
    "POST /v1/sessions/{session}/change": Right.PLAN,
    "POST /v1/sessions/{session}/cancellation": Right.PLAN,
    "GET /v1/sessions": Right.SEE_AGENDA,
    "POST /v1/closures": Right.PLAN,
    "POST /v1/closures/{closure}/end": Right.PLAN,
    "GET /v1/closures": Right.PLAN,
    "POST /v1/absences": Right.PLAN,
    "POST /v1/absences/{absence}/end": Right.PLAN,
    "GET /v1/absences": Right.PLAN,
    "POST /v1/presence-plans": Right.PLAN,
    "GET /v1/presence": Right.PLAN,
    "GET /v1/sites/{site}/minor-emergencies": Right.PLAN,
    "POST /v1/impacts": Right.PLAN,
    "POST /v1/impacts/{impact}/application": Right.PLAN,
    "GET /v1/impacts/{impact}": Right.PLAN,
    "POST /v1/reachabilities": Right.PLAN,
    "POST /v1/reachabilities/{reachability}/withdrawal": Right.PLAN,
    "PUT /v1/sites/{site}/distances/{other}": Right.PLAN,
    "GET /v1/availability": Right.SEARCH,
    "GET /v1/availability/next": Right.SEARCH,
    "POST /v1/demand": Right.SEARCH,
    "POST /v1/holds": Right.BOOK,
    "POST /v1/appointments": Right.BOOK,
    "POST /v1/appointments/family": Right.BOOK,
    "GET /v1/minor-emergencies/form": Right.BOOK,
    "POST /v1/minor-emergencies": Right.BOOK,
    "GET /v1/appointments/{appointment}": Right.READ,
    "POST /v1/appointments/{appointment}/move": Right.BOOK,
    "POST /v1/appointments/{appointment}/cancellation": Right.BOOK,
    "POST /v1/appointments/{appointment}/arrival": Right.RECEIVE,
    "POST /v1/appointments/{appointment}/preparation": Right.TREAT,
    "POST /v1/appointments/{appointment}/departure": Right.RECEIVE,
    "POST /v1/appointments/{appointment}/correction": Right.CORRECT,
    "POST /v1/appointments/{appointment}/start": Right.TREAT,
    "POST /v1/appointments/{appointment}/completion": Right.TREAT,
    "POST /v1/appointments/{appointment}/no-show": Right.RECEIVE,
    "POST /v1/walk-ins": Right.RECEIVE,
    "POST /v1/appointments/{appointment}/call-order": Right.RECEIVE,
    "POST /v1/sites/{site}/day-close": Right.CLOSE_DAY,
    "GET /v1/sites/{site}/day": Right.READ,
    "GET /v1/sites/{site}/queue": Right.READ,
    "GET /v1/sites/{site}/unsupported": Right.READ,
    "POST /v1/waiting-list": Right.WAIT,
    "POST /v1/waiting-list/{entry}/wishes": Right.WAIT,
    "POST /v1/waiting-list/{entry}/priority": Right.PRIORITISE,
    "POST /v1/waiting-list/{entry}/departure": Right.WAIT,
    "GET /v1/waiting-list/explanation": Right.READ,
    "GET /v1/waiting-list/{entry}": Right.WAIT,
    "GET /v1/sites/{site}/waiting-list": Right.READ,
    "POST /v1/offers/{offer}/acceptance": Right.ANSWER,
    "POST /v1/offers/{offer}/refusal": Right.ANSWER,
    "POST /v1/offers/{offer}/later": Right.ANSWER,
}


def holders(route: str) -> frozenset[str]:
    """The roles that may use a route."""
    return RIGHTS[ROUTES[route]]


def allow(caller: Caller, right: Right, site: UUID | None = None) -> None:
    """Refuse (FORBIDDEN) unless one of the caller's roles has the right and the caller covers the site, if named."""
    caller.require(*RIGHTS[right], site=site)
