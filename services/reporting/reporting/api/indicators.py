"""GET /v1/indicators: the figures, as JSON or as a table for a spreadsheet."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import fastapi
from fastapi import APIRouter, Header
from starlette.responses import Response

from reporting.api.csv_export import to_csv
from reporting.api.rights import READ_DEFINITIONS, audience_of
from reporting.api.views import DefinitionView, IndicatorsView
from reporting.domain.indicators import CATALOGUE
from reporting.domain.period import InvalidPeriod, Period
from reporting.problems import INVALID_PERIOD, PERIOD_TOO_FINE, UNKNOWN_SITE
from reporting.use_cases.read_indicators import Question, read_indicators
from smp.http import Query, describe
from smp.problems import Refusal

router = APIRouter(tags=["indicators"])

Code = Literal["ACT1", "PAT1", "DEL1", "NSH1", "OCC1", "ATT1", "URG1", "SMS1"]
FirstDay = Annotated[
    date, fastapi.Query(alias="from", description="Premier jour local, compris", examples=["2026-11-01"])
]
EndDay = Annotated[date, fastapi.Query(alias="to", description="Dernier jour local, exclu", examples=["2026-12-01"])]
CSV = "text/csv"


def period_of(first: date, end: date) -> Period:
    """The period asked for. Raises Refusal(INVALID_PERIOD)."""
    try:
        return Period(first, end)
    except InvalidPeriod:
        raise Refusal(INVALID_PERIOD) from None


@router.get(
    "/v1/indicators",
    response_model=IndicatorsView,
    responses={
        **describe(INVALID_PERIOD, PERIOD_TOO_FINE, UNKNOWN_SITE),
        200: {"content": {CSV: {"schema": {"type": "string"}}}},
    },
    summary="Indicateurs d'une période, par site et au total",
)
async def indicators(
    query: Query,
    first: FirstDay,
    end: EndDay,
    site: UUID | None = None,
    code: Annotated[list[Code] | None, fastapi.Query(description="Tous, sauf précision")] = None,
    format: Literal["json", "csv"] | None = None,
    accept: Annotated[str, Header()] = "",
) -> Response | IndicatorsView:
    audience = audience_of(query.actor, site)
    period = period_of(first, end)
    if audience == "funder" and not period.is_whole_months:
        raise Refusal(PERIOD_TOO_FINE)
    definitions = tuple(each for each in CATALOGUE if code is None or each.code in code)
    settings = query.runtime.settings
    async with query.transaction() as tx:
        report = await read_indicators(
            tx,
            Question(query.actor, audience, period, site, definitions),
            default_zone=settings.default_zone,
            late_after=settings.late_after,
        )
    view = IndicatorsView.of(period, audience, report)
    if format == "csv" or (format is None and CSV in accept):
        name = f"indicateurs_{period.first}_{period.end}.csv"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(to_csv(view), headers=headers, media_type=CSV)
    return view


@router.get(
    "/v1/indicators/definitions",
    response_model=list[DefinitionView],
    summary="Ce que veut dire chaque indicateur",
)
async def definitions(query: Query) -> list[DefinitionView]:
    query.require(*READ_DEFINITIONS)
    return [DefinitionView.of(definition) for definition in CATALOGUE]
