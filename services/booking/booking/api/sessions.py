"""Sessions: open one, change or cancel one occurrence, see them."""

from datetime import timedelta
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi import Query as Parameter
from pydantic import BaseModel, model_validator

from booking import problems
from booking.api.agenda_parts import (
    CONSENT,
    NOT_THEN,
    ONE_ROOM,
    ORDER,
    STAFF,
    AgendaView,
    ExcessView,
    Shares,
    counted,
    require_countable,
)
from booking.api.parts import (
    PROFESSIONAL,
    SITE,
    Equipment,
    Kinds,
    LocalTime,
    SessionView,
    SlotMinutes,
    example,
    rules_of,
)
from booking.api.rights import Right, allow
from booking.domain.desk_reasons import SessionReason
from booking.use_cases.calendar.cancel_session import SessionsCancelled, cancel_session
from booking.use_cases.calendar.change_session import SessionChange, SessionChanged, change_session
from booking.use_cases.calendar.open_session import Opened, SessionRequest, open_session
from booking.use_cases.calendar.reshaping import Consent
from booking.use_cases.calendar.see_agenda import Days, see_sessions
from smp.bodies import Flag
from smp.http import Body, Command, Day, Query, ShortText, describe

router = APIRouter(prefix="/v1", tags=["vacations"])


class OpenSession(Body):
    """One session, on a day, in local time of the site."""

    model_config = example(
        {
            "site": SITE,
            "professional": PROFESSIONAL,
            "kinds": ["consultation"],
            "day": "2027-01-11",
            "start": "14:00",
            "end": "18:00",
            "slot_minutes": 20,
        }
    )

    site: UUID
    professional: UUID
    room: ShortText | None = None
    kinds: Kinds
    day: Day
    start: LocalTime
    end: LocalTime
    slot_minutes: SlotMinutes = 20
    shares: Shares = ()
    equipment: Equipment = frozenset()

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.start >= self.end:
            raise ORDER
        return self

    def request(self) -> SessionRequest:
        return SessionRequest(
            site=self.site,
            professional=self.professional,
            kinds=frozenset(self.kinds),
            day=self.day,
            start=self.start,
            end=self.end,
            grid=timedelta(minutes=self.slot_minutes),
            room=self.room,
            shares=counted(self.shares, self.slot_minutes),
            equipment=self.equipment,
        )


class OpenedView(SessionView):
    """The session that was opened, and what the secretary should know."""

    warnings: list[str]
    excess: ExcessView

    @classmethod
    def opened(cls, it: Opened) -> "OpenedView":
        return cls(
            **SessionView.of(it.session).model_dump(), warnings=list(it.warnings), excess=ExcessView.of(it.excess)
        )


class CancelSession(Body):
    """Why (a code), and whether the appointments go with it."""

    model_config = example({"reason": "practitioner_away", "cancel_appointments": True, "notify": True})

    reason: SessionReason
    cancel_appointments: Flag = False
    notify: Flag = True

    def consent(self) -> Consent:
        return Consent(self.reason, self.cancel_appointments, self.notify)


class ChangeSession(CancelSession):
    """One occurrence is otherwise; what is not named stays. Hours are those of the site's clock. `shares` are all that
    is kept, none when empty."""

    model_config = example({"end": "11:00", "reason": "meeting", "cancel_appointments": False})

    day: Day | None = None
    start: LocalTime | None = None
    end: LocalTime | None = None
    room: ShortText | None = None
    any_room: Flag = False
    kinds: Kinds | None = None
    equipment: Equipment | None = None
    slot_minutes: SlotMinutes | None = None
    professional: UUID | None = None
    shares: Shares | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.room is not None and self.any_room:
            raise ONE_ROOM
        require_countable(self.shares, self.slot_minutes)
        return self

    def change(self) -> SessionChange:
        return SessionChange(
            consent=self.consent(),
            day=self.day,
            start=self.start,
            end=self.end,
            room=self.room,
            any_room=self.any_room,
            kinds=frozenset(self.kinds) if self.kinds else None,
            equipment=self.equipment,
            grid=timedelta(minutes=self.slot_minutes) if self.slot_minutes else None,
            professional=self.professional,
            shares=None if self.shares is None else counted(self.shares, self.slot_minutes or 1),
        )


class ChangedView(OpenedView):
    """The session as it is now, and the appointments that were cancelled. So many others stand `without_place`: no text
    may tell these patients, or they are here already; whoever knows of them speaks with them."""

    appointments: list[UUID]
    without_place: int

    @classmethod
    def changed(cls, it: SessionChanged) -> "ChangedView":
        opened = OpenedView.opened(it.opened).model_dump()
        return cls(**opened, appointments=list(it.appointments), without_place=it.without_place)


class CancelledView(BaseModel):
    """What no longer takes place. So many appointments stand `without_place`: no text may tell these patients, or they
    are here already; whoever knows of them speaks with them."""

    sessions: list[UUID]
    appointments: list[UUID]
    without_place: int

    @classmethod
    def of(cls, it: SessionsCancelled) -> "CancelledView":
        return cls(sessions=list(it.sessions), appointments=list(it.appointments), without_place=it.without_place)


@router.post(
    "/sessions",
    status_code=201,
    response_model=OpenedView,
    responses=describe(*STAFF, *NOT_THEN),
)
async def open_one(body: OpenSession, command: Command) -> Response:
    """Open one session."""
    allow(command, Right.PLAN, body.site)
    return await command.once(
        lambda tx: open_session(tx, body.request(), rules_of(command), actor=command.actor, now=command.now),
        OpenedView.opened,
    )


@router.post(
    "/sessions/{session}/change",
    response_model=ChangedView,
    responses=describe(
        problems.SESSION_UNKNOWN,
        problems.SESSION_CANCELLED,
        problems.SESSION_BEGUN,
        problems.NOTHING_TO_CHANGE,
        problems.END_BEFORE_START,
        *STAFF,
        *NOT_THEN,
        *CONSENT,
    ),
)
async def change(session: UUID, body: ChangeSession, command: Command) -> Response:
    """Edit, move, shorten one occurrence, or give it to a replacement; its rule leaves it alone from then on. Refused
    with the list while patients are expected outside its new hours, unless their appointments go too."""
    allow(command, Right.PLAN)
    return await command.once(
        lambda tx: change_session(tx, session, body.change(), rules_of(command), actor=command.actor, now=command.now),
        ChangedView.changed,
    )


@router.post(
    "/sessions/{session}/cancellation",
    response_model=CancelledView,
    responses=describe(problems.SESSION_UNKNOWN, problems.SESSION_CANCELLED, *CONSENT),
)
async def cancel(session: UUID, body: CancelSession, command: Command) -> Response:
    """Cancel a session; refused with the list while patients are expected, unless their appointments go too."""
    allow(command, Right.PLAN)
    return await command.once(
        lambda tx: cancel_session(tx, session, body.consent(), rules_of(command), actor=command.actor, now=command.now),
        CancelledView.of,
    )


@router.get(
    "/sessions",
    response_model=AgendaView,
    responses=describe(problems.SITE_UNKNOWN, problems.PERIOD_TOO_LONG),
)
async def see(
    query: Query,
    site: UUID,
    first: Annotated[Day, Parameter(alias="from")],
    last: Annotated[Day, Parameter(alias="to")],
    professional: UUID | None = None,
    cancelled: bool = False,
    unsupported: bool = False,
) -> AgendaView:
    """The sessions of a site between two days, both included, and the days that rules skip, with the reason.
    `unsupported` lists those that registry's facts speak against although patients are expected."""
    allow(query, Right.SEE_AGENDA, site)
    async with query.transaction() as tx:
        days = Days(site, first, last, professional, cancelled, unsupported)
        return AgendaView.of(await see_sessions(tx, days, rules_of(query), reader=query.actor))
