"""Sessions lose hours, and say so; who is expected in them is left to whoever cuts."""

from collections.abc import Sequence
from dataclasses import replace

from booking.domain.intervals import Interval
from booking.domain.sessions import Session
from booking.store import appointments, impacts, sessions
from booking.store.sessions import Author, StoredSession
from booking.use_cases import announcing
from smp.ids import new_id
from smp.postgres import Transaction


async def cut_session(
    tx: Transaction, stored: StoredSession, parts: Sequence[Interval], reason: str, author: Author
) -> None:
    """Leave a locked session these hours: it keeps its identity in the first part, further parts are sessions of their
    own; without any it does not take place."""
    session = stored.session
    if not parts:
        await appointments.end_rests_of_sessions(tx, [session.id])
        versions = await sessions.cancel(tx, [session.id], reason, author)
        announcing.session_cancelled(tx, session, versions[session.id], reason, author.at)
        return
    first, *others = parts
    if first != session.period:
        version = await impacts.change_hours(tx, session.id, first)
        announcing.session_changed(tx, replace(session, period=first), version, stored.rule, author.at)
    for part in others:
        await _open(tx, replace(session, id=new_id(), period=part), author)


async def _open(tx: Transaction, part: Session, author: Author) -> None:
    if await sessions.insert(tx, [part], author):
        announcing.session_opened(tx, part, None, author.at)
