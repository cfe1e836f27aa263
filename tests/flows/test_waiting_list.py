"""From a free place to the telephone of who waits for it, and from the answer to the appointment."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from smp_local.worlds.laval import LAVAL
from smp_local.worlds.platform import Json
from tests.flows.house import SECRETARY, House, until

THURSDAY, TUESDAY, WEDNESDAY = date(2026, 12, 10), date(2026, 12, 15), date(2026, 12, 16)
SECONDS = 20.0  # on a busy machine


async def test_a_place_given_up_is_offered_by_text_and_taken_by_telephone(house: House) -> None:
    house.stand(THURSDAY, 14)
    given_up = await house.book(TUESDAY, await house.patient())
    entry = await joins(house, await house.patient(), windows=[hours_of(given_up)])
    gone = await house.do(f"/v1/appointments/{given_up['appointment']}/cancellation", {"by": "patient"})
    assert gone.ok, gone
    [offer] = await until(lambda: offers_to(house, entry), bool)
    await house.until_texts(offer["appointment"], {("offer", "delivered")})
    [words] = await house.sent(offer["appointment"])
    assert "une place se libère mardi 15 décembre" in words
    assert "avant jeudi 10 à 18h" in words
    taken = await house.do(f"/v1/offers/{offer['offer']}/acceptance")
    assert taken.ok, taken
    assert taken.body["appointment"]["state"] == "booked"
    told = {("offer", "delivered"), ("confirmation", "delivered"), ("reminder", "planned")}
    await house.until_texts(offer["appointment"], told)


async def test_who_joins_is_offered_what_is_free_and_then_what_was_passed_over_meanwhile(house: House) -> None:
    house.stand(THURSDAY, 14)
    free = sorted(await house.free(WEDNESDAY), key=lambda slot: slot["start"])
    one = free[0]
    other = next(slot for slot in free[1:] if slot["session"] == one["session"] and slot["start"] >= one["end"])
    body = {"session": other["session"], "start": other["start"], "kind": "consultation"}
    given_up = await house.do("/v1/appointments", {**body, "patient": await house.patient()})
    assert given_up.ok, given_up

    wishes = {"windows": [hours_of(one), hours_of(other)], "practitioners": [one["professional"]]}
    entry = await joins(house, await house.patient(), **wishes)
    [first] = await until(lambda: offers_to(house, entry), bool, patience=SECONDS)
    assert first["start"] == one["start"]

    gone = await house.do(f"/v1/appointments/{given_up.body['appointment']}/cancellation", {"by": "patient"})
    assert gone.ok, gone
    await until(lambda: house.books.value("booking", "SELECT count(*) FROM freed_place"), lambda left: left == 0)
    assert len(await offers_to(house, entry)) == 1
    refused = await house.do(f"/v1/offers/{first['offer']}/refusal")
    assert refused.ok, refused
    [_, second] = await until(lambda: offers_to(house, entry), lambda told: len(told) == 2, patience=SECONDS)
    assert (second["start"], second["state"]) == (other["start"], "running")


def hours_of(slot: Json) -> Json:
    """As a window of the waiting list says them."""
    start, end = (datetime.fromisoformat(slot[end]).astimezone(ZoneInfo("Europe/Paris")) for end in ("start", "end"))
    day = f"{start:%Y-%m-%d}"
    return {
        "weekdays": [start.isoweekday()], "start": f"{start:%H:%M}", "end": f"{end:%H:%M}",
        "first_day": day, "last_day": day,
    }  # fmt: skip


async def joins(house: House, patient: str, **wishes: Any) -> str:
    """Waits for a consultation at Laval."""
    waits = {"kinds": ["consultation"], "sites": [str(LAVAL.site)], **wishes}
    joined = await house.do("/v1/waiting-list", {"patient": patient, **waits})
    assert joined.ok, joined
    return str(joined.body["entry"])


async def offers_to(house: House, entry: str) -> list[Json]:
    """Every offer made to somebody, oldest first."""
    answer = await house.platform.read(SECRETARY, "booking", f"/v1/waiting-list/{entry}")
    assert answer.ok, answer
    return list(answer.body["offers"])
