"""A professional says how urgent it is; nobody else, and never the software."""

from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.kinds import Compartment
from booking.domain.waiting_list import Entry, Priority
from booking.store import waiting_list
from booking.use_cases.waiting_list import announcing_waiting
from booking.use_cases.waiting_list.join_waiting_list import entry_for
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal

CLINICIANS = frozenset({"gp", "retired_gp", "intern", "nurse"})
SOCIAL_WORKERS = frozenset({"social_worker"})


async def set_priority(
    tx: Transaction,
    id: UUID,
    priority: Priority,
    *,
    actor: Actor,
    now: datetime,
) -> Entry:
    """The entry in its class, with who set it and when: clinicians say so of medical care, social workers of theirs.

    Raises Refusal: ENTRY_UNKNOWN, ENTRY_OVER, PRIORITY_NOT_YOURS, FORBIDDEN.
    """
    before = await entry_for(tx, id, actor, now)
    allowed = SOCIAL_WORKERS if before.compartment is Compartment.MEDICO_SOCIAL else CLINICIANS
    if not actor.has_role(*allowed):
        raise Refusal(problems.PRIORITY_NOT_YOURS)
    changed = before.step(
        f"priority_{priority}", now, actor.subject,
        priority=priority, priority_set_at=now, priority_set_by=actor.subject,
    )  # fmt: skip
    await waiting_list.save(tx, changed)
    announcing_waiting.changed(tx, changed, now)
    return changed
