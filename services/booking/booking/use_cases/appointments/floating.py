"""A place that is taken by somebody who asked for nobody in particular: they go to another free practitioner of the
same hour, and the place is free for whoever asks for it. The patient notices nothing: hour and site stay, and whoever
was told of them is told nothing new (`notify` stays as it was, so that the reminder is kept).
"""

from collections.abc import Mapping, Sequence
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


async def occupy(
    tx: Transaction, new: Appointment, wanted: Sequence[Resource], wish: Wish, *, first_call: bool = False
) -> None:
    """Write a new hold or booking with all it occupies; a place taken by somebody who named nobody is freed for it.

    Raises Refusal: SLOT_TAKEN, SLOT_RESTING, PATIENT_BUSY, with three alternatives.
    """
    taken = await placing.insert_or_take_over(tx, new, wanted, wish.now, wish.rules.cool_down, first_call=first_call)
    if taken and await float_away(tx, wish):
        taken = await placing.insert_or_take_over(
            tx, new, wanted, wish.now, wish.rules.cool_down, first_call=first_call
        )
    if taken:
        await placing.refuse_taken(tx, taken, wish)


async def float_away(tx: Transaction, wish: Wish) -> bool:
    """Free the place wished for by having others change practitioner; True when it is free now. Never within the notice
    of the settings; never towards or from interns, sessions with shares, families or appointments held by two.

    Sessions that somebody is changing and appointments that somebody is busy with stay out of it: nobody waits here. If
    what follows is refused, all of it is rolled back.
    """
    if wish.start - wish.now < wish.rules.float_notice or wish.kind.follow_up_only:
        return False
    period = Interval(wish.start, wish.start + wish.kind.duration)
    around = wish.kind.around(period)
    able = {each.id: each for each in await sessions.open_at(tx, wish.session.site, around) if _suits(each, wish)}
    able[wish.session.id] = wish.session
    standing = await appointments.lock_floating(tx, wish.session.site, wish.session.day, period, wish.kind.code)
    standing = [each for each in standing if each.session in able]
    if not any(each.session == wish.session.id for each in standing):
        return False
    free = await _free(tx, able, around, standing)
    targets = free | {each.session for each in standing}
    moves = make_room(
        wish.session.id, free, {each.id: each.session for each in standing}, {each.id: targets for each in standing}
    )
    if not moves:
        return False
    for target in sorted({target for _, target in moves}):
        if not await sessions.share_if_free(tx, target, around):
            return False
    by_id = {each.id: each for each in standing}
    for id, target in moves:
        if not await _move(tx, by_id[id], able, target, wish.now):
            return False
    return True


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


async def _move(tx: Transaction, it: Appointment, able: Mapping[UUID, Session], target: UUID, now: datetime) -> bool:
    home = able[target]
    moved = it.step(Action.MOVE, now, BY, why=WHY, session=home.id, professional=home.professional, role=home.role)
    if not await appointments.hand_over(tx, it.id, able[it.session], home):
        return False
    await appointments.save(tx, [moved])
    announcing.moved(tx, it, moved, now, floated=True)
    return True
