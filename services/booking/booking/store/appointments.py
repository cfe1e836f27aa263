"""Appointments and what they occupy."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from booking.domain.appointments import Appointment
from booking.domain.eligibility import Eligibility, status_on
from booking.domain.intervals import Interval
from booking.domain.resources import Resource, ResourceKind, practitioner
from booking.domain.sessions import Session
from booking.store.appointment_rows import appointment_of, appointments_of, columns_of, saved
from booking.store.projections import declarations
from booking.store.sessions import session_of
from smp.postgres import Autocommit, Reader, Record, Statements, Transaction

SQL = Statements.load(__package__, "appointments.sql")


class Taken(Exception):
    """Somebody else has what an appointment was to take, and it has given up its own: the transaction, or the savepoint
    around it, must not go on."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an appointment is to be put. `is_supported` unless registry's facts speak against the session: then it
    keeps whoever is expected and takes nobody else. `eligibility` is the patient's on that day, nothing when no patient
    is named or when the registration has not been heard; `is_erased` once registry forgot the patient;
    `works_elsewhere` when the professional may be on the way to or from another site. `presence`: of an intern's
    session, the sessions there of whoever supervises them, meanwhile; kept until the commit as the session is."""

    session: Session
    is_open: bool
    is_supported: bool
    eligibility: Eligibility | None = None
    is_erased: bool = False
    works_elsewhere: bool = False
    presence: tuple[Session, ...] = ()


async def place(tx: Transaction, session: UUID) -> Place | None:
    """The session, shared until the commit, for somebody not known yet."""
    return _place(await tx.fetch(SQL.places, [session]))


async def share_places(tx: Transaction, sessions: Collection[UUID]) -> None:
    """Keep several sessions, and who supervises there, until the commit: all at once, in the order of everybody."""
    await tx.execute(SQL.places, list(sessions))


async def place_for_patient(tx: Transaction, session: UUID, patient: UUID) -> Place | None:
    """The session, shared until the commit, and the patient's standing; nothing when one of them is unknown."""
    return _place(await tx.fetch(SQL.place_for_patient, session, patient, None))


async def place_of_hold(tx: Transaction, hold: UUID, patient: UUID) -> Place | None:
    """The same for a hold that becomes a booking."""
    return _place(await tx.fetch(SQL.place_for_patient, None, patient, hold))


async def place_for_appointment(tx: Transaction, session: UUID, appointment: UUID) -> Place | None:
    """The same for an appointment that moves to another session."""
    return _place(await tx.fetch(SQL.place_for_patient, session, None, appointment))


async def place_of_appointment(tx: Transaction, appointment: UUID) -> Place | None:
    """The same for an appointment that may take its place again; nothing for a hold that names nobody."""
    return _place(await tx.fetch(SQL.place_for_patient, None, None, appointment))


async def places_for_patients(db: Reader, wanted: Sequence[tuple[UUID, UUID]]) -> dict[int, tuple[Place, int]]:
    """The place of each session and patient, by position, with the version of the session; left out are the unknown.
    Nothing is locked: `book_together` looks whether the sessions are still as they were."""
    sessions, patients = zip(*wanted, strict=True)
    rows = await db.fetch(SQL.places_for_patients, sessions, patients)
    return {row["n"] - 1: (_place_of(row), row["version"]) for row in rows}


async def book_together(
    db: Autocommit, new: Sequence[tuple[Appointment, Sequence[Resource]]], sessions: Mapping[UUID, int]
) -> frozenset[UUID]:
    """Write new appointments with all that they occupy, each with the one event and the one answer that `db` holds at
    its position; which of them were made. `sessions`: the version of each session that was read.

    Raises asyncpg.PostgresError when one of them lost a race, or an answer is there already: then nothing was written.
    """
    rows = await db.fetch(SQL.book_together, *columns_of(new), list(sessions), list(sessions.values()), *db.columns)
    return frozenset(row["id"] for row in rows)


async def insert(tx: Transaction, new: Sequence[tuple[Appointment, Sequence[Resource]]]) -> dict[UUID, frozenset[int]]:
    """Write new appointments, each with all it occupies; returns for each the resources that are taken by somebody
    else. One with such resources is not written and leaves nothing."""
    rows = await tx.fetch(SQL.insert, *columns_of(new))
    had = {row["appointment"]: frozenset(row["resources"]) for row in rows}
    taken = {
        each.id: frozenset(resource.number for resource in resources) - had.get(each.id, frozenset())
        for each, resources in new
    }
    if partly := [id for id in had if taken[id]]:
        await clear_partial(tx, partly)
    return taken


async def one_at_a_time(tx: Transaction, patient: UUID, kind: str) -> None:
    """Wait for other bookings of this patient and kind to end; later ones wait for this transaction."""
    await tx.execute(SQL.one_at_a_time, patient, kind)


async def running(tx: Transaction, patient: UUID, kind: str, now: datetime) -> list[UUID]:
    """The appointments and running holds of this kind that the patient has ahead."""
    return [row["id"] for row in await tx.fetch(SQL.running, patient, kind, now)]


async def clear_partial(tx: Transaction, appointments: Sequence[UUID]) -> None:
    """Give back what refused bookings had taken."""
    await tx.execute(SQL.clear_partial, appointments)


async def discard(tx: Transaction, appointments: Sequence[UUID]) -> None:
    """Take back appointments that this transaction has just written, nobody having heard of them."""
    await tx.execute(SQL.discard, appointments)


async def add_occupancy(tx: Transaction, appointment: Appointment, resource: Resource) -> bool:
    """Let one more resource join; False when it is taken."""
    period = appointment.takes(resource)
    had = await tx.fetchval(
        SQL.add_occupancy,
        appointment.id,
        resource.number,
        resource.kind,
        appointment.territory,
        period.start,
        period.end,
    )
    return had is not None


async def replace_occupancies(
    tx: Transaction,
    appointment: Appointment,
    resources: Sequence[Resource],
    kinds: Collection[ResourceKind] = frozenset(ResourceKind),
) -> frozenset[int]:
    """Give up what the appointment occupied of these kinds and take those of `resources` over its period; returns what
    somebody else has (a rollback must follow)."""
    ordered = sorted(resource for resource in resources if resource.kind in kinds)
    had = await tx.fetchval(
        SQL.replace_occupancies,
        appointment.id,
        appointment.territory,
        [resource.number for resource in ordered],
        [resource.kind for resource in ordered],
        [appointment.takes(resource).start for resource in ordered],
        [appointment.takes(resource).end for resource in ordered],
        sorted(kinds),
    )
    return frozenset(resource.number for resource in ordered) - frozenset(had)


async def hand_over(tx: Transaction, appointment: UUID, before: Session, after: Session) -> None:
    """Let the appointment take the practitioner and the room of `after` in the place of those of `before`, at its hour.

    Raises Taken when somebody else has one of them.
    """
    given_up = sorted(set(before.resources) - set(after.resources))
    wanted = sorted(set(after.resources) - set(before.resources))
    if not given_up and not wanted:
        return
    had: int = await tx.fetchval(
        SQL.hand_over,
        appointment,
        practitioner(before.professional).number,
        [resource.number for resource in given_up],
        [resource.number for resource in wanted],
        [resource.kind for resource in wanted],
    )
    if had < len(wanted):
        raise Taken


async def has_been_seen_by(tx: Transaction, patient: UUID, professional: UUID) -> bool:
    """Whether that professional has already received this patient."""
    return bool(await tx.fetchval(SQL.has_been_seen_by, patient, professional))


async def practitioners_who_saw(db: Reader, patients: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """The professionals who have already received each of these patients."""
    rows = await db.fetch(SQL.practitioners_who_saw, list(patients)) if patients else []
    return {
        patient: frozenset(row["professional"] for row in rows if row["patient"] == patient) for patient in patients
    }


async def save(tx: Transaction, changed: Iterable[Appointment]) -> None:
    """Write appointments that went one step further since they were locked."""
    await tx.executemany(SQL.save, [saved(each) for each in changed])


async def change_kind(tx: Transaction, it: Appointment) -> None:
    """Write the kind and the mode of an appointment that moved."""
    await tx.execute(
        SQL.change_kind, it.id, it.kind, it.kind_version, it.mode, it.buffer_before, it.buffer_after, it.neutral_wording
    )


async def get(tx: Transaction, id: UUID) -> Appointment | None:
    row = await tx.fetchrow(SQL.get, id)
    return appointment_of(row) if row else None


async def lock(tx: Transaction, id: UUID) -> Appointment | None:
    """The appointment, alone until the end of the transaction."""
    row = await tx.fetchrow(SQL.lock, id)
    return appointment_of(row) if row else None


async def lock_free(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, Appointment]:
    """Those of the appointments with which nobody else is busy, alone until the end of the transaction."""
    return {row["id"]: appointment_of(row) for row in await tx.fetch(SQL.lock_free, list(ids))}


async def lock_active_of_sessions(tx: Transaction, sessions: Collection[UUID]) -> list[Appointment]:
    return appointments_of(await tx.fetch(SQL.lock_active_of_sessions, list(sessions)))


async def lock_without_place(tx: Transaction, presence: Sequence[Session], now: datetime) -> list[Appointment]:
    """Who has lost their place with the professionals of these sessions, in their hours, and still waits for a call;
    without those with which somebody else is busy."""
    rows = await tx.fetch(
        SQL.lock_without_place,
        [each.professional for each in presence],
        [each.period.start for each in presence],
        [each.period.end for each in presence],
        now,
    )
    return appointments_of(rows)


async def without_place(tx: Transaction, ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of the appointments that have lost their place: they take their patient's time only."""
    return frozenset(row["appointment"] for row in await tx.fetch(SQL.without_place, list(ids)))


async def version_of_loss(tx: Transaction, id: UUID) -> int | None:
    """The version of an appointment in which it lost its place; nothing when it has one."""
    version: int | None = await tx.fetchval(SQL.version_of_loss, id)
    return version


async def lock_active_of_interns(tx: Transaction, presence: Sequence[Session]) -> list[Appointment]:
    """Active appointments of the interns whom the professionals of these sessions supervise, at the same site and
    meeting one of them."""
    rows = await tx.fetch(
        SQL.lock_active_of_interns,
        [each.site for each in presence],
        [each.day for each in presence],
        [each.professional for each in presence],
        [each.period.start for each in presence],
        [each.period.end for each in presence],
    )
    return appointments_of(rows)


async def lock_expired_in_the_way(
    tx: Transaction, numbers: Collection[int], period: Interval, now: datetime
) -> list[Appointment]:
    rows = await tx.fetch(SQL.lock_expired_in_the_way, list(numbers), period.start, period.end, now)
    return appointments_of(rows)


async def lock_over_in_the_way(
    tx: Transaction, numbers: Collection[int], period: Interval, now: datetime
) -> list[Appointment]:
    """Expired holds and given up appointments that have rested, with which nobody else is busy."""
    return appointments_of(await tx.fetch(SQL.lock_over_in_the_way, list(numbers), period.start, period.end, now))


async def end_rests_in_the_way(
    tx: Transaction, numbers: Collection[int], period: Interval, now: datetime, *, first_call: bool
) -> bool:
    """Free the places in the way whose rest is over, or that rest at all for whoever has first call; True when one
    was."""
    ended = await tx.fetch(SQL.end_rests_in_the_way, list(numbers), period.start, period.end, now, first_call)
    return bool(ended)


async def end_rests(tx: Transaction, now: datetime, limit: int) -> int:
    """Free at most `limit` places whose rest is over; how many were."""
    return len(await tx.fetch(SQL.end_rests, now, limit))


async def end_rest(tx: Transaction, appointment: UUID) -> bool:
    """Free the place that this appointment gave up before its rest is over; False when it does not rest."""
    return await tx.fetchval(SQL.end_rest, appointment) is not None


async def end_rests_of_sessions(tx: Transaction, sessions: Collection[UUID]) -> None:
    """Free what rests in sessions that no longer take place."""
    await tx.execute(SQL.end_rests_of_sessions, list(sessions))


async def rests_until(tx: Transaction, numbers: Collection[int], period: Interval) -> datetime | None:
    """Until when what takes these resources rests, when it does."""
    until: datetime | None = await tx.fetchval(SQL.rests_until, list(numbers), period.start, period.end)
    return until


async def resting(tx: Transaction, site: UUID, now: datetime) -> list[Appointment]:
    """The appointments given up at a site whose places rest."""
    return appointments_of(await tx.fetch(SQL.resting, site, now))


async def lock_expired(tx: Transaction, now: datetime, limit: int) -> list[Appointment]:
    """Expired holds that no other transaction is busy with."""
    return appointments_of(await tx.fetch(SQL.lock_expired, now, limit))


async def lock_future_of_patient(tx: Transaction, patient: UUID, now: datetime) -> list[Appointment]:
    """What the patient is expected for, and what is held for them, as long as its hour is not over."""
    return appointments_of(await tx.fetch(SQL.lock_future_of_patient, patient, now))


async def lock_floating(tx: Transaction, site: UUID, day: date, period: Interval) -> list[Appointment]:
    """Those of that hour and kind whose practitioner may change; left out while somebody is busy with them."""
    return appointments_of(await tx.fetch(SQL.lock_floating, site, day, period.start, period.end))


async def may_float(tx: Transaction, site: UUID, days: tuple[date, date], window: Interval) -> list[Appointment]:
    """Those that start in the window, on these days of the site (the first and the last), and whose practitioner may
    change; nothing is locked."""
    return appointments_of(await tx.fetch(SQL.may_float, site, *days, window.start, window.end))


async def waits_already(tx: Transaction, it: Appointment) -> Appointment | None:
    """What else the patient waits for on that day at that site."""
    row = await tx.fetchrow(SQL.waits_already, it.site, it.day, it.patient, it.id)
    return appointment_of(row) if row else None


async def lock_open_of_day(tx: Transaction, site: UUID, day: date) -> list[Appointment]:
    """The appointments of a site's day that are booked, waiting or in consultation."""
    return appointments_of(await tx.fetch(SQL.lock_open_of_day, site, day))


async def day_of_site(tx: Transaction, site: UUID, day: date) -> list[Appointment]:
    return appointments_of(await tx.fetch(SQL.day_of_site, site, day))


def _place(rows: Sequence[Record]) -> Place | None:
    """The session that was asked for, and the presence kept with it as it is now that it is kept."""
    asked = [row for row in rows if not row["supervises"]]
    if not asked:
        return None
    present = (_place_of(row) for row in rows if row["supervises"])
    there = tuple(each.session for each in present if each.is_open and each.is_supported)
    return replace(_place_of(asked[0]), presence=there)


def _place_of(row: Record) -> Place:
    session, is_open, is_supported = _session_of(row)
    heard = row.get("registered_at") is not None
    eligibility = status_on(declarations(row["eligibility"]), session.day) if heard else None
    is_erased = row.get("erased_at") is not None
    return Place(session, is_open, is_supported, eligibility, is_erased, row["works_elsewhere"])


def _session_of(row: Record) -> tuple[Session, bool, bool]:
    return session_of(row), row["state"] == "open", row["unsupported_reason"] is None
