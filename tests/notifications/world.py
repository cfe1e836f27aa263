"""A small world for notifications: Laval, patients with sealed contacts, appointments told by events."""

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from aiokafka import ConsumerRecord

from notifications.__main__ import service
from notifications.consumers import Consumers
from notifications.domain.messages import Retry
from notifications.use_cases.policy import Policy
from notifications.use_cases.provider import Accepted, Outcome, ProviderUnavailable, SmsProvider
from notifications.use_cases.send_due import Sender
from smp.consumer import Consumer
from smp.contracts import (
    CallRequested,
    PatientArrived,
    PatientContactChanged,
    PatientErased,
    PatientRegistered,
    SiteOpened,
    SiteRelocated,
    SlotBooked,
    SlotCancelled,
    SlotMoved,
    StatusCorrected,
)
from smp.contracts.base import EventData
from smp.contracts.envelope import Event, to_headers, to_key, to_value
from smp.contracts.patients import SealedContact, SealedPatient
from smp.contracts.sites import Address
from smp.ids import new_id
from smp.sealing import Compartment, compartment_key, new_data_key, seal
from smp.telemetry import new_traceparent
from tests.support.api import FixedClock
from tests.support.databases import ServiceDatabase

PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=PARIS)
MOBILE = "+33639980001"


def at(text: str) -> datetime:
    """A time of March 2026 in Paris, in which the 2nd is a Monday."""
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=PARIS)


@dataclass
class Carrier:
    """A provider in memory: plays `script` outcomes first, then accepts, each after `seconds`; remembers what it has by
    tag, and how many texts it was handed at once."""

    name: str = "memory"
    script: list[Outcome | Exception] = field(default_factory=list)
    keeps_what_it_doubts: bool = False
    deaf: bool = False
    taken: list[tuple[str, str, str]] = field(default_factory=list)
    lookups: int = 0
    seconds: float = 0.0
    at_once: int = 0
    most_at_once: int = 0

    async def send(self, tag: str, number: str, text: str) -> Outcome:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.seconds)
        self.at_once -= 1
        outcome = self.script.pop(0) if self.script else None
        if isinstance(outcome, Exception):
            self._take(tag, number, text)
            raise outcome
        if outcome is None:
            return self._take(tag, number, text)
        if self.keeps_what_it_doubts:
            self._take(tag, number, text)
        return outcome

    async def find_by_tag(self, tag: str) -> Accepted | None:
        self.lookups += 1
        if self.deaf:
            raise ProviderUnavailable("deaf")
        found = [at for at, (known, _, _) in enumerate(self.taken) if known == tag]
        return Accepted(f"m{found[0] + 1}", 1.0) if found else None

    @property
    def texts(self) -> list[str]:
        return [text for _, _, text in self.taken]

    def _take(self, tag: str, number: str, text: str) -> Accepted:
        self.taken.append((tag, number, text))
        return Accepted(f"m{len(self.taken)}", 1.0)


@dataclass
class KeyRing:
    """Compartment keys as registry would hand them."""

    data_keys: dict[UUID, bytes] = field(default_factory=dict)
    silent: bool = False

    async def get(self, patients: Collection[UUID], compartment: Compartment) -> dict[UUID, bytes]:
        if self.silent:
            raise ConnectionError("registry is away")
        return {p: compartment_key(self.data_keys[p], compartment) for p in patients if p in self.data_keys}


@dataclass
class Book:
    """One appointment and the sequence of what is said of it."""

    patient: UUID
    site: UUID
    start: datetime
    appointment: UUID = field(default_factory=new_id)
    session: UUID = field(default_factory=new_id)
    sequence: int = 0
    traceparent: str = field(default_factory=new_traceparent)


class World:
    """Events go in as Kafka records through the real consumer; what comes out is read from the database."""

    def __init__(self, database: ServiceDatabase, provider: SmsProvider, policy: Policy | None = None) -> None:
        self.db = database
        self.clock = FixedClock(MONDAY)
        self.keys = KeyRing()
        # Doubts and retries last no time here: a test takes the next step itself.
        self.policy = policy or Policy(
            doubt=timedelta(0), retry=Retry(0.0, 0.0), wait_for_others=timedelta(0), lease=timedelta(0)
        )
        self.consumer = Consumer("notifications", Consumers(self.policy).handlers, database.database, self.clock)
        self.sender = Sender(database.database, self.clock, self.policy, provider, self.keys)
        self.site = new_id()
        self._sequences: dict[UUID, int] = {}
        self._offset = 0

    # What other services say.

    def opened(self, **changes: Any) -> Event[SiteOpened]:
        data: dict[str, Any] = {
            "site": self.site,
            "name": "SMP Henri Dunant",
            "address": address("48 rue Marcel Cerdan", "53000", "Laval", "53130"),
            "phone": "+33249490736",
            "zone": "Europe/Paris",
            "opening_hours": (),
            "opened_on": date(2017, 6, 1),
        }
        return self.event(SiteOpened(**{**data, **changes}), self.site)

    def relocated(self, line: str, from_date: date) -> Event[SiteRelocated]:
        data = SiteRelocated(
            site=self.site,
            address=address(line, "53000", "Laval", "53130"),
            phone="+33249490736",
            from_date=from_date,
        )
        return self.event(data, self.site)

    def registered(
        self, phones: list[dict[str, Any]] | None = None, patient: UUID | None = None
    ) -> Event[PatientRegistered]:
        patient = patient or new_id()
        phones = [mobile(MOBILE)] if phones is None else phones
        event_id = new_id()
        sealed = SealedPatient(
            identity=self._sealed(patient, "identity", {}, event_id),
            contact=self._sealed(patient, "contact", {"phones": phones}, event_id),
            statistics=self._sealed(patient, "statistics", {}, event_id),
        )
        data = PatientRegistered(
            patient=patient,
            registered_at=self.clock.now(),
            eligibility="eligible",
            eligibility_from=date(2026, 1, 1),
            reachable_by_text=any(phone["mobile"] and phone["text_consent"] for phone in phones),
            text_consent=not _refuses(phones),
            sealed=sealed,
        )
        return self.event(data, patient, id=event_id)

    def contact_changed(self, patient: UUID, phones: list[dict[str, Any]]) -> Event[PatientContactChanged]:
        event_id = new_id()
        data = PatientContactChanged(
            patient=patient,
            reachable_by_text=any(phone["mobile"] and phone["text_consent"] for phone in phones),
            text_consent=not _refuses(phones),
            sealed=SealedContact(contact=self._sealed(patient, "contact", {"phones": phones}, event_id)),
        )
        return self.event(data, patient, id=event_id)

    def erased(self, patient: UUID) -> Event[PatientErased]:
        self.keys.data_keys.pop(patient, None)
        return self.event(PatientErased(patient=patient, erased_at=self.clock.now()), patient)

    def book(self, patient: UUID, start: datetime) -> Book:
        return Book(patient, self.site, start)

    def booked(self, book: Book, **changes: Any) -> Event[SlotBooked]:
        book.sequence += 2  # the hold came first
        data: dict[str, Any] = {
            **self._slot(book),
            "capacity_class": "desk",
            "channel": "phone",
            "requested_at": self.clock.now(),
            "booked_at": self.clock.now(),
        }
        return self._of(book, SlotBooked(**{**data, **changes}))

    def moved(self, book: Book, start: datetime, **changes: Any) -> Event[SlotMoved]:
        book.sequence += 1
        before, book.start = book.start, start
        data: dict[str, Any] = {
            **self._slot(book),
            "previous_session": book.session,
            "previous_start": before,
            "previous_end": before + timedelta(minutes=20),
            "moved_at": self.clock.now(),
        }
        return self._of(book, SlotMoved(**{**data, **changes}))

    def cancelled(self, book: Book, **changes: Any) -> Event[SlotCancelled]:
        book.sequence += 1
        data: dict[str, Any] = {
            "appointment": book.appointment,
            "patient": book.patient,
            "site": book.site,
            "session": book.session,
            "start": book.start,
            "end": book.start + timedelta(minutes=20),
            "cancelled_by": "centre",
            "late": False,
            "cancelled_at": self.clock.now(),
            "notify": True,
        }
        return self._of(book, SlotCancelled(**{**data, **changes}))

    def corrected(self, book: Book, was: str, state: str = "booked", **changes: Any) -> Event[StatusCorrected]:
        book.sequence += 1
        data = {
            **self._slot(book),
            "previous_state": was,
            "state": state,
            "corrects": book.sequence - 1,
            "corrected_at": self.clock.now(),
        }
        return self._of(book, StatusCorrected(**{**data, **changes}))

    def call_requested(
        self, book: Book, party: UUID | None = None, compartment: str | None = None
    ) -> Event[CallRequested]:
        book.sequence += 1
        data = CallRequested(
            appointment=book.appointment,
            patient=book.patient,
            site=book.site,
            session=book.session,
            start=book.start,
            end=book.start + timedelta(minutes=20),
            mode="AMB",
            reason="practitioner_away",
            requested_at=self.clock.now(),
            party=party,
            compartment=compartment,
        )
        return self._of(book, data)

    def arrived(self, book: Book) -> Event[PatientArrived]:
        book.sequence += 1
        data = PatientArrived(
            appointment=book.appointment, patient=book.patient, site=book.site, arrived_at=self.clock.now()
        )
        return self._of(book, data)

    def event(self, data: EventData, subject: UUID, **changes: Any) -> Event[Any]:
        sequence = self._sequences[subject] = self._sequences.get(subject, 0) + 1
        given = {"sequence": sequence, "time": self.clock.now(), "territory": "53", **changes}
        return Event.of(data, subject=subject, site=self.site, **given)

    # What happens here.

    async def hear(self, *events: Event[Any]) -> None:
        """Deliver events as Kafka would: one batch per topic, in order."""
        for topic in dict.fromkeys(event.data.topic.name for event in events):
            await self.consumer.handle([self._record(e) for e in events if e.data.topic.name == topic])

    async def until_waiting(self, count: int) -> None:
        """Until so many connections of this database wait for another one's lock."""
        sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        async with asyncio.timeout(60), self.db.admin() as admin:
            while await admin.fetchval(sql) < count:
                pass

    async def forget(self) -> None:
        """As a rebuild does: the projections are thrown away, and what was heard."""
        async with self.db.admin() as admin:
            await admin.execute(f"TRUNCATE {', '.join(service.projections)}")
            await admin.execute("DELETE FROM smp.inbox; DELETE FROM smp.sequence_heard")

    async def patient(self, phones: list[dict[str, Any]] | None = None) -> UUID:
        """A patient of an open site."""
        registered = self.registered(phones)
        if self.site not in self._sequences:
            await self.hear(self.opened())
        await self.hear(registered)
        return registered.subject

    async def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        async with self.db.admin() as admin:
            return [dict(row) for row in await admin.fetch(sql, *args)]

    async def texts(self, book: Book) -> list[tuple[str, str, int]]:
        """Purpose, state and version of every text about an appointment, oldest first."""
        sql = "SELECT purpose, state, version FROM message WHERE appointment = $1 ORDER BY version, purpose"
        return [tuple(row.values()) for row in await self.rows(sql, book.appointment)]

    async def calls(self, book: Book) -> list[tuple[str, str, str]]:
        """Purpose, reason and state of every call about an appointment, oldest first."""
        sql = "SELECT purpose, reason, state FROM call_task WHERE appointment = $1 ORDER BY version, purpose"
        return [tuple(row.values()) for row in await self.rows(sql, book.appointment)]

    async def said(self, book: Book) -> list[str]:
        """The names of the events published about an appointment, in order."""
        sql = "SELECT type, payload FROM smp.outbox ORDER BY position"
        rows = await self.rows(sql)
        mine = [row for row in rows if json.loads(row["payload"])["appointment"] == str(book.appointment)]
        return [row["type"].split(".")[3] for row in mine]

    def _record(self, event: Event[Any]) -> "ConsumerRecord[bytes, bytes]":
        self._offset += 1
        return ConsumerRecord(
            topic=event.data.topic.name,
            partition=0,
            offset=self._offset,
            timestamp=int(datetime.now(UTC).timestamp() * 1000),
            timestamp_type=0,
            key=to_key(event),
            value=to_value(event),
            checksum=None,
            serialized_key_size=0,
            serialized_value_size=0,
            headers=tuple(to_headers(event)),
        )

    def _sealed(self, patient: UUID, compartment: Compartment, plain: dict[str, Any], event_id: UUID) -> str:
        data_key = self.keys.data_keys.setdefault(patient, new_data_key())
        key = compartment_key(data_key, compartment)
        return seal(key, json.dumps(plain).encode(), patient, compartment, event_id)

    def _slot(self, book: Book) -> dict[str, Any]:
        return {
            "appointment": book.appointment,
            "patient": book.patient,
            "site": book.site,
            "session": book.session,
            "practitioners": (),
            "kind": "consultation",
            "mode": "AMB",
            "start": book.start,
            "end": book.start + timedelta(minutes=20),
            "notify": True,
        }

    def _of(self, book: Book, data: EventData) -> Event[Any]:
        return Event.of(
            data,
            subject=book.appointment,
            territory="53",
            site=book.site,
            sequence=book.sequence,
            time=self.clock.now(),
            traceparent=book.traceparent,
        )


def mobile(number: str, *, consent: bool = True) -> dict[str, Any]:
    return {"number": number, "label": "own", "mobile": True, "text_consent": consent}


def landline(number: str = "+33243000001") -> dict[str, Any]:
    return {"number": number, "label": "own", "mobile": False, "text_consent": False}


def address(line: str, postal_code: str, city: str, commune_code: str) -> Address:
    return Address(line=line, postal_code=postal_code, city=city, commune_code=commune_code)


def _refuses(phones: list[dict[str, Any]]) -> bool:
    """As registry tells it: there is a mobile number, and consent on none."""
    mobiles = [phone for phone in phones if phone["mobile"]]
    return bool(mobiles) and not any(phone["text_consent"] for phone in mobiles)
