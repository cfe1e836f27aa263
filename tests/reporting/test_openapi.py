"""Whatever the OpenAPI document allows, and much that it does not, gets an answer that is no server error."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from reporting.__main__ import SERVICE
from tests.support.api import bearer, client_for
from tests.support.databases import ServiceDatabase
from tests.support.fuzz import Fuzz, examples

FUZZ = Fuzz(SERVICE)


@pytest.fixture
async def client(reporting_database: ServiceDatabase) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_for(SERVICE, reporting_database.database) as client:
        yield client


@FUZZ.every_operation
@examples(25)
@given(data=st.data())
async def test_no_input_is_a_server_error(
    client: httpx2.AsyncClient, label: str, mode: GenerationMode, data: st.DataObject
) -> None:
    await FUZZ.attack(client, label, mode, data, bearer("coordinator"))
