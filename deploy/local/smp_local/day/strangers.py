"""People of one territory who try to see and to touch another: each attempt must be refused or come back empty."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from smp_local.day.desk import Desk
from smp_local.worlds.platform import Answer, Json, Platform, Staff


@dataclass(frozen=True, slots=True)
class Attempt:
    """`seen` says that something of the other territory was shown or changed: a fault."""

    what: str
    seen: bool


class Strangers:
    """Staff of `home` against the patients and the agenda of `target`."""

    def __init__(self, platform: Platform, home: Desk, target: Desk) -> None:
        centre = home.plan.centre
        self._platform, self._home, self._target = platform, home, target
        self._site = str(target.plan.centre.site)
        # One is bound to a site, the other may act at every site of the territory: row security must hold alone.
        self._people = (
            centre.secretaries()[0],
            Staff(f"{centre.key}-coordinator-everywhere", "coordinator", centre.territory, "*"),
            Staff(f"{centre.key}-manager-everywhere", "manager", centre.territory, "*"),
        )
        self.attempts: list[Attempt] = []

    def schedule(self) -> None:
        """Some before the day, some in the middle of it."""
        opens = self._target.plan.opens
        self._home.conductor.at(opens + timedelta(minutes=75), self.try_all)
        self._home.conductor.at(opens + timedelta(hours=6), self.try_all)

    async def try_all(self) -> None:
        """Every door, with every token."""
        name = next(iter(self._target.appointments), None)
        visit = next((v for v in self._target.plan.visits if v.name == name), None)
        if name is None or visit is None:
            return
        appointment, patient = self._target.appointments[name], self._target.patients[name]
        for number, who in enumerate(self._people):
            await self._read_registry(who, patient, visit.person.birth_name)
            await self._read_agenda(who, appointment)
            await self._read_others(who, appointment)
            await self._touch(who, f"{number}", appointment, patient)

    async def _read_registry(self, who: Staff, patient: str, name: str) -> None:
        ask, read, found = self._platform.ask, self._platform.read, _found(patient)
        await self._try("lire un dossier", lambda: read(who, "registry", f"/v1/patients/{patient}"))
        await self._try("lire un site", lambda: read(who, "registry", f"/v1/sites/{self._site}"))
        look_up = {"patients": [patient]}
        await self._try(
            "demander un nom", lambda: ask(who, "registry", "/v1/patients/lookup", look_up), _found(patient)
        )
        search = {"name": name, "limit": 50}
        await self._try("chercher un nom", lambda: ask(who, "registry", "/v1/patients/search", search), found)

    async def _read_agenda(self, who: Staff, appointment: str) -> None:
        read, plan = self._platform.read, self._target.plan
        day = f"/v1/sites/{self._site}/day"
        await self._try("lire la liste du jour", lambda: read(who, "booking", day, date=plan.day.isoformat()))
        await self._try("lire un rendez-vous", lambda: read(who, "booking", f"/v1/appointments/{appointment}"))
        window = {"from_": plan.opens.isoformat(), "to": plan.closes.isoformat()}
        await self._try(
            "chercher une place",
            lambda: read(who, "booking", "/v1/availability", site=self._site, kind="consultation", **window),
            lambda body: bool(body["slots"]),
        )

    async def _read_others(self, who: Staff, appointment: str) -> None:
        read, day = self._platform.read, self._target.plan.day
        await self._try(
            "lire les textos",
            lambda: read(who, "notifications", "/v1/messages", appointment=appointment),
            lambda body: bool(body["messages"]),
        )
        await self._try(
            "lire les appels à faire",
            lambda: read(who, "notifications", "/v1/call-tasks", site=self._site),
            lambda body: bool(body["call_tasks"]),
        )
        period = {"from_": day.isoformat(), "to": (day + timedelta(days=1)).isoformat()}
        await self._try(
            "lire les indicateurs",
            lambda: read(who, "reporting", "/v1/indicators", site=self._site, **period),
            lambda body: any(figure["numerator"] for figure in body["figures"]),
        )

    async def _touch(self, who: Staff, number: str, appointment: str, patient: str) -> None:
        stamp = f"{self._home.conductor.now:%H%M}-{number}"
        slot = self._target.agenda.slot_of(self._target.plan.doctors[0], self._target.plan.opens)
        book = {**(slot or {}), "kind": "minor_emergency", "patient": patient, "channel": "phone"}
        walk_in = {"site": self._site, "patient": patient, "kind": "minor_emergency"}
        cancel = {"by": "centre", "reason": "organisation", "notify": False}
        contact: Json = {"phones": []}
        doors = (
            ("prendre un rendez-vous", "booking", "/v1/appointments", book),
            ("inscrire un passage", "booking", "/v1/walk-ins", walk_in),
            ("annuler un rendez-vous", "booking", f"/v1/appointments/{appointment}/cancellation", cancel),
            ("changer un numéro", "registry", f"/v1/patients/{patient}/contact", contact),
        )
        for index, (what, service, path, body) in enumerate(doors):
            key = self._home.key("stranger", f"{stamp}-{index}")
            await self._try(
                what,
                lambda path=path, body=body, key=key, service=service: self._platform.command(  # type: ignore[misc]
                    who, service, path, body, key=key
                ),
            )

    async def _try(
        self, what: str, door: Callable[[], Awaitable[Answer]], shows: Callable[[Json], bool] = lambda _body: True
    ) -> None:
        answer = await door()
        self.attempts.append(Attempt(what, answer.ok and shows(answer.body)))


def _found(patient: str) -> Callable[[Json], bool]:
    return lambda body: any(each["id"] == patient for each in body["patients"])
