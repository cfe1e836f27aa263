"""Who may know of an appointment more than that its time is taken, and who may give one.

Involved are the practitioner who receives, whoever takes part besides and whoever booked it: all know already. What one
may not read one may not change; but anybody may see that somebody has arrived, and the desk who is gone. Medico-social
appointments are those of the social workers and the desk (professional secrecy, CASF L411-3); silent ones, which
protect a victim, are nobody's but the involved.
"""

from collections.abc import Collection
from uuid import UUID

from booking.domain.appointments import RELEASING, Action, Appointment
from booking.domain.kinds import Compartment

_DESK = frozenset({"secretary", "coordinator"})
_PLANNERS = _DESK | {"manager"}
_CARE = frozenset({"gp", "retired_gp", "intern", "nurse", "medical_assistant"})
_SOCIAL = frozenset({"social_worker"})

SEE: dict[Compartment, frozenset[str]] = {
    Compartment.MEDICAL: _DESK | _CARE | _SOCIAL,
    Compartment.MEDICO_SOCIAL: _DESK | _SOCIAL,
    Compartment.SILENT: frozenset(),
}

# The telephone platform and the regulator book without reading, hence nothing that must be kept from a screen.
BOOK: dict[Compartment, frozenset[str]] = {
    Compartment.MEDICAL: _DESK | _CARE | _SOCIAL | {"telephone_platform", "regulator"},
    Compartment.MEDICO_SOCIAL: _DESK | _SOCIAL | {"telephone_platform"},
    Compartment.SILENT: _DESK | _CARE | _SOCIAL,
}

_AT_THE_DOOR = frozenset({Action.NOTE_NO_SHOW, Action.LEAVE})


def may_step(action: Action, it: Appointment, roles: Collection[str], subject: str) -> bool:
    """Whether somebody of these roles may note that step of it, of those which their roles allow at all."""
    if action is Action.ARRIVE or (action in _AT_THE_DOOR and not _DESK.isdisjoint(roles)):
        return True
    return sees(it, roles, subject)


def may_correct(it: Appointment, roles: Collection[str], subject: str) -> bool:
    """Whether somebody may take its last step back: who may read it, and who noted the step on the wrong line."""
    return sees(it, roles, subject) or it.trail[-1].by == subject


def sees(it: Appointment, roles: Collection[str], subject: str) -> bool:
    """Whether a reader of these roles may know the patient and the kind of this appointment."""
    return not SEE[Compartment(it.compartment)].isdisjoint(roles) or is_involved(it, subject)


def shows(it: Appointment, roles: Collection[str], subject: str) -> bool:
    """Whether this reader's list has a line for it. A silent one that takes no time any more leaves no trace."""
    return not (hides_all(it, roles, subject) and it.state in RELEASING)


def hides_all(it: Appointment, roles: Collection[str], subject: str) -> bool:
    """Whether this reader learns nothing but the hours."""
    return it.compartment == Compartment.SILENT and not sees(it, roles, subject)


def sees_offer(compartment: str, professional: UUID, roles: Collection[str], subject: str) -> bool:
    """Whether a reader may know that somebody's sessions offer kinds of that compartment. Silent ones are known to who
    gives them, and to planners, who would drop them unseen when they edit a session."""
    return compartment != Compartment.SILENT or subject == str(professional) or not _PLANNERS.isdisjoint(roles)


def is_involved(it: Appointment, subject: str) -> bool:
    """The practitioner who receives, whoever prepares or sits in, and whoever held or booked it."""
    takes_part = {str(it.professional), *(str(each.professional) for each in it.others)}
    return subject in takes_part or any(step.by == subject for step in it.trail[:1])


def may_book(compartment: Compartment, roles: Collection[str]) -> bool:
    """Whether somebody of these roles may hold or book there."""
    return not BOOK[compartment].isdisjoint(roles)


def may_search(compartment: Compartment, roles: Collection[str]) -> bool:
    """Whether somebody of these roles may know where there is room: of silent kinds, those who may book them."""
    return compartment != Compartment.SILENT or may_book(compartment, roles)
