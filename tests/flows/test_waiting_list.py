"""From a cancellation to the telephone of the next patient, and from the answer to the appointment."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from smp_local.worlds.laval import LAVAL
from smp_local.worlds.platform import Json
from tests.flows.house import SECRETARY, House, until

THURSDAY, TUESDAY = date(2026, 12, 10), date(2026, 12, 15)


async def test_a_place_given_up_is_offered_by_text_and_taken_by_telephone(house: House) -> None:
    house.stand(THURSDAY, 14)
    given_up = await house.book(TUESDAY, await house.patient())
    hours = [datetime.fromisoformat(given_up[end]).astimezone(ZoneInfo("Europe/Paris")) for end in ("start", "end")]
    window = {
        "weekdays": [2], "start": f"{hours[0]:%H:%M}", "end": f"{hours[1]:%H:%M}",
        "first_day": TUESDAY.isoformat(), "last_day": TUESDAY.isoformat(),
    }  # fmt: skip
    waits = {"kinds": ["consultation"], "sites": [str(LAVAL.site)], "windows": [window]}
    joined = await house.do("/v1/waiting-list", {"patient": await house.patient(), **waits})
    assert joined.ok, joined
    gone = await house.do(f"/v1/appointments/{given_up['appointment']}/cancellation", {"by": "patient"})
    assert gone.ok, gone

    async def offers() -> list[Json]:
        answer = await house.platform.read(SECRETARY, "booking", f"/v1/waiting-list/{joined.body['entry']}")
        assert answer.ok, answer
        return list(answer.body["offers"])

    [offer] = await until(offers, bool)
    await house.until_texts(offer["appointment"], {("offer", "delivered")})
    [words] = await house.sent(offer["appointment"])
    assert "une place se libère mardi 15 décembre" in words
    assert "avant jeudi 10 à 18h" in words
    taken = await house.do(f"/v1/offers/{offer['offer']}/acceptance")
    assert taken.ok, taken
    assert taken.body["appointment"]["state"] == "booked"
    told = {("offer", "delivered"), ("confirmation", "delivered"), ("reminder", "planned")}
    await house.until_texts(offer["appointment"], told)
