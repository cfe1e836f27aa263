"""Plans of an impact, and how far they have been carried out."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from booking.domain.appointments import ACTIVE, PLACE_BACK, WAITING, Appointment, State
from booking.domain.impact import Change, ChangeKind, Decision, Place
from booking.domain.intervals import Interval
from booking.domain.kinds import Compartment
from booking.store.appointment_rows import appointment_of
from booking.store.sessions import StoredSession, stored_session
from smp.postgres import Record, Statements, Transaction

SQL = Statements.load(__package__, "impacts.sql")

_EXPECTED = WAITING | {State.BOOKED}
_STANDING = sorted(ACTIVE - {State.HELD})


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a plan: an appointment as it was seen, what it could get, and what became of it. `here`: its patient
    was in the waiting room."""

    appointment: UUID
    rank: int
    patient: UUID
    compartment: str
    version: int
    session: UUID
    start: datetime
    kept: Place | None
    proposals: tuple[Place, ...]
    reachable_by_text: bool | None
    here: bool = False
    decision: Decision | None = None
    choice: int | None = None
    outcome: str | None = None
    by_hand: bool = False
    note: str | None = None
    settled_at: datetime | None = None

    @property
    def places(self) -> tuple[Place, ...]:
        """Whatever was promised to it."""
        return (self.kept, *self.proposals) if self.kept else self.proposals

    @property
    def is_spoken_to(self) -> bool:
        """Whoever is here is told by no text, and nothing silent ever is: somebody speaks with the patient."""
        return self.here or self.compartment == Compartment.SILENT


@dataclass(frozen=True, slots=True)
class ItemNow:
    """A line, and how its appointment stands today."""

    item: Item
    state: State
    is_where_it_was: bool

    @property
    def is_waiting(self) -> bool:
        """Somebody has still to settle it with the patient."""
        return self.item.outcome == "call" and self.is_where_it_was and self.state in _EXPECTED


@dataclass(frozen=True, slots=True)
class StoredImpact:
    """A plan. `seen` is what it rests on; `figures` are those that were shown."""

    id: UUID
    territory: str
    sites: tuple[UUID, ...]
    change: Change
    fingerprint: str
    seen: dict[str, Any]
    figures: dict[str, Any]
    planned_at: datetime
    planned_by: str
    state: str = "planned"
    applied_at: datetime | None = None
    applied_by: str | None = None
    ended_at: datetime | None = None

    @property
    def searched(self) -> list[UUID]:
        """The sites where places were looked for: all those of whoever planned."""
        return [UUID(each) for each in self.seen.get("searched", ())]


async def sites_of_territory(tx: Transaction, site: UUID) -> list[UUID]:
    """All sites of the territory of `site`, itself included."""
    return [row["id"] for row in await tx.fetch(SQL.sites_of_territory, site)]


async def sessions_of_professional(tx: Transaction, professional: UUID, period: Interval) -> list[StoredSession]:
    rows = await tx.fetch(SQL.sessions_of_professional, professional, period.start, period.end)
    return [stored_session(row) for row in rows]


async def sessions_of_site(tx: Transaction, site: UUID, period: Interval) -> list[StoredSession]:
    return [stored_session(row) for row in await tx.fetch(SQL.sessions_of_site, site, period.start, period.end)]


async def standing_in_sessions(tx: Transaction, sessions: Collection[UUID]) -> list[Appointment]:
    """Appointments of these sessions, or with somebody of them, whose patients are expected or there; no holds."""
    return [appointment_of(row) for row in await tx.fetch(SQL.standing_in_sessions, list(sessions), _STANDING)]


async def some_appointments(tx: Transaction, ids: Collection[UUID]) -> list[Appointment]:
    return [appointment_of(row) for row in await tx.fetch(SQL.some_appointments, list(ids))]


async def expected_at_site(tx: Transaction, site: UUID, first: date) -> list[Appointment]:
    """Booked appointments on the spot, from a day on."""
    return [appointment_of(row) for row in await tx.fetch(SQL.expected_at_site, site, first)]


async def reachable(tx: Transaction, patients: Collection[UUID]) -> dict[UUID, bool]:
    """Whether a text can reach them, for those registry has spoken of."""
    rows = await tx.fetch(SQL.reachable, list(patients))
    return {row["patient"]: row["reachable_by_text"] for row in rows}


async def insert(tx: Transaction, it: StoredImpact, items: Sequence[Item]) -> None:
    await tx.execute(
        SQL.insert,
        it.id,
        it.territory,
        list(it.sites),
        _change_document(it.change),
        it.fingerprint,
        it.seen,
        it.figures,
        it.planned_at,
        it.planned_by,
    )
    await tx.execute(SQL.insert_items, it.id, it.territory, [_item_document(each) for each in items])


async def get(tx: Transaction, id: UUID) -> StoredImpact | None:
    row = await tx.fetchrow(SQL.get, id)
    return _impact(row) if row else None


async def lock(tx: Transaction, id: UUID) -> StoredImpact | None:
    """The plan, alone until the end of the transaction."""
    row = await tx.fetchrow(SQL.lock, id)
    return _impact(row) if row else None


async def items(tx: Transaction, impact: UUID, after: int, limit: int) -> list[ItemNow]:
    rows = await tx.fetch(SQL.items, impact, after, limit, PLACE_BACK)
    return [ItemNow(_item(row), State(row["appointment_state"]), row["is_where_it_was"]) for row in rows]


async def all_items(tx: Transaction, impact: UUID) -> list[Item]:
    return [_item(row) for row in await tx.fetch(SQL.all_items, impact)]


async def begin(tx: Transaction, impact: UUID, at: datetime, by: str) -> None:
    await tx.execute(SQL.begin, impact, at, by)


async def decide(tx: Transaction, impact: UUID, decided: Iterable[tuple[UUID, Decision, int | None]]) -> None:
    lines = list(decided)
    await tx.execute(
        SQL.decide, impact, [line[0] for line in lines], [line[1] for line in lines], [line[2] for line in lines]
    )


async def open_items(tx: Transaction, impact: UUID, limit: int | None) -> list[UUID]:
    return [row["appointment"] for row in await tx.fetch(SQL.open_items, impact, limit)]


async def lock_item(tx: Transaction, impact: UUID, appointment: UUID) -> Item | None:
    """The line, alone; nothing when it is settled or somebody else is at it."""
    row = await tx.fetchrow(SQL.lock_item, impact, appointment)
    return _item(row) if row else None


async def settle(
    tx: Transaction, impact: UUID, appointment: UUID, outcome: str, by_hand: bool, note: str | None, at: datetime
) -> None:
    await tx.execute(SQL.settle, impact, appointment, outcome, by_hand, note, at)


async def finish(tx: Transaction, impact: UUID, at: datetime) -> None:
    """Close the plan if every line is settled."""
    await tx.execute(SQL.finish, impact, at)


async def progress(tx: Transaction, impact: UUID) -> dict[str | None, int]:
    """Lines by outcome; `None` counts those still open."""
    return {row["outcome"]: row["count"] for row in await tx.fetch(SQL.progress, impact)}


async def being_applied(tx: Transaction, limit: int) -> list[UUID]:
    return [row["id"] for row in await tx.fetch(SQL.being_applied, limit)]


async def lost_or_losing_place(tx: Transaction, appointments: Collection[UUID]) -> frozenset[UUID]:
    """Those from which the centre took the place back; they wait for somebody to speak with their patients."""
    rows = await tx.fetch(SQL.lost_or_losing_place, list(appointments)) if appointments else []
    return frozenset(row["id"] for row in rows)


async def lose_place(tx: Transaction, appointment: UUID, at: datetime, *, for_sure: bool = False) -> None:
    """Give practitioner and room back, and list the appointment, if its session no longer holds it; whatever its
    session, `for_sure`."""
    await tx.execute(SQL.lose_place, appointment, at, for_sure)


def place_document(it: Place) -> dict[str, str]:
    """A place as plans keep it and clients read it."""
    return {
        "session": str(it.session),
        "site": str(it.site),
        "professional": str(it.professional),
        "role": it.role,
        "mode": it.mode,
        "start": it.period.start.isoformat(),
        "end": it.period.end.isoformat(),
        **({"kind": it.kind} if it.kind else {}),
    }


def _item_document(it: Item) -> dict[str, Any]:
    return {
        "appointment": str(it.appointment),
        "rank": it.rank,
        "patient": str(it.patient),
        "compartment": it.compartment,
        "version": it.version,
        "session": str(it.session),
        "starts_at": it.start,
        "kept": place_document(it.kept) if it.kept else None,
        "proposals": [place_document(each) for each in it.proposals],
        "reachable": it.reachable_by_text,
        "here": it.here,
    }


def _place(it: dict[str, str]) -> Place:
    return Place(
        UUID(it["session"]),
        UUID(it["site"]),
        UUID(it["professional"]),
        it["role"],
        it["mode"],
        Interval(datetime.fromisoformat(it["start"]), datetime.fromisoformat(it["end"])),
        it.get("kind"),
    )


def _change_document(it: Change) -> dict[str, Any]:
    return {
        "kind": it.kind,
        "reason": it.reason,
        "professional": it.professional and str(it.professional),
        "session": it.session and str(it.session),
        "site": it.site and str(it.site),
        "start": it.period and it.period.start.isoformat(),
        "end": it.period and it.period.end.isoformat(),
        "from_day": it.from_day and it.from_day.isoformat(),
    }


def _change(it: dict[str, Any]) -> Change:
    start, end = it["start"], it["end"]
    return Change(
        kind=ChangeKind(it["kind"]),
        reason=it["reason"],
        professional=_id(it["professional"]),
        session=_id(it["session"]),
        site=_id(it["site"]),
        period=Interval(datetime.fromisoformat(start), datetime.fromisoformat(end)) if start else None,
        from_day=date.fromisoformat(it["from_day"]) if it["from_day"] else None,
    )


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _impact(row: Record) -> StoredImpact:
    columns = dict(row)
    return StoredImpact(**{**columns, "sites": tuple(columns["sites"]), "change": _change(columns["change"])})


def _item(row: Record) -> Item:
    return Item(
        appointment=row["appointment"],
        rank=row["rank"],
        patient=row["patient"],
        compartment=row["compartment"],
        version=row["version"],
        session=row["session"],
        start=row["starts_at"],
        kept=_place(row["kept"]) if row["kept"] else None,
        proposals=tuple(_place(each) for each in row["proposals"]),
        reachable_by_text=row["reachable_by_text"],
        here=row["here"],
        decision=Decision(row["decision"]) if row["decision"] else None,
        choice=row["choice"],
        outcome=row["outcome"],
        by_hand=row["by_hand"],
        note=row["note"],
        settled_at=row["settled_at"],
    )
