"""A doctor answers for an intern during a period."""

from datetime import date, datetime
from uuid import UUID

from registry.domain.supervision import Supervision, check_assignment
from registry.problems import refusing
from registry.store import professionals
from registry.use_cases.announce import announce_professional
from registry.use_cases.lock_professionals import lock_pair
from smp.auth import Actor
from smp.contracts import SupervisionAssigned
from smp.postgres import Transaction


@refusing
async def assign_supervision(
    tx: Transaction, intern_id: UUID, supervisor_id: UUID, start: date, end: date | None, *, actor: Actor, now: datetime
) -> int:
    """Record the supervision from `start` to `end` (the last day, None = open); the intern's new version."""
    intern, supervisor = await lock_pair(tx, intern_id, supervisor_id)
    existing = [stored.supervision for stored in await professionals.supervisions_of(tx, [intern_id])]
    check_assignment(intern, supervisor, start, end, [s for s in existing if s.intern == intern_id])
    supervision = Supervision(intern_id, supervisor_id, start, end)
    await professionals.insert_supervision(tx, supervision, actor.subject, now)
    data = SupervisionAssigned(professional=intern_id, supervisor=supervisor_id, from_date=start, until_date=end)
    return announce_professional(tx, intern, data, now)
