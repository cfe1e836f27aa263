"""From a booking to the telephone of the patient: what is told, what is corrected, what is dropped, who is called."""

from datetime import date, timedelta
from uuid import UUID

from smp_local.worlds.laval import LAVAL
from smp_local.worlds.people import INVALID
from tests.flows.house import SECRETARY, House, until

THURSDAY, FRIDAY, MONDAY = date(2026, 12, 10), date(2026, 12, 11), date(2026, 12, 14)


async def test_a_booking_travels_to_a_text_and_to_a_fact(house: House) -> None:
    house.stand(THURSDAY, 10)
    booked = await house.book(MONDAY, await house.patient())
    texts = await house.until_texts(booked["appointment"], {("confirmation", "delivered"), ("reminder", "planned")})
    assert {text["starts_at"] for text in texts} == {booked["start"].replace("+00:00", "Z")}
    [words] = await house.sent(booked["appointment"])
    assert "48 rue Marcel Cerdan" in words
    assert "lundi 14 décembre" in words
    await house.until_fact(booked["appointment"], "booked")


async def test_a_move_corrects_the_text_that_has_not_left(house: House) -> None:
    house.stand(THURSDAY, 21)  # no text leaves at night
    booked = await house.book(MONDAY, await house.patient())
    other = (await house.free(MONDAY))[9]
    moved = await house.do(
        f"/v1/appointments/{booked['appointment']}/move", {"session": other["session"], "start": other["start"]}
    )
    assert moved.ok, moved
    await house.until_texts(
        booked["appointment"],
        {
            ("confirmation", "cancelled"),
            ("reminder", "cancelled"),
            ("confirmation", "planned"),
            ("reminder", "planned"),
        },
    )
    house.stand(FRIDAY, 8, 30)
    texts = await until(
        lambda: house.texts(booked["appointment"]), lambda all_: any(text["state"] == "delivered" for text in all_)
    )
    [told] = [text for text in texts if text["state"] == "delivered"]
    assert told["starts_at"] == moved.body["start"]
    assert len(await house.sent(booked["appointment"])) == 1


async def test_a_cancellation_before_sending_drops_the_texts(house: House) -> None:
    house.stand(THURSDAY, 21, 10)
    booked = await house.book(MONDAY, await house.patient())
    gone = await house.do(f"/v1/appointments/{booked['appointment']}/cancellation", {"by": "patient", "notify": False})
    assert gone.ok, gone
    dropped = {("confirmation", "cancelled"), ("reminder", "cancelled")}
    await house.until_texts(booked["appointment"], dropped)
    house.stand(MONDAY - timedelta(days=2), 19, 50)
    await house.until_fact(booked["appointment"], "cancelled")
    await house.until_texts(booked["appointment"], dropped)
    assert await house.sent(booked["appointment"]) == []


async def test_a_refused_text_becomes_a_call_for_the_secretary(house: House) -> None:
    house.stand(THURSDAY, 11)
    booked = await house.book(MONDAY, await house.patient(INVALID))
    await until(lambda: house.texts(booked["appointment"]), lambda texts: any(t["state"] == "failed" for t in texts))

    async def calls() -> list[tuple[str, str]]:
        answer = await house.platform.read(SECRETARY, "notifications", "/v1/call-tasks", site=LAVAL.site)
        found = [task for task in answer.body["call_tasks"] if task["appointment"] == booked["appointment"]]
        return [(task["purpose"], task["reason"]) for task in found]

    assert await until(calls, bool) == [("confirmation", "invalid_number")]
    assert await house.books.value(
        "notifications", "SELECT count(*) FROM call_task WHERE appointment = $1", UUID(booked["appointment"])
    ) == 1  # fmt: skip
