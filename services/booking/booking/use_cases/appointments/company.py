"""Who takes part besides the practitioner, found and kept in the transaction that books: whoever prepares the
consultation, a social worker who sits in. The exclusion constraint decides about their hours as about everybody's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from booking import problems
from booking.domain.appointments import Appointment, Companion
from booking.domain.availability import Partner, partner_order
from booking.domain.intervals import Interval
from booking.domain.resources import Resource
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.store import appointments, sessions
from booking.use_cases.appointments import placing
from booking.use_cases.availability.find_places import partners_of, require_a_role_to_prepare
from smp.postgres import Transaction


@dataclass(frozen=True, slots=True)
class CompanyMissing:
    """Nobody is free to prepare, or to sit in; until when who would come rests for the waiting list, if so."""

    rests_until: datetime | None = None


async def in_company(tx: Transaction, new: Appointment, wish: placing.Wish) -> Appointment:
    """The appointment with whoever the kind wants and whoever is wished for besides (see `with_company`).

    Raises Refusal: COMPANY_MISSING, SLOT_RESTING when who would come rests for the waiting list, with
    alternatives; NOBODY_TO_PREPARE.
    """
    found = await with_company(tx, new, wish)
    if not isinstance(found, CompanyMissing):
        return found
    if found.rests_until:
        await placing.refuse(tx, problems.SLOT_RESTING, wish, released_at=found.rests_until.isoformat())
    return await placing.refuse(tx, problems.COMPANY_MISSING, wish)


async def with_company(
    tx: Transaction, new: Appointment, wish: placing.Wish, *, besides: Sequence[Appointment] = ()
) -> Appointment | CompanyMissing:
    """The same as an answer. The sessions of the company are shared until the commit, without waiting for whoever is
    changing them. `besides`: appointments about to be written with it, whose company is taken. One that is moved and
    was prepared by the role that sits in may be so again.

    Raises Refusal: NOBODY_TO_PREPARE.
    """
    leaves = wish.leaving is None or not _one_role_does_both(wish.leaving)
    if leaves:
        require_a_role_to_prepare([wish.kind], wish.together_with)
    wanted = partners_of(wish.kind, wish.together_with, leaves_the_preparation=leaves)
    if not wanted:
        return new.in_company(())
    start = min(new.period.start + partner.offset for partner in wanted)
    present = await sessions.open_at(tx, new.site, Interval(start, new.period.end))
    away = await placing.on_the_way(tx, present, Interval(start, new.period.end), wish.rules)
    present = [each for each in present if each.id not in away]
    others = []
    for partner in wanted:
        found = await _companion(tx, new, partner, present, wish, besides)
        if isinstance(found, CompanyMissing):
            return found
        others.append(found)
    return new.in_company(tuple(others))


async def require_company(tx: Transaction, it: Appointment, wish: placing.Wish) -> None:
    """Whoever took part in an appointment still works there then; whether they are free shows when they are taken.

    Raises Refusal: COMPANY_MISSING with alternatives.
    """
    if not await still_comes(tx, it, wish.rules):
        await placing.refuse(tx, problems.COMPANY_MISSING, wish)


async def still_comes(tx: Transaction, it: Appointment, rules: Rules) -> bool:
    """The same as an answer; their sessions stay until the commit."""
    if not it.others:
        return True
    present = {each.id: each for each in await sessions.open_at(tx, it.site, it.whole)}
    there = [present[other.session] for other in it.others if other.session in present]
    away = await placing.on_the_way(tx, there, it.whole, rules)
    for other in it.others:
        comes = other.session in present and other.session not in away
        if not (comes and await sessions.share_if_free(tx, other.session, other.period)):
            return False
    return True


def resources_of(it: Appointment, session: Session) -> tuple[Resource, ...]:
    """All that an appointment takes, whoever takes part besides included."""
    besides = (resource for companion in it.others for resource in companion.resources(it.site))
    return tuple(dict.fromkeys((*placing.resources_of(session, it.patient), *besides)))


def joined_by(it: Appointment) -> str | None:
    """The role of whoever sits in, when somebody does."""
    return next((companion.role for companion in it.others if companion.period == it.period), None)


def _one_role_does_both(it: Appointment) -> bool:
    """Booked before whoever sits in left the preparation to the other role: it is kept as it was agreed."""
    role = joined_by(it)
    return any(other.role == role and other.period.end <= it.period.start for other in it.others)


async def _companion(
    tx: Transaction,
    new: Appointment,
    partner: Partner,
    present: list[Session],
    wish: placing.Wish,
    besides: Sequence[Appointment],
) -> Companion | CompanyMissing:
    needed = partner.needed(new.period.start)
    able = [
        Companion(each.professional, each.role, each.id, needed, each.room if _is_elsewhere(partner) else None)
        for each in sorted(present, key=partner_order)
        if partner.may_be(each, new.professional) and each.period.contains(needed)
    ]
    with_others = [other for each in besides for other in each.others if other.period.overlaps(needed)]
    engaged = {resource for other in with_others for resource in other.resources(new.site)}
    able = [each for each in able if engaged.isdisjoint(each.resources(new.site))]
    taken = await _taken(tx, new, able, needed, wish)
    for companion in able:
        is_free = taken.isdisjoint(resource.number for resource in companion.resources(new.site))
        if is_free and await sessions.share_if_free(tx, companion.session, needed):
            return companion
    until = await appointments.rests_until(tx, taken, needed)
    # A rest that is over: something besides is in the way.
    return CompanyMissing(until if until and until > wish.now else None)


async def _taken(
    tx: Transaction, new: Appointment, able: list[Companion], needed: Interval, wish: placing.Wish
) -> frozenset[int]:
    """What of theirs is occupied then. What the appointment itself leaves is free; so is what is over, which whoever
    writes takes over, and what rests, on first call."""
    numbers = {resource.number for each in able for resource in each.resources(new.site)}
    left = wish.leaving.others if wish.leaving else ()
    own = {(resource.number, each.period) for each in left for resource in each.resources(new.site)}
    return frozenset(
        each.resource
        for each in await sessions.busy(tx, numbers, needed, wish.now, first_call=wish.first_call)
        if each.period.overlaps(needed) and (each.resource, each.period) not in own
    )


def _is_elsewhere(partner: Partner) -> bool:
    """A preparation in a room of its own; whoever sits in comes to the practitioner's."""
    return bool(partner.offset) and not partner.same_room
