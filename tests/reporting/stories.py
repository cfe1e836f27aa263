"""Invented lives of appointments, sessions and texts, as the events that tell them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from reporting.consumers import HANDLERS
from smp.consumer import Delivery
from smp.contracts import (
    Address,
    CallOrderChanged,
    CallTaskDone,
    CallTaskRaised,
    CapacityReleased,
    ConsultationDone,
    ConsultationPrepared,
    ConsultationStarted,
    Event,
    EventData,
    HoldExpired,
    MessageAccepted,
    MessageCancelled,
    MessageDelivered,
    MessageExpired,
    MessageFailed,
    MessagePlanned,
    PatientArrived,
    PatientErased,
    PatientLeftUnseen,
    PatientNoShow,
    Practitioner,
    SessionCancelled,
    SessionChanged,
    SessionOpened,
    SessionSupported,
    SessionUnsupported,
    SiteOpened,
    SlotBooked,
    SlotCancelled,
    SlotHeld,
    SlotMoved,
    StatusCorrected,
)
from smp.ids import new_id
from smp.postgres import Database, Scope
from tests.support.databases import ServiceDatabase

LAVAL = UUID("019a0000-0000-7000-8000-0000000ac053")
MAYENNE = UUID("019a0000-0000-7000-8000-0000000ac153")
LE_MANS = UUID("019a0000-0000-7000-8000-0000000ac072")
MONDAY = datetime(2026, 11, 23, 8, 20, tzinfo=UTC)  # 9:20 in Laval
MINUTE = timedelta(minutes=1)
HEARD_AT = datetime(2026, 12, 31, tzinfo=UTC)


@dataclass
class Story:
    """The events of one aggregate, in the order in which they happened."""

    subject: UUID = field(default_factory=new_id)
    site: UUID = LAVAL
    territory: str = "53"
    events: list[Event[Any]] = field(default_factory=list)

    def tell(self, data: EventData, time: datetime) -> None:
        self.events.append(
            Event.of(
                data,
                subject=self.subject,
                territory=self.territory,
                site=self.site,
                sequence=len(self.events) + 1,
                time=time,
            )
        )


@dataclass
class Appointment(Story):
    """An appointment; each method is the next thing that happens to it."""

    patient: UUID = field(default_factory=new_id)
    session: UUID = field(default_factory=new_id)
    start: datetime = MONDAY
    kind: str = "consultation"
    mode: str = "AMB"
    role: str = "retired_gp"
    minutes: int = 20

    @property
    def practitioners(self) -> tuple[Practitioner, ...]:
        return (Practitioner(professional=UUID(int=7), role=self.role),)

    @property
    def end(self) -> datetime:
        return self.start + self.minutes * MINUTE

    def _slot(self) -> dict[str, Any]:
        return {
            "appointment": self.subject,
            "site": self.site,
            "session": self.session,
            "practitioners": self.practitioners,
            "kind": self.kind,
            "mode": self.mode,
            "start": self.start,
            "end": self.end,
        }

    def _visit(self) -> dict[str, Any]:
        return {"appointment": self.subject, "patient": self.patient, "site": self.site}

    def held(self) -> "Appointment":
        at = self.start - timedelta(days=3)
        self.tell(SlotHeld(**self._slot(), expires_at=at + 5 * MINUTE), at)
        return self

    def hold_expired(self) -> "Appointment":
        at = self.start - timedelta(days=3) + 5 * MINUTE
        data = HoldExpired(appointment=self.subject, site=self.site, session=self.session, expired_at=at)
        self.tell(data, at)
        return self

    def booked(self, *, requested: timedelta = timedelta(days=3)) -> "Appointment":
        at = self.start - requested
        self.tell(
            SlotBooked(
                **self._slot(),
                patient=self.patient,
                capacity_class="desk",
                channel="phone",
                requested_at=at,
                booked_at=at + MINUTE,
                notify=True,
            ),
            at + MINUTE,
        )
        return self

    def moved(self, by: timedelta) -> "Appointment":
        before, before_end = self.start, self.end
        self.start += by
        previous = {"previous_session": self.session, "previous_start": before, "previous_end": before_end}
        at = before - timedelta(days=2)
        self.tell(SlotMoved(**self._slot(), patient=self.patient, **previous, moved_at=at, notify=True), at)
        return self

    def cancelled(self, *, excused: bool = False) -> "Appointment":
        at = self.start - timedelta(hours=3)
        self.tell(
            SlotCancelled(
                appointment=self.subject,
                patient=self.patient,
                site=self.site,
                session=self.session,
                start=self.start,
                end=self.end,
                cancelled_by="patient",
                reason="no_longer_wanted",
                late=True,
                cancelled_at=at,
                notify=True,
                excused=excused,
            ),
            at,
        )
        return self

    def prepared(self) -> "Appointment":
        at = self.start - 5 * MINUTE
        self.tell(ConsultationPrepared(**self._visit(), practitioners=self.practitioners, prepared_at=at), at)
        return self

    def called_last(self) -> "Appointment":
        at = self.start - 2 * MINUTE
        self.tell(CallOrderChanged(**self._visit(), place="last", reason="agreed_to_wait", decided_at=at), at)
        return self

    def left(self) -> "Appointment":
        at = self.start + 40 * MINUTE
        self.tell(PatientLeftUnseen(**self._visit(), start=self.start, left_at=at), at)
        return self

    def corrected(self, was: str, state: str) -> "Appointment":
        """The last step is taken back."""
        at = self.start + 50 * MINUTE
        self.tell(
            StatusCorrected(
                **self._slot(),
                patient=self.patient,
                previous_state=was,
                state=state,
                corrects=len(self.events),
                reason="wrong_line",
                corrected_at=at,
                notify=True,
            ),
            at,
        )
        return self

    def arrived(self, *, early: int = 10) -> "Appointment":
        at = self.start - early * MINUTE
        self.tell(PatientArrived(**self._visit(), arrived_at=at), at)
        return self

    def started(self) -> "Appointment":
        data = ConsultationStarted(**self._visit(), practitioners=self.practitioners, started_at=self.start)
        self.tell(data, self.start)
        return self

    def done(self, **care: Any) -> "Appointment":
        facts = {"outcome": "none", "unscheduled": self.kind == "minor_emergency", **care}
        ended = self.start + 15 * MINUTE
        self.tell(
            ConsultationDone(
                **self._visit(), practitioners=self.practitioners, started_at=self.start, ended_at=ended, **facts
            ),
            ended,
        )
        return self

    def missed(self) -> "Appointment":
        at = self.start + 30 * MINUTE
        self.tell(PatientNoShow(**self._visit(), start=self.start, noted_at=at), at)
        return self


def seen(**given: Any) -> Appointment:
    """An appointment that went as planned."""
    return Appointment(**given).booked().arrived().started().done()


def missed(**given: Any) -> Appointment:
    """An appointment whose patient did not come."""
    return Appointment(**given).booked().missed()


def emergency(*, severity: int | None = 2, otherwise: bool | None = True, **given: Any) -> Appointment:
    """A same-day minor emergency, with the two answers of the practitioner."""
    visit = Appointment(kind="minor_emergency", **given).booked(requested=timedelta(0)).arrived().started()
    return visit.done(severity=severity, otherwise_emergency=otherwise)


@dataclass
class Session(Story):
    """A stretch of presence of one professional."""

    start: datetime = MONDAY - 20 * MINUTE
    hours: int = 4
    role: str = "retired_gp"
    kinds: tuple[str, ...] = ("consultation", "minor_emergency")

    def _state(self) -> dict[str, Any]:
        return {
            "session": self.subject,
            "site": self.site,
            "professional": UUID(int=7),
            "role": self.role,
            "kinds": self.kinds,
            "start": self.start,
            "end": self.start + timedelta(hours=self.hours),
            "slot_minutes": 20,
        }

    def opened(self) -> "Session":
        self.tell(SessionOpened(**self._state()), self.start - timedelta(days=30))
        return self

    def shortened(self, hours: int) -> "Session":
        self.hours = hours
        self.tell(SessionChanged(**self._state()), self.start - timedelta(days=5))
        return self

    def moved(self, start: datetime) -> "Session":
        """To another day or hour."""
        told_at, self.start = self.start - timedelta(days=4), start
        self.tell(SessionChanged(**self._state()), told_at)
        return self

    def _presence(self) -> dict[str, Any]:
        end = self.start + timedelta(hours=self.hours)
        return {
            "session": self.subject, "site": self.site, "professional": UUID(int=7), "start": self.start, "end": end
        }  # fmt: skip

    def doubted(self) -> "Session":
        since = self.start - timedelta(days=6)
        self.tell(SessionUnsupported(**self._presence(), reason="out_of_contract", since=since), since)
        return self

    def trusted(self) -> "Session":
        at = self.start - timedelta(days=4)
        self.tell(SessionSupported(**self._presence(), supported_at=at), at)
        return self

    def released(self) -> "Session":
        """What is kept for the same day may be had by anybody."""
        at = self.start - timedelta(days=7)
        share = {"capacity_class": "same_day", "slots": 2, "slot_minutes": 20, "released_at": at}
        self.tell(CapacityReleased(**self._presence(), **share), at)
        return self

    def cancelled(self) -> "Session":
        self.tell(
            SessionCancelled(
                session=self.subject,
                site=self.site,
                professional=UUID(int=7),
                start=self.start,
                end=self.start + timedelta(hours=self.hours),
                reason="practitioner_absent",
            ),
            self.start - timedelta(hours=1),
        )
        return self


@dataclass
class Text(Story):
    """A text to a patient."""

    appointment: UUID = field(default_factory=new_id)
    purpose: str = "reminder"
    due: datetime = MONDAY - timedelta(days=2)

    def _about(self) -> dict[str, Any]:
        return {
            "message": self.subject,
            "appointment": self.appointment,
            "site": self.site,
            "purpose": self.purpose,
        }

    def planned(self) -> "Text":
        data = MessagePlanned(**self._about(), patient=UUID(int=9), channel="sms", due_at=self.due)
        self.tell(data, self.due - timedelta(days=1))
        return self

    def accepted(self, *, segments: int = 1) -> "Text":
        provider = {
            "provider": "local_sink",
            "provider_reference": "r",
            "segments": segments,
            "credits": segments * 1.0,
        }
        self.tell(MessageAccepted(**self._about(), **provider, accepted_at=self.due), self.due)
        return self

    def delivered(self) -> "Text":
        self.tell(MessageDelivered(**self._about(), delivered_at=self.due + MINUTE), self.due + MINUTE)
        return self

    def failed(self) -> "Text":
        data = MessageFailed(**self._about(), reason="invalid_number", failed_at=self.due + MINUTE)
        self.tell(data, self.due + MINUTE)
        return self

    def expired(self) -> "Text":
        self.tell(
            MessageExpired(**self._about(), expired_at=self.due + timedelta(days=2)), self.due + timedelta(days=2)
        )
        return self

    def dropped(self) -> "Text":
        data = MessageCancelled(**self._about(), reason="appointment_moved", cancelled_at=self.due - MINUTE)
        self.tell(data, self.due - MINUTE)
        return self


def call(appointment: UUID, *, done: bool = False) -> Story:
    """A call asked of the secretaries, answered or not."""
    story = Story()
    about: dict[str, Any] = {"task": story.subject, "appointment": appointment, "site": LAVAL}
    raised = CallTaskRaised(
        **about, patient=UUID(int=9), purpose="reminder", reason="no_mobile", raised_at=MONDAY - timedelta(days=2)
    )
    story.tell(raised, MONDAY - timedelta(days=2))
    if done:
        story.tell(CallTaskDone(**about, outcome="reached", done_at=MONDAY), MONDAY)
    return story


def site_opened(
    site: UUID = LAVAL, *, name: str = "SMP Henri Dunant", zone: str = "Europe/Paris", territory: str = "53"
) -> Story:
    """The opening of a site."""
    story = Story(subject=site, site=site, territory=territory)
    address = Address(line="48 rue Marcel Cerdan", postal_code="53000", city="Laval", commune_code="53130")
    opened = SiteOpened(
        site=site,
        name=name,
        address=address,
        phone="+33261910053",
        zone=zone,
        opening_hours=(),
        opened_on=MONDAY.date(),
    )
    story.tell(opened, MONDAY - timedelta(days=100))
    return story


def erased(patient: UUID) -> Story:
    """A patient asks to be forgotten."""
    story = Story(subject=patient)
    story.tell(PatientErased(patient=patient, erased_at=MONDAY), MONDAY)
    return story


def told(*stories: Story) -> list[Event[Any]]:
    """All events of the stories, one story after the other."""
    return [event for story in stories for event in story.events]


async def hear(database: Database, events: Iterable[Event[Any]]) -> None:
    """Deliver events as the consumer does: one transaction, in the scope of each event."""
    async with database.transaction(Scope(frozenset({"53"}))) as tx:
        for event in events:
            tx.rescope(Scope(frozenset({event.territory})))
            await HANDLERS[type(event.data)](tx, Delivery(event, "next", HEARD_AT))


FACT_TABLES: Sequence[str] = (
    "appointment_fact",
    "session_fact",
    "message_fact",
    "call_task_fact",
    "site_fact",
    "erased_patient",
)


def a_whole_day() -> list[Event[Any]]:
    """Every kind of event once at least."""
    forgotten = seen()
    moved = Appointment().held().booked().moved(timedelta(days=1)).moved(timedelta(days=7)).arrived().started().done()
    return told(
        site_opened(),
        Session().opened().shortened(3),
        Session().opened().cancelled(),
        Session().opened().cancelled().shortened(2),
        Session().opened().released().doubted().shortened(3).trusted(),
        Appointment().held().hold_expired(),
        Appointment().held().booked().cancelled(),
        moved,
        missed(),
        missed().corrected("no_show", "booked").arrived().prepared().started().done(),
        Appointment().booked().arrived().prepared().left(),
        Appointment().booked().cancelled().corrected("cancelled", "booked"),
        missed().cancelled(excused=True),
        forgotten,
        erased(forgotten.patient),
        Text(appointment=moved.subject).planned().accepted().delivered(),
        Text().planned().accepted().failed(),
        Text().planned().accepted().expired(),
        Text().planned().dropped(),
        call(moved.subject, done=True),
    )


async def facts(database: ServiceDatabase) -> dict[str, list[str]]:
    """Every row of every fact table, as text."""
    async with database.admin() as connection:
        return {
            table: [row[0] for row in await connection.fetch(f"SELECT fact::text FROM {table} AS fact ORDER BY 1")]
            for table in FACT_TABLES
        }
