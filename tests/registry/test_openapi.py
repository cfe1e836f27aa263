"""Whatever the OpenAPI document allows, and much that it does not, gets an answer that is no server error."""

from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.registry.desk import COORDINATOR, NOTIFICATIONS, SERVICE, Desk
from tests.support.api import command_headers
from tests.support.fuzz import Fuzz, examples

FUZZ = Fuzz(SERVICE)


@FUZZ.every_operation
@examples(4)
@given(data=st.data())
async def test_no_input_is_a_server_error(desk: Desk, label: str, mode: GenerationMode, data: st.DataObject) -> None:
    auth = NOTIFICATIONS if "compartment-keys" in label else COORDINATOR
    await FUZZ.attack(desk.client, label, mode, data, command_headers(auth))
