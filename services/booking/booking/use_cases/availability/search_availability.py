"""Where there is room at a site, read live: what a command needs that has already changed something, and what agendas
in memory do not know (`find_places.py`)."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from booking.domain import resources
from booking.domain.availability import Partner, Policy, Slot, available_slots
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.rules import Rules
from booking.domain.sessions import LONGEST_SESSION, Session
from booking.domain.supervision import Reach
from booking.store import agendas, appointments, projections, sessions, supervision
from booking.use_cases.capacity.sharing import with_room
from booking.use_cases.supervision.supervising import bookable
from smp.postgres import ScopedReader


@dataclass(frozen=True, slots=True)
class AsIf:
    """The agenda as it would be after a change: its open sessions, who could be reached by telephone, and which
    appointments had left their places."""

    sessions: Callable[[Sequence[Session]], Sequence[Session]] = tuple
    reaches: Callable[[Sequence[Reach]], Sequence[Reach]] = tuple
    leaving: Collection[UUID] = ()


async def free_slots(
    db: ScopedReader,
    site: UUID,
    kind: Kind,
    window: Interval,
    now: datetime,
    patient: UUID | None = None,
    capacity_class: str | None = None,
    *,
    rules: Rules,
    partners: tuple[Partner, ...] = (),
    interns_only: bool = False,
    interns_counted: bool = True,
    first_call: bool = False,
    as_if: AsIf = AsIf(),
) -> list[Slot]:
    """All free slots of the site for `kind` that start in the window; three or four short statements. With a capacity
    class, those that this class may take (one statement more where a session has shares). Of interns those within their
    ratio and their acts, unless the caller counts these (not `interns_counted`). With `first_call`, places that rest
    for the waiting list too."""
    around = _around(window)
    open_sessions = as_if.sessions(await sessions.open_at(db, site, around))
    offering = [
        each
        for each in open_sessions
        if each.offers(kind) and each.period.overlaps(window) and (each.needs_supervision or not interns_only)
    ]
    if capacity_class is not None:
        offering = await with_room(db, offering, capacity_class, kind.length, now, first_call=first_call)
    if not offering:
        return []
    needed = [*offering, *(each for each in open_sessions for partner in partners if each.role in partner.roles)]
    also_free = _number(patient)
    policy = Policy(
        kind=kind,
        also_free=frozenset(also_free),
        partners=partners,
        travel=await agendas.travel(
            db, site, {each.professional for each in needed}, around.start, around.end, rules.way
        ),
        withheld=frozenset(each.id for each in open_sessions) - {each.id for each in offering},
    )
    policy = await answered_for(db, offering, policy, window)
    policy = replace(policy, reaches=tuple(as_if.reaches(policy.reaches)))
    numbers = {resource.number for session in needed for resource in session.resources}.union(also_free)
    taken = await sessions.busy(db, numbers, around, now, first_call=first_call, leaving=as_if.leaving)
    slots = available_slots(open_sessions, taken, policy, now, window)
    if interns_counted:
        slots = await bookable(db, slots, offering[0].territory, rules, now)
    asked = await who_is_asked(db, kind, () if patient is None else (patient,))
    return slots if asked is None else [slot for slot in slots if slot.professional in asked]


async def who_is_asked(
    db: ScopedReader, kind: Kind, patients: Collection[UUID], professional: UUID | None = None
) -> frozenset[UUID] | None:
    """Who may be asked; nothing when anybody. A follow-up is with somebody who has seen the patient, or one of them."""
    named = None if professional is None else frozenset({professional})
    if not (kind.follow_up_only and patients):
        return named
    seen_by = await appointments.practitioners_who_saw(db, patients)
    known = frozenset[UUID]().union(*seen_by.values())
    return known if named is None else known & named


async def answered_for(db: ScopedReader, sessions: Iterable[Session], policy: Policy, window: Interval) -> Policy:
    """The policy with whoever answers for interns among those of these sessions of a site, there or by telephone."""
    interns = {each.professional: each for each in sessions if each.needs_supervision}
    if not interns:
        return policy
    one = next(iter(interns.values()))
    return replace(
        policy,
        supervisions=await projections.supervisions(db, one.site, interns),
        reaches=tuple(await supervision.reaches(db, one.territory, _around(window))),
    )


def _around(window: Interval) -> Interval:
    return Interval(window.start - LONGEST_SESSION, window.end + LONGEST_SESSION)


def _number(patient: UUID | None) -> Iterable[int]:
    return () if patient is None else (resources.patient(patient).number,)
