"""A place that is taken by somebody who asked for nobody in particular: they go to another free practitioner of the
same hour, and the place is free for whoever asks for it. The patient notices nothing: hour and site stay, and whoever
was told of them is told nothing new (`notify` stays as it was, so that the reminder is kept).
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from booking.domain.appointments import Action, Appointment, State
from booking.domain.floating import make_room
from booking.domain.intervals import Interval
from booking.domain.resources import Resource
from booking.domain.sessions import Session
from booking.store import appointments, sessions
from booking.use_cases.appointments import announcing, placing
from booking.use_cases.appointments.placing import Wish
from booking.use_cases.appointments.standing import Standing
from smp.postgres import Transaction

BY, WHY = "booking.floating", "floated"


async def occupy(tx: Transaction, new: Appointment, wanted: Sequence[Resource], wish: Wish) -> None:
    """Write a new hold or booking with all it occupies; a place taken by somebody who named nobody is freed for it.

    Raises Refusal: SLOT_TAKEN, SLOT_RESTING, PATIENT_BUSY, with three alternatives.
    """

    async def write() -> frozenset[int]:
        now, cool_down = wish.now, wish.rules.cool_down
        return await placing.insert_or_take_over(tx, new, wanted, now, cool_down, first_call=wish.first_call)

    if taken := await given_way(tx, [wish], write):
        await placing.refuse_taken(tx, taken, wish)


async def given_way(
    tx: Transaction, wishes: Sequence[Wish], write: Callable[[], Awaitable[frozenset[int]]]
) -> frozenset[int]:
    """Write what occupies the places wished for, with the others out of its way if need be; what is still taken."""
    taken = await write()
    if taken and (changes := await _ways_out(tx, wishes)):
        with suppress(appointments.Taken):
            async with tx.savepoint():  # nobody is moved for nothing
                await _clear(tx, changes, wishes[0])
                await _float_away(tx, changes, wishes[0].now)
                taken = await write()
                if taken:
                    raise appointments.Taken
    return taken


@dataclass(frozen=True, slots=True)
class _Change:
    """Somebody who named nobody, and the session they are to go to."""

    it: Appointment
    before: Session
    after: Session


async def _ways_out(tx: Transaction, wishes: Sequence[Wish]) -> list[_Change]:
    """Who would have to change practitioner so that the places wished for, of one site and kind, are free, in order."""
    starts = sorted({wish.start for wish in wishes})
    return [change for start in starts for change in await _way_out(tx, start, wishes)]


async def _way_out(tx: Transaction, start: datetime, wishes: Sequence[Wish]) -> list[_Change]:
    """Nobody when it is not possible for that hour, or not needed. Never within the notice of the settings; never
    towards or from interns, sessions with shares, families, follow-ups or appointments held by two; only those who take
    the very hour wished for, buffers included, whatever their kind. The place that a move has given up is free for
    them.

    Sessions that somebody is changing and appointments that somebody is busy with stay out of it: nobody waits here.
    """
    one = next(wish for wish in wishes if wish.start == start)
    if start - one.now < one.rules.float_notice:
        return []
    site, leaving = one.session.site, one.leaving.id if one.leaving else None
    there = [
        each for each in await appointments.lock_floating(tx, site, one.session.day, one.period) if each.id != leaving
    ]
    wanted = {wish.session.id for wish in wishes if wish.around.overlaps(one.around)}
    if wanted.isdisjoint(each.session for each in there):
        return []
    standing = await Standing.at(tx, site, one.around, there, one.rules, one.now)
    moves = make_room(wanted, standing.hour(one.kind, one.period)) or []
    for target in sorted({target for _, target in moves}):
        if not await sessions.share_if_free(tx, target, one.around):
            return []
    by_id = {each.id: each for each in there}
    return [_Change(by_id[id], standing.sessions[by_id[id].session], standing.sessions[target]) for id, target in moves]


async def _clear(tx: Transaction, changes: Sequence[_Change], wish: Wish) -> None:
    """Let holds that are over and places that have rested give way where the others go."""
    numbers = {resource.number for each in changes for resource in each.after.resources}
    hours = [each.it.occupied for each in changes]
    whole = Interval(min(each.start for each in hours), max(each.end for each in hours))
    over = await appointments.lock_over_in_the_way(tx, numbers, whole, wish.now)
    holds = [each for each in over if each.state is State.HELD]
    await placing.expire(tx, holds, wish.now, "booking", wish.rules.cool_down)
    for each in over:
        if each.rests_until:  # as it was found: the place of an offer begins its rest here
            await appointments.end_rest(tx, each.id)


async def _float_away(tx: Transaction, changes: Sequence[_Change], now: datetime) -> None:
    """Raises appointments.Taken: somebody else was quicker, and nothing of it may stay."""
    for it, before, after in ((each.it, each.before, each.after) for each in changes):
        moved = it.step(
            Action.MOVE, now, BY, why=WHY, session=after.id, professional=after.professional, role=after.role
        )
        await appointments.hand_over(tx, it.id, before, after)
        await appointments.save(tx, [moved])
        announcing.moved(tx, it, moved, now, floated=True)
