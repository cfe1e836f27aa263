"""Where there is room at a site."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain import resources
from booking.domain.availability import Policy, Slot, available_slots
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.local_time import local_day
from booking.domain.rules import Rules
from booking.problems import SITE_UNKNOWN, WINDOW_TOO_LONG
from booking.store import projections, sessions
from booking.use_cases.kind_book import kind_on
from booking.use_cases.sharing import with_room
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: `start` to `end`, of one practitioner or of any, free for the patient when one is named."""

    site: UUID
    kind: str
    start: datetime
    end: datetime
    professional: UUID | None = None
    patient: UUID | None = None
    limit: int = 200


async def search_availability(tx: Transaction, search: Search, rules: Rules, now: datetime) -> list[Slot]:
    """The free slots that start in the window, earliest first.

    Raises Refusal: WINDOW_TOO_LONG, SITE_UNKNOWN, KIND_UNKNOWN.
    """
    if not search.start < search.end <= search.start + rules.search_span:
        raise Refusal(WINDOW_TOO_LONG, days=rules.search_span.days)
    site = await projections.site(tx, search.site)
    if site is None:
        raise Refusal(SITE_UNKNOWN)
    window = Interval(search.start, search.end)
    kind = await kind_on(tx, rules, search.kind, site.territory, local_day(window.start, site.zone))
    slots = await free_slots(tx, search.site, kind, window, now, search.patient)
    wanted = [slot for slot in slots if search.professional in (None, slot.professional)]
    return wanted[: search.limit]


async def free_slots(
    tx: Transaction,
    site: UUID,
    kind: Kind,
    window: Interval,
    now: datetime,
    patient: UUID | None = None,
    capacity_class: str | None = None,
) -> list[Slot]:
    """All free slots of the site for `kind` that start in the window; two or three short statements. With a capacity
    class, those that this class may take (one statement more where a session has shares)."""
    open_sessions = await sessions.open_at(tx, site, window)
    offering = [session for session in open_sessions if session.offers(kind)]
    if capacity_class is not None:
        offering = await with_room(tx, offering, capacity_class, kind.length, now)
    if not offering:
        return []
    interns = {session.professional for session in offering if session.needs_supervision}
    also_free = _number(patient)
    numbers = {resource.number for session in offering for resource in session.resources}.union(also_free)
    policy = Policy(
        kind=kind,
        supervisions=await projections.supervisions(tx, site, interns) if interns else (),
        also_free=frozenset(also_free),
    )
    # A slot that starts in the window may end after it.
    taken = await sessions.busy(tx, numbers, Interval(window.start, window.end + kind.duration))
    possible = {session.id for session in offering}
    slots = available_slots(open_sessions, taken, policy, now, window)
    return [slot for slot in slots if slot.session in possible]


def _number(patient: UUID | None) -> Iterable[int]:
    return () if patient is None else (resources.patient(patient).number,)
