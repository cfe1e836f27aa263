"""Opening a centre through the public interfaces, once: ids and keys are stable, so a second opening finds all."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from smp.clock import clock_from
from smp_local.trouble import Trouble
from smp_local.worlds.centre import Centre, Member, Shift
from smp_local.worlds.le_mans import LE_MANS, RELOCATION
from smp_local.worlds.people import Person, person
from smp_local.worlds.platform import Answer, Platform, Service, Staff

PARALLEL = 12  # requests at once
NOT_HEARD_YET = ("site-unknown", "professional-unknown", "patient-unknown")
SEEN_AHEAD = timedelta(days=27)  # within one search of the agenda (`search_days` is 28)


@dataclass
class Tally:
    """What was new, what was there already."""

    new: int = 0
    known: int = 0

    def count(self, answer: Answer) -> None:
        if answer.ok and not answer.replayed:
            self.new += 1
        else:
            self.known += 1


async def open_centre(platform: Platform, centre: Centre) -> tuple[Tally, Tally, Tally]:
    """Site and team, hours of reception, patients: each with what was new. Raises Trouble when a step is refused."""
    coordinator = centre.staff("coordinator", "opening")
    team, hours, patients = Tally(), Tally(), Tally()
    await _command(platform, team, coordinator, "registry", "/v1/sites", _site(centre), f"world/{centre.key}/site")
    if centre is LE_MANS:
        path = f"/v1/sites/{centre.site}/relocation"
        await _command(platform, team, coordinator, "registry", path, RELOCATION, "world/le-mans/move", ("site-date",))
    await _together(lambda member=member: _join(platform, team, centre, member) for member in centre.members)  # type: ignore[misc]
    await _together(lambda pair=pair: _supervise(platform, team, centre, pair) for pair in centre.supervisions)  # type: ignore[misc]
    await asyncio.gather(_open_hours(platform, hours, centre), _register(platform, patients, centre))
    return team, hours, patients


async def ensure_patient(platform: Platform, centre: Centre, who: Person, tally: Tally | None = None) -> str:
    """The id of this person's file, registered now if need be."""
    secretary = centre.secretaries()[who.index % len(centre.secretaries())]
    key = f"world/{centre.key}/patient/{who.index}"
    answer = await platform.command(secretary, "registry", "/v1/patients", who.body(str(centre.site)), key=key)
    if tally:
        tally.count(answer)
    if answer.ok:
        return str(answer.body["id"])
    if answer.slug == "possible-duplicate":
        return str(answer.body["candidates"][0]["id"])
    raise _refused("Un patient n'a pas pu être inscrit", answer)


async def _register(platform: Platform, tally: Tally, centre: Centre) -> None:
    people = [person(centre.town, index) for index in range(centre.registered)]
    await _together(lambda who=who: ensure_patient(platform, centre, who, tally) for who in people)  # type: ignore[misc]


def _site(centre: Centre) -> dict[str, Any]:
    return {"id": str(centre.site), **centre.site_body, "opened_on": centre.opened_on.isoformat()}


async def _join(platform: Platform, tally: Tally, centre: Centre, member: Member) -> None:
    body = {
        "id": str(member.id),
        "family_name": member.family_name,
        "given_name": member.given_name,
        "role": member.role,
        "rpps": member.rpps,
        "sites": [str(centre.site)],
        "contract_start": centre.opened_on.isoformat(),
    }
    who = centre.staff("coordinator", "opening")
    await _command(platform, tally, who, "registry", "/v1/professionals", body, f"world/{member.name}")


async def _supervise(platform: Platform, tally: Tally, centre: Centre, pair: tuple[Member, Member]) -> None:
    intern, doctor = pair
    body = {"supervisor": str(doctor.id), "from_date": centre.opened_on.isoformat()}
    path, key = f"/v1/professionals/{intern.id}/supervision", f"world/{intern.name}/supervised-by/{doctor.name}"
    who = centre.staff("coordinator", "opening")
    await _command(platform, tally, who, "registry", path, body, key, ("supervision-twice",))


async def _open_hours(platform: Platform, tally: Tally, centre: Centre) -> None:
    """Rules have no id of their own: those whose sessions are in the agenda already are not opened again."""
    open_already = await _open_shifts(platform, centre)
    tally.known += len(open_already)
    wanted = [shift for shift in centre.shifts if shift not in open_already]
    await _together(lambda shift=shift: _open_rule(platform, tally, centre, shift) for shift in wanted)  # type: ignore[misc]


async def _open_shifts(platform: Platform, centre: Centre) -> set[Shift]:
    now = clock_from(platform.addresses.clock_file).now()
    slots: list[dict[str, Any]] = []
    for kind in sorted({kind for shift in centre.shifts for kind in shift.kinds}):
        answer = await platform.read(
            centre.staff("coordinator", "opening"), "booking", "/v1/availability", site=centre.site, kind=kind,
            from_=now.isoformat(), to=(now + SEEN_AHEAD).isoformat(), limit=2000,
        )  # fmt: skip
        slots += answer.body.get("slots", []) if answer.ok else []
    starts = [(slot["professional"], datetime.fromisoformat(slot["start"]).astimezone(centre.zone)) for slot in slots]
    return {shift for shift in centre.shifts if any(_is_in(shift, who, start) for who, start in starts)}


def _is_in(shift: Shift, professional: str, start: datetime) -> bool:
    return (
        professional == str(shift.who.id) and shift.falls_on(start.date()) and shift.start <= start.time() < shift.end
    )


async def _open_rule(platform: Platform, tally: Tally, centre: Centre, shift: Shift) -> None:
    body = {
        "site": str(centre.site),
        "professional": str(shift.who.id),
        "room": shift.room,
        "kinds": list(shift.kinds),
        "weekly": {
            "weekdays": [shift.weekday],
            "every_weeks": shift.every_weeks,
            "anchor": shift.anchor.isoformat(),
        },
        "start": shift.start.isoformat("minutes"),
        "end": shift.end.isoformat("minutes"),
        "slot_minutes": shift.slot_minutes,
        "valid_from": centre.opened_on.isoformat(),
    }
    key = f"world/{shift.who.name}/rule/{shift.weekday}/{shift.start:%H%M}/{centre.key}"
    await _command(platform, tally, centre.staff("coordinator", "opening"), "booking", "/v1/session-rules", body, key)


async def _command(
    platform: Platform, tally: Tally, who: Staff, service: Service, path: str, body: Any, key: str,
    there_already: Iterable[str] = (),
) -> None:  # fmt: skip
    answer = await platform.command(
        who, service, path, body, key=key, again_on=NOT_HEARD_YET if service == "booking" else ()
    )
    tally.count(answer)
    if not answer.ok and answer.slug not in {"already-exists", "rpps-taken", *there_already}:
        raise _refused(f"L'ouverture a été refusée ({path})", answer)


def _refused(what: str, answer: Answer) -> Trouble:
    detail = answer.body.get("detail") or answer.body.get("title") or answer.status
    return Trouble(f"{what} : {detail}", "Voyez le journal du service ; relancez ensuite, rien ne sera fait deux fois.")


async def _together(work: Iterable[Callable[[], Awaitable[object]]]) -> None:
    gate = asyncio.Semaphore(PARALLEL)

    async def one(step: Callable[[], Awaitable[object]]) -> None:
        async with gate:
            await step()

    try:
        async with asyncio.TaskGroup() as group:
            for step in work:
                group.create_task(one(step))
    except* Trouble as troubles:
        raise troubles.exceptions[0] from None
