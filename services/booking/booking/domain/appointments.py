"""The life of an appointment: its states, who may follow whom, and what each step leaves behind.

    held ──▶ booked ──▶ arrived ──▶ in_preparation ──▶ in_consultation ──▶ done
     │         │           │  ╲____________│_______________↗
     │         │           └───────────────┴──▶ left_unseen
     │         ├──▶ no_show ──▶ excused
     │         ├──▶ excused
     │         └──▶ cancelled  (also from held, arrived and in_preparation)
     └──▶ expired

A step never erases the former: the trail keeps each state with its author, its instant and its reason. A step noted by
mistake is undone by a step of its own (`corrections`).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from booking.domain.capacity import class_of
from booking.domain.intervals import Interval
from booking.domain.kinds import Compartment, Kind
from booking.domain.resources import Resource, ResourceKind, of_session
from booking.domain.sessions import Session


class State(StrEnum):
    HELD = "held"
    BOOKED = "booked"
    ARRIVED = "arrived"
    IN_PREPARATION = "in_preparation"
    IN_CONSULTATION = "in_consultation"
    DONE = "done"
    NO_SHOW = "no_show"
    LEFT_UNSEEN = "left_unseen"
    EXCUSED = "excused"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Action(StrEnum):
    BOOK = "book"
    EXPIRE = "expire"
    MOVE = "move"
    CANCEL = "cancel"
    EXCUSE = "excuse"
    ARRIVE = "arrive"
    PREPARE = "prepare"
    START = "start"
    FINISH = "finish"
    NOTE_NO_SHOW = "note_no_show"
    LEAVE = "leave"


_HERE = frozenset({State.ARRIVED, State.IN_PREPARATION})

_STEPS: dict[Action, tuple[frozenset[State], State]] = {
    Action.BOOK: (frozenset({State.HELD}), State.BOOKED),
    Action.EXPIRE: (frozenset({State.HELD}), State.EXPIRED),
    Action.MOVE: (frozenset({State.BOOKED}), State.BOOKED),
    Action.CANCEL: (frozenset({State.HELD, State.BOOKED}) | _HERE, State.CANCELLED),
    Action.EXCUSE: (frozenset({State.BOOKED, State.NO_SHOW}), State.EXCUSED),
    Action.ARRIVE: (frozenset({State.BOOKED}), State.ARRIVED),
    Action.PREPARE: (frozenset({State.ARRIVED}), State.IN_PREPARATION),
    Action.START: (_HERE, State.IN_CONSULTATION),
    Action.FINISH: (frozenset({State.IN_CONSULTATION}), State.DONE),
    Action.NOTE_NO_SHOW: (frozenset({State.BOOKED}), State.NO_SHOW),
    Action.LEAVE: (_HERE, State.LEFT_UNSEEN),
}

OFFERS = "waiting_list"  # the channel of holds that are offers of the waiting list
GIVEN_BACK = "replaced_by_offer"  # why an appointment was cancelled for a sooner one
PLACE_BACK = "place_back"  # why an appointment that had lost its place has one again

WAITING = _HERE  # in the waiting room or in preparation
ACTIVE = frozenset({State.HELD, State.BOOKED, State.IN_CONSULTATION}) | _HERE
RELEASING = frozenset({State.CANCELLED, State.EXCUSED, State.EXPIRED})  # the resources are free again
# The patient is not there, or not any more, and may be expected elsewhere.
_GONE = frozenset({State.DONE, State.NO_SHOW, State.LEFT_UNSEEN})


def after(state: State, action: Action) -> State | None:
    """The state that `action` leads to, or nothing when it is not possible from `state`."""
    sources, target = _STEPS[action]
    return target if state in sources else None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the trail. `by` is the opaque subject of the actor; `why` a code; `undoes` the version of the step
    that a correction takes back."""

    version: int
    state: State
    at: datetime
    by: str
    why: str | None = None
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Companion:
    """Who takes part besides the practitioner, and when: an assistant who prepares, a social worker who sits in.
    `session` is theirs, and so is `room`, when it happens there."""

    professional: UUID
    role: str
    session: UUID
    period: Interval
    room: str | None = None

    def resources(self, site: UUID) -> tuple[Resource, ...]:
        """What this takes besides what the appointment takes."""
        return of_session(site, self.professional, self.room)


@dataclass(frozen=True, slots=True)
class Appointment:
    """One appointment as it stands. `version` grows by one at each step and is the sequence of its event.

    `rests_until`: given up, its place rests for the waiting list until then. `party`: asked for together with others.
    `named`: the patient asked for this very practitioner. `preparation_start`: the patient is expected then. `call_…`:
    the order of calls decided by hand.
    """

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
    prepared_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    left_at: datetime | None = None
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
    rests_until: datetime | None = None
    party: UUID | None = None
    named: bool = True
    preparation_start: datetime | None = None
    others: tuple[Companion, ...] = ()
    call_place: str | None = None
    call_before: UUID | None = None
    call_decided_at: datetime | None = None
    neutral_wording: bool = False
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
            neutral_wording=kind.neutral_wording,
            **how,
        )  # fmt: skip

    @property
    def gives_its_place_back(self) -> bool:
        """Whether all its resources are free again: cancelled or expired, or left before the hour agreed."""
        left_before = self.state is State.LEFT_UNSEEN and self.left_at is not None and self.left_at < self.period.start
        return left_before or self.state in RELEASING

    @property
    def gives_back(self) -> frozenset[ResourceKind]:
        """What of its resources is free again, once it rests no more. Of somebody who did not come, left after the hour
        agreed, or has been seen, only their own time: the practitioner's and the room's stays taken as agreed."""
        if self.gives_its_place_back:
            return frozenset(ResourceKind)
        return frozenset({ResourceKind.PATIENT}) if self.state in _GONE else frozenset()

    @property
    def occupied(self) -> Interval:
        """The practitioner's time, buffers included."""
        return Interval(self.period.start - self.buffer_before, self.period.end + self.buffer_after)

    @property
    def expected_at(self) -> datetime:
        """When the patient is to come: for the preparation, when there is one."""
        return self.preparation_start or self.period.start

    @property
    def whole(self) -> Interval:
        """From the first moment in which it takes anything to the last."""
        return Interval(min(self.occupied.start, self.expected_at), self.occupied.end)

    def takes(self, resource: Resource) -> Interval:
        """When it takes that resource: the buffers are the practitioner's alone, who takes part besides has an hour of
        their own, and the patient is there from the preparation on. So is the room, when it happens there."""
        if besides := [other.period for other in self.others if resource in other.resources(self.site)]:
            return Interval(min(besides).start, max(period.end for period in besides))
        if resource.kind is ResourceKind.PRACTITIONER:
            return self.occupied
        prepared_elsewhere = any(companion.room for companion in self.others)
        if resource.kind is ResourceKind.ROOM and prepared_elsewhere:
            return self.period
        return Interval(self.expected_at, self.period.end)

    def in_company(self, others: tuple[Companion, ...]) -> "Appointment":
        """The same, with those who take part besides."""
        first = min((companion.period.start for companion in others), default=self.period.start)
        return replace(self, others=others, preparation_start=first if first < self.period.start else None)

    @property
    def may_be_told(self) -> bool:
        """Whether a text about it may leave: the desk wants it, and nothing silent is ever told."""
        return self.notify and self.compartment != Compartment.SILENT

    @property
    def is_offer(self) -> bool:
        """A place that the waiting list keeps for somebody until they answer."""
        return self.state is State.HELD and self.channel == OFFERS

    def has_expired(self, now: datetime) -> bool:
        """True for a hold whose time is over, whether or not that has been written down yet."""
        return self.state is State.HELD and self.expires_at is not None and self.expires_at <= now

    def step(self, action: Action, at: datetime, by: str, *, why: str | None = None, **changes: Any) -> "Appointment":
        """This appointment one step further; raises `ValueError` when the step is not possible (see `after`)."""
        state = after(self.state, action)
        if state is None:
            raise ValueError(f"cannot {action} an appointment that is {self.state}")
        return self.noted(Step(self.version + 1, state, at, by, why), **changes)

    def expired(self, at: datetime, by: str, cool_down: timedelta) -> "Appointment":
        """A hold once its time is over, noted at `at`. The place of an offer rests from the end of its time on: the
        next who waits has first call."""
        assert self.expires_at is not None
        until = rest_of(self.period.start, self.expires_at, cool_down) if self.is_offer else None
        return self.step(Action.EXPIRE, at, by, rests_until=until if until is not None and until > at else None)

    def noted(self, step: Step, **changes: Any) -> "Appointment":
        """This appointment with one line more on its trail."""
        return replace(self, state=step.state, version=step.version, trail=(*self.trail, step), **changes)

    def moved_to(self, session: Session, period: Interval, at: datetime, by: str, *, notify: bool) -> "Appointment":
        """This appointment in another place; the practitioner may change."""
        return self.step(
            Action.MOVE, at, by,
            session=session.id, site=session.site, day=session.day, period=period,
            professional=session.professional, role=session.role, notify=notify,
        )  # fmt: skip

    def done_as(self, kind: Kind, mode: str) -> "Appointment":
        """The same appointment as one of that kind and mode; what was worded neutrally stays so."""
        return replace(
            self, kind=kind.code, kind_version=kind.version, mode=mode,
            buffer_before=kind.buffer_before, buffer_after=kind.buffer_after,
            neutral_wording=self.neutral_wording or kind.neutral_wording,
        )  # fmt: skip


def is_late(start: datetime, now: datetime, notice: timedelta) -> bool:
    """True when a cancellation at `now` leaves less than `notice` before the appointment."""
    return start - now < notice


def rest_of(start: datetime, now: datetime, cool_down: timedelta) -> datetime | None:
    """Until when a place given up at `now` rests for the waiting list before it is offered to all. Nothing when the
    rest would last until its hour: a place about to begin is for whoever comes first."""
    until = now + cool_down
    return until if now < until < start else None


def waited(appointment: Appointment, now: datetime) -> timedelta | None:
    """Time at the site before being seen: from arrival to the start of the consultation, to the departure of somebody
    who left unseen, or to `now` for who still waits (preparation is part of the wait). Nothing for who has not come."""
    if appointment.arrived_at is None:
        return None
    until = appointment.started_at or appointment.left_at or (now if appointment.state in WAITING else None)
    return None if until is None else max(until - appointment.arrived_at, timedelta())
