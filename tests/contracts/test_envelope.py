"""Events travel as CloudEvents 1.0 over Kafka, binary mode, and come back as they left."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smp.contracts import CATALOGUE, EligibilityChanged, Event, PatientErased, SlotBooked
from smp.contracts.base import EventData
from smp.contracts.envelope import decode, parse, read_headers, to_headers, to_key, to_value
from smp.contracts.examples import EXAMPLES
from smp.contracts.territories import TERRITORIES
from smp.ids import new_id
from smp.telemetry import new_traceparent, traced

BOOKED = EXAMPLES[SlotBooked]
NOW = datetime(2026, 11, 23, 7, 5, tzinfo=UTC)

aware = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001  # the zone is drawn apart
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=1)), timezone(timedelta(hours=-4))]),
)


def eligibility_events() -> st.SearchStrategy[Event[EligibilityChanged]]:
    data = st.builds(
        EligibilityChanged,
        patient=st.uuids(),
        status=st.sampled_from(["eligible", "not_eligible", "unverified"]),
        reason=st.sampled_from([None, "AUTRE", "DEPART_RETRAITE"]),
        from_date=st.dates(min_value=date(1990, 1, 1)),
    )
    return st.builds(
        Event.of,
        data,
        subject=st.uuids(),
        territory=st.sampled_from(sorted(TERRITORIES)),
        site=st.none() | st.uuids(),
        sequence=st.integers(1, 10**18 - 1),
        time=aware,
        traceparent=st.sampled_from([None, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]),
    )


@given(eligibility_events())
def test_an_event_comes_back_as_it_left(event: Event[EligibilityChanged]) -> None:
    assert parse(to_headers(event), to_key(event), to_value(event)) == event


@pytest.mark.parametrize("event_class", CATALOGUE, ids=lambda event_class: event_class.contract())
def test_every_example_comes_back_as_it_left(event_class: type[EventData]) -> None:
    event = EXAMPLES[event_class]
    assert parse(to_headers(event), to_key(event), to_value(event)) == event


def test_headers_are_those_of_the_cloudevents_kafka_binding() -> None:
    """Kafka protocol binding 1.0.2 §3.2: attributes and extensions as ce_ headers, datacontenttype as content-type."""
    headers = dict(to_headers(BOOKED))
    assert headers == {
        "ce_specversion": b"1.0",
        "ce_id": str(BOOKED.id).encode(),
        "ce_type": b"fr.smp.booking.SlotBooked.v1",
        "ce_source": b"/smp/booking",
        "ce_subject": str(BOOKED.subject).encode(),
        "ce_time": BOOKED.time.strftime("%Y-%m-%dT%H:%M:%SZ").encode(),
        "ce_dataschema": b"urn:smp:contracts:SlotBooked.v1",
        "ce_partitionkey": str(BOOKED.subject).encode(),
        "ce_territory": b"53",
        "ce_sequence": str(BOOKED.sequence).encode(),
        "ce_site": str(BOOKED.site).encode(),
        "ce_traceparent": b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "content-type": b"application/json",
    }
    assert to_key(BOOKED) == headers["ce_partitionkey"]


def test_the_header_values_of_the_specification_are_read() -> None:
    """The time, source and content type of the examples of the CloudEvents specification, on our attributes."""
    headers = {
        **dict(to_headers(BOOKED)),
        "ce_source": b"/mycontext/subcontext",
        "ce_time": b"2018-04-05T03:56:24Z",
        "content-type": b"application/json; charset=UTF-8",
    }
    assert read_headers(headers.items()).time == datetime(2018, 4, 5, 3, 56, 24, tzinfo=UTC)


def test_a_time_with_an_offset_is_read_in_utc() -> None:
    headers = {**dict(to_headers(BOOKED)), "ce_time": b"2026-11-23T08:05:00+01:00"}
    time = read_headers(headers.items()).time
    assert (time, time.tzinfo) == (NOW, UTC)


def test_an_unknown_type_is_recognised_before_its_body_is_read() -> None:
    headers = {**dict(to_headers(BOOKED)), "ce_type": b"fr.smp.booking.SlotBooked.v9"}
    envelope = read_headers(headers.items())
    assert not envelope.known
    assert envelope.type == "fr.smp.booking.SlotBooked.v9"
    assert envelope.id == BOOKED.id


def test_unknown_fields_and_headers_are_ignored() -> None:
    payload = json.loads(to_value(BOOKED))
    payload["colour"] = {"of": ["the", "door"]}
    payload["practitioners"][0]["badge"] = 7
    headers = [*to_headers(BOOKED), ("ce_mood", b"good"), ("baggage", b"\xff")]
    assert parse(headers, to_key(BOOKED), json.dumps(payload).encode()) == BOOKED


def test_an_optional_field_may_be_absent() -> None:
    event = EXAMPLES[EligibilityChanged]
    payload = json.loads(to_value(event))
    del payload["reason"]
    read = decode(read_headers(to_headers(event)), json.dumps(payload).encode()).data
    assert isinstance(read, EligibilityChanged)
    assert read.reason is None


def test_a_code_that_is_not_known_yet_is_read_but_never_written() -> None:
    payload = json.loads(to_value(BOOKED))
    payload["channel"] = "carrier_pigeon"
    read = decode(read_headers(to_headers(BOOKED)), json.dumps(payload).encode()).data
    assert isinstance(read, SlotBooked)
    assert read.channel == "carrier_pigeon"
    with pytest.raises(ValueError, match="channel"):
        SlotBooked(**{**dict(BOOKED.data), "channel": "carrier_pigeon"})


def test_a_traceparent_that_cannot_be_read_is_ignored() -> None:
    headers = {**dict(to_headers(BOOKED)), "ce_traceparent": b"\xff not a trace"}
    assert read_headers(headers.items()).traceparent is None


def erased(**changes: Any) -> Event[PatientErased]:
    patient = new_id()
    arguments: dict[str, Any] = {"subject": patient, "territory": "53", "sequence": 1, "time": NOW}
    return Event.of(PatientErased(patient=patient, erased_at=NOW), **{**arguments, **changes})


def test_a_new_event_has_a_version_7_id_and_the_current_trace() -> None:
    with traced(new_traceparent()) as traceparent:
        event = erased()
    assert event.id.version == 7
    assert event.traceparent == traceparent
    assert erased().traceparent is None


def test_an_event_takes_the_id_that_its_payload_was_sealed_for() -> None:
    sealed_for = UUID("019a0000-0000-7000-8000-000000000001")
    assert erased(id=sealed_for).id == sealed_for


def test_the_time_of_an_event_is_kept_in_utc() -> None:
    in_paris = NOW.astimezone(timezone(timedelta(hours=1)))
    assert erased(time=in_paris).time.tzinfo is UTC


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"territory": "20"}, "département"),
        ({"territory": ""}, "département"),
        ({"sequence": 0}, "sequence"),
        ({"time": NOW.replace(tzinfo=None)}, "zone"),
    ],
)
def test_an_event_that_could_not_be_read_back_is_not_made(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        erased(**wrong)
