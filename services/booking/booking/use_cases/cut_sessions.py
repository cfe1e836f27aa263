"""Sessions lose hours, and say so; who is expected in them is left to whoever cuts."""

from collections.abc import Sequence
from dataclasses import replace

from booking.domain.intervals import Interval
from booking.store import appointments, sessions
from booking.store.sessions import Author, Edit, Opening, StoredSession
from booking.use_cases import announcing
from smp.ids import new_id
from smp.postgres import Transaction


async def cut_session(
    tx: Transaction, stored: StoredSession, parts: Sequence[Interval], reason: str, author: Author, *, by_hand: bool
) -> None:
    """Leave a locked session these hours: it keeps its identity in the first part, further parts are sessions of their
    own; without any it does not take place. Cut by hand, its rule leaves the day alone from then on."""
    session = stored.session
    if not parts:
        await appointments.end_rests_of_sessions(tx, [session.id])
        versions = await sessions.cancel(tx, [session.id], reason, author, by_hand=by_hand)
        announcing.session_cancelled(tx, session, versions[session.id], reason, author.at)
        return
    first, *others = parts
    if first != session.period:
        shorter = replace(session, period=first)
        edit = Edit(author.by, author.at, reason) if by_hand else None
        versions = await sessions.change(tx, [(shorter, None)], author.at, edit)
        announcing.session_changed(tx, shorter, versions[session.id], stored.rule, author.at)
    await _open(tx, [Opening(replace(session, id=new_id(), period=part), stored.origin) for part in others], author)


async def _open(tx: Transaction, parts: Sequence[Opening], author: Author) -> None:
    opened = await sessions.insert(tx, parts, author)
    for part in parts:
        if part.session.id in opened:
            announcing.session_opened(tx, part.session, part.origin.rule if part.origin else None, author.at)
