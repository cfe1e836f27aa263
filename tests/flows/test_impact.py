"""A day that goes wrong, through the whole platform: the sick doctor (WORLD §5.3), and the centre that moves (§5.5)."""

from collections import Counter
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from smp_local.day.calendar import at
from smp_local.worlds.centre import Centre
from smp_local.worlds.laval import LAVAL, RETIRED
from smp_local.worlds.le_mans import LE_MANS
from smp_local.worlds.opening import ensure_patient
from smp_local.worlds.people import person, with_landline_only
from smp_local.worlds.platform import Json
from tests.flows.house import SECRETARY, House, until

TUESDAY, WEDNESDAY = date(2026, 12, 15), date(2026, 12, 16)
SICK, COLLEAGUE = (
    RETIRED[4],
    RETIRED[5],
)  # of Wednesdays, eight to one and two to seven, eight to twelve and one to eight


async def landline_patient(house: House, number: int) -> str:
    return await ensure_patient(house.platform, LAVAL, with_landline_only(person(LAVAL.town, number)))


async def book(house: House, slot: Json, patient: str) -> str:
    body = {"session": slot["session"], "start": slot["start"], "kind": "consultation", "patient": patient}
    answer = await house.do("/v1/appointments", body)
    assert answer.ok, answer
    return str(answer.body["appointment"])


async def call_tasks(house: House) -> dict[str, str]:
    """The call list of Laval: why, by appointment."""
    answer = await house.platform.read(SECRETARY, "notifications", "/v1/call-tasks", site=LAVAL.site, limit=200)
    assert answer.ok, answer
    return {task["appointment"]: task["reason"] for task in answer.body["call_tasks"]}


async def notices(house: House, appointment: str) -> Counter[str]:
    """What was told about an appointment besides its reminder and its confirmation."""
    texts = await house.texts(appointment)
    return Counter(text["purpose"] for text in texts if text["purpose"] in ("change", "cancellation"))


async def test_a_doctor_who_calls_in_sick_at_a_quarter_to_eight(house: House) -> None:
    """Twenty patients, three commands of one secretary, and at eight nobody is forgotten."""
    house.stand(TUESDAY, 10)
    free = [slot for slot in await house.free(WEDNESDAY) if slot["professional"] == str(SICK.id)][:20]
    patients = [
        await (landline_patient(house, 7000 + rank) if rank % 5 == 0 else house.patient()) for rank in range(len(free))
    ]
    booked = [await book(house, slot, patient) for slot, patient in zip(free, patients, strict=True)]
    other = [slot for slot in await house.free(WEDNESDAY) if slot["professional"] == str(COLLEAGUE.id)]
    for slot in other[:6]:
        await book(house, slot, await house.patient())
    await house.until_texts(booked[1], {("confirmation", "delivered")})

    house.stand(WEDNESDAY, 7, 45)
    away = {
        "kind": "absence", "reason": "practitioner_away", "professional": str(SICK.id),
        "start": at(LAVAL, WEDNESDAY, 7, 45).isoformat(), "end": at(LAVAL, WEDNESDAY, 20).isoformat(),
    }  # fmt: skip
    plan = (await house.do("/v1/impacts", away)).body  # the first command
    assert plan["figures"]["hit"] == len(booked) == 20
    looked = await house.platform.read(SECRETARY, "booking", f"/v1/impacts/{plan['impact']}")  # the second
    assert {item["appointment"] for item in looked.body["items"]} == set(booked)
    applied = await house.do(f"/v1/impacts/{plan['impact']}/application", {})  # the third
    assert applied.ok, applied

    items = await _settled(house, plan["impact"])
    ended = Counter(item["outcome"] for item in items.values())
    promised = plan["figures"]["outcomes"]["move_to_first_proposal"]
    assert {outcome: ended[outcome] for outcome in promised} == promised
    assert ended.total() == 20
    assert ended["kept"]
    assert ended["moved"]
    to_call = {each for each, item in items.items() if item["outcome"] == "call"}
    to_call |= {each for each, item in items.items() if item["outcome"] == "moved" and item["told_by"] == "call"}
    await until(lambda: call_tasks(house), lambda found: to_call <= found.keys())
    for appointment, item in items.items():
        told = Counter({"change": 1}) if item["outcome"] == "moved" and item["told_by"] == "text" else Counter()
        await until(partial(notices, house, appointment), told.__eq__)
        await house.until_fact(appointment, "booked")


async def test_the_centre_moves_and_every_text_after_it_gives_the_new_address(house: House) -> None:
    """Booked long before the move was known; who cannot be reached by a text is called."""
    before, after = date(2027, 1, 5), date(2027, 1, 12)  # Tuesdays
    house.stand(date(2026, 12, 17), 10)
    secretary = LE_MANS.secretaries()[0]
    patients = [
        await ensure_patient(house.platform, LE_MANS, person(LE_MANS.town, 7100)),
        await ensure_patient(house.platform, LE_MANS, person(LE_MANS.town, 7101)),
        await ensure_patient(house.platform, LE_MANS, with_landline_only(person(LE_MANS.town, 7102))),
    ]
    booked = [
        await _book_at(house, LE_MANS, day, patient)
        for day, patient in zip((before, after, after), patients, strict=True)
    ]
    house.stand(date(2026, 12, 18), 10)
    new = {"line": "3 rue du Déménagement", "postal_code": "72000", "city": "Le Mans", "commune_code": "72181"}
    body = {"address": new, "phone": "02 59 29 01 30", "from_date": "2027-01-11"}
    moved = await house.do(
        f"/v1/sites/{LE_MANS.site}/relocation", body, who=LE_MANS.staff("manager"), service="registry"
    )
    assert moved.ok, moved
    change = {"kind": "site_moved", "reason": "new_address", "site": str(LE_MANS.site), "from_day": "2027-01-11"}
    plan = (await house.do("/v1/impacts", change, who=secretary)).body
    hit = {item["appointment"]: item["told_by"] for item in plan["items"]}
    assert {hit[booked[1]], hit[booked[2]]} == {"text", "call"}
    assert booked[0] not in hit
    assert (await house.do(f"/v1/impacts/{plan['impact']}/application", {}, who=secretary)).ok
    called = "SELECT reason FROM call_task WHERE appointment = $1 AND state = 'open'"
    await until(lambda: house.books.value("notifications", called, UUID(booked[2])), lambda why: why == "to_be_decided")
    house.stand(date(2027, 1, 4), 10)
    await _reminded(house, booked[0], "Paderborn")
    house.stand(date(2027, 1, 11), 10)
    await _reminded(house, booked[1], "nagement")


async def _settled(house: House, impact: str) -> dict[str, Json]:
    """The lines of a plan once it has been carried out."""

    async def read() -> Any:
        answer = await house.platform.read(SECRETARY, "booking", f"/v1/impacts/{impact}")
        return answer.body

    over = await until(read, lambda found: found["state"] == "applied")
    return {item["appointment"]: item for item in over["items"]}


async def _book_at(house: House, centre: Centre, day: date, patient: str) -> str:
    who = centre.secretaries()[0]
    window = {"from_": at(centre, day, 0).isoformat(), "to": at(centre, day, 23).isoformat()}
    free = await house.platform.read(
        who, "booking", "/v1/availability", site=centre.site, kind="consultation", **window
    )
    slot = free.body["slots"][0]
    body = {"session": slot["session"], "start": slot["start"], "kind": "consultation", "patient": patient}
    answer = await house.do("/v1/appointments", body, who=who)
    assert answer.ok, answer
    return str(answer.body["appointment"])


async def _reminded(house: House, appointment: str, where: str) -> None:
    words = await until(lambda: house.sent(appointment), lambda sent: any("Rappel" in text for text in sent))
    [reminder] = [text for text in words if "Rappel" in text]
    assert where in reminder, reminder
