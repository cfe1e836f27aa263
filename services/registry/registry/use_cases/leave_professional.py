"""A professional leaves from a date on."""

from datetime import date, datetime
from uuid import UUID

from registry.domain.professionals import check_departure
from registry.problems import refusing
from registry.store import professionals
from registry.use_cases.announce import announce_professional
from registry.use_cases.end_supervision import end_those_cut_short
from registry.use_cases.lock_professionals import lock_circle
from smp.auth import Actor
from smp.contracts import ProfessionalLeft
from smp.postgres import Transaction


@refusing
async def leave_professional(tx: Transaction, person_id: UUID, from_date: date, *, actor: Actor, now: datetime) -> int:
    """Record the departure and end every supervision it cuts short; the professional's version at departure."""
    circle = await lock_circle(tx, person_id)
    check_departure(circle.person, from_date)
    await professionals.leave(tx, person_id, from_date)
    version = announce_professional(
        tx, circle.person, ProfessionalLeft(professional=person_id, from_date=from_date), now
    )
    await end_those_cut_short(tx, circle.supervisions, circle.people, from_date, actor, now)
    return version
