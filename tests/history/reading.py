"""Evidence from the database, once nothing moves any more."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from booking.domain import resources
from booking.domain.sessions import Session
from smp.postgres import Record
from tests.history.findings import Answer, Evidence, Operation, Place, Row, Said
from tests.support.databases import ServiceDatabase


async def read(
    database: ServiceDatabase,
    sites: Sequence[UUID],
    sessions: Sequence[Session],
    patients: Sequence[str],
    operations: list[Operation],
) -> Evidence:
    """Everything of these sites, between which an appointment may move."""
    rooms = {str(each.id): each.room for each in sessions}
    names = _names(sessions, patients)
    async with database.admin() as admin:
        shutting = [each.key for each in operations if each.what == "shut"]
        causes = {row["transaction"]: row["key"] for row in await admin.fetch(_CAUSES, shutting)}
        said = [_said(row, rooms, causes) for row in await admin.fetch(_OUTBOX, sites)]
        taken: defaultdict[str, set[str]] = defaultdict(set)
        for row in await admin.fetch(_TAKEN, sites):
            taken[row["appointment"]].add(names[row["resource"]])
        rows = {
            row["id"]: Row(row["state"], row["version"], row["session"], row["starts_at"], frozenset(taken[row["id"]]))
            for row in await admin.fetch(_ROWS, sites)
        }
        unknown = [each.key for each in operations if each.outcome == "unknown"]
        kept = {row["key"]: answers_of(json.loads(row["body"])) for row in await admin.fetch(_ANSWERS, unknown)}
    return Evidence(operations, said, rows, {key: kept.get(key, ()) for key in unknown})


_OUTBOX = """
    SELECT position, aggregateid::text AS appointment, sequence, split_part(type, '.', 4) AS event, payload,
           xid::text AS transaction
    FROM smp.outbox WHERE site = ANY ($1) AND aggregatetype = 'smp.booking.appointments' ORDER BY position"""
_TAKEN = """
    SELECT o.appointment::text AS appointment, o.resource
    FROM occupancy AS o JOIN appointment AS a ON a.id = o.appointment WHERE a.site = ANY ($1) AND o.blocking"""
_ROWS = (
    "SELECT id::text AS id, state, version, session::text AS session, starts_at FROM appointment WHERE site = ANY ($1)"
)
_CAUSES = "SELECT key, xmin::text AS transaction FROM smp.idempotency WHERE key = ANY ($1)"
_ANSWERS = "SELECT key, body FROM smp.idempotency WHERE key = ANY ($1)"


def _said(row: Record, rooms: Mapping[str, str | None], causes: Mapping[str, str]) -> Said:
    told, event = json.loads(row["payload"]), row["event"]
    return Said(
        row["position"], row["appointment"], row["sequence"],
        "SlotFloated" if event == "SlotMoved" and told.get("floated") else event,
        _patient_alone(told) if event == "CallRequested" else _place(told, rooms),
        cause=causes.get(row["transaction"]),
        state=told["state"] if event == "StatusCorrected" else None,
        gives_back=event == "PatientLeftUnseen"
        and datetime.fromisoformat(told["left_at"]) < datetime.fromisoformat(told["start"]),
        transaction=row["transaction"],
    )  # fmt: skip


def _place(told: Mapping[str, Any], rooms: Mapping[str, str | None]) -> Place | None:
    """Where an event puts the appointment; most events do not say."""
    if not {"session", "start", "end", "practitioners"} <= told.keys():
        return None
    taken = {f"practitioner {each['professional']}" for each in told["practitioners"]}
    if room := rooms[told["session"]]:
        taken.add(f"room {room}")
    if patient := told.get("patient"):
        taken.add(f"patient {patient}")
    start, end = datetime.fromisoformat(told["start"]), datetime.fromisoformat(told["end"])
    return Place(told["session"], start, end, frozenset(taken))


def _patient_alone(told: Mapping[str, Any]) -> Place:
    """The place is lost, with its practitioner and room; the patient is still expected at that hour."""
    start, end = datetime.fromisoformat(told["start"]), datetime.fromisoformat(told["end"])
    return Place(told["session"], start, end, frozenset({f"patient {told['patient']}"}))


def _names(sessions: Sequence[Session], patients: Sequence[str]) -> dict[int, str]:
    """What each number of an occupancy stands for."""
    names = {resources.patient(UUID(each)).number: f"patient {each}" for each in patients}
    for each in sessions:
        names[resources.practitioner(each.professional).number] = f"practitioner {each.professional}"
        if each.room:
            names[resources.room(each.site, each.room).number] = f"room {each.room}"
    return names


def answers_of(told: Mapping[str, Any]) -> tuple[Answer, ...]:
    """What an answer says of appointments: of one, of a family, of those that went with a session."""
    return tuple(
        Answer(each, None, "cancelled")
        if isinstance(each, str)
        else Answer(each["appointment"], each["version"], each["state"])
        for each in told.get("appointments", [told])
    )
