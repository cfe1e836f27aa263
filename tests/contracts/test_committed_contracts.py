"""What is committed is what the code says, and keeps what was released."""

import json
from pathlib import Path
from typing import Any, ClassVar

import jsonschema_rs
import pytest
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema
from pydantic import Field
from typer.testing import CliRunner

import smp.contracts as package
from smp.contracts import APPOINTMENTS, CATALOGUE, TOPICS, SlotBooked
from smp.contracts.__main__ import app
from smp.contracts.asyncapi import asyncapi
from smp.contracts.base import EventData
from smp.contracts.examples import EXAMPLES
from smp.contracts.json_schema import schema_of
from smp.contracts.schemas import HERE, broken_promises, release, stale, unreleased, write

each_event = pytest.mark.parametrize("event", CATALOGUE, ids=lambda event: event.contract())


def test_the_committed_files_are_what_the_code_says() -> None:
    assert stale() == []


def test_the_code_keeps_every_released_contract() -> None:
    assert broken_promises() == []


def test_every_event_class_is_in_the_catalogue_and_exported() -> None:
    def leaves(parent: type[EventData]) -> set[type[EventData]]:
        below = set(parent.__subclasses__())
        return set.union({parent} if not below else set(), *map(leaves, below))

    written = {event for event in leaves(EventData) if event.__module__.startswith("smp.contracts.")}
    assert written == set(CATALOGUE)
    assert {event.__name__ for event in CATALOGUE} <= set(package.__all__)


def test_type_names_are_unique() -> None:
    assert len({event.ce_type() for event in CATALOGUE}) == len(CATALOGUE)


def test_a_second_version_keeps_the_name_of_the_event() -> None:
    class DoorOpenedV2(EventData):
        topic: ClassVar[Any] = APPOINTMENTS
        version: ClassVar[int] = 2

    assert DoorOpenedV2.ce_type() == "fr.smp.booking.DoorOpened.v2"


@each_event
def test_every_event_says_what_it_means(event: type[EventData]) -> None:
    assert event.__doc__
    assert len(event.__doc__) > 30


@each_event
def test_every_schema_is_valid_and_accepts_its_example(event: type[EventData]) -> None:
    schema = schema_of(event)
    jsonschema_rs.meta.validate(schema)
    example = json.loads(EXAMPLES[event].data.model_dump_json())
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(example)


@each_event
def test_no_schema_refuses_unknown_fields(event: type[EventData]) -> None:
    assert "additionalProperties" not in json.dumps(schema_of(event))


def test_no_topic_loses_an_event_before_a_projection_is_rebuilt() -> None:
    assert {topic.config["cleanup.policy"] for topic in TOPICS} == {"delete"}
    assert {topic.config["retention.ms"] for topic in TOPICS} == {"-1"}
    assert {topic.partitions for topic in TOPICS} == {12}


def test_the_asyncapi_document_has_the_structure_of_asyncapi_3() -> None:
    ApplicationSchema.model_validate(asyncapi())


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi()

    def follow(reference: str) -> Any:
        node: Any = document
        for name in reference.removeprefix("#/").split("/"):
            node = node[name]
        return node

    def walk(node: Any) -> int:
        if isinstance(node, list):
            return sum(map(walk, node))
        if not isinstance(node, dict):
            return 0
        if "$ref" in node:
            assert follow(node["$ref"])
        return ("$ref" in node) + sum(map(walk, node.values()))

    assert walk(document) > 3 * len(CATALOGUE)


def test_each_service_sends_its_topics_and_every_event_is_sent() -> None:
    operations = asyncapi()["operations"]
    assert {operation["action"] for operation in operations.values()} == {"send"}
    assert {name.partition(".")[0] for name in operations} == {"registry", "booking", "notifications"}
    sent = [message["$ref"].rpartition("/")[2] for each in operations.values() for message in each["messages"]]
    assert sorted(sent) == sorted(event.contract() for event in CATALOGUE)


@each_event
def test_every_asyncapi_example_satisfies_its_headers_and_payload(event: type[EventData]) -> None:
    document = asyncapi()
    message = document["components"]["messages"][event.contract()]
    example = message["examples"][0]
    for part in ("headers", "payload"):
        schema = {**message[part], "components": document["components"]}
        jsonschema_rs.validator_for(schema, validate_formats=True).validate(example[part])


@pytest.fixture
def released(tmp_path: Path) -> Path:
    release(tmp_path)
    return tmp_path


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def test_a_broken_promise_says_which_event_which_field_and_why(released: Path) -> None:
    fields = {**schema_of(SlotBooked)["properties"], "colour": {"type": "string"}}
    rewrite(released / "SlotBooked.v1.json", properties=fields)
    [sentence] = broken_promises(released)
    assert sentence == (
        'SlotBooked.v1: field "colour" was removed; consumers that read it would break. '
        "Add a new event version instead."
    )


def test_a_released_event_cannot_leave_the_catalogue(released: Path) -> None:
    remaining = [event for event in CATALOGUE if event is not SlotBooked]
    assert broken_promises(released, remaining) == [
        "SlotBooked.v1: the event was removed; its records stay in Kafka and must remain readable."
    ]


def test_a_new_event_is_free_until_it_is_released(released: Path) -> None:
    (released / "SlotBooked.v1.json").unlink()
    assert broken_promises(released) == []
    assert unreleased(released) == ["SlotBooked.v1"]
    assert release(released) == ["SlotBooked.v1"]


def test_a_release_that_breaks_a_promise_writes_nothing(released: Path) -> None:
    path = released / "SlotBooked.v1.json"
    rewrite(path, required=["appointment"])
    before = path.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="became required"):
        release(released)
    assert path.read_text(encoding="utf-8") == before


def test_a_real_class_that_narrows_is_refused(released: Path) -> None:
    class SlotBookedNarrowed(SlotBooked):
        kind: str = Field(max_length=5)

        @classmethod
        def event_name(cls) -> str:
            return "SlotBooked"

    events = [SlotBookedNarrowed if event is SlotBooked else event for event in CATALOGUE]
    assert {sentence.partition(":")[0] for sentence in broken_promises(released, events)} == {"SlotBooked.v1"}
    assert any('constraint "maxLength" of field "kind"' in sentence for sentence in broken_promises(released, events))


def test_write_mends_what_is_missing_different_or_left_over(tmp_path: Path) -> None:
    write(tmp_path)
    schemas = tmp_path / "schemas"
    (schemas / "SlotBooked.v1.json").unlink()
    (schemas / "SlotHeld.v1.json").write_text("{}", encoding="utf-8")
    (schemas / "Forgotten.v1.json").write_text("{}", encoding="utf-8")
    names = ["schemas/Forgotten.v1.json", "schemas/SlotBooked.v1.json", "schemas/SlotHeld.v1.json"]
    assert stale(tmp_path) == names
    assert write(tmp_path) == names
    assert stale(tmp_path) == []


def test_the_check_command_is_content_with_the_committed_contracts() -> None:
    answer = CliRunner().invoke(app, ["check"])
    assert answer.exit_code == 0
    assert answer.output.startswith(f"{len(CATALOGUE)} contracts are current and compatible with those released.")


def test_the_check_command_names_the_stale_file_and_the_command_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smp.contracts.schemas.asyncapi", lambda: {"asyncapi": "changed"})
    answer = CliRunner().invoke(app, ["check"])
    assert answer.exit_code == 1
    assert "asyncapi.json is not what the code says. Run: python -m smp.contracts write" in answer.output


def test_the_check_command_refuses_a_broken_promise(monkeypatch: pytest.MonkeyPatch, released: Path) -> None:
    rewrite(released / "SlotBooked.v1.json", required=["appointment"])
    monkeypatch.setattr("smp.contracts.schemas.broken_promises", lambda: broken_promises(released))
    answer = CliRunner().invoke(app, ["check"])
    assert answer.exit_code == 1
    assert "Add a new event version instead." in answer.output


def test_the_committed_folder_is_beside_the_code() -> None:
    assert (HERE / "schemas" / "SlotBooked.v1.json").is_file()
