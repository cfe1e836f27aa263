"""Closures of sites and rooms, absences of professionals: note, end, see."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi import Query as Parameter
from pydantic import BaseModel

from booking import problems
from booking.api.agenda_parts import CONSENT, PERIOD, FollowedView, SkippedView
from booking.api.parts import PROFESSIONAL, SITE, LocalTime, SessionView, example, rules_of
from booking.api.rights import Right, allow
from booking.domain.desk_reasons import AbsenceReason, ClosureReason
from booking.store.closures import Closure
from booking.use_cases.calendar import see_agenda
from booking.use_cases.calendar.close_site import ClosureRequest, close_site, reopen_site
from booking.use_cases.calendar.note_absence import AbsenceRequest, end_absence, note_absence
from booking.use_cases.calendar.reshaping import Consent
from booking.use_cases.calendar.shutting import Days, Shut
from smp.bodies import Flag
from smp.http import Body, Command, Day, Query, ShortText, describe

router = APIRouter(prefix="/v1", tags=["fermetures et absences"])


class DaysBody(Body):
    """From `start` of `day` to `end` of `last_day`, local time: whole days without hours, one day without
    `last_day`."""

    site: UUID
    day: Day
    last_day: Day | None = None
    start: LocalTime | None = None
    end: LocalTime | None = None
    cancel_appointments: Flag = False
    notify: Flag = True

    def days(self) -> Days:
        return Days(self.day, self.last_day, self.start, self.end)


class Close(DaysBody):
    """A site, or one of its rooms, receives nobody."""

    model_config = example({"site": SITE, "day": "2027-05-07", "reason": "bridge_day", "cancel_appointments": False})

    reason: ClosureReason
    room: ShortText | None = None

    def request(self) -> ClosureRequest:
        consent = Consent(self.reason, self.cancel_appointments, self.notify)
        return ClosureRequest(self.site, self.days(), consent, self.room)


class NoteAbsence(DaysBody):
    """A professional is away, from every site; the days are those of `site`'s clock. Planners read why; no event says
    it."""

    model_config = example(
        {"site": SITE, "professional": PROFESSIONAL, "day": "2027-02-15", "last_day": "2027-02-26", "reason": "leave"}
    )

    professional: UUID
    reason: AbsenceReason

    def request(self) -> AbsenceRequest:
        return AbsenceRequest(
            self.site, self.professional, self.days(), self.reason, self.cancel_appointments, self.notify
        )


class Reopen(Body):
    """The first day on which it is over; now when missing."""

    model_config = example({"from_day": "2027-02-22"})

    from_day: Day | None = None


class ShutView(BaseModel):
    """What was noted, and what it did to sessions and appointments: `appointments` were cancelled, so many others stand
    `without_place`: no text may tell these patients, or they are here already. Whoever knows of them speaks with them.
    """

    id: UUID
    start: datetime
    end: datetime
    sessions: list[UUID]
    changed: list[SessionView]
    opened: list[SessionView]
    appointments: list[UUID]
    without_place: int
    skipped: list[SkippedView]

    @classmethod
    def of(cls, it: Shut) -> "ShutView":
        return cls(
            id=it.closure.id,
            start=it.closure.period.start,
            end=it.closure.period.end,
            sessions=list(it.done.cancelled),
            changed=[SessionView.of(session) for session in it.done.changed],
            opened=[SessionView.of(session) for session in it.done.opened],
            appointments=list(it.done.appointments),
            without_place=it.done.without_place,
            skipped=[SkippedView.of(each) for each in it.skipped],
        )


class ClosureView(BaseModel):
    """A closure of a site or a room, or an absence of a professional."""

    id: UUID
    site: UUID
    room: str | None
    professional: UUID | None
    start: datetime
    end: datetime
    reason: str

    @classmethod
    def of(cls, it: Closure) -> "ClosureView":
        return cls(
            id=it.id,
            site=it.site,
            room=it.room,
            professional=it.professional,
            start=it.period.start,
            end=it.period.end,
            reason=it.reason,
        )


class ClosuresView(BaseModel):
    """In order of beginning."""

    closures: list[ClosureView]

    @classmethod
    def of(cls, found: list[Closure]) -> "ClosuresView":
        return cls(closures=[ClosureView.of(each) for each in found])


First = Annotated[Day, Parameter(alias="from")]
Last = Annotated[Day, Parameter(alias="to")]
_SEEN = describe(problems.SITE_UNKNOWN, problems.PERIOD_TOO_LONG)


@router.post(
    "/closures",
    status_code=201,
    response_model=ShutView,
    responses=describe(problems.SITE_UNKNOWN, problems.DAY_ALREADY_CLOSED, *PERIOD, *CONSENT, problems.SESSION_OVERLAP),
)
async def close(body: Close, command: Command) -> Response:
    """Close a site or a room for some hours or days; sessions are cut or cancelled, refused with the list while
    patients are expected, unless their appointments go too."""
    allow(command, Right.PLAN, body.site)
    return await command.once(
        lambda tx: close_site(tx, body.request(), rules_of(command), actor=command.actor, now=command.now), ShutView.of
    )


@router.post(
    "/closures/{closure}/end",
    response_model=FollowedView,
    responses=describe(
        problems.CLOSURE_UNKNOWN, problems.CLOSURE_OVER, problems.SITE_UNKNOWN, problems.SESSION_OVERLAP
    ),
)
async def reopen(closure: UUID, body: Reopen, command: Command) -> Response:
    """The closure ends earlier; one that has not begun is withdrawn. The days of rules come back."""
    allow(command, Right.PLAN)
    return await command.once(
        lambda tx: reopen_site(tx, closure, body.from_day, rules_of(command), actor=command.actor, now=command.now),
        FollowedView.of,
    )


@router.get("/closures", response_model=ClosuresView, responses=_SEEN)
async def see_closures(query: Query, site: UUID, first: First, last: Last) -> ClosuresView:
    """Closures of a site and its rooms that touch these days."""
    allow(query, Right.PLAN, site)
    async with query.transaction() as tx:
        return ClosuresView.of(await see_agenda.see_closures(tx, see_agenda.Days(site, first, last)))


@router.post(
    "/absences",
    status_code=201,
    response_model=ShutView,
    responses=describe(
        problems.SITE_UNKNOWN,
        problems.PROFESSIONAL_UNKNOWN,
        problems.PROFESSIONAL_ELSEWHERE,
        problems.ALREADY_ABSENT,
        *PERIOD,
        *CONSENT,
        problems.SESSION_OVERLAP,
    ),
)
async def absent(body: NoteAbsence, command: Command) -> Response:
    """Note an absence; the professional's sessions are cut or cancelled on the same terms as by a closure."""
    allow(command, Right.PLAN, body.site)
    return await command.once(
        lambda tx: note_absence(tx, body.request(), rules_of(command), actor=command.actor, now=command.now),
        ShutView.of,
    )


@router.post(
    "/absences/{absence}/end",
    response_model=FollowedView,
    responses=describe(
        problems.ABSENCE_UNKNOWN, problems.CLOSURE_OVER, problems.PROFESSIONAL_UNKNOWN, problems.SESSION_OVERLAP
    ),
)
async def back(absence: UUID, body: Reopen, command: Command) -> Response:
    """The absence ends earlier; one that has not begun is withdrawn. The days of rules come back."""
    allow(command, Right.PLAN)
    return await command.once(
        lambda tx: end_absence(tx, absence, body.from_day, rules_of(command), actor=command.actor, now=command.now),
        FollowedView.of,
    )


@router.get("/absences", response_model=ClosuresView, responses=_SEEN)
async def see_absences(query: Query, site: UUID, first: First, last: Last) -> ClosuresView:
    """Absences of those who work at a site that touch these days."""
    allow(query, Right.PLAN, site)
    async with query.transaction() as tx:
        return ClosuresView.of(await see_agenda.see_absences(tx, see_agenda.Days(site, first, last)))
