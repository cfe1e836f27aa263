"""Bad input at the doors of the running platform: a clear answer or a parked record, and life goes on."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from smp.contracts import SlotBooked
from smp.contracts.envelope import to_headers, to_key, to_value
from smp.contracts.examples import EXAMPLES
from smp.ids import new_id
from smp_local.worlds.laval import LAVAL
from smp_local.worlds.le_mans import LE_MANS
from tests.flows.house import SECRETARY, House, until
from tests.support.kafka import producer

TUESDAY, MONDAY = date(2027, 1, 5), date(2027, 1, 11)
APPOINTMENTS = SlotBooked.topic.name

REGISTER = {
    "birth_name": "Essai",
    "given_names": ["Odile"],
    "birth_date": "1950-02-28",
    "sex": "female",
    "home_site": str(LAVAL.site),
}
RULE = {
    "site": str(LAVAL.site),
    "professional": str(LAVAL.members[0].id),
    "room": "Cabinet 9",
    "kinds": ["consultation"],
    "weekly": {"weekdays": [7]},
    "start": "09:00",
    "end": "12:00",
    "valid_from": "2027-01-04",
}


async def post(
    house: House, url: str, content: bytes, *, token: str | None = None, key: str | None = None
) -> httpx2.Response:
    """A request as a careless program sends it."""
    bearer = token if token is not None else await house.platform.token(SECRETARY)
    headers = {"Content-Type": "application/json", "Idempotency-Key": key or f"bad-{new_id()}"}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    async with httpx2.AsyncClient(timeout=30, trust_env=False) as http:
        return await http.post(url, content=content, headers=headers)


async def patients(house: House) -> int:
    return int(await house.books.value("registry", "SELECT count(*) FROM patient"))


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"birth_name": ', 400),
        (b"\xff\xfe\x00", 400),
        (b"[" * 10_000, 400),
        (json.dumps({**REGISTER, "nickname": "x"}).encode(), 422),
        (json.dumps({**REGISTER, "birth_date": "2026-02-30"}).encode(), 422),
        (json.dumps({**REGISTER, "birth_date": "2999-01-01"}).encode(), 422),
        (json.dumps({**REGISTER, "birth_date": "1820-01-01"}).encode(), 422),
        (json.dumps({**REGISTER, "birth_name": "Es\x00sai"}).encode(), 422),
        (json.dumps({**REGISTER, "birth_name": "E" * 5000}).encode(), 422),
        (json.dumps({**REGISTER, "phones": [{"number": "0" * 30}]}).encode(), 422),
        (b'{"birth_name": "' + b"x" * 10_000_000 + b'"}', 413),
    ],
    ids=[
        "cut",
        "not-utf8",
        "deep",
        "unknown-field",
        "no-such-date",
        "unborn",
        "too-old",
        "nul",
        "long",
        "phone",
        "10MB",
    ],
)
async def test_a_body_that_cannot_be_taken_is_refused_and_nothing_is_kept(
    house: House, content: bytes, status: int
) -> None:
    before = await patients(house)
    answer = await post(house, f"{house.addresses.registry}/v1/patients", content)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].startswith("urn:smp:problem:")
    assert await patients(house) == before


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"start": "12:00", "end": "09:00"}, ("", "end_before_start")),
        ({"start": "25:00"}, ("/start", "time_parsing")),
        ({"valid_from": "2027-02-29"}, ("/valid_from", "date_from_datetime_parsing")),
    ],
    ids=["end-before-start", "no-such-hour", "no-such-date"],
)
async def test_hours_and_dates_that_do_not_exist_are_refused(
    house: House, change: dict[str, Any], fault: tuple[str, str]
) -> None:
    house.stand(TUESDAY, 9)
    rules = "SELECT count(*) FROM session_rule"
    before = await house.books.value("booking", rules)
    answer = await house.do("/v1/session-rules", {**RULE, **change}, who=LAVAL.staff("coordinator"))
    assert answer.status == 422
    assert [(error["pointer"], error["code"]) for error in answer.body["errors"]] == [fault]
    assert await house.books.value("booking", rules) == before


@pytest.mark.parametrize(
    ("day", "status"), [("2027-03-28", 422), ("2027-10-31", 201)], ids=["missing-hour-of-march", "two-hours-of-october"]
)
async def test_the_hour_that_does_not_exist_is_refused_and_the_one_that_comes_twice_is_the_first(
    house: House, day: str, status: int
) -> None:
    """Europe/Paris goes from 2:00 to 3:00 on 28 March 2027 and from 3:00 back to 2:00 on 31 October 2027."""
    house.stand(TUESDAY, 9)
    body = {key: RULE[key] for key in ("site", "professional", "kinds")}
    night = {"room": "Cabinet 9", "day": day, "start": "02:30", "end": "04:30"}
    answer = await house.do("/v1/sessions", {**body, **night}, who=LAVAL.staff("coordinator"))
    assert answer.status == status, answer
    if answer.ok:
        assert datetime.fromisoformat(answer.body["start"]).astimezone(UTC) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
        length = datetime.fromisoformat(answer.body["end"]) - datetime.fromisoformat(answer.body["start"])
        assert length == timedelta(hours=3)


async def test_wrong_expired_and_foreign_tokens_are_refused(house: House) -> None:
    url = f"{house.addresses.registry}/v1/patients"
    good = await house.platform.token(SECRETARY)
    spoilt = good[:-6] + ("AAAAAA" if not good.endswith("AAAAAA") else "BBBBBB")
    async with httpx2.AsyncClient(trust_env=False) as http:
        form = {"grant_type": "urn:smp:local:role", "role": "secretary", "territories": "53", "sites": "*"}
        expired = await http.post(f"{house.addresses.identity}/token", data={**form, "expires_in": "-60"})
    before = await patients(house)
    for token in ("", "nonsense", spoilt, expired.json()["access_token"]):
        answer = await post(house, url, json.dumps(REGISTER).encode(), token=token)
        assert answer.status_code == 401
        assert answer.json()["type"] == "urn:smp:problem:unauthenticated"
    assert await patients(house) == before


async def test_the_right_token_for_the_wrong_site_is_refused(house: House) -> None:
    house.stand(TUESDAY, 9)
    body = {**RULE, "site": str(LE_MANS.site)}
    answer = await house.do("/v1/session-rules", body, who=LAVAL.staff("coordinator"))
    assert answer.status in (403, 404)
    read = await house.platform.read(SECRETARY, "booking", f"/v1/sites/{LE_MANS.site}/day", date=MONDAY.isoformat())
    assert read.status in (403, 404)


async def test_the_same_key_with_another_body_is_refused_and_the_first_answer_stands(house: House) -> None:
    url, key = f"{house.addresses.registry}/v1/patients", f"bad-{new_id()}"
    first = {**REGISTER, "birth_name": "Clé", "birth_date": "1951-03-01"}
    one = await post(house, url, json.dumps(first).encode(), key=key)
    two = await post(house, url, json.dumps({**first, "birth_name": "Autre"}).encode(), key=key)
    again = await post(house, url, json.dumps(first).encode(), key=key)
    assert one.status_code == 201, one.text
    assert two.json()["type"] == "urn:smp:problem:idempotency-key-reused"
    assert again.content == one.content


async def parked(house: House, consumer: str) -> int:
    return int(await house.books.value(consumer, "SELECT count(*) FROM smp.parked WHERE state = 'parked'"))


async def facts(house: House, appointment: UUID) -> list[Any]:
    sql = "SELECT status FROM appointment_fact WHERE appointment = $1"
    return [row["status"] for row in await house.books.rows("reporting", sql, appointment)]


async def test_bad_events_are_parked_and_the_good_ones_behind_them_have_their_effect_once(house: House) -> None:
    """Broken JSON, no headers, an unknown type, the same event twice, one from the future: then an honest booking."""
    house.stand(TUESDAY, 9)
    before = await parked(house, "reporting")
    example = EXAMPLES[SlotBooked]

    def event(sequence: int = 1, **fields: Any) -> Any:
        appointment = fields.pop("appointment", None) or new_id()
        data = SlotBooked.model_validate({**example.data.model_dump(), "appointment": appointment, **fields})
        return type(example).of(
            data,
            subject=appointment,
            territory="53",
            site=example.site,
            sequence=sequence,
            time=fields.get("booked_at", example.time),
        )

    broken, twice = event(), event()
    future = event(booked_at=datetime(2090, 1, 1, tzinfo=UTC))
    async with producer(house.addresses.kafka) as kafka:

        async def send(value: bytes, key: bytes | None, headers: list[tuple[str, bytes]]) -> None:
            await kafka.send_and_wait(APPOINTMENTS, value, key=key, headers=headers)

        await send(b'{"appointment": ', to_key(broken), to_headers(broken))
        await send(b"{}", None, [])
        unknown = [(n, b"fr.smp.booking.SlotPainted.v1" if n == "ce_type" else v) for n, v in to_headers(event())]
        await send(b"{}", b"any", unknown)
        for each in (twice, twice, future):
            await send(to_value(each), to_key(each), to_headers(each))

    async def parked_now() -> int:
        return await parked(house, "reporting") - before

    await until(parked_now, lambda count: count == 2)
    await until(lambda: facts(house, twice.subject), lambda found: len(found) == 1)
    await until(lambda: facts(house, future.subject), lambda found: len(found) == 1)
    booked = await house.book(MONDAY, await house.patient())
    await house.until_fact(booked["appointment"], "booked")
    assert await parked_now() == 2
    assert {p.state for p in house.supervisor.watched()} == {"ready"}
    assert sum(p.restarts for p in house.supervisor.watched() if p.program.name == "reporting") == 0
