"""Who may do what in booking: the whole table, in one place. Use cases check the site of what they touch, row
security the territory."""

from enum import StrEnum
from uuid import UUID

from booking.use_cases.set_priority import CLINICIANS
from smp.http import Caller


class Right(StrEnum):
    PLAN = "plan"  # open and cancel sessions, close a day
    SEARCH = "search"  # see where there is room
    BOOK = "book"  # hold, book, move, cancel
    RECEIVE = "receive"  # arrivals, walk-ins, no-shows
    CORRECT = "correct"  # take a step back that was noted by mistake
    CLOSE_DAY = "close_day"  # conclude the day of a site in one command
    TREAT = "treat"  # start and finish consultations
    READ = "read"  # one appointment, the day and the waiting list of a site
    WAIT = "wait"  # put somebody on the waiting list, answer for them
    PRIORITISE = "prioritise"  # say who on the waiting list is more urgent


_DESK = frozenset({"secretary", "coordinator"})
_CARE = frozenset({"gp", "retired_gp", "intern", "nurse", "medical_assistant"})
_SOCIAL = frozenset({"social_worker"})

# Managers plan but read nothing personal; funders do nothing here.
RIGHTS: dict[Right, frozenset[str]] = {
    Right.PLAN: _DESK | {"manager"},
    Right.SEARCH: _DESK | _CARE | _SOCIAL,
    Right.BOOK: _DESK | _CARE | _SOCIAL,
    Right.RECEIVE: _DESK | _CARE | _SOCIAL,
    Right.CORRECT: _DESK | {"gp", "retired_gp", "social_worker"},
    Right.CLOSE_DAY: _DESK,
    Right.TREAT: _DESK | _CARE | _SOCIAL,
    Right.READ: _DESK | _CARE | _SOCIAL,
    Right.WAIT: _DESK | _CARE | _SOCIAL,
    Right.PRIORITISE: CLINICIANS | _SOCIAL,
}


def allow(caller: Caller, right: Right, site: UUID | None = None) -> None:
    """Refuse (FORBIDDEN) unless one of the caller's roles has the right and the caller covers the site, if named."""
    caller.require(*RIGHTS[right], site=site)


def allow_any(caller: Caller, *rights: Right, site: UUID) -> None:
    """Refuse (FORBIDDEN) unless one of the caller's roles has one of the rights and the caller covers the site."""
    caller.require(*frozenset().union(*(RIGHTS[right] for right in rights)), site=site)
