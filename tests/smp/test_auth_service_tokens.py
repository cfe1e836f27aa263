"""Tokens between services: asked once, kept while good, asked again in time."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest
import pytest_asyncio
import stamina

from smp.tokens import ClientRefused, ServiceTokens, TokensUnavailable


class TokenEndpoint:
    def __init__(self) -> None:
        self.asked: list[httpx2.Request] = []
        self.moods: list[int | Exception] = []
        self.monotonic = 50.0

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        await asyncio.sleep(0)
        mood = self.moods.pop(0) if self.moods else 200
        if isinstance(mood, Exception):
            raise mood
        number = len(self.asked)
        return httpx2.Response(mood, json={"access_token": f"token-{number}", "expires_in": 600})


@pytest.fixture(autouse=True)
def retries_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def endpoint() -> TokenEndpoint:
    return TokenEndpoint()


@pytest_asyncio.fixture
async def tokens(endpoint: TokenEndpoint) -> AsyncIterator[ServiceTokens]:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(endpoint.answer)) as http:
        yield ServiceTokens(
            "https://identity.example.test/token", "booking", "s3cret", http, clock=lambda: endpoint.monotonic
        )


async def test_many_callers_share_one_request(endpoint: TokenEndpoint, tokens: ServiceTokens) -> None:
    answers = await asyncio.gather(*(tokens.bearer() for _ in range(20)))

    assert set(answers) == {"token-1"}
    assert endpoint.asked[0].headers["authorization"] == f"Basic {base64.b64encode(b'booking:s3cret').decode()}"
    assert endpoint.asked[0].content == b"grant_type=client_credentials"


async def test_a_token_is_renewed_shortly_before_it_expires(endpoint: TokenEndpoint, tokens: ServiceTokens) -> None:
    await tokens.bearer()
    endpoint.monotonic += 539
    assert await tokens.bearer() == "token-1"

    endpoint.monotonic += 2

    assert await tokens.bearer() == "token-2"


async def test_a_passing_trouble_is_retried(endpoint: TokenEndpoint, tokens: ServiceTokens) -> None:
    endpoint.moods = [httpx2.ConnectError("refused"), 503]

    assert await tokens.bearer() == "token-3"


async def test_a_token_still_valid_serves_while_the_issuer_is_down(
    endpoint: TokenEndpoint, tokens: ServiceTokens
) -> None:
    await tokens.bearer()
    endpoint.monotonic += 560
    endpoint.moods = [503] * 3

    assert await tokens.bearer() == "token-1"


async def test_an_issuer_that_stays_down_is_a_passing_trouble(endpoint: TokenEndpoint, tokens: ServiceTokens) -> None:
    endpoint.moods = [httpx2.ConnectError("refused")] * 3

    with pytest.raises(TokensUnavailable):
        await tokens.bearer()


async def test_a_wrong_secret_is_said_at_once_without_being_shown(
    endpoint: TokenEndpoint, tokens: ServiceTokens
) -> None:
    endpoint.moods = [401]

    with pytest.raises(ClientRefused) as caught:
        await tokens.bearer()

    assert len(endpoint.asked) == 1
    assert "s3cret" not in str(caught.value)


async def test_a_token_that_was_refused_elsewhere_is_replaced(endpoint: TokenEndpoint, tokens: ServiceTokens) -> None:
    await tokens.bearer()

    tokens.forget()

    assert await tokens.bearer() == "token-2"
