"""Errands at a third centre, which stays: its agenda is planned, its patients book, wait, come and are received."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import uuid5

from smp_local.day.player import Player
from smp_local.worlds.centre import WORLDS, Centre, Member, week
from smp_local.worlds.laval import LAVAL
from smp_local.worlds.people import Town, rpps
from smp_local.worlds.platform import Json, Platform
from tests.chaos.errands.asking import Asking

DOCTOR = Member("ernee/doctor", "Pichardais", "Odile", "gp", rpps(901))
OTHER = Member("ernee/other", "Ravaudelle", "Denis", "retired_gp", rpps(902))
INTERN = Member("ernee/intern", "Lambertin", "Inès", "intern", rpps(903))
ASSISTANT = Member("ernee/assistant", "Bouvetier", "Karine", "medical_assistant")

ERNEE = Centre(
    key="ernee",
    label="Ernée",
    territory="53",
    opened_on=date(2017, 6, 12),
    site_body={
        "name": "SMP Ernée",
        "finess": "539990093",
        "address": {"line": "1 place Renault-Morlière", "postal_code": "53500", "city": "Ernée",
                    "commune_code": "53096"},
        "phone": "02 61 91 00 93",
        "zone": "Europe/Paris",
        "opening_hours": week((("08:00", "20:00"),)),
    },
    members=(DOCTOR, OTHER, INTERN, ASSISTANT, Member("ernee/secretary", "Grandin", "Solène", "secretary")),
    shifts=(),
    supervisions=((INTERN, DOCTOR),),
    town=Town(communes=("53096",), series=5),
    registered=0,
)  # fmt: skip
KINDS = ["consultation", "minor_emergency", "prepared"]
LOOKS, BETWEEN_LOOKS = 8, 0.5  # real seconds: the timer of offers lives, or is coming back


class AtErnee(Asking):
    """On the day of the calls what is planned and booked, on the day itself what is received."""

    def __init__(self, platform: Platform, player: Player) -> None:
        super().__init__(platform, player, ERNEE)
        self._booked: list[str] = []

    def schedule(self) -> None:
        for hour, errand in ((9, self._plan), (10, self._shut), (11, self._fill), (12, self._wait), (14, self._hit)):
            self._at(self._called_on, hour, errand)
        for hour, errand in ((10, self._receive), (11, self._wait), (12, self._correct), (19, self._close)):
            self._at(self._day, hour, errand)

    # --- the agenda -----------------------------------------------------------------------------------------------

    async def _plan(self) -> None:
        """A rule and its change, single sessions, a kind, an agreement, a supervisor who can be called, a way."""
        day, later = self._day, self._day + timedelta(days=7)
        await self._ask("coordinator", "kinds", {
            "site": str(ERNEE.site), "code": "prepared", "duration_minutes": 20, "roles": ["gp", "retired_gp"],
            "valid_from": (self._called_on + timedelta(days=1)).isoformat(),
            "preparation": {"minutes": 10, "same_room": False},
        })  # fmt: skip
        hours = {"kinds": KINDS, "slot_minutes": 20, "site": str(ERNEE.site)}
        rule = await self._ask("coordinator", "session-rules", {
            **hours, "professional": str(DOCTOR.id), "room": "Salle 1", "start": "08:00", "end": "13:00",
            "weekly": {"weekdays": [day.isoweekday()], "every_weeks": 1, "anchor": day.isoformat()},
            "shares": [{"capacity_class": "online", "slots": 2}],
            "valid_from": day.isoformat(), "valid_until": (day + timedelta(days=10)).isoformat(),
        })  # fmt: skip
        change = {"from_day": later.isoformat(), "start": "08:30", "shares": [{"capacity_class": "online", "slots": 3}]}
        await self._of(rule, "rule", "session-rules/{}/change", change, "coordinator")
        single = {**hours, "day": day.isoformat(), "start": "09:00"}
        for who, end in ((OTHER, "17:00"), (INTERN, "12:00"), (ASSISTANT, "18:00")):
            kinds = {ASSISTANT: ["preparation"], INTERN: ["consultation"]}.get(who, KINDS)
            session = {**single, "kinds": kinds, "professional": str(who.id), "end": end}
            made = await self._ask("coordinator", "sessions", session)
            if who is INTERN:
                shorter = {"end": "11:40", "reason": "meeting"}
                await self._of(made, "session", "sessions/{}/change", shorter, "coordinator")
        tomorrow = {**single, "day": (day + timedelta(days=1)).isoformat(), "end": "12:00"}
        for who in (OTHER, DOCTOR):
            await self._ask("coordinator", "sessions", {**tomorrow, "professional": str(who.id)})
        await self._ask("coordinator", "presence-plans", {
            "site": str(ERNEE.site), "professional": str(OTHER.id), "contract_start": "2017-06-12",
            "wished_weekdays": [1, 2, 3], "weekly_cap": 9, "yearly_cap": 400,
        })  # fmt: skip
        reach = await self._ask("coordinator", "reachabilities", {
            "supervisor": str(DOCTOR.id), "start": self._when(day, 13).isoformat(),
            "end": self._when(day, 15).isoformat(),
        })  # fmt: skip
        await self._of(reach, "reachability", "reachabilities/{}/withdrawal", {}, "coordinator")
        await self._ask("coordinator", f"sites/{ERNEE.site}/distances/{LAVAL.site}", {"minutes": 35}, method="PUT")

    async def _shut(self) -> None:
        """A room closed and open again, somebody away and back."""
        day = (self._day + timedelta(days=1)).isoformat()
        shut = {"site": str(ERNEE.site), "day": day, "reason": "works"}
        closure = await self._ask("coordinator", "closures", {**shut, "room": "Salle 1"})
        await self._of(closure, "id", "closures/{}/end", {}, "coordinator")
        absence = await self._ask(
            "coordinator", "absences", {**shut, "professional": str(DOCTOR.id), "reason": "leave"}
        )
        await self._of(absence, "id", "absences/{}/end", {}, "coordinator")

    # --- appointments ---------------------------------------------------------------------------------------------

    async def _fill(self) -> None:
        """A family, people who name nobody, one who moves, one who gives up and comes back, holds, a short form."""
        day = self._day
        await self._ask("secretary", "appointments/family", {
            "site": str(ERNEE.site), "kind": "consultation", "patients": [await self._patient() for _ in range(2)],
            "start": self._when(day, 9).isoformat(), "end": self._when(day, 17).isoformat(),
        })  # fmt: skip
        slots = await self._slots(day, "consultation")
        for slot in slots[:8]:
            await self._give(slot, named=False)
        for slot in (await self._slots(day, "prepared"))[-2:]:
            await self._give({**slot, "kind": "prepared"})
        free = await self._slots(day, "consultation")
        if len(free) > 3 and len(self._booked) > 3:
            target = {"session": free[-1]["session"], "start": free[-1]["start"]}
            await self._ask("secretary", f"appointments/{self._booked[0]}/move", target)
            held = await self._ask("secretary", "holds", self._slot(free[-2]))
            if held.ok:
                body = {"hold": held.body["appointment"], "patient": await self._patient()}
                await self._ask("secretary", "appointments", body)
            await self._ask("secretary", f"appointments/{self._booked[1]}/cancellation", {"by": "patient"})
            await self._ask("secretary", f"appointments/{self._booked[1]}/correction", {"reason": "wrong_line"})
        form = await self._platform.read(ERNEE.staff("secretary"), "booking", "/v1/minor-emergencies/form")
        answers = dict.fromkeys((each["code"] for each in form.body.get("questions", ())), False)
        request = {"request": str(uuid5(WORLDS, f"{self._day}/{self._number}")), "site": str(ERNEE.site)}
        await self._ask("secretary", "minor-emergencies", {**request, "answers": answers})
        need = {"site": str(ERNEE.site), "kind": "social"}
        hours = {"from": self._when(day, 9).isoformat(), "to": self._when(day, 18).isoformat()}
        for _ in range(2):  # the same need told twice is noted once
            await self._ask("secretary", "demand", {**need, **hours})

    async def _wait(self) -> None:
        """Two on the waiting list; a place is given back, offered, and answered."""
        day = self._conductor.now.astimezone(ERNEE.zone).date()
        wish = {"kinds": ["consultation"], "sites": [str(ERNEE.site)]}
        entries = [
            await self._ask("secretary", "waiting-list", {**wish, "patient": await self._patient()}) for _ in range(3)
        ]
        await self._of(entries[0], "entry", "waiting-list/{}/priority", {"priority": "raised"}, "gp")
        await self._of(entries[1], "entry", "waiting-list/{}/wishes", {**wish, "video_accepted": True}, "secretary")
        if len(self._booked) > 4:
            body = {"by": "patient", "excused": day == self._day}
            await self._ask("secretary", f"appointments/{self._booked.pop()}/cancellation", body)
        for entry, answer in zip(entries, ("later", "refusal", "acceptance"), strict=True):
            if entry.ok and (offer := await self._offer(entry.body["entry"])):
                await self._ask("secretary", f"offers/{offer}/{answer}", {})
        for entry in entries:  # whoever waits on from another Monday would have the offers of the next
            await self._of(entry, "entry", "waiting-list/{}/departure", {"reason": "no_longer_wanted"}, "secretary")

    async def _hit(self) -> None:
        """Tomorrow's doctor will be away: whoever is expected then is moved, cancelled or called."""
        day = self._day + timedelta(days=1)
        for slot in (await self._slots(day, "consultation"))[:4]:
            await self._give(slot)
        start, end = (self._when(day, hour).isoformat() for hour in (8, 14))
        plan = await self._ask("coordinator", "impacts", {
            "kind": "absence", "reason": "practitioner_away", "professional": str(OTHER.id), "start": start, "end": end,
        })  # fmt: skip
        await self._of(plan, "impact", "impacts/{}/application", {"policy": "move_to_first_proposal"}, "coordinator")

    async def _receive(self) -> None:
        """Arrivals, one without appointment, one called after others, preparation, departure, start, completion."""
        steps: tuple[tuple[str, str, Json], ...] = (
            ("secretary", "arrival", {}),
            ("medical_assistant", "preparation", {}),
            ("gp", "start", {}),
            ("gp", "completion", {"outcome": "none"}),
        )
        for count, appointment in enumerate(self._booked[:5]):
            for role, step, body in steps[: count + 1]:
                await self._ask(role, f"appointments/{appointment}/{step}", body)
        walk_in = {"site": str(ERNEE.site), "patient": await self._patient(), "kind": "minor_emergency"}
        await self._ask("secretary", "walk-ins", walk_in)
        if len(self._booked) > 5:
            order = {"place": "last", "reason": "agreed_to_wait"}
            await self._ask("secretary", f"appointments/{self._booked[0]}/call-order", order)
            await self._ask("secretary", f"appointments/{self._booked[0]}/departure", {"reason": "too_long"})

    async def _correct(self) -> None:
        """Noted by mistake."""
        for appointment in self._booked[:6]:
            await self._ask("secretary", f"appointments/{appointment}/correction", {"reason": "wrong_line"})

    async def _close(self) -> None:
        for appointment in self._booked[-1:]:
            await self._ask("secretary", f"appointments/{appointment}/no-show", {})
        for _ in range(2):  # closed again, a day changes nothing more
            await self._ask("secretary", f"sites/{ERNEE.site}/day-close", {"waiting_have_left": True})

    # --- asking ---------------------------------------------------------------------------------------------------

    async def _give(self, slot: Json, **more: Any) -> None:
        if booked := await self._book(slot, await self._patient(), **more):
            self._booked.append(booked)

    async def _offer(self, entry: str) -> str | None:
        """The offer that runs for an entry of the waiting list, once the timer has made one."""
        for _ in range(LOOKS):
            read = await self._platform.read(ERNEE.staff("secretary"), "booking", f"/v1/waiting-list/{entry}")
            for each in read.body.get("offers", ()):
                if each["state"] == "running":
                    return str(each["offer"])
            await asyncio.sleep(BETWEEN_LOOKS)
        return None
