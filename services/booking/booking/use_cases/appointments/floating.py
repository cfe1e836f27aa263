"""A place that is taken by somebody who asked for nobody in particular: they go to another free practitioner of the
same hour, and the place is free for whoever asks for it. The patient notices nothing: hour and site stay, and whoever
was told of them is told nothing new (`notify` stays as it was, so that the reminder is kept).
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain.appointments import Action, Appointment, State
from booking.domain.floating import make_room
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.resources import Resource
from booking.domain.sessions import Misfit, Session, fit
from booking.store import appointments, sessions
from booking.use_cases.appointments import announcing, placing
from booking.use_cases.appointments.placing import Wish
from booking.use_cases.kinds.kind_book import kind_of
from smp.postgres import Transaction

BY, WHY = "booking.floating", "floated"
_LEAD_TIMES = frozenset({Misfit.TOO_SOON, Misfit.TOO_FAR})


async def occupy(tx: Transaction, new: Appointment, wanted: Sequence[Resource], wish: Wish) -> None:
    """Write a new hold or booking with all it occupies; a place taken by somebody who named nobody is freed for it.

    Raises Refusal: SLOT_TAKEN, SLOT_RESTING, PATIENT_BUSY, with three alternatives.
    """

    async def write() -> frozenset[int]:
        now, cool_down = wish.now, wish.rules.cool_down
        return await placing.insert_or_take_over(tx, new, wanted, now, cool_down, first_call=wish.first_call)

    if taken := await given_way(tx, wish, write):
        await placing.refuse_taken(tx, taken, wish)


async def given_way(tx: Transaction, wish: Wish, write: Callable[[], Awaitable[frozenset[int]]]) -> frozenset[int]:
    """Write what occupies the place wished for, with the others out of its way if need be; what is still taken."""
    taken = await write()
    if taken and (moves := await _way_out(tx, wish)):
        with suppress(appointments.Taken):
            async with tx.savepoint():  # nobody is moved for nothing
                await _clear(tx, moves, wish)
                await _float_away(tx, moves, wish.now)
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


async def _way_out(tx: Transaction, wish: Wish) -> list[_Change]:
    """Who would have to change practitioner so that the place wished for is free, in order; nobody when that is not
    possible. Never within the notice of the settings; never towards or from interns, sessions with shares, families,
    follow-ups or appointments held by two; only those who take the very hour wished for, buffers included, whatever
    their kind. The place that a move has given up is free for them.

    Sessions that somebody is changing and appointments that somebody is busy with stay out of it: nobody waits here.
    """
    if wish.start - wish.now < wish.rules.float_notice:
        return []
    period = Interval(wish.start, wish.start + wish.kind.duration)
    around = wish.kind.around(period)
    able = await _able(tx, wish, around)
    leaving = wish.leaving.id if wish.leaving else None
    there = await appointments.lock_floating(tx, wish.session.site, wish.session.day, period)
    kinds = {each.id: await kind_of(tx, wish.rules, each) for each in there}
    standing = {
        each.id: each
        for each in there
        if each.session in able and each.id != leaving and _may_float(kinds[each.id], period, around)
    }
    if not any(each.session == wish.session.id for each in standing.values()):
        return []
    free = await _free(tx, able, around, standing.values(), wish.now)
    targets = [able[id] for id in free | {each.session for each in standing.values()}]
    suits = {id: {target.id for target in targets if _suits(target, kinds[id], wish)} for id in standing}
    moves = make_room(wish.session.id, free, {each.id: each.session for each in standing.values()}, suits)
    for target in sorted({target for _, target in moves or ()}):
        if not await sessions.share_if_free(tx, target, around):
            return []
    return [_Change(standing[id], able[standing[id].session], able[target]) for id, target in moves or ()]


async def _able(tx: Transaction, wish: Wish, around: Interval) -> dict[UUID, Session]:
    """The sessions of the hour among which somebody may change, and the one wished for."""
    open_then = await sessions.open_at(tx, wish.session.site, around)
    plain = [each for each in open_then if not each.needs_supervision and not each.shares]
    away = await placing.on_the_way(tx, plain, around, wish.rules)
    return {each.id: each for each in plain if each.id not in away} | {wish.session.id: wish.session}


def _may_float(kind: Kind, period: Interval, around: Interval) -> bool:
    """Whoever needs no more and no less than the hour wished for, and no practitioner of their own."""
    return kind.around(period) == around and not kind.follow_up_only


async def _clear(tx: Transaction, changes: Sequence[_Change], wish: Wish) -> None:
    """Let holds that are over and places that have rested give way where the others go."""
    numbers = {resource.number for each in changes for resource in each.after.resources}
    around = wish.kind.around(Interval(wish.start, wish.start + wish.kind.duration))
    over = await appointments.lock_over_in_the_way(tx, numbers, around, wish.now)
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


def _suits(session: Session, kind: Kind, wish: Wish) -> bool:
    """Whether an appointment of that kind may go there at the hour wished for, however long ago it was booked."""
    return isinstance(found := fit(session, kind, wish.start, wish.now), Interval) or found in _LEAD_TIMES


async def _free(
    tx: Transaction, able: Mapping[UUID, Session], around: Interval, standing: Collection[Appointment], now: datetime
) -> frozenset[UUID]:
    numbers = {resource.number for each in able.values() for resource in each.resources}
    taken = {each.resource for each in await sessions.busy(tx, numbers, around, now) if each.period.overlaps(around)}
    taken_by_those = {each.session for each in standing}
    return frozenset(
        each.id
        for each in able.values()
        if each.id not in taken_by_those and taken.isdisjoint(resource.number for resource in each.resources)
    )
