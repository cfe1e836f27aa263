"""Whatever the OpenAPI document allows, and much that it does not, gets an answer that is no server error."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from booking.__main__ import service
from tests.booking.desk import Desk
from tests.support.api import bearer, command_headers
from tests.support.fuzz import Fuzz, examples

FUZZ = Fuzz(service)


@FUZZ.every_operation
@examples(4)
@given(data=st.data())
async def test_no_input_is_a_server_error(desk: Desk, label: str, mode: GenerationMode, data: st.DataObject) -> None:
    def at_a_site_that_exists(body: Any) -> Any:
        """So that the input is read beyond its first line."""
        if isinstance(body, dict) and isinstance(body.get("site"), str):
            return {**body, "site": str(desk.centre.site)}
        return body

    headers = command_headers(bearer("coordinator"))
    await FUZZ.attack(desk.client, label, mode, data, headers, made_real=at_a_site_that_exists)
