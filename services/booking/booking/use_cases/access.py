"""Which site, compartment and channel an actor may touch; which role may do what is asked at the edge
(`booking.api.rights`)."""

from collections.abc import Iterable
from uuid import UUID

from booking.domain.appointments import Action, Appointment
from booking.domain.compartments import BOOK, SEE, may_book, may_correct, may_search, may_step, sees
from booking.domain.intervals import Interval
from booking.domain.kinds import Compartment, Kind
from booking.domain.waiting_list import Entry
from smp.auth import Actor
from smp.problems import FORBIDDEN, Refusal

_ANY_CHANNEL = BOOK[Compartment.MEDICAL] - {"regulator"}


def require_site(actor: Actor, site: UUID) -> None:
    """Refuse an actor who does not work at `site`. Row security has checked the territory."""
    if not actor.covers_site(site):
        raise Refusal(FORBIDDEN)


def require_one_site(actor: Actor, sites: Iterable[UUID]) -> None:
    """Refuse an actor who works at none of `sites`."""
    if not any(actor.covers_site(site) for site in sites):
        raise Refusal(FORBIDDEN)


def require_compartment(actor: Actor, kind: Kind) -> None:
    """Refuse an actor who may not give appointments of that compartment."""
    if not may_book(kind.compartment, actor.roles):
        raise Refusal(FORBIDDEN)


def searchable(actor: Actor, parts: Iterable[tuple[Kind, Interval]]) -> list[tuple[Kind, Interval]]:
    """The parts of a window in which this actor may know where there is room for the kind, as it is given then."""
    return [(kind, part) for kind, part in parts if may_search(kind.compartment, actor.roles)]


def require_sight(actor: Actor, it: Appointment) -> None:
    """Refuse to change what this actor may only see as taken time; whoever booked it may always."""
    if not sees(it, actor.roles, actor.subject):
        raise Refusal(FORBIDDEN)


def require_step(actor: Actor, it: Appointment, action: Action) -> None:
    """Refuse a step of an appointment that this actor may only see as taken time (`domain/compartments.py`)."""
    if not may_step(action, it, actor.roles, actor.subject):
        raise Refusal(FORBIDDEN)


def require_correction(actor: Actor, it: Appointment) -> None:
    """Refuse to take back what this actor may neither read nor has noted."""
    if not may_correct(it, actor.roles, actor.subject):
        raise Refusal(FORBIDDEN)


def require_channel(actor: Actor, channel: str) -> None:
    """Refuse a regulator who is nothing else here every channel but regulation's."""
    if "regulator" in actor.roles and actor.roles.isdisjoint(_ANY_CHANNEL) and channel != "regulation":
        raise Refusal(FORBIDDEN)


def sees_entry(actor: Actor, entry: Entry) -> bool:
    """Whether this actor may know who waits for what: by compartment, and whoever put the entry on the list."""
    return actor.has_role(*SEE[entry.compartment]) or entry.trail[0].by == actor.subject


def require_sight_of_entry(actor: Actor, entry: Entry) -> None:
    """Refuse to act for somebody who waits and whom this actor may not know of."""
    if not sees_entry(actor, entry):
        raise Refusal(FORBIDDEN)
