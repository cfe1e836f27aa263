"""Which Mondays are played one after another, and one Monday from the first call to its closed accounts."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from smp_local.day import calendar
from smp_local.day.player import Player
from smp_local.day.quiet import until_texts_settled
from smp_local.worlds.history import Entry, History
from tests.chaos.books import PatientBooks
from tests.chaos.errands.monday import Errands
from tests.chaos.hunter import Pack

FIRST = date(2026, 11, 23)
# The accounts of a Monday are closed on the Thursday after it, when those of the next one would already be calling.
APART = timedelta(weeks=2)


def mondays() -> Iterator[date]:
    """Every second Monday on which the centres are open."""
    day = FIRST
    while True:
        if calendar.refusal(day) is None:
            yield day
        day += APART


def opening() -> datetime:
    """Early on the day of the first calls. The machine's own day may be later, and a fact heard after the days that are
    played would keep the supervision of interns from being looked at on any of them: it waits until facts are quiet."""
    return datetime.combine(calendar.calling_day(FIRST), time(5), UTC)


class Watched(History):
    """A history that tells the hunters of each command as it is sent."""

    def __init__(self, pack: Pack) -> None:
        super().__init__()
        self._pack = pack

    def of(self, key: str, service: str, path: str) -> Entry:
        self._pack.pulse()
        return super().of(key, service, path)


async def play(player: Player, errands: Errands, books: PatientBooks, pack: Pack) -> None:
    """Live the day in open season, then wait until nothing moves any more."""
    async with pack.open_season():
        errands.schedule()
        await player.call_ahead(books)
        await player.remind(books)
        await player.live_the_day()
        await player.close_accounts(books)
    await until_texts_settled(books, player.conductor.now, patience=books.patience)
