"""Why the desk does something is one of a closed list: topics are kept for good, and no reason of care is in them."""

from typing import Any

import pytest

from booking.__main__ import service
from smp.http import application
from smp.ids import new_id
from tests.booking.desk import Desk
from tests.support.api import bearer, command_headers
from tests.support.databases import ServiceDatabase

DOCUMENT: dict[str, Any] = application(None, service.name, service.routers).openapi()  # type: ignore[arg-type]
SCHEMAS = DOCUMENT["components"]["schemas"]


def _with_a_reason() -> dict[str, dict[str, Any]]:
    """By path, the body of each command that says why."""
    found = {}
    for path, methods in DOCUMENT["paths"].items():
        content = methods.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
        body = SCHEMAS.get(content.get("schema", {}).get("$ref", "").rpartition("/")[2], {})
        if "reason" in body.get("properties", {}):
            found[path] = body
    return found


def _codes(body: dict[str, Any]) -> list[str]:
    """The codes that a body may give; none when any will do."""
    said = body["properties"]["reason"]
    named = [each["$ref"].rpartition("/")[2] for each in said.get("anyOf", [said]) if "$ref" in each]
    return [code for each in named for code in SCHEMAS[each].get("enum", ())]


COMMANDS = _with_a_reason()


def test_these_commands_say_why() -> None:
    assert COMMANDS.keys() == {
        "/v1/absences",
        "/v1/appointments/{appointment}/call-order",
        "/v1/appointments/{appointment}/cancellation",
        "/v1/appointments/{appointment}/correction",
        "/v1/appointments/{appointment}/departure",
        "/v1/closures",
        "/v1/impacts",
        "/v1/sessions/{session}/cancellation",
        "/v1/sessions/{session}/change",
        "/v1/waiting-list/{entry}/departure",
    }


@pytest.mark.parametrize("path", COMMANDS)
def test_each_has_its_list_that_ends_with_other_and_an_example_of_it(path: str) -> None:
    codes = _codes(COMMANDS[path])
    assert codes[-1:] == ["other"]
    assert COMMANDS[path]["examples"][0]["reason"] in codes


@pytest.mark.parametrize("path", COMMANDS)
@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_reason_of_care_is_refused_with_the_list_and_reaches_no_event(
    desk: Desk, booking_database: ServiceDatabase, path: str, language: str
) -> None:
    booked = (await desk.book(await desk.open_session(), "09:00")).json()
    ids = {"appointment": booked["appointment"], "session": booked["session"], "entry": str(new_id())}
    body = {**COMMANDS[path]["examples"][0], "reason": "chemotherapy"}
    headers = {**command_headers(bearer("coordinator", site=desk.centre.site)), "Accept-Language": language}
    answer = await desk.client.post(path.format(**ids), json=body, headers=headers)
    assert answer.status_code == 422, answer.text
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == "/reason"
    assert all(f"'{code}'" in fault["message"] for code in _codes(COMMANDS[path]))
    assert "chemotherapy" not in answer.text
    async with booking_database.admin() as admin:
        said = "SELECT count(*) FROM smp.outbox WHERE convert_from(payload, 'UTF8') LIKE '%chemotherapy%'"
        assert await admin.fetchval(said) == 0
