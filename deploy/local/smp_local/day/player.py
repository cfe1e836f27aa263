"""A day of both centres, from the first call to the closed accounts, as one object that others can drive.

The chaos program makes its own `Player`, kills what it likes while the day is lived, and checks the same ledger.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from smp_local.addresses import Addresses
from smp_local.clock import follow_real_time
from smp_local.day.agenda import Agenda
from smp_local.day.books import Books
from smp_local.day.calendar import UNANSWERED, at, spoken
from smp_local.day.conductor import Conductor
from smp_local.day.desk import Desk
from smp_local.day.ledger import Ledger, check
from smp_local.day.plan import LAVAL_SIZE, LE_MANS_SIZE, CentreDay, Size, plan_day
from smp_local.day.quiet import undisturbed, until_heard, until_texts_left, until_texts_settled
from smp_local.day.rubs import Rubs
from smp_local.day.strangers import Strangers
from smp_local.worlds.centre import Centre
from smp_local.worlds.laval import LAVAL
from smp_local.worlds.le_mans import LE_MANS
from smp_local.worlds.platform import Platform

Say = Callable[[str], None]
BEFORE_OPENING = timedelta(minutes=5)
LATEST = timedelta(hours=4)  # after closing: everybody has been seen long before
TEXTING_ENDS = (19, 59)  # the last minute at which a text may leave (notifications, SMP_TEXTS_CLOSE)


@dataclass(frozen=True, slots=True)
class Script:
    """What is played where; smaller sizes make shorter plays of the same shape."""

    centres: tuple[tuple[Centre, Size], ...] = ((LAVAL, LAVAL_SIZE), (LE_MANS, LE_MANS_SIZE))


def plan(day: date, seed: int, script: Script | None = None) -> tuple[CentreDay, ...]:
    """The plan of each centre; the same for the same day, seed and script."""
    return tuple(plan_day(centre, day, seed, size) for centre, size in (script or Script()).centres)


class Player:
    """Lives a plan through the public interfaces. `patience`: real seconds that anything may take to answer."""

    def __init__(
        self,
        addresses: Addresses,
        plans: Sequence[CentreDay],
        *,
        speed: float,
        say: Say,
        patience: float = 120.0,
        show: Callable[["Player"], None] = lambda _player: None,
    ) -> None:
        self.addresses, self.plans, self.speed = addresses, tuple(plans), speed
        self.platform = Platform(addresses, patience=patience)
        self.history = self.platform.history
        first = plans[0]
        self.conductor = Conductor(addresses.clock_file, at(first.centre, first.called_on, 8, 55))
        self.desks = tuple(
            Desk(self.platform, self.conductor, each, Agenda(self.platform, each)) for each in self.plans
        )
        self.rubs = tuple(Rubs(desk) for desk in self.desks)
        self.strangers = [
            Strangers(self.platform, home, target) for home in self.desks for target in self.desks if home is not target
        ]
        self._say, self._show, self._patience = say, show, patience

    async def live(self) -> Ledger:
        """Everything, up to closed accounts; the clock of the services is then the machine's again."""
        try:
            async with Books(self.addresses) as books:
                await self.call_ahead(books)
                await self.remind(books)
                await self.live_the_day()
                await self.close_accounts(books)
            return await self.check()
        finally:
            follow_real_time(self.addresses.clock_file)

    async def call_ahead(self, books: Books) -> None:
        """The day of the calls: agendas are open, those who want an appointment have one."""
        first = self.plans[0]
        self.conductor.stand(self.conductor.now)
        await until_heard(books, patience=self._patience)
        await asyncio.gather(*(desk.agenda.open() for desk in self.desks))
        for desk in self.desks:
            desk.schedule()
        for rubs in self.rubs:
            rubs.schedule()
        for stranger in self.strangers:
            stranger.schedule()
        await self.conductor.hurry(at(first.centre, first.called_on, 18))
        booked = sum(desk.counts.booked for desk in self.desks)
        self._say(f"{spoken(first.called_on).capitalize()} : {booked} rendez-vous pris au téléphone.")
        await until_texts_left(books, self.conductor.now, patience=self._patience)

    async def remind(self, books: Books) -> None:
        """Day by day up to the day itself, every text leaves at its hour."""
        first = self.plans[0]
        opening = min(each.opens for each in self.plans) - BEFORE_OPENING
        sites = [each.centre.site for each in self.plans]
        while due := [when for when in await self._due(books, sites) if when < opening]:
            local = due[0].astimezone(first.centre.zone).date()
            self._say(f"{spoken(local).capitalize()} : les textos qui attendaient partent ({len(due)} prévus).")
            evening = at(first.centre, local, *TEXTING_ENDS)
            self.conductor.stand(min(max(evening, self.conductor.now), opening))
            await until_texts_left(books, self.conductor.now, patience=self._patience)
        self.conductor.stand(opening)

    async def live_the_day(self) -> None:
        """Minute by minute, until the last patient has left."""
        closes = max(each.closes for each in self.plans)
        await self.conductor.play(closes, self.speed, lambda: self._show(self))
        while not self.conductor.is_idle or any(desk.counts.waiting for desk in self.desks):
            if self.conductor.now > closes + LATEST:
                break
            await self.conductor.play(self.conductor.now + timedelta(minutes=1), self.speed, lambda: self._show(self))
        self._show(self)

    async def close_accounts(self, books: Books) -> None:
        """Later, when no text can still be waiting for a receipt."""
        await until_texts_left(books, self.conductor.now, patience=self._patience)
        self._say(f"La journée est finie ; les comptes sont arrêtés {UNANSWERED.days} jours plus tard.")
        self.conductor.stand(self.conductor.now + UNANSWERED)
        await until_texts_settled(books, self.conductor.now, patience=self._patience)

    async def check(self, now: datetime | None = None) -> Ledger:
        """The ledger of this play."""
        async with Books(self.addresses) as books:
            return await self.account(books, now)

    async def account(self, books: Books, now: datetime | None = None) -> Ledger:
        """The same, from these books. Raises Trouble when the services never fall silent."""
        reading = partial(
            check,
            books,
            self.plans[0].day,
            [each.centre.site for each in self.plans],
            now or self.conductor.now,
            self.history,
            [(attempt.what, attempt.seen) for stranger in self.strangers for attempt in stranger.attempts],
            from_the_start=not any(desk.agenda.expected for desk in self.desks),
        )
        return await undisturbed(books, reading)

    async def _due(self, books: Books, sites: list[UUID]) -> list[datetime]:
        return await books.due_dates(sites, self.plans[0].opens)

    async def aclose(self) -> None:
        """Close the connections; `live` may not be called any more."""
        await self.platform.__aexit__()
