"""GET /v1/facts/count: the ledger's side of reporting."""

from uuid import UUID

from fastapi import APIRouter

from reporting.api.indicators import EndDay, FirstDay, period_of
from reporting.api.rights import COUNT_FACTS
from reporting.api.views import FactCountView
from reporting.problems import INVALID_PERIOD
from reporting.use_cases.count_facts import count_facts
from smp.http import Query, describe

router = APIRouter(tags=["facts"])


@router.get(
    "/v1/facts/count",
    response_model=FactCountView,
    responses=describe(INVALID_PERIOD),
    summary="Nombre de faits et d'événements d'une période",
)
async def count(query: Query, first: FirstDay, end: EndDay, site: UUID | None = None) -> FactCountView:
    query.require(*COUNT_FACTS, site=site if query.actor.kind == "person" else None)
    period = period_of(first, end)
    async with query.transaction() as tx:
        counts = await count_facts(tx, query.actor, period, site, default_zone=query.runtime.settings.default_zone)
    return FactCountView.of(period, counts)
