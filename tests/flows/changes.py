"""A day in which everything changes, for those who prove that what is heard again is the same: people, contacts, sites,
sessions and appointments, through the public interfaces. All of it is of its own: no rule of the centre is touched."""

from datetime import date
from typing import Any

from smp.ids import new_id
from smp_local.day.calendar import at
from smp_local.worlds.laval import LAVAL
from smp_local.worlds.people import rpps
from smp_local.worlds.platform import Json, Service, Staff
from tests.flows.house import House, until

COORDINATOR = Staff("coordinator-53", "coordinator", "53", "*")

TOLD = frozenset(
    {
        "PatientErased", "PatientContactChanged", "SupervisionEnded", "SiteRelocated", "SessionChanged",
        "SessionCancelled", "SlotMoved", "CallRequested", "StatusCorrected",
    }
)  # fmt: skip


class Changes:
    """The hands of one coordinator on `day`, seen from the instant at which the house stands."""

    def __init__(self, house: House, today: date, day: date) -> None:
        self.house, self.today, self.day = house, today, day

    async def do(self, path: str, body: Json | None = None, service: Service = "booking") -> Any:
        answer = await self.house.do(path, body, who=COORDINATOR, service=service)
        assert answer.ok, (path, answer)
        return answer.body

    async def of_patients(self) -> None:
        """One changes their number, one leaves for good with an appointment ahead, three come as a family."""
        changed, erased, *family = [await self.house.patient() for _ in range(5)]
        for patient in (changed, erased):
            await self.house.book(self.day, patient)
        phones = [{"number": "02 61 91 00 01", "label": "domicile"}]
        await self.do(f"/v1/patients/{changed}/contact", {"phones": phones}, "registry")
        await self.do(f"/v1/patients/{erased}/erasure", {"reason": "patient_request"}, "registry")
        when = {"start": at(LAVAL, self.day, 8).isoformat(), "end": at(LAVAL, self.day, 20).isoformat()}
        family_wish = {"site": str(LAVAL.site), "kind": "consultation", "patients": family, **when}
        booked = await self.do("/v1/appointments/family", family_wish)
        assert len(booked["appointments"]) == 3

    async def of_places(self) -> None:
        """A site opens and moves; the supervision of a new intern ends."""
        site, doctor = new_id(), await self._joined("gp", 951)
        first = {key: value for key, value in LAVAL.site_body.items() if key != "finess"}
        opened = {**first, "id": str(site), "name": "Annexe de Laval", "opened_on": self.today.isoformat()}
        await self.do("/v1/sites", opened, "registry")
        new = {"line": "1 rue de la Paix", "postal_code": "53000", "city": "Laval", "commune_code": "53130"}
        body = {"address": new, "phone": "02 49 49 07 36", "from_date": self.day.isoformat()}
        await self.do(f"/v1/sites/{site}/relocation", body, "registry")
        intern = await self._joined("intern", 952)
        supervision = {"supervisor": doctor, "from_date": self.today.isoformat()}
        await self.do(f"/v1/professionals/{intern}/supervision", supervision, "registry")
        ended = {"supervisor": doctor, "until_date": self.day.isoformat()}
        await self.do(f"/v1/professionals/{intern}/supervision/end", ended, "registry")

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
