"""The agenda of one centre for one day: its sessions exist before the first call, and where there is room."""

from datetime import datetime, timedelta
from uuid import UUID

from smp_local.day.calendar import at
from smp_local.day.plan import CentreDay, Place, Visit
from smp_local.trouble import Trouble
from smp_local.worlds.centre import Shift
from smp_local.worlds.opening import NOT_HEARD_YET
from smp_local.worlds.platform import Json, Platform

NOTICE = timedelta(minutes=20)  # nobody is at the centre a minute after having called
DAY = timedelta(days=1)
UNDER_WAY = frozenset({"booked", "arrived", "in_preparation", "in_consultation", "left_unseen", "done", "no_show"})


class Agenda:
    """Knows the session of each shift, hence of each slot, of the day."""

    def __init__(self, platform: Platform, plan: CentreDay) -> None:
        self._platform, self._plan = platform, plan
        self._sessions: dict[Shift, str] = {}
        self.expected: dict[str, Json] = {}  # by patient: who is on the day's list when the play begins

    async def open(self) -> None:
        """Find the day's sessions; those that no weekly rule has opened (a day too far or gone by) are opened now.

        Raises Trouble when a session can neither be found nor opened.
        """
        self.expected = {line["patient"]: line for line in await self.lines() if line["state"] in UNDER_WAY}
        await self._find_in_availability()
        for shift in self._missing():
            await self._open(shift)
        if self._missing():
            await self._find_in_appointments()
        if self._missing():
            raise Trouble(
                f"L'agenda de {self._plan.centre.label} n'a pas pu être ouvert ce jour-là.",
                "Le centre est peut-être fermé ce jour-là : choisissez une autre date.",
            )

    def slot(self, place: Place) -> Json | None:
        """A slot as a booking names it."""
        return self.slot_of(place.professional, place.start)

    def slot_of(self, professional: UUID, start: datetime) -> Json | None:
        """The slot of a practitioner at an instant, taken or not; None when they do not receive then."""
        local = start.astimezone(self._plan.centre.zone).time()
        for shift, session in self._sessions.items():
            if shift.who.id == professional and shift.start <= local < shift.end:
                return {"session": session, "start": start.isoformat()}
        return None

    async def first_free(self, visit: Visit, patient: str) -> Json | None:
        """The first slot that the patient can reach in time."""
        slots = await self.free(visit.kind, visit.calls_at + NOTICE, patient)
        return slots[0] if slots else None

    async def free(self, kind: str, start: datetime, patient: str | None = None) -> list[Json]:
        """Free slots from an instant to the end of the day."""
        plan = self._plan
        answer = await self._platform.read(
            plan.centre.staff("secretary"), "booking", "/v1/availability", site=plan.centre.site, kind=kind,
            from_=start.isoformat(), to=(at(plan.centre, plan.day, 0) + DAY).isoformat(), patient=patient, limit=500,
        )  # fmt: skip
        return list(answer.body.get("slots", [])) if answer.ok else []

    async def lines(self) -> list[Json]:
        """The day's list as the secretariat sees it."""
        path = f"/v1/sites/{self._plan.centre.site}/day"
        who = self._plan.centre.staff("coordinator")
        answer = await self._platform.read(who, "booking", path, date=self._plan.day.isoformat())
        return list(answer.body["lines"]) if answer.ok else []

    def _missing(self) -> list[Shift]:
        return [shift for shift in self._plan.shifts if shift not in self._sessions]

    async def _find_in_availability(self) -> None:
        midnight = at(self._plan.centre, self._plan.day, 0)
        for kind in sorted({kind for shift in self._plan.shifts for kind in shift.kinds}):
            for slot in await self.free(kind, midnight):
                self._learn(slot["professional"], slot["start"], slot["session"])

    async def _find_in_appointments(self) -> None:
        """A session whose slots are all taken shows only in its appointments."""
        who = self._plan.centre.staff("coordinator")
        for line in await self.lines():
            found = await self._platform.read(who, "booking", f"/v1/appointments/{line['appointment']}")
            if found.ok:
                self._learn(found.body["professional"], found.body["start"], found.body["session"])

    def _learn(self, professional: str, start: str, session: str) -> None:
        local = datetime.fromisoformat(start).astimezone(self._plan.centre.zone).time()
        for shift in self._plan.shifts:
            if shift.who.id == UUID(professional) and shift.start <= local < shift.end:
                self._sessions.setdefault(shift, session)

    async def _open(self, shift: Shift) -> None:
        plan = self._plan
        body = {
            "site": str(plan.centre.site),
            "professional": str(shift.who.id),
            "room": shift.room,
            "kinds": list(shift.kinds),
            "day": plan.day.isoformat(),
            "start": shift.start.isoformat("minutes"),
            "end": shift.end.isoformat("minutes"),
            "slot_minutes": shift.slot_minutes,
        }
        key = f"day/{plan.day}/{plan.centre.key}/session/{shift.who.name}/{shift.start:%H%M}"
        answer = await self._platform.command(
            plan.centre.staff("coordinator"), "booking", "/v1/sessions", body, key=key, again_on=NOT_HEARD_YET
        )
        if answer.ok:
            self._sessions[shift] = answer.body["session"]
