"""Who waits for a place."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from booking.domain.eligibility import Declaration
from booking.domain.intervals import Interval
from booking.domain.kinds import Compartment
from booking.domain.offers import Offer
from booking.domain.waiting_list import (
    Entry,
    EntryState,
    Mobility,
    Priority,
    Step,
    Window,
    Wishes,
    without_doctor_since,
)
from booking.store.projections import declarations
from smp.postgres import Record, Statements, Transaction

SQL = Statements.load(__package__, "waiting_list.sql")


async def insert(tx: Transaction, new: Entry) -> bool:
    """Write a new entry; False when the patient waits for the same thing at the same place already (a rollback must
    follow)."""
    wishes = new.wishes
    await tx.execute(
        SQL.insert,
        new.id,
        new.territory,
        new.patient,
        sorted(wishes.kinds),
        sorted(wishes.sites),
        sorted(wishes.practitioners),
        _windows(wishes.windows),
        wishes.last_day,
        wishes.mobility,
        wishes.video_accepted,
        new.waiting_since,
        new.joined_at,
        new.replaces,
        _trail(new.trail),
        new.compartment,
    )
    return await add_lines(tx, new)


async def add_lines(tx: Transaction, entry: Entry) -> bool:
    """Put the entry on the lists of its sites and kinds; False as for `insert`."""
    sites, kinds = sorted(entry.wishes.sites), sorted(entry.wishes.kinds)
    written: int = await tx.fetchval(SQL.add_lines, entry.id, entry.patient, entry.territory, sites, kinds)
    return written == len(sites) * len(kinds)


async def drop_lines(tx: Transaction, entry: UUID) -> None:
    await tx.execute(SQL.drop_lines, entry)


async def save(tx: Transaction, changed: Entry) -> None:
    """Write an entry that went one step further since it was locked; who has left is off the lists."""
    wishes = changed.wishes
    await tx.execute(
        SQL.save,
        changed.id,
        changed.version,
        changed.state,
        sorted(wishes.kinds),
        sorted(wishes.sites),
        sorted(wishes.practitioners),
        _windows(wishes.windows),
        wishes.last_day,
        wishes.mobility,
        wishes.video_accepted,
        changed.priority,
        changed.priority_set_at,
        changed.priority_set_by,
        changed.replaces,
        changed.paused_until,
        changed.left_reason,
        changed.appointment,
        _trail(changed.trail[-1:]),
    )
    if changed.state is not EntryState.WAITING:
        await drop_lines(tx, changed.id)


async def get(tx: Transaction, id: UUID, today: date) -> Entry | None:
    row = await tx.fetchrow(SQL.get, id)
    return _entry(row, today) if row else None


async def lock(tx: Transaction, id: UUID, today: date) -> Entry | None:
    """The entry, alone until the end of the transaction."""
    row = await tx.fetchrow(SQL.lock, id)
    return _entry(row, today) if row else None


async def lock_free(tx: Transaction, id: UUID, today: date) -> Entry | None:
    """The same, or nothing when somebody else is busy with it."""
    row = await tx.fetchrow(SQL.lock_free, id)
    return _entry(row, today) if row else None


async def lock_of_patient(tx: Transaction, patient: UUID, today: date) -> list[Entry]:
    return [_entry(row, today) for row in await tx.fetch(SQL.lock_of_patient, patient)]


async def of_patient(tx: Transaction, patient: UUID, today: date) -> list[Entry]:
    return [_entry(row, today) for row in await tx.fetch(SQL.of_patient, patient)]


async def lock_outdated(tx: Transaction, today: date, limit: int) -> list[Entry]:
    """Entries whose last wished day lies before `today`, that nobody is busy with."""
    return [_entry(row, today) for row in await tx.fetch(SQL.lock_outdated, today, limit)]


async def waiting_at(tx: Transaction, site: UUID, today: date) -> list[Entry]:
    return [_entry(row, today) for row in await tx.fetch(SQL.waiting_at, site)]


async def for_nobody(tx: Transaction, territory: str, today: date) -> list[Entry]:
    """Entries of a territory that wait only where, or for whom, nobody receives any more."""
    return [_entry(row, today) for row in await tx.fetch(SQL.for_nobody, territory, today)]


async def candidates(
    tx: Transaction, site: UUID, kinds: Iterable[str], now: datetime, day: Interval, per_day: int, today: date
) -> list[Entry]:
    """Who could be offered a place of these kinds at the site; fewer than `per_day` offers were made to them within
    `day`."""
    rows = await tx.fetch(SQL.candidates, site, sorted(kinds), now, day.start, day.end, per_day)
    return [_entry(row, today) for row in rows]


async def answered(tx: Transaction, entries: Collection[UUID]) -> dict[UUID, list[tuple[UUID, Interval]]]:
    """Sessions and times that were offered to these entries and not taken."""
    found: dict[UUID, list[tuple[UUID, Interval]]] = {}
    for row in await tx.fetch(SQL.answered, list(entries)):
        found.setdefault(row["entry"], []).append((row["session"], Interval(row["starts_at"], row["ends_at"])))
    return found


async def to_replace(
    tx: Transaction, entry: Entry, now: datetime, accepted: Offer | None = None
) -> tuple[UUID, datetime] | None:
    """The appointment that somebody would give back for a sooner one, and its start; once an offer is accepted, only
    one that is later."""
    row = await tx.fetchrow(
        SQL.to_replace, entry.patient, sorted(entry.wishes.kinds), entry.replaces, now,
        accepted.appointment if accepted else None, max(now, accepted.period.start) if accepted else now,
    )  # fmt: skip
    if row is None or (accepted and row["starts_at"] <= accepted.period.start):
        return None
    return row["id"], row["starts_at"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What registry has said of a patient."""

    declarations: tuple[Declaration, ...]
    is_erased: bool


async def standing(tx: Transaction, patient: UUID) -> Standing | None:
    """Nothing until the registration has been heard."""
    row = await tx.fetchrow(SQL.standing, patient)
    return Standing(declarations(row["eligibility"]), row["erased_at"] is not None) if row else None


async def are_known(tx: Transaction, professionals: Collection[UUID]) -> bool:
    """True when all of these professionals have been heard of."""
    count: int = await tx.fetchval(SQL.known_professionals, list(professionals))
    return count == len(professionals)


def _entry(row: Record, today: date) -> Entry:
    return Entry(
        id=row["id"],
        territory=row["territory"],
        patient=row["patient"],
        wishes=Wishes(
            kinds=frozenset(row["kinds"]),
            sites=frozenset(row["sites"]),
            practitioners=frozenset(row["practitioners"]),
            windows=tuple(_window(each) for each in row["windows"]),
            mobility=Mobility(row["mobility"]),
            video_accepted=row["video_accepted"],
        ),
        compartment=Compartment(row["compartment"]),
        waiting_since=row["waiting_since"],
        joined_at=row["joined_at"],
        without_doctor_since=without_doctor_since(declarations(row["eligibility"] or []), today),
        priority=Priority(row["priority"]),
        priority_set_at=row["priority_set_at"],
        priority_set_by=row["priority_set_by"],
        replaces=row["replaces"],
        paused_until=row["paused_until"],
        state=EntryState(row["state"]),
        left_reason=row["left_reason"],
        appointment=row["appointment"],
        version=row["version"],
        trail=tuple(
            Step(each["version"], each["what"], datetime.fromisoformat(each["at"]), each["by"]) for each in row["trail"]
        ),
    )


def _window(each: Mapping[str, Any]) -> Window:
    first, last = each["first_day"], each["last_day"]
    return Window(
        weekdays=frozenset(each["weekdays"]),
        start=time.fromisoformat(each["start"]),
        end=time.fromisoformat(each["end"]),
        first_day=date.fromisoformat(first) if first else None,
        last_day=date.fromisoformat(last) if last else None,
    )


def _windows(windows: Iterable[Window]) -> list[dict[str, Any]]:
    return [
        {
            "weekdays": sorted(each.weekdays),
            "start": each.start,
            "end": each.end,
            "first_day": each.first_day,
            "last_day": each.last_day,
        }
        for each in windows
    ]


def _trail(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [{"version": step.version, "what": step.what, "at": step.at, "by": step.by} for step in steps]
