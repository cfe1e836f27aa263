"""A site moves: whoever has read its old address, and has no text to come that would give the new one, is told once."""

from notifications.domain.appointments import Mode, Slot
from notifications.domain.messages import LEFT
from notifications.domain.planning import plan_address
from notifications.use_cases.plan import tell
from notifications.use_cases.policy import Policy
from notifications.use_cases.project_sites import relocate_site
from notifications.use_cases.raise_call import Subject
from smp.consumer import Delivery
from smp.contracts import SiteRelocated
from smp.postgres import Statements, Transaction

SQL = Statements.load("notifications.store", "messages.sql")


async def follow_relocation(tx: Transaction, delivery: Delivery[SiteRelocated], policy: Policy) -> None:
    """Keep the address, and tell it. A text that is still to leave, the reminder above all, gives it by itself; who was
    never sent a text is called by the centre. News older than the horizon is told to nobody."""
    await relocate_site(tx, delivery)
    event, moved = delivery.event, delivery.data
    if delivery.order == "stale" or delivery.now - event.time > policy.horizon:
        return
    rows = await tx.fetch(
        SQL.have_old_address, moved.site, moved.from_date, event.time, delivery.now, sorted(LEFT), policy.default_zone
    )
    for row in rows:
        slot = Slot(row["site"], row["starts_at"], Mode(row["mode"]))
        about = Subject(
            territory=row["territory"],
            appointment=row["appointment"],
            version=row["version"],
            patient=row["patient"],
            site=slot.site,
            starts_at=slot.start,
            mode=slot.mode,
            traceparent=event.traceparent,
        )
        rules = policy.rules(row["zone"], row["subdivision"])
        await tell(tx, about, plan_address(slot, delivery.now, rules), row, delivery.now)
