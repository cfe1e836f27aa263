"""The secretariat and the rooms of one centre, living one planned day through the public interfaces.

Every command has a key made of day, seed and visit: played again it finds its own answers and does nothing twice.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from smp_local import milestones
from smp_local.day.agenda import Agenda
from smp_local.day.conductor import Conductor, Step
from smp_local.day.plan import REFUSES_TEXTS, CentreDay, Visit
from smp_local.trouble import Trouble
from smp_local.worlds.opening import NOT_HEARD_YET, ensure_patient
from smp_local.worlds.platform import Answer, Json, Platform, Staff

TRIES = 6  # slots that a patient accepts to be proposed
LINES = 2  # telephones of a secretariat, besides its desk
CALLED_IN = timedelta(minutes=5)  # a practitioner who is free takes a patient this long before the hour
ABSENT_AFTER = timedelta(minutes=20)


@dataclass
class Seat:
    """Somebody in the waiting room."""

    visit: Visit
    appointment: str
    start: datetime
    arrived_at: datetime


@dataclass
class Counts:
    """What a person who watches wants to know."""

    booked: int = 0
    waiting: int = 0
    seen: int = 0
    absent: int = 0
    cancelled: int = 0
    unserved: int = 0
    refusals: Counter[str] = field(default_factory=Counter)


class Desk:
    """One centre at work. `appointments` holds the ids by the name of the visit."""

    def __init__(self, platform: Platform, conductor: Conductor, plan: CentreDay, agenda: Agenda) -> None:
        self.platform, self.conductor, self.plan, self.agenda = platform, conductor, plan, agenda
        self.counts = Counts()
        self.appointments: dict[str, str] = {}
        self.patients: dict[str, str] = {}
        self._starts: dict[str, datetime] = {}
        self._who: dict[str, UUID] = {}
        self._waiting: dict[UUID, list[Seat]] = {}
        self._busy: set[UUID] = set()
        self._lines = asyncio.Semaphore(LINES)
        self._secretaries = plan.centre.secretaries()
        self._tokens = {member.id: plan.centre.token_of(member) for member in plan.centre.members}
        conductor.on_minute.append(self._call_in)

    def schedule(self) -> None:
        """Put every call and every visit without appointment on the conductor's list."""
        for visit in self.plan.visits:
            step = self._walk_in if visit.walks_in else self._answer_the_phone
            self.conductor.at(visit.calls_at, lambda visit=visit, step=step: step(visit))  # type: ignore[misc]

    def key(self, visit: Visit | str, what: str) -> str:
        name = visit if isinstance(visit, str) else visit.name
        return f"day/{self.plan.day}/{self.plan.seed}/{self.plan.centre.key}/{name}/{what}"

    def secretary(self, visit: Visit) -> Staff:
        return self._secretaries[visit.person.index % len(self._secretaries)]

    def is_at_its_place(self, visit: Visit) -> bool:
        """Whether the patient had the slot that the plan wished."""
        return visit.place is not None and self._starts.get(visit.name) == visit.place.start

    # --- on the phone ---------------------------------------------------------------------------------------

    async def _answer_the_phone(self, visit: Visit) -> None:
        async with self._lines:
            patient = await self.find_file(visit)
            booked = self.agenda.expected.get(patient) or await self._book(visit, patient)
        if booked is None:
            self.counts.unserved += 1
            return
        self.counts.booked += 1
        milestones.reach(milestones.FIRST_BOOKING)
        self._expect(visit, booked)

    async def find_file(self, visit: Visit) -> str:
        """The patient's file, opened now for somebody new."""
        patient = await ensure_patient(self.platform, self.plan.centre, visit.person)
        self.patients[visit.name] = patient
        if visit.person.index == REFUSES_TEXTS:
            await self._note_refusal(visit, patient)
        return patient

    async def _note_refusal(self, visit: Visit, patient: str) -> None:
        """The patient of this file wants no texts any more, and says so when calling."""
        phones = [{**phone, "text_consent": False} for phone in visit.person.phones()]
        path, key = f"/v1/patients/{patient}/contact", self.key(visit, "no-texts")
        await self.platform.command(self.secretary(visit), "registry", path, {"phones": phones}, key=key)

    async def _book(self, visit: Visit, patient: str) -> Json | None:
        """The wished slot, or the first one proposed that is still free when we ask for it."""
        slot = self.agenda.slot(visit.place) if visit.place else await self.agenda.first_free(visit, patient)
        for attempt in range(TRIES):
            if slot is None:
                return None
            answer = await self._take(visit, patient, slot, attempt)
            if answer.ok:
                return dict(answer.body)
            self.note(answer)
            if answer.slug == "patient-not-eligible":
                return None
            slot = next(iter(answer.alternatives), None)
        return None

    async def _take(self, visit: Visit, patient: str, slot: Json, attempt: int) -> Answer:
        who, suffix = self.secretary(visit), f"-{attempt}" if attempt else ""
        wish = {
            "session": slot["session"],
            "start": slot["start"],
            "kind": visit.kind,
            "patient": patient,
            "channel": "phone",
            "requested_at": visit.calls_at.astimezone(UTC).isoformat(),
        }
        if visit.holds:
            held = await self._do(who, "/v1/holds", wish, self.key(visit, f"hold{suffix}"))
            if not held.ok:
                return held
            confirm = {"patient": patient, "hold": held.body["appointment"], "notify": True}
            return await self._do(who, "/v1/appointments", confirm, self.key(visit, f"book{suffix}"))
        return await self._do(who, "/v1/appointments", {**wish, "notify": True}, self.key(visit, f"book{suffix}"))

    def _expect(self, visit: Visit, booked: Json) -> None:
        self._place(visit, booked)
        if visit.changes_at:
            change = self._move if visit.moves_to else self._cancel
            self.conductor.at(visit.changes_at, lambda: change(visit))
        if visit.fate == "comes":
            early = timedelta(minutes=visit.early)
            self.conductor.at(max(self._starts[visit.name] - early, self.conductor.now), lambda: self._arrive(visit))
        if visit.fate == "absent":
            self.conductor.at(self._starts[visit.name] + ABSENT_AFTER, lambda: self._miss(visit))

    def _place(self, visit: Visit, booked: Json) -> None:
        self.appointments[visit.name] = booked["appointment"]
        self._starts[visit.name] = datetime.fromisoformat(booked["start"])
        self._who[visit.name] = UUID(booked["professional"])

    async def _move(self, visit: Visit) -> None:
        assert visit.moves_to is not None
        slot = self.agenda.slot(visit.moves_to)
        if slot is None:
            return
        body = {"session": slot["session"], "start": slot["start"], "notify": True}
        answer = await self._step(visit, "move", body)
        if answer.ok:
            self._place(visit, answer.body)

    async def _cancel(self, visit: Visit) -> None:
        by_patient = visit.fate == "cancels"
        body = {"by": "patient", "reason": "excused"} if by_patient else {"by": "centre", "reason": "organisation"}
        if (await self._step(visit, "cancellation", {**body, "notify": True})).ok:
            self.counts.cancelled += 1

    # --- at the desk and in the rooms -----------------------------------------------------------------------

    async def _walk_in(self, visit: Visit) -> None:
        patient = await self.find_file(visit)
        if patient in self.agenda.expected:
            self._place(visit, self.agenda.expected[patient])
            self._seat(visit)
            return
        body = {"site": str(self.plan.centre.site), "patient": patient, "kind": visit.kind}
        answer = await self._do(self.secretary(visit), "/v1/walk-ins", body, self.key(visit, "walk-in"))
        if not answer.ok:
            self.note(answer)
            self.counts.unserved += 1
            return
        self.counts.booked += 1
        self._place(visit, answer.body)
        self._seat(visit)

    async def _arrive(self, visit: Visit) -> None:
        due = self._starts[visit.name] - timedelta(minutes=visit.early)
        if due > self.conductor.now:  # moved meanwhile
            self.conductor.at(due, lambda: self._arrive(visit))
            return
        if (await self._step(visit, "arrival", None)).ok:
            self._seat(visit)

    def _seat(self, visit: Visit) -> None:
        seat = Seat(visit, self.appointments[visit.name], self._starts[visit.name], self.conductor.now)
        self._waiting.setdefault(self._who[visit.name], []).append(seat)
        self.counts.waiting += 1

    async def _miss(self, visit: Visit) -> None:
        if (await self._step(visit, "no-show", None)).ok:
            self.counts.absent += 1

    def _call_in(self) -> Iterable[Step]:
        """Each practitioner who is free takes the patient whose hour comes first."""
        for who, seats in self._waiting.items():
            ready = [seat for seat in seats if self._may_go_in(who, seat)]
            if who in self._busy or not ready:
                continue
            seat = min(ready, key=lambda seat: seat.start)
            seats.remove(seat)
            self._busy.add(who)
            yield lambda who=who, seat=seat: self._treat(who, seat)  # type: ignore[misc]

    def _may_go_in(self, who: UUID, seat: Seat) -> bool:
        """At the hour of the appointment, or a little before; without appointment as soon as somebody receives."""
        if seat.start <= self.conductor.now:
            return True
        early = seat.visit.walks_in or seat.start - CALLED_IN <= self.conductor.now
        local = self.conductor.now.astimezone(self.plan.centre.zone).time()
        return early and any(s.start <= local < s.end for s in self.plan.shifts if s.who.id == who)

    async def _treat(self, who: UUID, seat: Seat) -> None:
        self.counts.waiting -= 1
        answer = await self._step(seat.visit, "start", None, who=self._tokens[who])
        if not answer.ok:
            self._busy.discard(who)
            return
        end = self.conductor.now + timedelta(minutes=seat.visit.minutes)
        self.conductor.at(end, lambda: self._finish(who, seat.visit))

    async def _finish(self, who: UUID, visit: Visit) -> None:
        noted = {"severity": visit.severity, "otherwise_emergency": visit.otherwise_emergency}
        body = {"outcome": visit.outcome, **(noted if visit.severity else {})}
        self._busy.discard(who)
        if (await self._step(visit, "completion", body, who=self._tokens[who])).ok:
            self.counts.seen += 1

    # --- pieces ---------------------------------------------------------------------------------------------

    def note(self, answer: Answer) -> None:
        """Remember a refusal that somebody met."""
        self.counts.refusals[answer.slug or str(answer.status)] += 1

    async def _step(self, visit: Visit, what: str, body: Json | None, who: Staff | None = None) -> Answer:
        path = f"/v1/appointments/{self.appointments[visit.name]}/{what}"
        answer = await self._do(who or self.secretary(visit), path, body, self.key(visit, what))
        if not answer.ok:
            self.note(answer)
        return answer

    async def _do(self, who: Staff, path: str, body: Json | None, key: str) -> Answer:
        answer = await self.platform.command(who, "booking", path, body, key=key, again_on=NOT_HEARD_YET)
        if answer.status == 403:
            raise Trouble(f"{who.role} n'a pas le droit de {path}.", "C'est un défaut du scénario ou des droits.")
        return answer
