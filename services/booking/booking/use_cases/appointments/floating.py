"""A place that is taken by somebody who asked for nobody in particular: they go to another free practitioner of the
same hour, and the place is free for whoever asks for it. The patient notices nothing: hour and site stay, and whoever
was told of them is told nothing new (`notify` stays as it was, so that the reminder is kept).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain.appointments import Action, Appointment
from booking.domain.floating import make_room
from booking.domain.intervals import Interval
from booking.domain.resources import Resource
from booking.domain.sessions import Session, fit
from booking.store import appointments, sessions
from booking.use_cases.appointments import announcing, placing
from booking.use_cases.appointments.placing import Wish
from smp.postgres import Transaction

BY, WHY = "booking.floating", "floated"


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
    possible. Never within the notice of the settings; never towards or from interns, sessions with shares, families or
    appointments held by two. The place that a move has given up is free for them.

    Sessions that somebody is changing and appointments that somebody is busy with stay out of it: nobody waits here.
    """
    if wish.start - wish.now < wish.rules.float_notice or wish.kind.follow_up_only:
        return []
    period = Interval(wish.start, wish.start + wish.kind.duration)
    around = wish.kind.around(period)
    suiting = [each for each in await sessions.open_at(tx, wish.session.site, around) if _suits(each, wish)]
    away = await placing.on_the_way(tx, suiting, around, wish.rules)
    able = {each.id: each for each in suiting if each.id not in away}
    able[wish.session.id] = wish.session
    standing = await appointments.lock_floating(tx, wish.session.site, wish.session.day, period, wish.kind.code)
    leaving = wish.leaving.id if wish.leaving else None
    standing = [each for each in standing if each.session in able and each.id != leaving]
    if not any(each.session == wish.session.id for each in standing):
        return []
    free = await _free(tx, able, around, standing)
    targets = free | {each.session for each in standing}
    moves = make_room(
        wish.session.id, free, {each.id: each.session for each in standing}, {each.id: targets for each in standing}
    )
    for target in sorted({target for _, target in moves or ()}):
        if not await sessions.share_if_free(tx, target, around):
            return []
    by_id = {each.id: each for each in standing}
    return [_Change(by_id[id], able[by_id[id].session], able[target]) for id, target in moves or ()]


async def _float_away(tx: Transaction, changes: Sequence[_Change], now: datetime) -> None:
    """Raises appointments.Taken: somebody else was quicker, and nothing of it may stay."""
    for it, before, after in ((each.it, each.before, each.after) for each in changes):
        moved = it.step(
            Action.MOVE, now, BY, why=WHY, session=after.id, professional=after.professional, role=after.role
        )
        await appointments.hand_over(tx, it.id, before, after)
        await appointments.save(tx, [moved])
        announcing.moved(tx, it, moved, now, floated=True)


def _suits(session: Session, wish: Wish) -> bool:
    """Whether an appointment of that kind and hour may go there."""
    if session.needs_supervision or session.shares:
        return False
    return isinstance(fit(session, wish.kind, wish.start, wish.now), Interval)


async def _free(
    tx: Transaction, able: Mapping[UUID, Session], around: Interval, standing: list[Appointment]
) -> frozenset[UUID]:
    numbers = {resource.number for each in able.values() for resource in each.resources}
    taken = {each.resource for each in await sessions.busy(tx, numbers, around) if each.period.overlaps(around)}
    taken_by_those = {each.session for each in standing}
    return frozenset(
        each.id
        for each in able.values()
        if each.id not in taken_by_those and taken.isdisjoint(resource.number for resource in each.resources)
    )
