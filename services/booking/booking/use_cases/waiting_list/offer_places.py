"""No place that somebody waits for stays unoffered: one exclusive offer at a time, whatever has changed.

Two queues that the database writes (decision 0019): time that has become free, and people for whom something has
changed while places were free (decision 0027). Every line is looked at by one process (SKIP LOCKED), in a transaction
of its own: one offer at most, one bad row stops nothing. Free time comes first, for nobody has been asked about it yet.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from booking.domain.offers import too_far
from booking.domain.rules import Rules
from booking.store import appointments, offers
from booking.store.offers import FreedPlace
from booking.use_cases.waiting_list.offering import Outcome, Where, offer_time
from booking.use_cases.waiting_list.second_look import look_for
from smp.clock import Clock
from smp.logging import log, where
from smp.postgres import Database, Scope, Transaction, is_transient

_SET_ASIDE = timedelta(minutes=10)
_SOON = timedelta(seconds=2)  # somebody whom it suits is busy with another answer


class _Line(Protocol):
    @property
    def id(self) -> int: ...


L = TypeVar("L", bound=_Line)


@dataclass(frozen=True, slots=True)
class _Queue(Generic[L]):
    """One of the two queues: how a line is taken, settled and put off."""

    name: str
    take: Callable[[Transaction, datetime], Awaitable[L | None]]
    settle: Callable[[Transaction, L, Rules, datetime], Awaitable[Outcome]]
    put_off: Callable[[Transaction, int, datetime], Awaitable[None]]

    async def look(self, database: Database, rules: Rules, clock: Clock) -> Outcome | None:
        """Look at one line; nothing when there is none left."""
        line: L | None = None
        try:
            async with database.transaction(Scope.everywhere()) as tx:
                now = clock.now()
                line = await self.take(tx, now)
                return None if line is None else await self.settle(tx, line, rules, now)
        except Exception as error:
            if line is None or is_transient(error):
                raise
            log.error(
                "line of a queue set aside", queue=self.name, line=line.id, error=type(error).__name__, at=where(error)
            )
            async with database.transaction(Scope.everywhere()) as tx:
                await self.put_off(tx, line.id, clock.now() + _SET_ASIDE)
            return Outcome.NOBODY


async def offer_places(database: Database, rules: Rules, clock: Clock) -> int:
    """The job: look at all that was freed and at all who are to be looked at again, until both queues are empty; that
    may take long, so that each line has its own `now`. Returns how many offers were made."""
    made = 0
    while (done := await _look(database, rules, clock)) is not None:
        made += done is Outcome.OFFERED
    return made


async def reach_further(database: Database, rules: Rules, now: datetime) -> int:
    """The job: what was too far ahead to be offered and is no more comes into the queue. Returns how many sessions."""
    async with database.transaction(Scope.everywhere()) as tx:
        return await offers.reach_further(tx, now + timedelta(days=rules.offers.days_ahead))


async def _look(database: Database, rules: Rules, clock: Clock) -> Outcome | None:
    done = await _FREED.look(database, rules, clock)
    return await _AGAIN.look(database, rules, clock) if done is None else done


async def _settle(tx: Transaction, place: FreedPlace, rules: Rules, now: datetime) -> Outcome:
    """Make one offer and keep the place in the queue, for there may be room for another; else put it off until
    somebody can be reached, or leave it to everybody."""
    tx.rescope(Scope(frozenset({place.territory})))
    for session in await offers.sessions_of_freed(tx, place):
        window = place.period.clipped(session.period)
        there = await Where.at(tx, session.site, rules, now)
        if window is None or there is None or window.end <= now or too_far(window.start, now, rules.offers):
            continue
        if (ask_at := there.reachable.from_(now)) > now:
            if ask_at >= window.end:
                continue
            await offers.put_off_freed(tx, place.id, ask_at)
            return Outcome.NOBODY
        outcome = await offer_time(tx, there, session, window)
        if outcome is Outcome.BUSY:
            await offers.put_off_freed(tx, place.id, now + _SOON)
        if outcome is not Outcome.NOBODY:
            return outcome
    if place.appointment is not None:
        await appointments.end_rest(tx, place.appointment)  # nobody waits for it: it need not rest
    await offers.forget_freed(tx, place.id)
    return Outcome.NOBODY


_FREED = _Queue("freed place", offers.take_freed, _settle, offers.put_off_freed)
_AGAIN = _Queue("second look", offers.take_second_look, look_for, offers.put_off_second_look)
