"""French public holidays, from the library `holidays`, by the subdivision of a site."""

from collections.abc import Iterable
from datetime import date
from functools import cache

from holidays import country_holidays
from holidays.countries.france import France

from smp.logging import log

_ALIASES: dict[str, str] = {
    **France.subdivisions_aliases,
    "Réunion": "974",
    "Bas-Rhin": "6AE",
    "Haut-Rhin": "6AE",
}


def public_holidays(subdivision: str | None, years: Iterable[int]) -> frozenset[date]:
    """The days off of these years. `subdivision` is a code or a name of the library (57, Moselle, 974, La Réunion);
    one it does not know gives the national days, and says so in the log."""
    return frozenset(day for year in sorted(set(years)) for day in _of_year(subdivision, year))


@cache
def _of_year(subdivision: str | None, year: int) -> frozenset[date]:
    return frozenset(country_holidays("FR", subdiv=_code(subdivision), years=year))


@cache
def _code(subdivision: str | None) -> str | None:
    if subdivision is None:
        return None
    code = _ALIASES.get(subdivision, subdivision)
    if code in France.subdivisions:
        return code
    log.warning("unknown subdivision, national holidays taken", subdivision=subdivision)
    return None
