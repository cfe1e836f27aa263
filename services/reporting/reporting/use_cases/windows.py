"""Local days of each site, as instants."""

from collections.abc import Iterable

from reporting.domain.period import Period
from reporting.store.activity import Site, Window


def windows(sites: Iterable[Site], period: Period, default_zone: str) -> list[Window]:
    """The period at each site, by the clock on its wall; `default_zone` until its opening has been heard."""
    return [Window(site.site, *period.instants(site.zone or default_zone)) for site in sites]
