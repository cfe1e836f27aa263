"""Errands at an antenna that opens on the day of a Monday and closes for good soon after: patients lose their place in
every way there is, and registry says all that it can say of a site, of its people and of a patient.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from smp_local.day.player import Player
from smp_local.worlds.centre import Centre, Member, week
from smp_local.worlds.opening import open_centre
from smp_local.worlds.people import Town, rpps
from smp_local.worlds.platform import Answer, Json, Platform
from tests.chaos.errands.asking import Asking
from tests.chaos.errands.ernee import ERNEE

CONSULTATION, BY_VIDEO = "consultation", "teleconsultation"
A_SECOND = timedelta(seconds=1)


def antenna(day: date) -> Centre:
    """The one that opens on the days of a Monday."""
    key, number = f"antenna-{day.isoformat()}", 1_000 + day.toordinal() % 10_000
    doctor = Member(f"{key}/doctor", "Chesnaie", "Maud", "gp", rpps(number))
    intern = Member(f"{key}/intern", "Lorioux", "Basile", "intern", rpps(20_000 + number))
    stand_in = Member(f"{key}/stand-in", "Fourmondière", "Alain", "retired_gp", rpps(40_000 + number))
    site = {name: value for name, value in ERNEE.site_body.items() if name != "finess"}
    return replace(
        ERNEE,
        key=key,
        opened_on=day,
        site_body={**site, "name": f"Antenne {day.isoformat()}"},
        members=(doctor, intern, stand_in, Member(f"{key}/secretary", "Grandin", "Solène", "secretary")),
        supervisions=((intern, doctor),),
        town=Town(communes=("53096",), series=6),
    )


class AtTheAntenna(Asking):
    """On the day of the calls patients are booked and lose their place, on the day itself registry speaks.

    What becomes of the days after it: 1 the supervisor is gone, 2 the doctor's hours are cut, 3 supervision ends and
    comes back, then the doctor leaves, 4 somebody stands in, then the session is cancelled, 7 the site is closed, 8 the
    doctor is away, 9 an impact closes the site, 10 whoever was expected is erased.
    """

    def __init__(self, platform: Platform, player: Player) -> None:
        super().__init__(platform, player, antenna(player.plans[0].day))
        self._doctor, self._intern, self._stand_in, _ = self._centre.members
        self._patients: list[str] = []
        self._given_up: str | None = None

    def schedule(self) -> None:
        for hour, errand in (
            (8, self._open), (12, self._plan), (13, self._expect), (14, self._overtake), (15, self._reshape),
            (16, self._hit),
        ):  # fmt: skip
            self._at(self._called_on, hour, errand)
        for hour, errand in ((9, self._doubt), (14, self._support), (15, self._erase), (20, self._end)):
            self._at(self._day, hour, errand)

    async def _open(self) -> None:
        """A site, two doctors, and an intern for whom one of them answers."""
        await open_centre(self._platform, self._centre)

    # --- who is expected ------------------------------------------------------------------------------------------

    async def _plan(self) -> None:
        """Every morning the doctor, on two the intern, on one the stand-in by video."""
        hours = {"site": str(self._centre.site), "start": "09:00", "end": "12:00", "slot_minutes": 20}
        first, last = self._on(1).isoformat(), self._on(10).isoformat()
        await self._ask("coordinator", "session-rules", {
            **hours, "professional": str(self._doctor.id), "kinds": [CONSULTATION],
            "weekly": {"weekdays": [1, 2, 3, 4, 5], "every_weeks": 1, "anchor": first},
            "valid_from": first, "valid_until": last,
        })  # fmt: skip
        for who, days, kind in ((self._intern, 1, CONSULTATION), (self._intern, 3, CONSULTATION),
                                (self._stand_in, 2, BY_VIDEO)):  # fmt: skip
            session = {**hours, "professional": str(who.id), "kinds": [kind], "day": self._on(days).isoformat()}
            await self._ask("coordinator", "sessions", session)

    async def _expect(self) -> None:
        """Three patients, some of them on every day to come; the last one waits for an earlier place too."""
        self._patients = [one, other, erased] = [await self._patient() for _ in range(3)]
        booked: dict[tuple[int, str], str | None] = {}
        for days, who, places in (
            (1, self._intern, (one,)), (1, self._doctor, (other,)),
            (2, self._doctor, (one, other)),
            (3, self._intern, (one,)), (3, self._doctor, (other,)),
            *((days, self._doctor, (one,)) for days in (4, 7, 8, 9)),
            (10, self._doctor, (erased,)),
        ):  # fmt: skip
            slots = await self._places(days, who)
            for slot, patient in zip((slots[0], slots[-1]) if slots else (), places, strict=False):
                booked[days, patient] = await self._book(slot, patient)
        self._given_up = booked.get((2, one))
        await self._wait(erased)

    async def _wait(self, patient: str, **more: Any) -> None:
        wish = {"kinds": [CONSULTATION], "sites": [str(self._centre.site)], "patient": patient}
        await self._ask("secretary", "waiting-list", {**wish, **more})

    async def _overtake(self) -> None:
        """A place is held and forgotten; a family takes it as soon as the hold is over, be it noted so or not."""
        if not (slots := await self._places(9, self._doctor)):
            return
        held = await self._ask("secretary", "holds", self._slot(slots[-2]))
        if held.ok:
            over = datetime.fromisoformat(held.body["expires_at"]) + A_SECOND
            self._conductor.at(over, lambda: self._take(slots[-2]["start"]))

    async def _take(self, start: str) -> None:
        end = datetime.fromisoformat(start) + timedelta(minutes=40)
        await self._ask("secretary", "appointments/family", {
            "site": str(self._centre.site), "kind": CONSULTATION, "patients": self._patients[:2],
            "start": start, "end": end.isoformat(),
        })  # fmt: skip

    # --- places are lost ------------------------------------------------------------------------------------------

    async def _reshape(self) -> None:
        """Somebody stands in; a session, a day of the site, a day of the doctor end over those who are expected."""
        cancelling = {"reason": "meeting", "cancel_appointments": True}
        if session := await self._session(4):
            other = {"professional": str(self._stand_in.id), "reason": "practitioner_away"}
            await self._ask("coordinator", f"sessions/{session}/change", other)
            await self._ask("coordinator", f"sessions/{session}/cancellation", cancelling)
        shut = {**cancelling, "site": str(self._centre.site)}
        await self._ask("coordinator", "closures", {**shut, "day": self._on(7).isoformat()})
        away = {**shut, "day": self._on(8).isoformat(), "professional": str(self._doctor.id)}
        await self._ask("coordinator", "absences", away)

    async def _hit(self) -> None:
        """What the dry runs show is done: a patient comes by video instead, is cancelled or called, or nothing changes
        for them but the address."""
        if session := await self._session(2):
            await self._apply(await self._impact("session_change", session=session, **self._hours(2, 9, 20)))
        site = str(self._centre.site)
        gone = await self._impact("supervisor_gone", professional=str(self._doctor.id), **self._hours(1))
        await self._apply(gone, policy="call", but_one="cancel")
        moved = await self._impact("site_moved", site=site, from_day=self._on(2).isoformat())
        await self._apply(moved)
        closed = await self._impact("site_closed", site=site, **self._hours(9))
        await self._apply(closed, policy="cancel_and_tell")

    async def _impact(self, kind: str, **change: Any) -> Answer:
        return await self._ask("coordinator", "impacts", {"kind": kind, "reason": "organisation", **change})

    async def _apply(
        self, planned: Answer, *, policy: str = "move_to_first_proposal", but_one: str | None = None
    ) -> None:
        """As the policy says; `but_one`: the first one is decided about otherwise."""
        items: list[Json] = planned.body.get("items", []) if planned.ok else []
        otherwise = [{"appointment": each["appointment"], "decision": but_one} for each in items[:1] if but_one]
        body = {"policy": policy, "decisions": otherwise}
        await self._of(planned, "impact", "impacts/{}/application", body, "coordinator")

    # --- registry speaks ------------------------------------------------------------------------------------------

    async def _doubt(self) -> None:
        """Nobody answers for the intern any more; another role, other hours, another state of a patient."""
        end = {"supervisor": str(self._doctor.id), "until_date": self._day.isoformat()}
        await self._tell(f"professionals/{self._intern.id}/supervision/end", end)
        await self._tell(
            f"professionals/{self._stand_in.id}/role", {"role": "gp", "from_date": self._on(1).isoformat()}
        )
        later = {"opening_hours": week((("08:30", "18:30"),)), "from_date": self._on(1).isoformat()}
        await self._tell(f"sites/{self._centre.site}/opening-hours", later)
        for patient in self._patients[:1]:
            found = {"status": "not_eligible", "evidence": "teleservice"}
            await self._tell(f"patients/{patient}/eligibility", found)

    async def _support(self) -> None:
        again = {"supervisor": str(self._doctor.id), "from_date": self._on(1).isoformat()}
        await self._tell(f"professionals/{self._intern.id}/supervision", again)

    async def _erase(self) -> None:
        for patient in self._patients[-1:]:
            await self._tell(f"patients/{patient}/erasure", {"reason": "patient_request"})

    async def _end(self) -> None:
        """When nobody may be asked any more today, an appointment is given up, and somebody waits until tomorrow; the
        doctor leaves although somebody is expected, and the antenna closes for good."""
        if self._given_up:
            await self._ask("secretary", f"appointments/{self._given_up}/cancellation", {"by": "patient"})
        window = {"weekdays": [1, 2, 3, 4, 5], "start": "09:00", "end": "12:00", "last_day": self._on(1).isoformat()}
        for patient in self._patients[1:2]:
            await self._wait(patient, windows=[window])
        await self._tell(f"professionals/{self._doctor.id}/departure", {"from_date": self._on(3).isoformat()})
        await self._tell(f"sites/{self._centre.site}/closure", {"from_date": self._on(4).isoformat()})

    async def _tell(self, path: str, body: Json) -> None:
        await self._ask("coordinator", path, body, service="registry")

    # --- looking --------------------------------------------------------------------------------------------------

    async def _places(self, days: int, who: Member, kind: str = CONSULTATION) -> list[Json]:
        """In order of hour."""
        found = [slot for slot in await self._slots(self._on(days), kind) if slot["professional"] == str(who.id)]
        return sorted(found, key=lambda slot: datetime.fromisoformat(slot["start"]))

    async def _session(self, days: int) -> str | None:
        """The doctor's on that day."""
        return next((str(slot["session"]) for slot in await self._places(days, self._doctor)), None)

    def _hours(self, days: int, until: int = 12, minute: int = 0) -> Json:
        start, end = self._when(self._on(days), 9), self._when(self._on(days), until, minute)
        return {"start": start.isoformat(), "end": end.isoformat()}

    def _on(self, days: int) -> date:
        return self._day + timedelta(days=days)
