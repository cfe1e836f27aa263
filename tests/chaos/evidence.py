"""Reads a snapshot: the databases of the four services, Kafka from its first record, the SMS sink."""

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any

from smp.contracts.envelope import Envelope
from smp_local.day.books import Row
from smp_local.day.quiet import undisturbed
from smp_local.settings import SERVICES
from smp_local.worlds.history import Entry
from tests.chaos.books import PatientBooks
from tests.chaos.findings import Appointment, Occupied, Owed, Projection, Said, Snapshot, Text


async def read(books: PatientBooks, entries: Sequence[Entry], now: datetime) -> Snapshot:
    """Everything at once. Raises Trouble when the services never fall silent."""
    return await undisturbed(books, lambda: _read(books, entries, now))


async def _read(books: PatientBooks, entries: Sequence[Entry], now: datetime) -> Snapshot:
    rows = books.rows
    patients = await rows("registry", "SELECT id FROM patient")
    others = [
        *await rows("registry", "SELECT id FROM site UNION ALL SELECT id FROM professional"),
        *await rows("booking", _MADE),
    ]
    offered = await rows("booking", "SELECT appointment AS id FROM offer")
    kafka = await books.kafka()
    jobs: list[dict[str, Any]] = (await books.sink("/ledger"))["jobs"]
    return Snapshot(
        now=now,
        entries=entries,
        known=frozenset(row["id"] for row in (*patients, *others)),
        patients=frozenset(row["id"] for row in patients),
        offered=frozenset(row["id"] for row in offered),
        appointments={row["id"]: _appointment(row) for row in await rows("booking", _APPOINTMENTS)},
        occupied=[Occupied(**row) for row in await rows("booking", _OCCUPIED)],
        outbox=[Said(**row) for service in SERVICES for row in await rows(service, _OUTBOX)],
        kafka=[_said(envelope) for envelope in kafka.envelopes],
        texts=[Text(**row) for row in await rows("notifications", _TEXTS)],
        calls=[Owed(**row) for row in await rows("notifications", "SELECT appointment, version FROM call_task")],
        owed=[Owed(**row) for row in await rows("notifications", _OWED)],
        accepted=[str(job["tag"]) for job in jobs if job["state"] != "cancelled"],
        projections=[await _projection(books, name, *sides) for name, sides in _PROJECTIONS.items()],
        kept_of_erased=[row["what"] for service, sql in _KEPT_OF_ERASED.items() for row in await rows(service, sql)],
    )


_MADE = " UNION ALL ".join(
    f"SELECT id FROM {table}" for table in ("session", "session_rule", "closure", "absence", "reachability")
)
_APPOINTMENTS = """
    SELECT id, state, ARRAY(SELECT step->>'state' FROM jsonb_array_elements(trail) AS step
                            ORDER BY (step->>'version')::integer) AS trail
    FROM appointment"""
_OCCUPIED = """
    SELECT appointment, resource, lower(period) AS start, upper(period) AS end FROM occupancy WHERE blocking"""
_OUTBOX = "SELECT id, aggregatetype AS topic, aggregateid AS subject, sequence FROM smp.outbox ORDER BY position"
_TEXTS = r"""
    SELECT m.message AS id, m.appointment, m.version, m.purpose, m.state, m.tag, m.due_at,
        m.accepted_at IS NOT NULL AS sent, coalesce(o.ends, 0) AS ends
    FROM message AS m
    LEFT JOIN (SELECT aggregateid, count(*) AS ends FROM smp.outbox WHERE type !~ '\.Message(Planned|Accepted)\.'
               GROUP BY aggregateid) AS o ON o.aggregateid = m.message"""
# The first decision on an appointment whose hour was still to come: its patient must hear of it, unless erased since.
_OWED = """
    SELECT DISTINCT ON (d.appointment) d.appointment, d.version
    FROM decision AS d JOIN appointment AS a USING (appointment)
    WHERE d.verdict = 'planned' AND d.decided_at < a.starts_at AND a.patient IS NOT NULL
        AND NOT EXISTS (SELECT FROM patient AS p WHERE p.patient = a.patient AND p.erased_at IS NOT NULL)
    ORDER BY d.appointment, d.version"""

_KEPT_OF_ERASED = {
    "booking": """
        SELECT 'le rendez-vous ' || a.id AS what FROM appointment AS a JOIN patient AS p ON p.id = a.patient
        WHERE a.state IN ('held', 'booked') AND a.starts_at > p.erased_at
        UNION ALL SELECT 'une attente ' || e.id FROM waiting_list_entry AS e JOIN patient AS p ON p.id = e.patient
        WHERE e.state = 'waiting' AND p.erased_at IS NOT NULL""",
    "notifications": """
        SELECT 'un texto ' || m.message AS what FROM message AS m JOIN patient AS p USING (patient)
        WHERE m.state IN ('planned', 'sending') AND p.erased_at IS NOT NULL
        UNION ALL SELECT 'un appel ' || c.task FROM call_task AS c JOIN patient AS p USING (patient)
        WHERE c.state = 'open' AND p.erased_at IS NOT NULL""",
}


def _appointment(row: Row) -> Appointment:
    return Appointment(row["id"], row["state"], tuple(row["trail"]))


def _said(envelope: Envelope) -> Said:
    topic = envelope.data_class.topic.name if envelope.data_class else envelope.type
    return Said(envelope.id, topic, envelope.subject, envelope.sequence)


# --- projections: for each, the owner's truth and the copy, with the same columns; the first one is the key ------

Side = tuple[str, str]  # service, SQL
_PROJECTIONS: dict[str, tuple[Side, Side]] = {
    "Fait du rendez-vous": (
        ("booking", """
            SELECT id, state, version,
                CASE WHEN NOT EXISTS (SELECT FROM patient AS p WHERE p.id = a.patient AND p.erased_at IS NOT NULL)
                     THEN patient END,
                site, starts_at, ends_at, kind, mode, booked_at,
                CASE WHEN state IN ('arrived', 'in_preparation', 'in_consultation', 'done', 'left_unseen')
                     THEN arrived_at END,
                CASE WHEN state = 'done' THEN started_at END, ended_at, outcome, severity, otherwise_emergency,
                cancelled_by, cancel_reason, late
            FROM appointment AS a"""),
        ("reporting", """
            SELECT appointment, status, CASE WHEN missing_events = 0 THEN upper(heard) - 1 END, patient, site,
                (placement).start_at, (placement).end_at, (placement).kind, mode, (request).booked_at,
                CASE WHEN status IN ('arrived', 'in_preparation', 'in_consultation', 'done', 'left_unseen')
                     THEN (arrival).at END,
                (done).started_at, (done).ended_at, (done).outcome, (done).severity, (done).otherwise_emergency,
                (over).cancelled_by, (over).reason, (over).late
            FROM (SELECT *, CASE WHEN status = 'done' THEN consultation END AS done,
                         CASE WHEN status IN ('cancelled', 'excused') THEN cancellation END AS over
                  FROM appointment_fact) AS fact"""),
    ),
    "Fait de la vacation": (
        ("booking", "SELECT id, state = 'cancelled', site, starts_at FROM session"),
        ("reporting", "SELECT session, cancelled, site, start_at FROM session_fact"),
    ),
    "Fait du texto": (
        ("notifications", """
            SELECT message, appointment, purpose, sequence,
                CASE state WHEN 'unknown' THEN 'expired' WHEN 'cancelled' THEN 'dropped' ELSE state END
            FROM message"""),
        ("reporting", """
            SELECT message, appointment, purpose, CASE WHEN missing_events = 0 THEN upper(heard) - 1 END, fate
            FROM message_fact"""),
    ),
    "Fait de l'appel": (
        ("notifications", "SELECT task, appointment, raised_at FROM call_task"),
        ("reporting", "SELECT task, appointment, raised_at FROM call_task_fact"),
    ),
    "Site chez reporting": (
        ("registry", "SELECT id, name, zone FROM site"),
        ("reporting", "SELECT site, name, zone FROM site_fact"),
    ),
    "Patient chez booking": (
        ("registry", "SELECT id, registered_at, erased_at FROM patient"),
        ("booking", "SELECT id, registered_at, erased_at FROM patient"),
    ),
    "Site chez booking": (
        ("registry", "SELECT id, zone, subdivision, opened_on, closed_from FROM site"),
        ("booking", "SELECT id, zone, subdivision, opened_on, closed_from FROM site"),
    ),
    "Professionnel chez booking": (
        ("registry", "SELECT id, contract_start, contract_end, left_from FROM professional"),
        ("booking", "SELECT id, contract_start, contract_end, left_from FROM professional"),
    ),
    "Supervision chez booking": (
        ("registry", "SELECT intern || '/' || supervisor, from_date, until_date FROM supervision"),
        ("booking", "SELECT intern || '/' || supervisor, from_date, until_date FROM supervision"),
    ),
    "Patient chez notifications": (
        ("registry", """
            SELECT p.id, EXISTS (SELECT FROM patient_phone AS n WHERE n.patient = p.id AND n.mobile AND n.text_consent
                                 AND n.replaced_at IS NULL)
            FROM patient AS p"""),
        ("notifications", "SELECT patient, reachable_by_text FROM patient"),
    ),
    "Adresse chez notifications": (
        ("registry", "SELECT site || ' ' || from_date, line, postal_code, city FROM site_address"),
        ("notifications", "SELECT site || ' ' || valid_from, line, postal_code, city FROM site_address"),
    ),
    "Rendez-vous chez notifications": (
        ("booking", """
            SELECT id,
                CASE WHEN state = 'booked' THEN 'expected'
                     WHEN state IN ('cancelled', 'excused') THEN 'cancelled' ELSE 'over' END,
                coalesce(preparation_start, starts_at)
            FROM appointment WHERE booked_at IS NOT NULL"""),
        # An offer declined is a hold given up: known to be cancelled, and never booked.
        ("notifications", "SELECT appointment, state, starts_at FROM appointment WHERE mode IS NOT NULL"),
    ),
}  # fmt: skip


async def _projection(books: PatientBooks, name: str, owner: Side, copy: Side) -> Projection:
    return Projection(name, await _side(books, owner), await _side(books, copy))


async def _side(books: PatientBooks, side: Side) -> Mapping[Hashable, tuple[object, ...]]:
    return {row[0]: row[1:] for row in await books.tuples(*side)}
