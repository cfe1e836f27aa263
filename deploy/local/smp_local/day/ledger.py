"""The ledger of a day: what was asked, what PostgreSQL keeps, what Kafka carries and what was counted must agree.

`check` reads everything while the platform is quiet and names each thing that does not balance. The chaos program
fills its report from the same faults.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from smp.contracts.envelope import Envelope
from smp_local.day.books import Books, KafkaBook, Row
from smp_local.day.texts import check_texts
from smp_local.settings import SERVICES
from smp_local.worlds.history import Entry, History

Kind = Literal["lost", "doubled", "overlapping", "texts_missing", "texts_twice", "facts_wrong", "parked", "seen_across"]
NOT_BLOCKING = frozenset({"cancelled", "expired"})
GONE = frozenset({"done", "no_show", "left_unseen"})  # the patient is free again, and nobody else
BOOKED = "fr.smp.booking.SlotBooked.v1"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not balance; `what` is a French sentence with opaque ids only."""

    kind: Kind
    what: str


@dataclass(frozen=True, slots=True)
class Chain:
    """The same bookings counted in five places: they must be the same number."""

    appointments: int
    occupancies: int
    outbox: int
    kafka: int
    facts: int

    @property
    def counts(self) -> tuple[int, ...]:
        return self.appointments, self.occupancies, self.outbox, self.kafka, self.facts

    @property
    def agrees(self) -> bool:
        return len(set(self.counts)) == 1


@dataclass(frozen=True)
class Ledger:
    """The counts of a day and everything wrong about them. `balanced` is the verdict."""

    day: date
    chains: dict[UUID, Chain]  # by site
    states: dict[UUID, Counter[str]]  # appointments by state, by site
    texts: dict[UUID, Counter[str]]  # by fate, by site; "to_come" are due later
    texts_accepted: int  # by the provider, of this day
    calls: dict[UUID, Counter[str]]  # calls to make instead of a text, by reason, by site
    events: int  # in the outboxes of all services
    records: int  # in Kafka
    distinct: int  # events in Kafka
    acknowledged: int
    unknown: int
    unknown_resolved: int
    crossings: int  # attempts across territories
    faults: tuple[Fault, ...] = field(default=())

    @property
    def balanced(self) -> bool:
        return not self.faults

    def count(self, kind: Kind) -> int:
        """How many faults of one kind."""
        return sum(fault.kind == kind for fault in self.faults)


async def check(
    books: Books,
    day: date,
    sites: Sequence[UUID],
    now: datetime,
    history: History | None = None,
    crossings: Collection[tuple[str, bool]] = (),
    *,
    from_the_start: bool = True,
) -> Ledger:
    """The ledger of one day at these sites; `crossings` are attempts across territories, each with "was it seen?".
    `from_the_start`: the history holds all that was ever asked for this day (not so when a play goes on another).
    Call it by `quiet.undisturbed`: what is still on its way would be taken for lost.
    """
    kafka = await books.kafka()
    outbox = {service: await books.rows(service, _OUTBOX) for service in SERVICES}
    appointments = await books.rows("booking", _APPOINTMENTS, list(sites), day)
    facts = {row["appointment"]: row for row in await books.rows("reporting", _FACTS, [a["id"] for a in appointments])}
    faults = [
        *_journeys(outbox, kafka),
        *_acknowledgements(outbox, history),
        *_bookings(appointments, outbox["booking"], facts),
        *_strays(appointments, history if from_the_start else None),
        *await _overlaps(books),
        *await _sessions(books),
        *await _parked(books),
        *(Fault("seen_across", f"Un autre territoire a pu {what}.") for what, seen in crossings if seen),
    ]
    texts = await check_texts(books, [a["id"] for a in appointments], now)
    faults += (Fault(kind, what) for kind, what in texts.faults)
    booked = {e.subject for e in kafka.envelopes if e.type == BOOKED}
    by_site = {site: [a for a in appointments if a["site"] == site] for site in sites}
    ids = {e.id for e in kafka.envelopes}
    entries = list(history or ())
    return Ledger(
        day=day,
        chains={site: _chain(rows, outbox["booking"], booked, facts) for site, rows in by_site.items()},
        states={site: Counter(a["state"] for a in rows) for site, rows in by_site.items()},
        texts={site: texts.by_site.get(site, Counter()) for site in sites},
        texts_accepted=texts.accepted,
        calls={site: texts.calls.get(site, Counter()) for site in sites},
        events=sum(map(len, outbox.values())),
        records=len(kafka.envelopes),
        distinct=len(ids),
        acknowledged=sum(entry.outcome == "ok" for entry in entries),
        unknown=sum(entry.doubts > 0 for entry in entries),
        unknown_resolved=sum(entry.doubts > 0 and entry.outcome in ("ok", "refused") for entry in entries),
        crossings=len(crossings),
        faults=tuple(faults),
    )


_OUTBOX = "SELECT id, aggregateid, aggregatetype, sequence, type FROM smp.outbox"
_APPOINTMENTS = """
    SELECT a.id, a.site, a.state, a.version, a.booked_at, a.trail->0->>'by' AS first_by,
           count(o.*) AS resources, count(o.*) FILTER (WHERE o.blocking) AS blocking,
           count(o.*) FILTER (WHERE o.period <> tstzrange(a.starts_at, a.ends_at)) AS elsewhere
    FROM appointment AS a LEFT JOIN occupancy AS o ON o.appointment = a.id
    WHERE a.site = ANY ($1) AND a.day = $2
    GROUP BY a.id"""
_FACTS = """
    SELECT appointment, status, upper(heard) - 1 AS highest, request IS NOT NULL AS booked,
           upper(heard) - 1 - (SELECT sum(upper(part) - lower(part)) FROM unnest(heard) AS part) AS missing
    FROM appointment_fact WHERE appointment = ANY ($1)"""
_SESSION_FACTS = """
    SELECT session, cancelled, upper(heard) - 1 AS highest,
           upper(heard) - 1 - (SELECT sum(upper(part) - lower(part)) FROM unnest(heard) AS part) AS missing
    FROM session_fact"""
_PARKED = "SELECT number, type FROM smp.parked WHERE state = 'parked'"
_OVERLAPS = """
    SELECT a.appointment, b.appointment AS other, a.resource_kind
    FROM occupancy AS a JOIN occupancy AS b ON a.resource = b.resource AND a.appointment < b.appointment
    WHERE a.blocking AND b.blocking AND a.period && b.period"""


def _chain(rows: Sequence[Row], outbox: Iterable[Row], in_kafka: Collection[UUID], facts: dict[UUID, Row]) -> Chain:
    booked = {row["id"] for row in rows if row["booked_at"] is not None}
    said = [row["aggregateid"] for row in outbox if row["type"] == BOOKED and row["aggregateid"] in booked]
    return Chain(
        appointments=len(booked),
        occupancies=sum(row["resources"] > 0 for row in rows if row["id"] in booked),
        outbox=len(said),
        kafka=len(booked & set(in_kafka)),
        facts=sum(id in facts and facts[id]["booked"] for id in booked),
    )


def _journeys(outbox: dict[str, list[Row]], kafka: KafkaBook) -> Iterable[Fault]:
    """Each event of an outbox is one distinct event of Kafka; each key tells 1, 2, 3… in this order."""
    said = {row["id"]: row for rows in outbox.values() for row in rows}
    heard = {envelope.id for envelope in kafka.envelopes}
    for id in said.keys() - heard:
        yield Fault("lost", f"L'événement {id} n'est pas dans Kafka.")
    for id in heard - said.keys():
        yield Fault("doubled", f"L'événement {id} de Kafka n'est dans aucune boîte d'envoi.")
    if kafka.unreadable:
        yield Fault("lost", f"{kafka.unreadable} enregistrements de Kafka sont illisibles.")
    for (_, subject), sequences in _sequences(kafka.envelopes).items():
        if sequences != list(range(1, len(sequences) + 1)):
            kind: Kind = "doubled" if len(set(sequences)) < len(sequences) else "lost"
            yield Fault(kind, f"L'histoire de {subject} se lit {sequences} au lieu de 1, 2, 3….")


def _sequences(envelopes: Iterable[Envelope]) -> dict[tuple[str, UUID], list[int]]:
    """The sequences of each aggregate in the order in which Kafka first told them (repeated records count once)."""
    seen: set[UUID] = set()
    found: dict[tuple[str, UUID], list[int]] = {}
    for envelope in envelopes:
        if envelope.id not in seen:
            seen.add(envelope.id)
            aggregate = _aggregate(envelope)
            found.setdefault((aggregate, envelope.subject), []).append(envelope.sequence)
    return found


def _aggregate(envelope: Envelope) -> str:
    return envelope.data_class.topic.name if envelope.data_class else envelope.type


def _acknowledgements(outbox: dict[str, list[Row]], history: History | None) -> Iterable[Fault]:
    """What was answered with success is in an outbox for ever."""
    said = {(row["aggregateid"], row["sequence"]) for rows in outbox.values() for row in rows}
    for entry in history or ():
        version = _version(entry)
        if entry.outcome == "ok" and version and version not in said:
            yield Fault("lost", f"« {entry.key} » a été accepté et n'a laissé aucun événement.")
        if entry.outcome in ("invoked", "unknown"):
            yield Fault("lost", f"« {entry.key} » est resté sans réponse.")


def _version(entry: Entry) -> tuple[UUID, int] | None:
    id = entry.answer.get("appointment") or entry.answer.get("id")
    version = entry.answer.get("version")
    return (UUID(id), version) if isinstance(id, str) and isinstance(version, int) else None


def _bookings(appointments: Sequence[Row], outbox: Iterable[Row], facts: dict[UUID, Row]) -> Iterable[Fault]:
    said = Counter(row["aggregateid"] for row in outbox)
    booked = Counter(row["aggregateid"] for row in outbox if row["type"] == BOOKED)
    for row in appointments:
        id, wanted = row["id"], int(row["booked_at"] is not None)
        if booked[id] != wanted:
            yield Fault("doubled" if booked[id] > wanted else "lost", f"Le rendez-vous {id} : {booked[id]} SlotBooked.")
        if said[id] != row["version"]:
            yield Fault("lost", f"Le rendez-vous {id} en est à {row['version']} et a dit {said[id]} événements.")
        taken = 0 if row["state"] in NOT_BLOCKING else row["resources"] - (row["state"] in GONE)
        if row["resources"] < 2 or row["blocking"] != taken or row["elsewhere"]:
            yield Fault("overlapping", f"Le rendez-vous {id} ({row['state']}) n'occupe pas ce qu'il faut.")
        fact = facts.get(id)
        if fact is None or fact["missing"] or fact["highest"] != row["version"] or fact["status"] != row["state"]:
            told = (
                "aucun"
                if fact is None
                else f"{fact['status']}, {fact['highest']} événements, {fact['missing']} manquent"
            )
            yield Fault("facts_wrong", f"Le rendez-vous {id} est {row['state']} ; son fait : {told}.")


def _strays(appointments: Sequence[Row], history: History | None) -> Iterable[Fault]:
    """Nothing was made by our people that no answer told them of: a command done twice would show here."""
    if history is None:
        return
    known = {entry.answer.get("appointment") for entry in history if entry.outcome == "ok"}
    ours = {entry.answer["trail"][0]["by"] for entry in history if entry.answer.get("trail")}
    for row in appointments:
        if row["first_by"] in ours and str(row["id"]) not in known:
            yield Fault("doubled", f"Le rendez-vous {row['id']} a été pris sans que personne ne l'ait appris.")


async def _overlaps(books: Books) -> list[Fault]:
    return [
        Fault("overlapping", f"{row['appointment']} et {row['other']} se disputent un {row['resource_kind']}.")
        for row in await books.rows("booking", _OVERLAPS)
    ]


async def _sessions(books: Books) -> list[Fault]:
    """Every session is a fact, open or cancelled alike."""
    truth = {row["id"]: row for row in await books.rows("booking", "SELECT id, state, version FROM session")}
    facts = {row["session"]: row for row in await books.rows("reporting", _SESSION_FACTS)}
    wrong = [id for id, row in truth.items() if not _same_session(row, facts.get(id))]
    return [Fault("facts_wrong", f"La vacation {id} n'est pas comptée comme elle est.") for id in wrong]


def _same_session(row: Row, fact: Row | None) -> bool:
    if fact is None or fact["missing"] or fact["highest"] != row["version"]:
        return False
    return (fact["cancelled"] is True) is (row["state"] == "cancelled")


async def _parked(books: Books) -> list[Fault]:
    parked = {service: await books.rows(service, _PARKED) for service in SERVICES}
    return [
        Fault("parked", f"{service} n'a pas pu traiter {row['type']} (make parked, n° {row['number']}).")
        for service, rows in parked.items()
        for row in rows
    ]
