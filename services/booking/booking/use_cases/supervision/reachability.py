"""A supervisor who is not at the site can be reached by telephone for a while: that covers too."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from booking import problems
from booking.domain.intervals import Interval
from booking.domain.supervision import ANSWERING, Reach
from booking.store import projections, supervision
from booking.store.supervision import Reachability
from booking.use_cases.access import require_site
from booking.use_cases.calendar.planning import require_not_over
from smp.auth import Actor
from smp.contracts import SupervisorReachable, SupervisorReachWithdrawn
from smp.contracts.base import EventData
from smp.contracts.envelope import Event
from smp.ids import new_id
from smp.postgres import Transaction
from smp.problems import FORBIDDEN, Refusal

LONGEST = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class ReachRequest:
    """Who, over which period, for one site or for all of the territory."""

    supervisor: UUID
    period: Interval
    site: UUID | None = None


async def declare_reachable(tx: Transaction, request: ReachRequest, *, actor: Actor, now: datetime) -> Reachability:
    """From now on this reach covers, and appointments without coverage are looked at again.

    Raises Refusal: PROFESSIONAL_UNKNOWN, NOT_A_SUPERVISOR, SITE_UNKNOWN, SESSION_PAST, FORBIDDEN.
    """
    who = await projections.professional(tx, request.supervisor)
    if who is None:
        raise Refusal(problems.PROFESSIONAL_UNKNOWN)
    await _require_right(tx, request.site, who.sites, actor)
    require_not_over(request.period.end, now)
    if who.role_on(request.period.start.date()) not in ANSWERING:
        raise Refusal(problems.NOT_A_SUPERVISOR)
    declared = Reachability(new_id(), who.territory, Reach(request.supervisor, request.period, request.site))
    await supervision.declare_reachable(tx, declared, actor.subject, now)
    reachable(tx, declared, now)
    await supervision.ask_again(tx, declared.territory, days_of(request.period))
    return declared


async def withdraw_reachability(tx: Transaction, id: UUID, *, actor: Actor, now: datetime) -> Reachability:
    """The telephone is not answered any more; what it alone covered becomes unsupported.

    Raises Refusal: REACHABILITY_UNKNOWN, REACHABILITY_WITHDRAWN, SITE_UNKNOWN, FORBIDDEN.
    """
    found = await supervision.lock_reachability(tx, id)
    if found is None:
        raise Refusal(problems.REACHABILITY_UNKNOWN)
    who = await projections.professional(tx, found.reach.supervisor)
    await _require_right(tx, found.reach.site, who.sites if who else frozenset(), actor)
    if found.is_withdrawn:
        raise Refusal(problems.REACHABILITY_WITHDRAWN)
    await supervision.withdraw_reachability(tx, id, actor.subject, now)
    _say(tx, found, SupervisorReachWithdrawn(**_said(found), withdrawn_at=now), 2, now)
    await supervision.ask_again(tx, found.territory, days_of(found.reach.period))
    return found


def days_of(period: Interval) -> list[date]:
    """The days of any calendar that a period meets: somewhere it is still the day before, or the day after already."""
    first = period.start.date() - timedelta(days=1)
    return [first + timedelta(days=n) for n in range((period.end.date() - first).days + 2)]


def reachable(tx: Transaction, it: Reachability, now: datetime) -> None:
    _say(tx, it, SupervisorReachable(**_said(it), declared_at=now), 1, now)


def _said(it: Reachability) -> dict[str, Any]:
    reach = it.reach
    return {
        "reachability": it.id,
        "supervisor": reach.supervisor,
        "site": reach.site,
        "start": reach.period.start,
        "end": reach.period.end,
    }


def _say(tx: Transaction, it: Reachability, data: EventData, sequence: int, now: datetime) -> None:
    tx.publish(Event.of(data, subject=it.id, territory=it.territory, site=it.reach.site, sequence=sequence, time=now))


async def _require_right(tx: Transaction, site: UUID | None, works_at: frozenset[UUID], actor: Actor) -> None:
    """Whoever speaks for a site, or for one of the supervisor's when the reach is for all."""
    if site is None:
        if not any(actor.covers_site(each) for each in works_at):
            raise Refusal(FORBIDDEN)
        return
    require_site(actor, site)
    if await projections.site(tx, site) is None:
        raise Refusal(problems.SITE_UNKNOWN)
