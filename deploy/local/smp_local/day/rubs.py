"""What a day also holds: attempts that must be refused, with a help that is then taken.

Each returns what it met; what should have been refused and was not is a fault of the platform.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from smp_local.day.calendar import at
from smp_local.day.desk import Desk
from smp_local.day.plan import NOT_ELIGIBLE, Visit
from smp_local.worlds.platform import Answer, Staff


@dataclass(frozen=True, slots=True)
class Rub:
    """`met` is the refusal that came (None: it was accepted), `expected` the one that had to come."""

    what: str
    expected: str
    met: str | None

    @property
    def is_right(self) -> bool:
        return self.met == self.expected


class Rubs:
    """The refusals of one centre's day, put on the conductor's list."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._plan = desk.plan
        self.met: list[Rub] = []

    def schedule(self) -> None:
        if not self._plan.size.rubs or self._desk.agenda.expected:  # a day taken up again has had them
            return
        conductor, opens = self._desk.conductor, self._plan.opens
        conductor.at(at(self._plan.centre, self._plan.called_on, 17, 50), self._slot_taken)
        conductor.at(at(self._plan.centre, self._plan.called_on, 17, 51), self._patient_busy)
        conductor.at(at(self._plan.centre, self._plan.called_on, 17, 52), self._hang_up)
        conductor.at(opens - timedelta(minutes=4), self._start_before_arrival)
        conductor.at(opens - timedelta(minutes=3), self._absent_too_early)
        conductor.at(opens + timedelta(minutes=1), self._not_eligible)
        conductor.at(opens + timedelta(minutes=2), self._funder_reads_the_list)

    async def _slot_taken(self) -> None:
        """A second patient wants an hour that is taken; the first alternative is kept, until the patient gives up."""
        first, second = self._settled()[:2]
        answer = await self._book(second, first, "slot-taken")
        self._note("une heure déjà prise", "slot-taken", answer)
        if answer.slug != "slot-taken" or not answer.alternatives:
            return
        slot = answer.alternatives[0]
        body = {"session": slot["session"], "start": slot["start"], "kind": "consultation", "channel": "phone"}
        await self._do(self._desk.secretary(second), "/v1/holds", body, "alternative")

    async def _patient_busy(self) -> None:
        """The same patient at the same hour with another practitioner."""
        free = await self._desk.agenda.free("consultation", self._plan.opens)
        sessions = {datetime.fromisoformat(slot["start"]): slot["session"] for slot in free}
        visit = next((v for v in self._settled() if v.place and v.place.start in sessions), None)
        if visit is None or visit.place is None:
            return
        start = visit.place.start
        body = {
            "session": sessions[start], "start": start.isoformat(), "kind": "consultation",
            "patient": self._desk.patients[visit.name], "channel": "phone",
        }  # fmt: skip
        answer = await self._do(self._desk.secretary(visit), "/v1/appointments", body, "twice-at-once")
        self._note("le même patient à deux endroits à la fois", "patient-already-booked", answer)

    async def _hang_up(self) -> None:
        """A slot is kept for a caller who hangs up: it expires by itself."""
        free = await self._desk.agenda.free("consultation", self._plan.closes - timedelta(hours=3))
        if free:
            body = {"session": free[-1]["session"], "start": free[-1]["start"], "kind": "consultation"}
            await self._do(self._desk.secretary(self._settled()[0]), "/v1/holds", body, "hung-up")

    async def _start_before_arrival(self) -> None:
        path = f"/v1/appointments/{self._desk.appointments[self._settled()[-1].name]}/start"
        answer = await self._do(self._plan.centre.staff("retired_gp"), path, None, "start-too-early")
        self._note("une consultation commencée avant l'arrivée", "wrong-transition", answer)

    async def _absent_too_early(self) -> None:
        visit = self._settled()[-1]
        path = f"/v1/appointments/{self._desk.appointments[visit.name]}/no-show"
        answer = await self._do(self._desk.secretary(visit), path, None, "absent-too-early")
        self._note("une absence notée avant l'heure", "too-early", answer)

    async def _not_eligible(self) -> None:
        """Somebody with a treating doctor asks for an ordinary consultation; the minor emergency will be given."""
        visit = next((v for v in self._plan.visits if v.person.index == NOT_ELIGIBLE), None)
        if visit is None:
            return
        patient = await self._desk.find_file(visit)
        free = await self._desk.agenda.free("consultation", self._plan.opens + timedelta(hours=2))
        if not free:
            return
        body = {
            "session": free[0]["session"], "start": free[0]["start"], "kind": "consultation", "patient": patient,
            "channel": "phone",
        }  # fmt: skip
        answer = await self._do(self._desk.secretary(visit), "/v1/appointments", body, "not-eligible")
        self._note("une consultation ordinaire pour qui a un médecin traitant", "patient-not-eligible", answer)

    async def _funder_reads_the_list(self) -> None:
        funder = Staff("funder-53", "funder", self._plan.centre.territory, "*")
        path = f"/v1/sites/{self._plan.centre.site}/day"
        answer = await self._desk.platform.read(funder, "booking", path, date=self._plan.day.isoformat())
        self._note("un financeur qui veut lire la liste du jour", "forbidden", answer)

    # --- pieces ---------------------------------------------------------------------------------------------

    def _settled(self) -> list[Visit]:
        """Visits that are booked and change no more, in order of hour."""
        plan, desk = self._plan, self._desk
        found = [
            visit
            for visit in plan.visits
            if visit.place and visit.kind == "consultation" and visit.fate == "comes" and visit.changes_at is None
            if visit.name in desk.appointments and desk.is_at_its_place(visit)
        ]
        return sorted(found, key=lambda visit: visit.place.start if visit.place else plan.opens)

    async def _book(self, visit: Visit, instead_of: Visit, name: str) -> Answer:
        assert instead_of.place is not None
        slot = self._desk.agenda.slot(instead_of.place)
        assert slot is not None
        body = {**slot, "kind": "consultation", "patient": self._desk.patients[visit.name], "channel": "phone"}
        return await self._do(self._desk.secretary(visit), "/v1/appointments", body, name)

    async def _do(self, who: Staff, path: str, body: dict[str, Any] | None, name: str) -> Answer:
        return await self._desk.platform.command(who, "booking", path, body, key=self._desk.key("rub", name))

    def _note(self, what: str, expected: str, answer: Answer) -> None:
        self.met.append(Rub(what, expected, None if answer.ok else answer.slug))
        if not answer.ok:
            self._desk.note(answer)
