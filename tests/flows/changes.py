"""A day in which everything changes, for those who prove that what is heard again is the same: people, contacts, sites,
sessions, appointments and who waits for one, through the public interfaces. All of it is of its own: no rule of the
centre is touched."""

from datetime import date, timedelta
from typing import Any

from smp.ids import new_id
from smp_local.day.calendar import at
from smp_local.worlds.laval import LAVAL
from smp_local.worlds.people import rpps
from smp_local.worlds.platform import Json, Service, Staff
from tests.flows.house import House, until

COORDINATOR = Staff("coordinator-53", "coordinator", "53", "*")
DOCTOR = Staff("doctor-53", "gp", "53", "*")

TOLD = frozenset(
    {
        "PatientRegistered", "PatientContactChanged", "EligibilityChanged", "PatientErased", "SiteOpened",
        "SiteRelocated", "OpeningHoursChanged", "SiteClosed", "ProfessionalJoined", "ProfessionalRoleChanged",
        "ProfessionalLeft", "SupervisionAssigned", "SupervisionEnded", "SessionOpened", "SessionChanged",
        "SessionCancelled", "SlotBooked", "SlotMoved", "SlotCancelled", "CallRequested", "PatientArrived",
        "ConsultationPrepared", "ConsultationStarted", "ConsultationDone", "PatientNoShow", "StatusCorrected",
        "WaitingListJoined", "SlotHeld", "SlotOffered", "OfferDeclined", "OfferAccepted", "WaitingListLeft",
    }
)  # fmt: skip


class Changes:
    """The hands of one coordinator on `day`, seen from the instant at which the house stands."""

    def __init__(self, house: House, today: date, day: date) -> None:
        self.house, self.today, self.day = house, today, day

    async def do(
        self, path: str, body: Json | None = None, service: Service = "booking", who: Staff = COORDINATOR
    ) -> Any:
        answer = await self.house.do(path, body, who=who, service=service)
        assert answer.ok, (path, answer)
        return answer.body

    async def of_patients(self) -> None:
        """One changes their number and has no treating doctor any more, one leaves for good with an appointment ahead,
        three come as a family."""
        changed, erased, *family = [await self.house.patient() for _ in range(5)]
        for patient in (changed, erased):
            await self.house.book(self.day, patient)
        phones = [{"number": "02 61 91 00 01", "label": "domicile"}]
        await self.do(f"/v1/patients/{changed}/contact", {"phones": phones}, "registry")
        alone = {"status": "eligible", "reason": "DEPART_RETRAITE", "evidence": "patient_word"}
        await self.do(f"/v1/patients/{changed}/eligibility", alone, "registry")
        await self.do(f"/v1/patients/{erased}/erasure", {"reason": "patient_request"}, "registry")
        when = {"start": at(LAVAL, self.day, 8).isoformat(), "end": at(LAVAL, self.day, 20).isoformat()}
        family_wish = {"site": str(LAVAL.site), "kind": "consultation", "patients": family, **when}
        booked = await self.do("/v1/appointments/family", family_wish)
        assert len(booked["appointments"]) == 3

    async def of_places(self) -> None:
        """A site opens, moves, has other hours and is to close; the supervision of a new intern ends, and the
        supervisor retires and leaves."""
        site, doctor = new_id(), await self._joined("gp", 951)
        first = {key: value for key, value in LAVAL.site_body.items() if key != "finess"}
        opened = {**first, "id": str(site), "name": "Annexe de Laval", "opened_on": self.today.isoformat()}
        await self.do("/v1/sites", opened, "registry")
        new = {"line": "1 rue de la Paix", "postal_code": "53000", "city": "Laval", "commune_code": "53130"}
        body = {"address": new, "phone": "02 49 49 07 36", "from_date": self.day.isoformat()}
        await self.do(f"/v1/sites/{site}/relocation", body, "registry")
        hours = {"opening_hours": first["opening_hours"][:1], "from_date": self.day.isoformat()}
        await self.do(f"/v1/sites/{site}/opening-hours", hours, "registry")
        last = {"from_date": (self.day + timedelta(days=60)).isoformat()}
        await self.do(f"/v1/sites/{site}/closure", last, "registry")
        intern = await self._joined("intern", 952)
        supervision = {"supervisor": doctor, "from_date": self.today.isoformat()}
        await self.do(f"/v1/professionals/{intern}/supervision", supervision, "registry")
        ended = {"supervisor": doctor, "until_date": self.day.isoformat()}
        await self.do(f"/v1/professionals/{intern}/supervision/end", ended, "registry")
        retired = {"role": "retired_gp", "from_date": self.day.isoformat()}
        await self.do(f"/v1/professionals/{doctor}/role", retired, "registry")
        await self.do(f"/v1/professionals/{doctor}/departure", last, "registry")

    async def of_the_waiting_list(self) -> None:
        """A place given up is declined by whoever waits first and taken by the next."""
        opened = await self._open(await self._joined("gp", 955), "19:40", "20:00")
        given_up = await self._book(opened)
        window = {"weekdays": [self.day.isoweekday()], "start": "19:40", "end": "20:00"}
        days = {"first_day": self.day.isoformat(), "last_day": self.day.isoformat()}
        wishes = {"kinds": ["consultation"], "sites": [str(LAVAL.site)], "windows": [{**window, **days}]}
        first, next_one = [
            (await self.do("/v1/waiting-list", {"patient": await self.house.patient(), **wishes}))["entry"]
            for _ in range(2)
        ]
        await self.do(f"/v1/appointments/{given_up}/cancellation", {"by": "patient"})
        await self.do(f"/v1/offers/{await self._offered(first)}/refusal")
        await self.do(f"/v1/offers/{await self._offered(next_one)}/acceptance")
        await self.do(f"/v1/waiting-list/{first}/departure", {"reason": "found_treating_doctor"})

    async def of_a_visit(self, appointment: str) -> None:
        """Received, prepared, seen."""
        await self.do(f"/v1/appointments/{appointment}/arrival")
        for step in ("preparation", "start"):
            await self.do(f"/v1/appointments/{appointment}/{step}", who=DOCTOR)
        await self.do(f"/v1/appointments/{appointment}/completion", {"outcome": "follow_up"}, who=DOCTOR)

    async def of_a_mistake(self, appointment: str) -> None:
        """Given up by mistake, and put back."""
        await self.do(f"/v1/appointments/{appointment}/cancellation", {"by": "patient"})
        await self.do(f"/v1/appointments/{appointment}/correction", {"reason": "wrong_line"})

    async def of_sessions(self) -> None:
        """Somebody is given to a colleague, unnoticed; two are to be called, one of them of a silent kind, and then
        given up; a session ends sooner, one is off."""
        one, other = await self._joined("gp", 953), await self._joined("gp", 954)
        wanted = await self._open(one, "18:00", "18:20")
        await self._open(other, "18:00", "18:20")
        floating = await self._book(wanted, named=False)
        await self._book(wanted)
        assert await self._session_of(floating) != wanted["session"]
        called = await self._book(await self._open(one, "18:40", "19:00"))
        silent = await self._book(await self._open(one, "19:00", "19:30", "protected"), kind="protected")
        away = {
            "kind": "absence", "reason": "practitioner_away", "professional": one,
            "start": at(LAVAL, self.day, 18, 30).isoformat(), "end": at(LAVAL, self.day, 19, 30).isoformat(),
        }  # fmt: skip
        plan = (await self.do("/v1/impacts", away))["impact"]
        decisions = [{"appointment": called, "decision": "call"}]
        await self.do(f"/v1/impacts/{plan}/application", {"decisions": decisions})
        await until(lambda: self._read(f"/v1/impacts/{plan}"), lambda found: found["state"] == "applied")
        await self.do(f"/v1/appointments/{silent}/cancellation", {"by": "centre"})
        long, off = await self._open(other, "18:40", "19:20"), await self._open(other, "19:20", "19:40")
        await self.do(f"/v1/sessions/{long['session']}/change", {"end": "19:00", "reason": "meeting"})
        await self.do(f"/v1/sessions/{off['session']}/cancellation", {"reason": "meeting"})

    async def _offered(self, entry: str) -> str:
        """The offer that somebody who waits has now."""

        async def running() -> list[str]:
            found = await self._read(f"/v1/waiting-list/{entry}")
            return [each["offer"] for each in found["offers"] if each["state"] == "running"]

        return str((await until(running, bool))[0])

    async def _joined(self, role: str, number: int) -> str:
        body = {
            "family_name": "Remplaçant", "given_name": "Alix", "role": role, "rpps": rpps(number),
            "sites": [str(LAVAL.site)], "contract_start": self.today.isoformat(),
        }  # fmt: skip
        return str((await self.do("/v1/professionals", body, "registry"))["id"])

    async def _open(self, professional: str, start: str, end: str, kind: str = "consultation") -> Json:
        body = {
            "site": str(LAVAL.site), "professional": professional, "kinds": [kind],
            "day": self.day.isoformat(), "start": start, "end": end,
        }  # fmt: skip
        return dict(await self.do("/v1/sessions", body))

    async def _book(self, opened: Json, **more: Any) -> str:
        wish = {"session": opened["session"], "start": opened["start"], "kind": "consultation", **more}
        return str((await self.do("/v1/appointments", {**wish, "patient": await self.house.patient()}))["appointment"])

    async def _session_of(self, appointment: str) -> str:
        return str((await self._read(f"/v1/appointments/{appointment}"))["session"])

    async def _read(self, path: str) -> Any:
        return (await self.house.platform.read(COORDINATOR, "booking", path)).body
