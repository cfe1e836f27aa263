"""A record that can never be read is refused with a reason that helps and does not quote it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smp.contracts import MalformedEvent, MessageAccepted, SlotBooked
from smp.contracts.base import EventData
from smp.contracts.envelope import Event, parse, to_headers, to_key, to_value
from smp.contracts.examples import EXAMPLES

BOOKED = EXAMPLES[SlotBooked]
HEADERS = dict(to_headers(BOOKED))
SECRET = "Madame-Xyz-appelle"


def reason_of_refusal(
    headers: dict[str, bytes] = HEADERS,
    key: bytes | None = None,
    value: bytes | None = None,
    event: Event[EventData] = BOOKED,
) -> str:
    with pytest.raises(MalformedEvent) as refused:
        parse(headers.items(), to_key(event) if key is None else key, to_value(event) if value is None else value)
    return str(refused.value)


def with_header(name: str, value: bytes) -> dict[str, bytes]:
    return {**HEADERS, name: value}


def with_field(name: str, value: Any, event: Event[EventData] = BOOKED) -> bytes:
    return json.dumps({**json.loads(to_value(event)), name: value}).encode()


REQUIRED = [
    "ce_specversion",
    "ce_id",
    "ce_type",
    "ce_subject",
    "ce_time",
    "ce_territory",
    "ce_sequence",
    "content-type",
]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_header_is_named(name: str) -> None:
    without = {key: value for key, value in HEADERS.items() if key != name}
    assert reason_of_refusal(without) == f"{name} is missing"


@pytest.mark.parametrize("name", REQUIRED)
def test_an_empty_header_is_a_missing_one(name: str) -> None:
    assert reason_of_refusal(with_header(name, b"")) == f"{name} is missing"


def test_a_record_without_headers_is_refused() -> None:
    assert reason_of_refusal({}) == "ce_specversion is missing"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ce_specversion", b"0.3", "ce_specversion is not 1.0"),
        ("content-type", b"application/avro", "content-type is not application/json"),
        ("content-type", b"application/cloudevents+json", "content-type is not application/json"),
        ("ce_id", b"1234-1234-1234", "ce_id is not a UUID"),
        ("ce_id", b"\xff\x00", "ce_id is not a UUID"),
        ("ce_subject", b"mysubject", "ce_subject is not a UUID"),
        ("ce_site", b"Laval", "ce_site is not a UUID"),
        ("ce_time", b"yesterday", "ce_time is not an RFC 3339 time"),
        ("ce_time", b"2026-02-30T08:00:00Z", "ce_time is not an RFC 3339 time"),
        ("ce_time", b"2026-11-23T08:00:00", "ce_time has no zone"),
        ("ce_time", b"0001-01-01T00:00:00+14:00", "ce_time is out of range"),
        ("ce_territory", b"99", "ce_territory is not a département code"),
        ("ce_territory", b"53\x00", "ce_territory is not a département code"),
        ("ce_sequence", b"0", "ce_sequence is not a positive integer"),
        ("ce_sequence", b"-1", "ce_sequence is not a positive integer"),
        ("ce_sequence", b"1.5", "ce_sequence is not a positive integer"),
        ("ce_sequence", b"9" * 400, "ce_sequence is not a positive integer"),
        ("ce_type", b"\xff\xfe", "ce_type is not UTF-8"),
        ("ce_type", b"fr.smp\x00", "ce_type holds a control character"),
    ],
)
def test_a_wrong_header_is_named_with_what_it_should_be(name: str, value: bytes, reason: str) -> None:
    assert reason_of_refusal(with_header(name, value)) == reason


@pytest.mark.parametrize("key", [b"", b"another", str(BOOKED.id).encode()])
def test_a_key_that_is_not_the_subject_is_refused_because_order_would_not_hold(key: bytes) -> None:
    assert reason_of_refusal(key=key) == "the record key is not ce_subject"


def test_a_record_without_a_key_is_refused() -> None:
    with pytest.raises(MalformedEvent, match="the record key is not ce_subject"):
        parse(HEADERS.items(), None, to_value(BOOKED))


def test_a_record_without_a_value_is_refused() -> None:
    with pytest.raises(MalformedEvent, match="the record has no value"):
        parse(HEADERS.items(), to_key(BOOKED), None)


def test_an_unknown_type_has_no_payload_to_read() -> None:
    headers = with_header("ce_type", b"fr.smp.booking.SlotDreamt.v1")
    assert reason_of_refusal(headers) == "ce_type is not in the catalogue"


@pytest.mark.parametrize(
    "value",
    [b"", b"{", b"null", b"[]", b'"text"', b"\xff\xfe", b'{"appointment": ', b"[" * 100_000],
    ids=["empty", "cut", "null", "list", "text", "not UTF-8", "cut after a name", "bottomless"],
)
def test_broken_json_is_refused(value: bytes) -> None:
    assert reason_of_refusal(value=value).startswith("payload: ")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("patient", None, "patient: uuid_type"),
        ("patient", SECRET, "patient: uuid_parsing"),
        ("start", "2026-02-30T08:00:00Z", "start: datetime_parsing"),
        ("start", "2026-11-23T08:00:00", "start: timezone_aware"),
        ("start", 1763884800, "start: datetime_type"),
        ("mode", SECRET, "mode: literal_error"),
        ("kind", f"fever {SECRET}", "kind: string_pattern_mismatch"),
        ("notify", "yes", "notify: bool_type"),
        ("practitioners", [{"role": "gp"}], "practitioners.0.professional: missing"),
        ("practitioners", SECRET, "practitioners: tuple_type"),
    ],
)
def test_a_payload_that_breaks_its_contract_is_refused_by_field(name: str, value: Any, reason: str) -> None:
    assert reason_of_refusal(value=with_field(name, value)) == reason


def test_a_nul_character_is_refused_since_postgresql_text_cannot_hold_it() -> None:
    value = with_field("channel", f"{SECRET}\x00")
    assert reason_of_refusal(value=value) == "the payload holds a NUL character"


def test_a_nul_character_deep_in_the_payload_is_refused() -> None:
    professional = BOOKED.data.model_dump(mode="json")["patient"]
    value = with_field("practitioners", [{"professional": professional, "role": "g\x00p"}])
    assert reason_of_refusal(value=value) == "the payload holds a NUL character"


def test_the_six_letters_of_an_escaped_nul_are_only_letters() -> None:
    value = with_field("channel", "\\u0000")
    parse(HEADERS.items(), to_key(BOOKED), value)


@pytest.mark.parametrize("credits", ["NaN", "Infinity", "-1", '"1"'])
def test_a_number_that_cannot_be_billed_is_refused(credits: str) -> None:
    event = EXAMPLES[MessageAccepted]
    value = to_value(event).replace(b'"credits":1.0', f'"credits":{credits}'.encode())
    assert reason_of_refusal(dict(to_headers(event)), event=event, value=value).startswith("credits: ")


def attempt(headers: dict[str, bytes], value: bytes) -> str:
    """The reason of the refusal, empty when the record was read; any other error is the test's failure."""
    try:
        parse(headers.items(), to_key(BOOKED), value)
    except MalformedEvent as refused:
        return str(refused) if refused.__cause__ is None else repr(refused.__cause__)
    return ""


@given(st.sampled_from(sorted(BOOKED.data.model_dump(mode="json"))), st.text(min_size=6))
def test_a_reason_never_quotes_the_record(field: str, text: str) -> None:
    assert SECRET not in attempt(HEADERS, with_field(field, SECRET + text))


@given(st.dictionaries(st.sampled_from([*REQUIRED, "ce_site", "ce_traceparent"]), st.binary(max_size=40)))
def test_whatever_the_headers_say_the_answer_is_an_event_or_a_refusal(noise: dict[str, bytes]) -> None:
    reason = attempt({**HEADERS, **noise}, to_value(BOOKED))
    assert not reason or reason.startswith(("ce_", "content-type", "the record key"))


@given(st.binary(max_size=200))
def test_whatever_the_value_says_the_answer_is_an_event_or_a_refusal(value: bytes) -> None:
    with pytest.raises(MalformedEvent):
        parse(HEADERS.items(), to_key(BOOKED), value)
