"""What was agreed with a part-timer: contract, wished days, caps of half-days."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain.local_time import local_day
from booking.domain.presence import OverCap, PresencePlan
from booking.domain.rules import Rules
from booking.store import presence
from booking.store.sessions import Author
from booking.use_cases.access import require_site
from booking.use_cases.calendar import announcing_calendar
from booking.use_cases.calendar.planning import staffed
from booking.use_cases.calendar.presence import over_from
from smp.auth import Actor
from smp.postgres import Transaction


@dataclass(frozen=True, slots=True)
class PresenceAgreed:
    """The agreement, how many there have been, and how far what is open already goes beyond what is agreed."""

    site: UUID
    plan: PresencePlan
    version: int
    over: tuple[OverCap, ...] = ()


async def agree_presence(
    tx: Transaction, site: UUID, plan: PresencePlan, rules: Rules, *, actor: Actor, now: datetime
) -> PresenceAgreed:
    """From the first day of its contract on the agreement holds; the former one holds until the day before, and those
    that were to begin in its time are replaced. Sessions outside the contracts are looked at soon after, as when
    somebody leaves.

    Raises Refusal: SITE_UNKNOWN, PROFESSIONAL_UNKNOWN, PROFESSIONAL_ELSEWHERE, FORBIDDEN.
    """
    require_site(actor, site)
    staff = await staffed(tx, site, plan.professional, rules, look_again=True)
    version = await presence.agree(tx, plan, site, staff.site.territory, Author(actor.subject, now))
    announcing_calendar.presence_agreed(tx, plan, site, staff.site.territory, version, now)
    return PresenceAgreed(site, plan, version, await over_from(tx, plan.professional, local_day(now, staff.site.zone)))
