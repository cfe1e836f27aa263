"""The ledger's page of texts: each planned one has one fate, each one that left is once with the provider."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from smp_local.day.books import Books, Row

TextFault = Literal["texts_missing", "texts_twice", "facts_wrong"]
FINAL = frozenset({"delivered", "failed", "expired", "unknown", "cancelled"})
LEFT = frozenset({"accepted", "delivered", "expired", "unknown"})
FATE_OF_FACT = {"unknown": "expired", "cancelled": "dropped"}  # reporting's words for notifications' states
SILENT = frozenset({"no_receipt"})  # of the sink's scenarios: nobody will ever know
TO_COME = "to_come"


@dataclass(frozen=True, slots=True)
class Texts:
    """By site: texts by fate, and calls to make instead by reason."""

    by_site: dict[UUID, Counter[str]]
    calls: dict[UUID, Counter[str]]
    accepted: int
    faults: tuple[tuple[TextFault, str], ...]


async def check_texts(books: Books, appointments: Sequence[UUID], now: datetime) -> Texts:
    """Texts and calls about these appointments, and what does not balance in them at `now`."""
    messages = await books.rows("notifications", _MESSAGES, list(appointments))
    calls = await books.rows("notifications", _CALLS, list(appointments))
    decisions = await books.rows("notifications", _DECISIONS, list(appointments))
    told = await books.rows("booking", _TOLD, list(appointments))
    facts = await books.rows("reporting", _FACTS, list(appointments))
    events = await books.rows("notifications", _EVENTS, [row["message"] for row in messages])
    jobs = (await books.sink("/ledger"))["jobs"]
    coming = {row["message"] for row in messages if row["state"] == "planned" and row["due_at"] > now}
    faults = [
        *_undecided(told, decisions),
        *_untold(messages, calls, decisions),
        *_fates(messages, coming, events),
        *_with_the_provider(messages, jobs),
        *_facts(messages, {row["message"]: row["fate"] for row in facts}),
    ]
    by_site: dict[UUID, Counter[str]] = {}
    for row in messages:
        fate = TO_COME if row["message"] in coming else row["state"]
        by_site.setdefault(row["site"], Counter())[fate] += 1
    called: dict[UUID, Counter[str]] = {}
    for row in calls:
        called.setdefault(row["site"], Counter())[row["reason"]] += 1
    accepted = sum(row["provider_reference"] is not None for row in messages)
    return Texts(by_site, called, accepted, tuple(faults))


_MESSAGES = """
    SELECT message, appointment, version, site, purpose, state, due_at, tag, provider_reference, sequence
    FROM message WHERE appointment = ANY ($1)"""
_CALLS = """
    SELECT task, appointment, version, purpose, site, reason, state, message
    FROM call_task WHERE appointment = ANY ($1)"""
_DECISIONS = """
    SELECT d.appointment, d.version, d.verdict, d.decided_at, a.starts_at
    FROM decision AS d JOIN appointment AS a USING (appointment) WHERE d.appointment = ANY ($1)"""
_TOLD = """
    SELECT aggregateid AS appointment, sequence AS version FROM smp.outbox
    WHERE aggregateid = ANY ($1) AND type ~ 'Slot(Booked|Moved|Cancelled)'"""
_FACTS = "SELECT message, fate FROM message_fact WHERE appointment = ANY ($1)"
_EVENTS = "SELECT aggregateid AS message, sequence, type FROM smp.outbox WHERE aggregateid = ANY ($1)"


def _undecided(told: Iterable[Row], decisions: Iterable[Row]) -> Iterable[tuple[TextFault, str]]:
    """Every change of an appointment was looked at once."""
    decided = {(row["appointment"], row["version"]) for row in decisions}
    for row in told:
        if (row["appointment"], row["version"]) not in decided:
            yield "texts_missing", f"Personne n'a décidé d'un texto pour {row['appointment']} (n° {row['version']})."


def _untold(messages: Sequence[Row], calls: Sequence[Row], decisions: Iterable[Row]) -> Iterable[tuple[TextFault, str]]:
    """A booking decided before its hour gave a text or a call (changes may leave the patient well informed as is)."""
    said = {(row["appointment"], row["version"]) for row in (*messages, *calls)}
    first: dict[UUID, Row] = {}
    for row in sorted(decisions, key=lambda row: row["version"]):
        first.setdefault(row["appointment"], row)
    for row in first.values():
        in_time = row["decided_at"] < row["starts_at"]
        if row["verdict"] == "planned" and in_time and (row["appointment"], row["version"]) not in said:
            yield "texts_missing", f"Le patient de {row['appointment']} n'a eu ni texto ni appel."
    failed = {row["message"] for row in messages if row["state"] in ("failed", "expired")}
    for message in failed - {row["message"] for row in calls}:
        if not _superseded(message, messages):
            yield "texts_missing", f"Le texto {message} n'est pas arrivé et personne n'a été chargé d'appeler."


def _superseded(message: UUID, messages: Sequence[Row]) -> bool:
    """Whether the appointment has changed since: the call then speaks of the newer state."""
    mine = next(row for row in messages if row["message"] == message)
    return any(row["appointment"] == mine["appointment"] and row["version"] > mine["version"] for row in messages)


def _fates(messages: Sequence[Row], coming: set[UUID], events: Iterable[Row]) -> Iterable[tuple[TextFault, str]]:
    """One fate each, said once; and one text for one state and purpose of an appointment."""
    ends: Counter[UUID] = Counter()
    for row in events:
        if not row["type"].endswith(("MessagePlanned.v1", "MessageAccepted.v1")):
            ends[row["message"]] += 1
    for row in messages:
        id, wanted = row["message"], int(row["message"] not in coming)
        if wanted and row["state"] not in FINAL:
            yield "texts_missing", f"Le texto {id} n'a pas de sort : {row['state']}."
        elif ends[id] != wanted:
            yield "texts_twice" if ends[id] > wanted else "texts_missing", f"Le texto {id} a eu {ends[id]} sorts."
    same = Counter((row["appointment"], row["purpose"], row["version"]) for row in messages)
    for (appointment, purpose, _), times in same.items():
        if times > 1:
            yield "texts_twice", f"{times} textos {purpose} pour le même état de {appointment}."


def _with_the_provider(messages: Sequence[Row], jobs: Sequence[Row]) -> Iterable[tuple[TextFault, str]]:
    """Each text that left was accepted exactly once under its tag, and only the sink's silence leaves one unknown."""
    accepted = Counter(job["tag"] for job in jobs if job["state"] != "cancelled")
    scenario = {job["tag"]: job["scenario"] for job in jobs}
    for row in messages:
        times = accepted[row["tag"]]
        if times > 1:
            yield "texts_twice", f"Le texto {row['message']} est parti {times} fois."
        if times == 0 and row["provider_reference"] is not None:
            yield "texts_missing", f"Le texto {row['message']} est dit parti et l'opérateur ne le connaît pas."
        if times and row["state"] == "cancelled":
            yield "texts_twice", f"Le texto {row['message']} est dit abandonné et il est parti."
        if row["state"] == "unknown" and scenario.get(row["tag"]) not in SILENT:
            yield "texts_missing", f"Le sort du texto {row['message']} est resté inconnu sans raison."


def _facts(messages: Sequence[Row], facts: dict[UUID, str]) -> Iterable[tuple[TextFault, str]]:
    for row in messages:
        wanted = FATE_OF_FACT.get(row["state"], row["state"])
        if facts.get(row["message"]) != wanted:
            yield "facts_wrong", f"Le texto {row['message']} est {row['state']} et compté {facts.get(row['message'])}."
