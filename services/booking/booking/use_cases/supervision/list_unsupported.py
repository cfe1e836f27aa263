"""Appointments of interns that nobody covers, and who could."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.compartments import hides_all, sees
from booking.domain.intervals import Interval, covers
from booking.domain.sessions import Session
from booking.domain.supervision import ANSWERING, Supervision
from booking.store import projections, sessions, supervision
from booking.store.supervision import Unsupported
from booking.use_cases.supervision.recheck_supervision import STANDING
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class Uncovered:
    """One appointment, its patient where the reader may know (`domain/compartments.py`), and who could cover it: the
    intern's own supervisors who are there, but answer for as many interns as they may; those who are not there and
    could be declared reachable; other doctors who are there and could be assigned as supervisors."""

    unsupported: Unsupported
    present: tuple[UUID, ...]
    could_be_reached: tuple[UUID, ...]
    could_be_assigned: tuple[UUID, ...]


async def list_unsupported(tx: Transaction, site: UUID, *, reader: Actor, now: datetime) -> list[Uncovered]:
    """In order of hour, without those of which the reader learns nothing but the hours.

    Raises Refusal: SITE_UNKNOWN.
    """
    if await projections.site(tx, site) is None:
        raise Refusal(problems.SITE_UNKNOWN)
    listed = await supervision.unsupported_at(tx, site, now, STANDING)
    found = [_as_read_by(reader, each) for each in listed if not hides_all(each.it, reader.roles, reader.subject)]
    if not found:
        return []
    ties = await projections.supervisions(tx, site, {each.it.professional for each in found})
    doctors: dict[Interval, list[Session]] = {}
    for each in found:
        if each.it.period not in doctors:
            doctors[each.it.period] = await sessions.open_at(tx, site, each.it.period)
    return [_with_help(each, ties, doctors[each.it.period]) for each in found]


def _as_read_by(reader: Actor, each: Unsupported) -> Unsupported:
    if sees(each.it, reader.roles, reader.subject):
        return each
    return replace(each, it=replace(each.it, patient=None))


def _with_help(each: Unsupported, ties: Iterable[Supervision], present: Sequence[Session]) -> Uncovered:
    period = each.it.period
    own = {tie.supervisor for tie in ties if tie.intern == each.it.professional and tie.during(period) == period}
    there = {
        who
        for who in {session.professional for session in present if session.role in ANSWERING}
        if covers((session.period for session in present if session.professional == who), period)
    }
    return Uncovered(each, _in_order(own & there), _in_order(own - there), _in_order(there - own))


def _in_order(people: Iterable[UUID]) -> tuple[UUID, ...]:
    return tuple(sorted(people))
