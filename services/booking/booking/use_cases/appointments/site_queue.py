"""The queue of a site: who waits, since when, who is called next; and the order changed by hand."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from booking import problems
from booking.domain.appointments import WAITING, Appointment, Step, waited
from booking.domain.compartments import shows
from booking.domain.local_time import local_day
from booking.domain.queue import BEFORE, Waiting, call_order
from booking.store import appointments, projections, supervision
from booking.use_cases.access import require_sight, require_site
from booking.use_cases.appointments import announcing
from booking.use_cases.appointments.day_list import DayLine, is_hidden, is_veiled
from booking.use_cases.supervision.recheck_supervision import STANDING
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal

BY_RULE = "by_rule"


@dataclass(frozen=True, slots=True)
class SiteQueue:
    """Who waits, next one first; and how long those seen today had waited (nothing while nobody was)."""

    lines: tuple[DayLine, ...]
    seen: int
    median_wait: timedelta | None
    longest_wait: timedelta | None


@dataclass(frozen=True, slots=True)
class CallOrder:
    """Where somebody is put in the queue, by hand: `before` somebody, `last`, or `by_rule` again; why, as a code."""

    place: str
    reason: str
    before: UUID | None = None


async def site_queue(tx: Transaction, site: UUID, *, reader: Actor, now: datetime) -> SiteQueue:
    """The queue as it stands, appointments and walk-ins together.

    Raises Refusal: SITE_UNKNOWN.
    """
    known = await projections.site(tx, site)
    if known is None:
        raise Refusal(problems.SITE_UNKNOWN)
    day = await appointments.day_of_site(tx, site, local_day(now, known.zone))
    here = {each.id: each for each in day if each.state in WAITING}
    order = [here[each.appointment] for each in call_order(_waiting(each) for each in here.values())]
    waits = [wait for each in day if each.started_at and (wait := waited(each, now)) is not None]
    lost = await supervision.reasons_of(tx, list(here), STANDING)
    return SiteQueue(
        tuple(
            DayLine(each, waited(each, now), is_veiled(each, reader), is_hidden(each, reader), lost.get(each.id))
            for each in order
            if shows(each, reader.roles, reader.subject)
        ),
        len(waits),
        timedelta(seconds=median(wait.total_seconds() for wait in waits)) if waits else None,
        max(waits, default=None),
    )


async def change_call_order(
    tx: Transaction, id: UUID, request: CallOrder, *, actor: Actor, now: datetime
) -> Appointment:
    """Somebody is called earlier or later than the rule says.

    Raises Refusal: APPOINTMENT_UNKNOWN, FORBIDDEN, WRONG_TRANSITION, NOT_IN_QUEUE.
    """
    found = await appointments.lock(tx, id)
    if found is None:
        raise Refusal(problems.APPOINTMENT_UNKNOWN)
    require_site(actor, found.site)
    require_sight(actor, found)
    if found.state not in WAITING:
        raise Refusal(problems.WRONG_TRANSITION, state=found.state)
    if request.place == BEFORE and not await _is_behind(tx, found, request.before):
        raise Refusal(problems.NOT_IN_QUEUE)
    step = Step(found.version + 1, found.state, now, actor.subject, request.reason)
    by_rule = request.place == BY_RULE
    placed = replace(
        found.noted(step),
        call_place=None if by_rule else request.place,
        call_before=request.before if request.place == BEFORE else None,
        call_decided_at=now,
    )
    await appointments.save(tx, [placed])
    announcing.call_order_changed(tx, placed, request.place, now)
    return placed


async def _is_behind(tx: Transaction, found: Appointment, other: UUID | None) -> bool:
    """Whether the other one waits at the same site on the same day; read without a lock: that they be called meanwhile
    harms nobody."""
    who = None if other in (None, found.id) else await appointments.get(tx, other)
    return who is not None and (who.site, who.day) == (found.site, found.day) and who.state in WAITING


def _waiting(it: Appointment) -> Waiting:
    assert it.arrived_at is not None
    return Waiting(it.id, it.period.start, it.arrived_at, it.call_place, it.call_before, it.call_decided_at)
