"""The life of an appointment: its states, who may follow whom, and what each step leaves behind.

    held ──▶ booked ──▶ arrived ──▶ in_consultation ──▶ done
     │         ├──────────┴──▶ no_show
     │         ├──▶ cancelled  (also from held and arrived)
     └──▶ expired

A step never erases the former: the trail keeps each state with its author and its instant.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from booking.domain.capacity import class_of
from booking.domain.intervals import Interval
from booking.domain.kinds import Compartment, Kind
from booking.domain.sessions import Session


class State(StrEnum):
    HELD = "held"
    BOOKED = "booked"
    ARRIVED = "arrived"
    IN_CONSULTATION = "in_consultation"
    DONE = "done"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Action(StrEnum):
    BOOK = "book"
    EXPIRE = "expire"
    MOVE = "move"
    CANCEL = "cancel"
    ARRIVE = "arrive"
    START = "start"
    FINISH = "finish"
    NOTE_NO_SHOW = "note_no_show"


_STEPS: dict[Action, tuple[frozenset[State], State]] = {
    Action.BOOK: (frozenset({State.HELD}), State.BOOKED),
    Action.EXPIRE: (frozenset({State.HELD}), State.EXPIRED),
    Action.MOVE: (frozenset({State.BOOKED}), State.BOOKED),
    Action.CANCEL: (frozenset({State.HELD, State.BOOKED, State.ARRIVED}), State.CANCELLED),
    Action.ARRIVE: (frozenset({State.BOOKED}), State.ARRIVED),
    Action.START: (frozenset({State.ARRIVED}), State.IN_CONSULTATION),
    Action.FINISH: (frozenset({State.IN_CONSULTATION}), State.DONE),
    Action.NOTE_NO_SHOW: (frozenset({State.BOOKED, State.ARRIVED}), State.NO_SHOW),
}

ACTIVE = frozenset({State.HELD, State.BOOKED, State.ARRIVED, State.IN_CONSULTATION})
RELEASING = frozenset({State.CANCELLED, State.EXPIRED})  # the resources are free again


def after(state: State, action: Action) -> State | None:
    """The state that `action` leads to, or nothing when it is not possible from `state`."""
    sources, target = _STEPS[action]
    return target if state in sources else None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the trail; `by` is the opaque subject of the actor."""

    version: int
    state: State
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """One appointment as it stands. `version` grows by one at each step and is the sequence of its event."""

    id: UUID
    territory: str
    site: UUID
    session: UUID
    day: date
    patient: UUID | None
    professional: UUID
    role: str
    kind: str
    mode: str
    period: Interval
    capacity_class: str
    channel: str
    state: State
    version: int
    notify: bool
    requested_at: datetime
    expires_at: datetime | None = None
    booked_at: datetime | None = None
    arrived_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    severity: int | None = None
    otherwise_emergency: bool | None = None
    supervisor: UUID | None = None
    cancelled_by: str | None = None
    cancel_reason: str | None = None
    late: bool | None = None
    kind_version: int = 0
    compartment: str = Compartment.MEDICAL
    buffer_before: timedelta = timedelta()
    buffer_after: timedelta = timedelta()
    trail: tuple[Step, ...] = ()

    @classmethod
    def placed(
        cls, id: UUID, state: State, session: Session, kind: Kind, period: Interval, at: datetime, by: str, **how: Any
    ) -> "Appointment":
        """A new appointment in its place; `how` gives patient, mode, channel, notify, requested_at."""
        return cls(
            id=id, state=state, version=1, trail=(Step(1, state, at, by),), period=period,
            territory=session.territory, site=session.site, session=session.id, day=session.day,
            professional=session.professional, role=session.role,
            kind=kind.code, kind_version=kind.version, capacity_class=class_of(kind.capacity_class, how["channel"]),
            compartment=kind.compartment, buffer_before=kind.buffer_before, buffer_after=kind.buffer_after,
            **how,
        )  # fmt: skip

    def has_expired(self, now: datetime) -> bool:
        """True for a hold whose time is over, whether or not that has been written down yet."""
        return self.state is State.HELD and self.expires_at is not None and self.expires_at <= now

    def step(self, action: Action, at: datetime, by: str, **changes: Any) -> "Appointment":
        """This appointment one step further; raises `ValueError` when the step is not possible (see `after`)."""
        state = after(self.state, action)
        if state is None:
            raise ValueError(f"cannot {action} an appointment that is {self.state}")
        version = self.version + 1
        return replace(self, state=state, version=version, trail=(*self.trail, Step(version, state, at, by)), **changes)

    def moved_to(self, session: Session, period: Interval, at: datetime, by: str, *, notify: bool) -> "Appointment":
        """This appointment in another place; the practitioner may change."""
        return self.step(
            Action.MOVE, at, by,
            session=session.id, site=session.site, day=session.day, period=period,
            professional=session.professional, role=session.role, notify=notify,
        )  # fmt: skip


def is_late(start: datetime, now: datetime, notice: timedelta) -> bool:
    """True when a cancellation at `now` leaves less than `notice` before the appointment."""
    return start - now < notice


def waited(appointment: Appointment, now: datetime) -> timedelta | None:
    """Time in the waiting room, from arrival to the start of the consultation, or to `now` while still waiting.
    Nothing when the patient has not arrived or left unseen."""
    if appointment.arrived_at is None:
        return None
    if appointment.started_at is None and appointment.state is not State.ARRIVED:
        return None
    return max((appointment.started_at or now) - appointment.arrived_at, timedelta())
