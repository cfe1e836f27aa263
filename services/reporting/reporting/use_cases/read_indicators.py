"""The indicators of a period, site by site and together, as their reader may see them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from reporting.domain.activity import Activity
from reporting.domain.disclosure import ShownFigure, disclose, disclose_sites, show
from reporting.domain.figures import Definition
from reporting.domain.period import Period
from reporting.problems import UNKNOWN_SITE
from reporting.store import activity as store
from reporting.store.activity import Site
from reporting.use_cases.windows import windows
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal

Audience = Literal["centre", "funder"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: by whom, for which period, and for one site or (None) for all those of the reader."""

    actor: Actor
    audience: Audience
    period: Period
    site: UUID | None
    definitions: tuple[Definition, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of one site, or (None) of all sites together, and what is known to lack in it."""

    site: Site | None
    figure: ShownFigure
    missing_events: int
    late_appointments: int


@dataclass(frozen=True, slots=True)
class Report:
    """The answer; `data_as_of` is the time of the newest event counted, None when there is none."""

    data_as_of: datetime | None
    lines: tuple[Line, ...]


async def read_indicators(tx: Transaction, question: Question, *, default_zone: str, late_after: timedelta) -> Report:
    """Compute the figures. Raises Refusal(UNKNOWN_SITE) for a site outside the reader's territories."""
    await store.begin_snapshot(tx)
    known = await store.sites(tx)
    if question.site is not None and question.site not in {site.site for site in known}:
        raise Refusal(UNKNOWN_SITE)
    counted = [site for site in known if _is_counted(site, question)]
    as_of = await store.newest_event_at(tx)
    activity = await store.activity(
        tx,
        windows(counted, question.period, default_zone),
        windows(counted, question.period.rolling_year(), default_zone),
        late_after=late_after,
        at=as_of,
    )
    lines = [line for definition in question.definitions for line in _lines(definition, activity, counted, question)]
    return Report(as_of, tuple(lines))


def _is_counted(site: Site, question: Question) -> bool:
    """A funder's site is hidden or shown in comparison with its neighbours, so all of them are counted."""
    if question.audience == "funder":
        return True
    return question.actor.covers_site(site.site) and question.site in (None, site.site)


def _lines(definition: Definition, activity: Activity, sites: Iterable[Site], question: Question) -> Iterable[Line]:
    by_site = {site.site: activity.of_site(site.site) for site in sites}
    shown = _shown(definition, by_site, question.audience)
    if question.site is None:
        as_seen = show if question.audience == "centre" else disclose
        yield _line(None, as_seen(definition, definition.compute(activity)), activity)
    for site in sites:
        if question.site in (None, site.site):
            yield _line(site, shown[site.site], by_site[site.site])


def _shown(definition: Definition, by_site: Mapping[UUID, Activity], audience: Audience) -> dict[UUID, ShownFigure]:
    figures = {site: definition.compute(activity) for site, activity in by_site.items()}
    if audience == "funder":
        return disclose_sites(definition, figures)
    return {site: show(definition, figure) for site, figure in figures.items()}


def _line(site: Site | None, figure: ShownFigure, activity: Activity) -> Line:
    return Line(
        site=site,
        figure=figure,
        missing_events=sum(row.missing_events for row in activity.completeness),
        late_appointments=sum(row.late_appointments for row in activity.completeness),
    )
