"""A small centre in Laval, told to booking by registry's own events."""

import json
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from booking import consumers
from booking.domain.appointments import Appointment
from booking.domain.capacity import Release
from booking.domain.kinds import Compartment, KindBooks
from booking.domain.platform_kinds import platform_kinds
from booking.domain.ranking import Order
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.use_cases.appointments.book_slot import Booked, BookRequest, book_slot
from booking.use_cases.appointments.hold_slot import HoldRequest, hold_slot
from booking.use_cases.availability.agendas import Agendas
from booking.use_cases.availability.find_places import Found, Search, find_places
from booking.use_cases.calendar.open_session import SessionRequest, open_session
from smp.auth import Actor
from smp.consumer import Delivery
from smp.contracts import (
    EligibilityChanged,
    PatientRegistered,
    ProfessionalJoined,
    SiteOpened,
    SupervisionAssigned,
)
from smp.contracts.base import EventData
from smp.contracts.envelope import Event
from smp.ids import new_id
from smp.postgres import Database, Scope, Transaction
from smp.problems import Refusal
from tests.support.databases import ServiceDatabase

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2027, 1, 11)
NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)  # a week before

OPENED_FOR = {
    Compartment.MEDICAL: ("consultation", "gp"),
    Compartment.MEDICO_SOCIAL: ("social", "social_worker"),
    Compartment.SILENT: ("protected", "gp"),
}
"""A kind of each compartment, and who gives it."""
RULES = Rules(
    kinds=KindBooks(platform_kinds()),
    hold=timedelta(minutes=5),
    horizon=timedelta(weeks=8),
    late_notice=timedelta(hours=24),
    search_span=timedelta(days=28),
    alternatives_span=timedelta(days=14),
    patience=timedelta(0),
    releases={
        "medico_social": Release(2, time(0)),
        "online": Release(1, time(18)),
        "desk": Release(1, time(18)),
        "regulation": Release(0, time(11)),
        "same_day": Release(0, time(11)),
    },
)

EVERY_DAY = [{"weekday": day, "opens": "08:00", "closes": "20:00"} for day in range(1, 6)]


def paris(day: date, at: str) -> datetime:
    """The instant when the clock of Laval says `at`."""
    return datetime.combine(day, time.fromisoformat(at), PARIS).astimezone(UTC)


def monday(at: str) -> datetime:
    """`at`, local time, on the Monday of the tests."""
    return paris(MONDAY, at)


def actor(*roles: str, site: UUID | str = "*", territory: str = "53", subject: str = "person-1") -> Actor:
    return Actor(subject, frozenset(roles or {"secretary"}), frozenset({str(site)}), frozenset({territory}))


SECRETARY = actor("secretary")


@dataclass
class Centre:
    """A site of one territory, with what has been told of it."""

    database: Database
    territory: str = "53"
    site: UUID = field(default_factory=new_id)
    sequences: dict[UUID, int] = field(default_factory=dict)
    agendas: Agendas = field(default_factory=lambda: Agendas(RULES.way))

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.database.transaction(self.scope)

    @property
    def scope(self) -> Scope:
        return Scope(frozenset({self.territory}))

    async def hear(self, subject: UUID, *told: EventData, sequences: list[int] | None = None) -> None:
        """Deliver events of one aggregate, in the order given, with their true or given sequences."""
        for index, data in enumerate(told):
            sequence = sequences[index] if sequences else self.sequences.get(subject, 0) + 1
            self.sequences[subject] = max(sequence, self.sequences.get(subject, 0))
            event: Event[Any] = Event.of(data, subject=subject, territory=self.territory, sequence=sequence, time=NOW)
            async with self.transaction() as tx:
                await consumers.HANDLERS[type(data)](tx, Delivery(event, "next", NOW))

    async def open(self, zone: str = "Europe/Paris", subdivision: str | None = None) -> "Centre":
        await self.hear(self.site, site_opened(self.site, zone, subdivision))
        return self

    async def doctor(self, role: str = "gp", **contract: Any) -> UUID:
        """Somebody who works at the site."""
        who = new_id()
        await self.hear(who, joined(who, self.site, role, **contract))
        return who

    async def intern_of(self, *supervisors: UUID) -> UUID:
        intern = await self.doctor("intern")
        for supervisor in supervisors:
            assigned = SupervisionAssigned(professional=intern, supervisor=supervisor, from_date=date(2026, 11, 2))
            await self.hear(intern, assigned)
        return intern

    async def patient(self, eligibility: str = "eligible") -> UUID:
        who = new_id()
        await self.hear(who, registered(who, eligibility))
        return who

    async def session(
        self,
        professional: UUID,
        start: str = "09:00",
        end: str = "12:00",
        day: date = MONDAY,
        kinds: tuple[str, ...] = ("consultation", "minor_emergency"),
        room: str | None = None,
        now: datetime = NOW,
        shares: dict[str, int] | None = None,
        grid: timedelta = timedelta(minutes=20),
    ) -> Session:
        request = SessionRequest(
            site=self.site,
            professional=professional,
            kinds=frozenset(kinds),
            day=day,
            start=time.fromisoformat(start),
            end=time.fromisoformat(end),
            grid=grid,
            room=room,
            shares=shares or {},
        )
        async with self.transaction() as tx:
            return (await open_session(tx, request, RULES, actor=SECRETARY, now=now)).session

    async def find(
        self,
        start: datetime,
        end: datetime,
        kind: str = "consultation",
        now: datetime = NOW,
        rules: Rules = RULES,
        **how: Any,
    ) -> Found:
        """Search in agendas kept in memory, earliest first."""
        search = Search(self.site, kind, start, end, **{"order": Order.CHRONOLOGICAL, **how})
        return await find_places(
            self.database.reading(self.scope), self.agendas, search, rules, actor=SECRETARY, now=now
        )

    async def hold(
        self, session: Session, at: str, patient: UUID | None = None, now: datetime = NOW, kind: str = "consultation"
    ) -> Appointment:
        request = HoldRequest(session.id, paris(session.day, at), kind, patient)
        async with self.transaction() as tx:
            return await hold_slot(tx, request, RULES, actor=SECRETARY, now=now)

    async def book(
        self,
        session: Session,
        at: str,
        patient: UUID | None = None,
        kind: str = "consultation",
        now: datetime = NOW,
        who: Actor = SECRETARY,
        channel: str = "phone",
    ) -> Booked:
        person = patient or await self.patient()
        request = BookRequest(session.id, paris(session.day, at), kind, person, channel=channel)
        async with self.transaction() as tx:
            return await book_slot(tx, request, RULES, actor=who, now=now)


def site_opened(site: UUID, zone: str = "Europe/Paris", subdivision: str | None = None) -> SiteOpened:
    return SiteOpened.model_validate(
        {
            "site": site,
            "name": "Centre d'essai",
            "address": {"line": "1 rue d'essai", "postal_code": "53000", "city": "Laval", "commune_code": "53130"},
            "phone": "+33200000000",
            "zone": zone,
            "subdivision": subdivision,
            "opening_hours": EVERY_DAY,
            "opened_on": date(2026, 1, 1),
        }
    )


def joined(who: UUID, site: UUID, role: str = "gp", **contract: Any) -> ProfessionalJoined:
    return ProfessionalJoined(
        professional=who, role=role, sites=(site,), **{"contract_start": date(2026, 1, 1), **contract}
    )


def registered(who: UUID, eligibility: str = "eligible", start: date = date(2026, 1, 1)) -> PatientRegistered:
    return PatientRegistered.model_validate(
        {
            "patient": who,
            "registered_at": NOW,
            "eligibility": eligibility,
            "eligibility_from": start,
            "reachable_by_text": True,
            "sealed": {"identity": "QUJD", "contact": "QUJD", "statistics": "QUJD"},
        }
    )


def eligibility(who: UUID, status: str, start: date) -> EligibilityChanged:
    return EligibilityChanged.model_validate({"patient": who, "status": status, "from_date": start})


async def events_of(database: ServiceDatabase, subject: UUID) -> list[tuple[str, int]]:
    """What was said of an aggregate: (name, sequence), in order."""
    async with database.admin() as connection:
        rows = await connection.fetch(
            "SELECT type, sequence FROM smp.outbox WHERE aggregateid = $1 ORDER BY position", subject
        )
    return [(row["type"].split(".")[3], row["sequence"]) for row in rows]


async def said_of(database: ServiceDatabase, subject: UUID) -> list[dict[str, Any]]:
    """What was said of an aggregate, in full: type, sequence, data."""
    async with database.admin() as connection:
        rows = await connection.fetch(
            "SELECT type, sequence, payload FROM smp.outbox WHERE aggregateid = $1 ORDER BY position", subject
        )
    return [
        {"type": row["type"].split(".")[3], "sequence": row["sequence"], "data": json.loads(row["payload"])}
        for row in rows
    ]


async def blocking(database: ServiceDatabase, *appointments: UUID) -> int:
    """How many resources these appointments take."""
    async with database.admin() as connection:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM occupancy WHERE blocking AND appointment = ANY ($1)", appointments
        )
    return count


async def count_at(database: ServiceDatabase, site: UUID) -> int:
    """How many appointments were ever written at a site."""
    async with database.admin() as connection:
        count: int = await connection.fetchval("SELECT count(*) FROM appointment WHERE site = $1", site)
    return count


async def refusal(command: Awaitable[object]) -> Refusal:
    """The refusal of a command; fails when it is accepted."""
    with pytest.raises(Refusal) as caught:
        await command
    return caught.value


def starts(refused: Refusal) -> list[str]:
    """When the proposed alternatives begin."""
    return [each["start"] for each in refused.extensions["alternatives"]]


def at(*hours: str) -> list[str]:
    """These hours of the Monday, as alternatives tell them."""
    return [monday(hour).isoformat() for hour in hours]
