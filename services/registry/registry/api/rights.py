"""Who may do what: the whole table, in one place. Sites are checked as well wherever a command names one."""

from collections.abc import Iterable
from enum import Enum
from uuid import UUID

from smp.http import Caller
from smp.problems import FORBIDDEN, Refusal

_CARE = ("gp", "retired_gp", "intern", "nurse", "medical_assistant", "social_worker")
_DESK = ("secretary", "coordinator")


class Right(Enum):
    """An action and the roles that may do it, inside their own territories (row security sees to that)."""

    READ_SITES = (*_CARE, *_DESK, "manager", "funder")
    READ_PROFESSIONALS = (*_CARE, *_DESK, "manager")
    MANAGE_SITES = ("manager", "coordinator")
    MANAGE_PROFESSIONALS = ("coordinator", "manager")
    READ_PATIENTS = (*_CARE, *_DESK)
    CHANGE_PATIENTS = ("secretary", "coordinator")
    ERASE_PATIENTS = ("coordinator",)
    OPEN_COMPARTMENTS = ("service",)


def allow(caller: Caller, right: Right, site: UUID | None = None) -> None:
    """Refuse (FORBIDDEN) unless the caller's roles give the right and the caller covers the site, if one is named."""
    caller.require(*right.value, site=site)


def allow_for_any(caller: Caller, right: Right, sites: Iterable[UUID]) -> None:
    """Refuse unless the caller has the right and covers at least one of the sites."""
    allow(caller, right)
    if not any(caller.actor.covers_site(site) for site in sites):
        raise Refusal(FORBIDDEN)
