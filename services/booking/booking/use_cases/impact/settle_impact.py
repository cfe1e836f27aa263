"""Carry a plan out, one appointment a transaction: its effect, its event and its line of the plan commit together.

Whoever comes (the command that applied the plan, the same again after a crash, the job) takes the next open line; one
that somebody is at is passed over. A kill at any instant leaves lines that are settled and lines that are open, and
nothing between.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import count
from uuid import UUID

from booking.domain.appointments import RELEASING, WAITING, Appointment, State
from booking.domain.impact import Decision, Place
from booking.domain.rules import Rules
from booking.store import appointments, impacts, sessions
from booking.store.impacts import Item, StoredImpact
from booking.store.sessions import Author
from booking.use_cases.appointments import announcing
from booking.use_cases.appointments.cancel_appointment import CENTRE, CancelRequest, cancel
from booking.use_cases.appointments.company import still_comes
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.appointments.without_place import leave_without_place
from booking.use_cases.one_by_one import one_by_one
from smp.auth import Actor
from smp.postgres import Database, Scope, Transaction
from smp.problems import CONFLICT, Refusal

BY = "booking.settle-impacts"
KEPT, MOVED, CANCELLED, CALL = "kept", "moved", "cancelled", "call"
_BATCH = 100
_DESK = frozenset({"secretary"})
_EXPECTED = WAITING | {State.BOOKED}


@dataclass(frozen=True, slots=True)
class Settled:
    """How a line ended; `by_hand` when somebody had settled it before the plan came to it."""

    outcome: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    """One open line, locked, and all that is needed to settle it."""

    tx: Transaction
    impact: StoredImpact
    item: Item
    rules: Rules
    actor: Actor
    now: datetime


_Way = Callable[[_Line], Awaitable[Settled]]
"""One way of settling a line. It may refuse, and then nothing of it is kept."""


async def settle_impacts(database: Database, rules: Rules, now: datetime) -> None:
    """The job: go on with every plan that is not carried out to its end."""
    async with database.transaction(Scope.everywhere()) as tx:
        unfinished = await impacts.being_applied(tx, _BATCH)
    await one_by_one(BY, unfinished, lambda impact: settle_impact(database, impact, rules, now))


async def settle_impact(database: Database, id: UUID, rules: Rules, now: datetime, limit: int | None = None) -> None:
    """Settle the open lines of a plan, at most `limit` of them. A line that fails does not keep the others from being
    settled; the first failure is raised at the end."""
    async with database.transaction(Scope.everywhere()) as tx:
        impact = await impacts.get(tx, id)
        waiting = await impacts.open_items(tx, id, limit)
    if impact is None or impact.state != "applying":
        return
    failures = []
    for appointment in waiting:
        try:
            await _settle_line(database, impact, appointment, rules, now)
        except Exception as failure:
            failures.append(failure)
    async with database.transaction(_scope(impact)) as tx:
        await impacts.finish(tx, id, now)
    if failures:
        raise failures[0]


async def _settle_line(database: Database, impact: StoredImpact, id: UUID, rules: Rules, now: datetime) -> None:
    """Try one way after another, each in a transaction of its own; the last never refuses. Whoever applied the plan was
    allowed to: from then on it is carried out with the sight of the desk."""
    actor = Actor(impact.applied_by or "", _DESK, frozenset({"*"}), frozenset({impact.territory}))
    note = None
    for turn in count():
        try:
            async with database.transaction(_scope(impact)) as tx:
                item = await impacts.lock_item(tx, impact.id, id)
                if item is None:
                    return
                settled = await _ways(item, now)[turn](_Line(tx, impact, item, rules, actor, now))
                await impacts.settle(tx, impact.id, id, settled.outcome, settled.by_hand, note, now)
                return
        except Refusal as refusal:
            note = refusal.problem.slug


def _ways(item: Item, now: datetime) -> tuple[_Way, ...]:
    """How to settle a line, best first. Who has lost what was promised is called."""
    match item.decision:
        case Decision.KEEP if item.kept:
            return (partial(_keep, place=item.kept), _call)
        case Decision.MOVE:
            chosen = item.proposals if item.choice is None else item.proposals[item.choice - 1 : item.choice]
            return (*(partial(_move, place=place) for place in chosen), _call)
        case Decision.CANCEL if item.start > now:
            return (_cancel, _call)
    return (_call,)


async def _keep(line: _Line, place: Place) -> Settled:
    """The same hour: the patient is told nothing new, and still reminded."""
    if (place.session, place.period.start) != (line.item.session, line.item.start):
        found = await _undisturbed(line)
        await _put(line, found, place, notify=found.notify)
    return Settled(KEPT)


async def _move(line: _Line, place: Place) -> Settled:
    await _put(line, await _undisturbed(line), place, notify=True)
    return Settled(MOVED)


async def _cancel(line: _Line) -> Settled:
    found = await _locked(line)
    if by_hand := _settled_by_hand(line.item, found):
        return by_hand
    if found.state in WAITING:
        raise Refusal(CONFLICT)  # has come since: the next way is somebody who speaks with them
    gone = cancel(found, CancelRequest(CENTRE, line.impact.change.reason), line.rules, line.now, line.actor.subject)
    await appointments.save(line.tx, [gone])
    announcing.released(line.tx, gone, line.now)
    return Settled(CANCELLED)


async def _call(line: _Line) -> Settled:
    """The appointment stands, without its place, until somebody has spoken with the patient. One whose hours have come
    back by now keeps its place."""
    found = await _locked(line)
    if by_hand := _settled_by_hand(line.item, found):
        return by_hand
    if await _has_its_hour_again(line, found):
        return Settled(KEPT)
    await leave_without_place(line.tx, found, line.impact.change.reason, Author(line.actor.subject, line.now))
    return Settled(CALL)


async def _has_its_hour_again(line: _Line, found: Appointment) -> bool:
    """Whether what the plan took from it is there again: its session, and whoever takes part besides. Who was hit
    otherwise, by a move of the site, for want of a supervisor, or with the hour begun already, has lost no hour."""
    impact = line.impact
    was_ahead = impact.applied_at is not None and found.period.start > impact.applied_at
    was_cut = was_ahead and str(found.session) in impact.seen["sessions"]
    if not was_cut or await impacts.lost_or_losing_place(line.tx, [found.id]):
        return False
    return await still_comes(line.tx, found, line.rules)


async def _put(line: _Line, found: Appointment, place: Place, *, notify: bool) -> None:
    mode = place.mode if place.mode != found.mode else None
    session = await _session_of(line.tx, place)
    request = MoveRequest(session, place.period.start, notify, mode, place.kind)
    moved = await move_appointment(line.tx, found.id, request, line.rules, actor=line.actor, now=line.now)
    if moved.appointment.version != found.version + 1:
        raise Refusal(CONFLICT)  # changed between our reading and our locking: the next way looks again


async def _session_of(tx: Transaction, place: Place) -> UUID:
    """The session of a place, or the one that goes on in its stead: what is left after an absence in the middle."""
    there = await sessions.open_at(tx, place.site, place.period)
    own = [each for each in there if each.professional == place.professional and each.period.contains(place.period)]
    return own[0].id if own else place.session


async def _undisturbed(line: _Line) -> Appointment:
    """The appointment, not locked yet (its new session comes first), if nobody has settled it by hand."""
    found = await appointments.get(line.tx, line.item.appointment)
    if found is None or _settled_by_hand(line.item, found):
        raise Refusal(CONFLICT)
    return found


async def _locked(line: _Line) -> Appointment:
    found = await appointments.lock(line.tx, line.item.appointment)
    assert found is not None, "appointments are never deleted"
    return found


def _settled_by_hand(item: Item, found: Appointment) -> Settled | None:
    """What somebody made of the appointment since the plan began; nothing while it still waits in its place."""
    if found.state in RELEASING:
        return Settled(CANCELLED, by_hand=True)
    if (found.session, found.period.start) != (item.session, item.start):
        return Settled(MOVED, by_hand=True)
    return None if found.state in _EXPECTED else Settled(KEPT, by_hand=True)


def _scope(impact: StoredImpact) -> Scope:
    return Scope(frozenset({impact.territory}))
