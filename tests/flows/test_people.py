"""Who may receive whom, and who may see what, through all services."""

from datetime import date
from uuid import UUID

from smp_local.worlds.laval import INTERNS, LAVAL
from smp_local.worlds.le_mans import LE_MANS
from smp_local.worlds.platform import Staff
from tests.flows.house import House

TUESDAY, THURSDAY, MONDAY = date(2026, 12, 15), date(2026, 12, 17), date(2026, 12, 21)


async def test_an_intern_receives_only_while_a_supervisor_is_present(house: House) -> None:
    """The first intern is answered for by the doctors of Monday to Wednesday, never by those of Thursday."""
    house.stand(TUESDAY, 9)
    body = {
        "site": str(LAVAL.site), "professional": str(INTERNS[0].id), "room": "Cabinet 4", "kinds": ["consultation"],
        "day": THURSDAY.isoformat(), "start": "09:00", "end": "12:00",
    }  # fmt: skip
    opened = await house.do("/v1/sessions", body, who=LAVAL.staff("coordinator"))
    assert opened.ok, opened
    assert await house.free(THURSDAY, professional=INTERNS[0].id) == []
    wish = {"session": opened.body["session"], "start": opened.body["start"], "kind": "consultation"}
    refused = await house.do("/v1/appointments", {**wish, "patient": await house.patient()})
    assert refused.slug == "no-supervisor"
    assert len(refused.alternatives) == 3
    assert await house.free(MONDAY, professional=INTERNS[0].id) != []


async def test_nobody_of_another_territory_sees_a_patient_or_an_appointment(house: House) -> None:
    house.stand(TUESDAY, 9, 30)
    patient = await house.patient()
    appointment = (await house.book(MONDAY, patient))["appointment"]
    name = (await house.platform.read(LAVAL.secretaries()[0], "registry", f"/v1/patients/{patient}")).body["birth_name"]
    for who in (LE_MANS.secretaries()[0], Staff("coordinator-72", "coordinator", "72", "*")):
        read, ask = house.platform.read, house.platform.ask
        assert (await read(who, "registry", f"/v1/patients/{patient}")).status == 404
        found = (await ask(who, "registry", "/v1/patients/search", {"name": name, "limit": 50})).body["patients"]
        assert patient not in {each["id"] for each in found}
        assert (await read(who, "booking", f"/v1/appointments/{appointment}")).status == 404
        assert (await read(who, "booking", f"/v1/sites/{LAVAL.site}/day", date=MONDAY.isoformat())).status in (403, 404)
        assert (await read(who, "notifications", "/v1/messages", appointment=appointment)).body["messages"] == []
        body = {"by": "centre", "reason": "organisation"}
        assert (await house.do(f"/v1/appointments/{appointment}/cancellation", body, who=who)).status == 404
    state = await house.books.value("booking", "SELECT state FROM appointment WHERE id = $1", UUID(appointment))
    assert state == "booked"
