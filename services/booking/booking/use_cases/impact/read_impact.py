"""A plan as it stands: what was shown, what has been done."""

from dataclasses import dataclass
from uuid import UUID

from booking import problems
from booking.store import impacts
from booking.store.impacts import ItemNow, StoredImpact
from booking.use_cases.access import require_site
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a plan has been carried out: lines by outcome, and those still open."""

    impact: StoredImpact
    done: dict[str, int]
    still_open: int


@dataclass(frozen=True, slots=True)
class Report:
    """The progress, and some of the lines."""

    progress: Progress
    items: tuple[ItemNow, ...]


async def read_impact(tx: Transaction, id: UUID, after: int, limit: int, actor: Actor) -> Report:
    """The plan with its lines from behind rank `after` on. Raises Refusal: IMPACT_UNKNOWN, FORBIDDEN."""
    progress = await progress_of(tx, id)
    for site in progress.impact.sites:
        require_site(actor, site)
    return Report(progress, tuple(await impacts.items(tx, id, after, limit)))


async def progress_of(tx: Transaction, id: UUID) -> Progress:
    """How far a plan has been carried out. Raises Refusal: IMPACT_UNKNOWN."""
    impact = await impacts.get(tx, id)
    if impact is None:
        raise Refusal(problems.IMPACT_UNKNOWN)
    counted = await impacts.progress(tx, id)
    still_open = counted.pop(None, 0)
    return Progress(impact, {outcome: count for outcome, count in counted.items() if outcome}, still_open)
