"""A site changes its week from a date on."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from registry.domain.opening_hours import OpeningRange, weekly_hours
from registry.domain.sites import check_hours_change
from registry.problems import refusing
from registry.store import sites
from registry.use_cases.announce import announce_site, hours_part
from registry.use_cases.lock_site import lock_site
from smp.auth import Actor
from smp.contracts import OpeningHoursChanged
from smp.postgres import Transaction


@refusing
async def change_opening_hours(
    tx: Transaction, site_id: UUID, hours: Sequence[OpeningRange], from_date: date, *, actor: Actor, now: datetime
) -> int:
    """Record the whole new week; the site's new version."""
    site = await lock_site(tx, site_id)
    week = weekly_hours(hours)
    check_hours_change(site, from_date)
    await sites.change_hours(tx, site_id, from_date, week, actor.subject, now)
    data = OpeningHoursChanged(site=site_id, opening_hours=hours_part(week), from_date=from_date)
    return announce_site(tx, site, data, now)
