"""All that decides which sessions the rules of a site or a professional make between two days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from booking.domain import resources
from booking.domain.intervals import Interval
from booking.domain.kinds import KindBook
from booking.domain.local_time import whole_day
from booking.domain.people import Professional, Site
from booking.domain.planning import Away, Calendar, Grid, Planned, Skip, Skipped, plan
from booking.domain.rules import Rules
from booking.store import closures, projections
from booking.store.closures import Closure
from booking.store.rules import Series, StoredRule
from booking.store.sessions import Opening, Origin
from booking.use_cases.calendar.planning import contract_at, role_for, session_of
from booking.use_cases.calendar.public_holidays import public_holidays
from booking.use_cases.kinds.kind_book import book_of
from smp.postgres import Transaction


@dataclass(frozen=True, slots=True)
class Agenda:
    """Sites, people and what keeps them away, from `first` to `last` (days of each site, both included)."""

    first: date
    last: date
    sites: Mapping[UUID, Site]
    people: Mapping[UUID, Professional]
    closed: Sequence[Closure]
    books: Mapping[str, KindBook]  # by territory
    rules: Rules
    now: datetime

    def knows(self, series: Series) -> bool:
        """True when both the site and the professional have been heard of."""
        return series.latest.site in self.sites and series.latest.professional in self.people

    def wanted(self, series: Series, last: date) -> tuple[list[Opening], list[tuple[StoredRule, Skipped]]]:
        """The sessions a rule makes until `last`, and what it skips with the reason."""
        openings: list[Opening] = []
        skipped: list[tuple[StoredRule, Skipped]] = []
        for version, start, end in series.stretches(self.first, min(last, self.last)):
            zone = self.sites[version.site].zone
            for each in self._plan(version, start, end):
                role = self.role(version.territory, version.professional, version.kinds, each.day)
                if isinstance(each, Skipped):
                    skipped.append((version, each))
                elif role is None:
                    skipped.append((version, Skipped(each.day, Skip.ROLE)))
                else:
                    origin = Origin(version.id, version.version, each.day)
                    openings.append(Opening(session_of(version, role, each, self.rules.releases, zone), origin))
        return openings, list({(rule.version, each): (rule, each) for rule, each in skipped}.values())

    def away(self, site: UUID, professional: UUID, room: str | None) -> tuple[Away, ...]:
        """When a site, a room of it or a professional is not there."""
        return tuple(each.away for each in self.closed if concerns(each, site, professional, room))

    def _plan(self, version: StoredRule, first: date, last: date) -> Iterable[Planned | Skipped]:
        site, who = self.sites[version.site], self.people[version.professional]
        years = range(first.year, last.year + 1)
        away = self.away(version.site, version.professional, version.room)
        calendar = Calendar(site.zone, public_holidays(site.subdivision, years), away, site.closed_from)
        grid = self.grid(version.territory, version.kinds, version.grid, first)
        return plan(version.rule, first, last, calendar, contract_at(who, site), grid, self.now)

    def role(self, territory: str, professional: UUID, kinds: Iterable[str], day: date) -> str | None:
        """The role that the professional holds on that day when it allows all these kinds."""
        book = self.books[territory]
        return role_for(self.people[professional], [book.on(code, day) for code in kinds], day)

    def grid(self, territory: str, kinds: Iterable[str], step: timedelta, day: date) -> Grid:
        """The grid of a session, and the shortest of its kinds as they stand on that day."""
        known = (self.books[territory].on(code, day) for code in kinds)
        return Grid(step, min((kind.length for kind in known if kind is not None), default=step))


async def load(
    tx: Transaction,
    sites: Mapping[UUID, Site],
    people: Mapping[UUID, Professional],
    first: date,
    last: date,
    rules: Rules,
    now: datetime,
) -> Agenda:
    """What is closed and who is away between two days; sites and people are locked by the caller."""
    days = [whole_day(day, site.zone) for site in sites.values() for day in (first, last)]
    books = {site.territory: await book_of(tx, rules, site.territory) for site in sites.values()}
    if not days:
        return Agenda(first, last, sites, people, (), books, rules, now)
    window = Interval(min(day.start for day in days), max(day.end for day in days))
    closed = await closures.closures_of(tx, sites, window)
    closed += await closures.absences_of(tx, people, window)
    return Agenda(first, last, sites, people, closed, books, rules, now)


async def people_of(tx: Transaction, series: Iterable[Series]) -> dict[UUID, Professional]:
    """Those whom these rules are about."""
    return await projections.professionals_for_planning(tx, {each.latest.professional for each in series})


def concerns(it: Closure, site: UUID, professional: UUID, room: str | None) -> bool:
    """True when a closure or an absence keeps this professional from receiving there."""
    if it.professional is not None:
        return it.professional == professional
    if it.site != site or it.room is None:
        return it.site == site
    return room is not None and resources.room(site, it.room) == resources.room(site, room)
