"""One story, one trace; one key, one effect: through processes that die and come back."""

import os
import signal
from datetime import date
from uuid import UUID

from smp.ids import new_id
from smp.telemetry import new_traceparent, trace_id
from smp_local.worlds.laval import LAVAL
from smp_local.worlds.people import person
from tests.flows.house import SECRETARY, House, until

TUESDAY, MONDAY = date(2026, 12, 22), date(2026, 12, 28)


async def test_one_trace_id_finds_the_whole_story(house: House) -> None:
    house.stand(TUESDAY, 9)
    trace = new_traceparent()
    id = trace_id(trace)
    assert id is not None
    who = person(LAVAL.town, 4001)
    inscribed = await house.do(
        "/v1/patients", who.body(str(LAVAL.site)), service="registry", headers={"traceparent": trace}
    )
    booked = await house.book(MONDAY, inscribed.body["id"], headers={"traceparent": trace})
    texts = await house.until_texts(booked["appointment"], {("confirmation", "delivered"), ("reminder", "planned")})
    await house.until_fact(booked["appointment"], "booked")
    assert {trace_id(text["traceparent"]) for text in texts} == {id}
    said = await house.books.rows(
        "booking", "SELECT traceparent FROM smp.outbox WHERE aggregateid = $1", UUID(booked["appointment"])
    )
    assert {trace_id(row["traceparent"]) for row in said} == {id}
    envelopes = (await house.books.kafka()).envelopes
    assert {trace_id(e.traceparent) for e in envelopes if e.subject == UUID(booked["appointment"])} == {id}
    for service in ("registry", "booking", "notifications", "reporting"):
        assert id in house.log_of(service), service


async def test_a_command_repeated_after_a_kill_is_done_once(house: House) -> None:
    house.stand(TUESDAY, 10)
    patient = await house.patient()
    free = (await house.free(MONDAY))[0]
    body = {"session": free["session"], "start": free["start"], "kind": "consultation", "patient": patient}
    key = f"flow-{new_id()}"
    first = await house.do("/v1/appointments", body, key=key)
    before = house.process("booking").pid
    os.kill(before, signal.SIGKILL)
    again = await house.do("/v1/appointments", body, key=key)
    assert again.replayed
    assert again.body == first.body
    assert house.process("booking").pid != before
    count = "SELECT count(*) FROM appointment WHERE patient = $1"
    assert await house.books.value("booking", count, UUID(patient)) == 1


async def test_what_was_booked_while_a_consumer_was_dead_is_told_when_it_is_back(house: House) -> None:
    house.stand(TUESDAY, 11)
    patient = await house.patient()
    os.kill(house.process("notifications").pid, signal.SIGKILL)
    booked = await house.book(MONDAY, patient)
    await until(
        lambda: house.platform.read(SECRETARY, "notifications", "/v1/messages", appointment=booked["appointment"]),
        lambda answer: any(text["state"] == "delivered" for text in answer.body["messages"]),
    )
    assert len(await house.sent(booked["appointment"])) == 1
