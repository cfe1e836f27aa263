"""An agenda to book in: one site, many practitioners, fifty full days, and patients who have no doctor."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import orjson

from booking.domain import resources
from smp.ids import new_id

PRACTITIONERS, DAYS, SLOTS_A_DAY, PATIENTS = 200, 50, 24, 20_000
SLOT = timedelta(minutes=20)
# Slots are taken in strides, so that concurrent bookings meet in few sessions; prime to the number of slots.
_STRIDE = 104_729


@dataclass(frozen=True)
class Agenda:
    """`slot(n)` is the n-th place to book; no two of them meet, neither in a practitioner nor in a patient."""

    site: UUID
    first_day: datetime
    sessions: list[UUID]
    patients: list[UUID]

    @property
    def size(self) -> int:
        return len(self.sessions) * SLOTS_A_DAY

    def slot(self, number: int) -> tuple[UUID, datetime, UUID]:
        """Session, start and patient."""
        place = number * _STRIDE % self.size
        session, slot = divmod(place, SLOTS_A_DAY)
        start = self.first_day + timedelta(days=session // PRACTITIONERS) + slot * SLOT
        return self.sessions[session], start, self.patients[place % PATIENTS]


async def open_agenda(admin: asyncpg.Connection) -> Agenda:
    """Write the agenda as booking's own projections and sessions would stand after months of events."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    agenda = Agenda(
        site=new_id(),
        first_day=midnight + timedelta(days=2, hours=8),
        sessions=[new_id() for _ in range(PRACTITIONERS * DAYS)],
        patients=[new_id() for _ in range(PATIENTS)],
    )
    await admin.execute(
        "INSERT INTO site (id, territory, zone, opened_on) VALUES ($1, '53', 'Europe/Paris', '2020-01-01')", agenda.site
    )
    eligible = orjson.dumps([{"sequence": 1, "from": "2020-01-01", "status": "eligible"}]).decode()
    now = datetime.now(UTC)
    await admin.copy_records_to_table(
        "patient",
        columns=("id", "territory", "registered_at", "eligibility"),
        records=[(patient, "53", now, eligible) for patient in agenda.patients],
    )
    await admin.copy_records_to_table("session", columns=_SESSION, records=_sessions(agenda, now))
    await admin.execute("ANALYZE")
    return agenda


_SESSION = (
    "id", "territory", "site", "professional", "role", "room", "kinds", "day", "starts_at", "ends_at", "slot_minutes",
    "opened_at", "opened_by", "practitioner_resource", "room_resource",
)  # fmt: skip


def _sessions(agenda: Agenda, now: datetime) -> list[tuple[object, ...]]:
    doctors = [new_id() for _ in range(PRACTITIONERS)]
    rows: list[tuple[object, ...]] = []
    for number, session in enumerate(agenda.sessions):
        day, at = divmod(number, PRACTITIONERS)
        start = agenda.first_day + timedelta(days=day)
        doctor, room = resources.of_session(agenda.site, doctors[at], f"room {at}")
        rows.append((
            session, "53", agenda.site, doctors[at], "gp", f"room {at}", ["consultation"], start.date(), start,
            start + SLOTS_A_DAY * SLOT, 20, now, "bench", doctor.number, room.number,
        ))  # fmt: skip
    return rows
