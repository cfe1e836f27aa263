"""A site moves: whoever has read its old address, and has no text to come that would give the new one, is told once;
and again when that address is corrected."""

from notifications.domain.messages import LEFT
from notifications.domain.planning import plan_address
from notifications.use_cases.plan import tell
from notifications.use_cases.policy import Policy
from notifications.use_cases.project_sites import relocate_site
from notifications.use_cases.raise_call import Subject
from smp.consumer import Delivery
from smp.contracts import SiteRelocated
from smp.postgres import Statements, Transaction

MESSAGES = Statements.load("notifications.store", "messages.sql")
PROJECTIONS = Statements.load("notifications.store", "projections.sql")


async def follow_relocation(tx: Transaction, delivery: Delivery[SiteRelocated], policy: Policy) -> None:
    """Keep the address, and tell it. A text that is still to leave, the reminder above all, gives it by itself; who was
    never sent a text is called by the centre. What has left until now gave the address of before, however long the news
    was on its way. News older than the horizon is told to nobody."""
    await relocate_site(tx, delivery)
    event, moved = delivery.event, delivery.data
    first = await tx.fetchval(
        PROJECTIONS.decide_relocation, moved.site, event.sequence, event.territory, event.id, delivery.now
    )
    if not first or delivery.order == "stale" or delivery.now - event.time > policy.horizon:
        return
    await tx.execute(MESSAGES.lock_planned_of_site, moved.site)
    rows = await tx.fetch(
        MESSAGES.have_old_address, moved.site, moved.from_date, delivery.now, sorted(LEFT), policy.default_zone
    )
    for row in rows:
        about = Subject.of(row, event.traceparent, occasion=event.sequence)
        rules = policy.rules(row["zone"], row["subdivision"])
        await tell(tx, about, plan_address(about.slot, delivery.now, rules), row, delivery.now)
