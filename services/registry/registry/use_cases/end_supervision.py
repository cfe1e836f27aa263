"""A supervision gets its last day, by decision or because one of the two leaves or changes role."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from registry.domain.professionals import Professional
from registry.domain.rules import Rule, RuleBroken
from registry.domain.supervision import check_end, cut_short
from registry.problems import refusing
from registry.store import professionals
from registry.store.professionals import StoredSupervision
from registry.use_cases.announce import announce_professional
from registry.use_cases.lock_professionals import lock_pair
from smp.auth import Actor
from smp.contracts import SupervisionEnded
from smp.postgres import Transaction


@refusing
async def end_supervision(
    tx: Transaction, intern_id: UUID, supervisor_id: UUID, until_date: date, *, actor: Actor, now: datetime
) -> int:
    """Record the last day of the supervision that covers it, or of the next one; the intern's new version."""
    intern, _ = await lock_pair(tx, intern_id, supervisor_id)
    linked = await professionals.supervisions_of(tx, [intern_id])
    running = [
        stored
        for stored in linked
        if (stored.supervision.intern, stored.supervision.supervisor) == (intern_id, supervisor_id)
        and (stored.supervision.until_date is None or stored.supervision.until_date >= until_date)
    ]
    if not running:
        raise RuleBroken(Rule.SUPERVISION_UNKNOWN)
    check_end(running[0].supervision, until_date)
    return await _write_end(tx, running[0], intern, until_date, actor, now)


async def end_those_cut_short(
    tx: Transaction,
    linked: Sequence[StoredSupervision],
    people: Mapping[UUID, Professional],
    from_date: date,
    actor: Actor,
    now: datetime,
) -> None:
    """End what can no longer hold from a date on; each event belongs to its intern, whose row is locked."""
    for stored in linked:
        for shortened in cut_short([stored.supervision], from_date):
            if shortened.until_date is not None:
                intern = people[shortened.intern]
                await _write_end(tx, stored, intern, shortened.until_date, actor, now)


async def _write_end(
    tx: Transaction, stored: StoredSupervision, intern: Professional, until_date: date, actor: Actor, now: datetime
) -> int:
    version = await professionals.end_supervision(tx, stored.id, until_date, actor.subject, now)
    data = SupervisionEnded(professional=intern.id, supervisor=stored.supervision.supervisor, until_date=until_date)
    return announce_professional(tx, intern, data, now, version)
