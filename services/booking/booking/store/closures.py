"""Closures of sites and rooms, absences of professionals."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain.intervals import Interval
from booking.domain.planning import Away, Skip
from booking.store.sessions import Author
from smp.postgres import Record, Statements, Transaction

SQL = Statements.load(__package__, "closures.sql")


@dataclass(frozen=True, slots=True)
class Closure:
    """A site (or one room of it) is closed, or a professional is away; `reason` is a code. `site` is where the days of
    an absence were told."""

    id: UUID
    territory: str
    site: UUID
    period: Interval
    reason: str
    room: str | None = None
    professional: UUID | None = None

    @property
    def away(self) -> Away:
        return Away(self.period, Skip.CLOSURE if self.professional is None else Skip.ABSENCE, self.id)


@dataclass(frozen=True, slots=True)
class CutSession:
    """One part of a session that closures have cut, and the hours of the whole; both are the same when nothing is left,
    or one part only."""

    session: UUID
    whole: UUID
    territory: str
    period: Interval
    site: UUID
    professional: UUID


async def insert(tx: Transaction, it: Closure, author: Author) -> None:
    period = (it.period.start, it.period.end)
    if it.professional is None:
        await tx.execute(
            SQL.insert_closure, it.id, it.territory, it.site, it.room, *period, it.reason, author.at, author.by
        )
    else:
        await tx.execute(
            SQL.insert_absence, it.id, it.territory, it.professional, it.site, *period, it.reason, author.at, author.by
        )


async def closures_of(tx: Transaction, sites: Iterable[UUID], window: Interval) -> list[Closure]:
    """What is closed at these sites during the window."""
    return _closures(await tx.fetch(SQL.closures_of, list(sites), window.start, window.end))


async def absences_of(tx: Transaction, professionals: Iterable[UUID], window: Interval) -> list[Closure]:
    """When these professionals are away during the window."""
    return _closures(await tx.fetch(SQL.absences_of, list(professionals), window.start, window.end))


async def absences_at(tx: Transaction, site: UUID, window: Interval) -> list[Closure]:
    """When professionals of the site are away during the window."""
    return _closures(await tx.fetch(SQL.absences_at, site, window.start, window.end))


async def closure(tx: Transaction, id: UUID) -> Closure | None:
    row = await tx.fetchrow(SQL.closure, id)
    return _closure(row) if row else None


async def absence(tx: Transaction, id: UUID) -> Closure | None:
    row = await tx.fetchrow(SQL.absence, id)
    return _closure(row) if row else None


async def end(tx: Transaction, it: Closure, at: datetime, author: Author) -> int | None:
    """Let it end at an instant, or withdraw it when it had not begun by then; its new version, nothing when it was over
    already."""
    statement = SQL.end_closure if it.professional is None else SQL.end_absence
    version: int | None = await tx.fetchval(statement, it.id, at, author.at, author.by)
    return version


async def note_cut(tx: Transaction, cut: Iterable[CutSession]) -> None:
    """Remember the parts of sessions that no rule brings back; a part of a part belongs to the first whole."""
    rows = [
        {
            "session": str(each.session),
            "was": str(each.whole),
            "territory": each.territory,
            "starts_at": each.period.start,
            "ends_at": each.period.end,
        }
        for each in cut
    ]
    if rows:
        await tx.execute(SQL.note_cut, rows)


async def cut_ahead(tx: Transaction, site: UUID | None, professional: UUID | None, now: datetime) -> list[CutSession]:
    """The parts of cut sessions of a site or of a professional whose whole is not over."""
    return [
        CutSession(
            row["session"],
            row["whole"],
            row["territory"],
            Interval(row["starts_at"], row["ends_at"]),
            row["site"],
            row["professional"],
        )
        for row in await tx.fetch(SQL.cut_ahead, site, professional, now)
    ]


async def forget_cut(tx: Transaction, sessions: Iterable[UUID]) -> None:
    """Of these sessions and of all that they are parts of nothing is brought back any more."""
    await tx.execute(SQL.forget_cut, list(sessions))


async def forget_past_cut(tx: Transaction, until: datetime) -> None:
    """Of what was over by then nothing is brought back any more."""
    await tx.execute(SQL.forget_past_cut, until)


def _closures(rows: Iterable[Record]) -> list[Closure]:
    return [_closure(row) for row in rows]


def _closure(row: Record) -> Closure:
    return Closure(
        id=row["id"],
        territory=row["territory"],
        site=row["site"],
        period=Interval(row["starts_at"], row["ends_at"]),
        reason=row["reason"],
        room=row["room"],
        professional=row["professional"],
    )
