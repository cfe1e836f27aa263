"""A professional takes another role from a date on."""

from datetime import date, datetime
from uuid import UUID

from registry.domain.professionals import SUPERVISORS, DatedRole, Role, check_role_change
from registry.domain.supervision import Supervision
from registry.problems import refusing
from registry.store import professionals
from registry.use_cases.announce import announce_professional
from registry.use_cases.end_supervision import end_those_cut_short
from registry.use_cases.lock_professionals import lock_circle
from smp.auth import Actor
from smp.contracts import ProfessionalRoleChanged
from smp.postgres import Transaction


@refusing
async def change_role(
    tx: Transaction, person_id: UUID, role: Role, from_date: date, *, actor: Actor, now: datetime
) -> int:
    """Record the new role and end the supervisions that it makes impossible; the professional's new version."""
    circle = await lock_circle(tx, person_id)
    check_role_change(circle.person, from_date)
    await professionals.change_role(tx, person_id, DatedRole(from_date, role), actor.subject, now)
    data = ProfessionalRoleChanged(professional=person_id, role=role, from_date=from_date)
    version = announce_professional(tx, circle.person, data, now)
    impossible = [stored for stored in circle.supervisions if not _still_possible(stored.supervision, person_id, role)]
    await end_those_cut_short(tx, impossible, circle.people, from_date, actor, now)
    return version


def _still_possible(supervision: Supervision, person: UUID, role: Role) -> bool:
    return role is Role.INTERN if supervision.intern == person else role in SUPERVISORS
