"""Bearer tokens: which are believed, which are refused and with which word, and what it takes to notice new keys."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwk, jws, jwt

from smp.auth import Actor, InvalidToken, IssuerUnavailable, TokenVerifier, refuse_local_issuer_in_production
from smp.jwks import KeyRing

ISSUER = "https://identity.example.test"
JWKS_URL = ISSUER + "/jwks"
SHARED = {"kty": "oct", "kid": "shared", "k": "c2hhcmVkIHNlY3JldA"}
SITE = "0198c0de-0000-7000-8000-000000000053"


def new_key(kid: str) -> jwk.ECKey:
    return jwk.ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})


class Issuer:
    """An issuer in memory, with its keys, its clock and its moods."""

    def __init__(self) -> None:
        self.signing: jwk.Key = new_key("first")
        self.published: list[Any] = [self.signing]
        self.down = False
        self.fetches = 0
        self.fetched_again = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.monotonic = 1_000.0
        self.now = time.time()

    def rotate(self, kid: str) -> None:
        self.signing = new_key(kid)
        self.published.append(self.signing)

    async def answer(self, _request: httpx2.Request) -> httpx2.Response:
        self.fetches += 1
        if self.fetches == 2:
            self.fetched_again.set()
        await self.gate.wait()
        if self.down:
            raise httpx2.ConnectError("down")
        return httpx2.Response(200, json={"keys": [key.as_dict(private=False) for key in self.published]})

    def claims(self, **changes: Any) -> dict[str, Any]:
        claims = {
            "iss": ISSUER,
            "aud": "smp",
            "sub": "somebody",
            "iat": int(self.now),
            "exp": int(self.now) + 600,
            "kind": "person",
            "roles": ["secretary"],
            "sites": [SITE],
            "territories": ["53"],
        }
        return {name: value for name, value in {**claims, **changes}.items() if value is not None}

    def token(self, **changes: Any) -> str:
        header = {"alg": "ES256", "kid": self.signing.kid}
        return jwt.encode(header, self.claims(**changes), self.signing, algorithms=["ES256"])


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest_asyncio.fixture
async def http(issuer: Issuer) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(issuer.answer)) as client:
        yield client


@pytest.fixture
def verifier(issuer: Issuer, http: httpx2.AsyncClient) -> TokenVerifier:
    return TokenVerifier(
        ISSUER, "smp", JWKS_URL, http, now=lambda: issuer.now, clock=lambda: issuer.monotonic, remembered_tokens=8
    )


async def refusal(verifier: TokenVerifier, token: str) -> str:
    with pytest.raises(InvalidToken) as caught:
        await verifier.verify(token)
    assert len(token) < 20 or token not in repr(caught.value)
    return caught.value.reason


async def test_a_good_token_becomes_an_actor(issuer: Issuer, verifier: TokenVerifier) -> None:
    actor = await verifier.verify(issuer.token())

    assert actor == Actor("somebody", frozenset({"secretary"}), frozenset({SITE}), frozenset({"53"}), "person")


async def test_a_service_is_known_by_its_client_id(issuer: Issuer, verifier: TokenVerifier) -> None:
    token = issuer.token(sub="7f2c", client_id="booking", kind="service", roles=["service"], sites=["*"])

    actor = await verifier.verify(token)

    assert (actor.subject, actor.kind) == ("booking", "service")
    assert actor.covers_site(uuid4())


async def test_a_token_whose_subject_is_its_client_is_a_service_even_without_a_kind(
    issuer: Issuer, verifier: TokenVerifier
) -> None:
    token = issuer.token(sub="booking", client_id="booking", kind=None, roles=["service"])

    assert (await verifier.verify(token)).kind == "service"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://other.example.test"}, "wrong_issuer"),
        ({"iss": None}, "wrong_issuer"),
        ({"aud": "another"}, "wrong_audience"),
        ({"aud": ["another", "others"]}, "wrong_audience"),
        ({"aud": None}, "wrong_audience"),
        ({"exp": None}, "malformed_claims"),
        ({"exp": "tomorrow"}, "malformed_claims"),
        ({"exp": True}, "malformed_claims"),
        ({"iat": None}, "malformed_claims"),
        ({"sub": None}, "malformed_claims"),
        ({"sub": ""}, "malformed_claims"),
        ({"sub": "a\u0000b"}, "malformed_claims"),
        ({"roles": "secretary"}, "malformed_claims"),
        ({"roles": ["Secretary; DROP"]}, "malformed_claims"),
        ({"roles": ["service"]}, "malformed_claims"),
        ({"kind": "service"}, "malformed_claims"),
        ({"kind": "robot"}, "malformed_claims"),
        ({"sites": ["Laval"]}, "malformed_claims"),
        ({"sites": [53]}, "malformed_claims"),
        ({"territories": ["*"]}, "malformed_claims"),
        ({"territories": ["53,72"]}, "malformed_claims"),
        ({"territories": ["53"] * 201}, "malformed_claims"),
    ],
)
async def test_a_wrong_claim_is_refused(
    issuer: Issuer, verifier: TokenVerifier, changes: dict[str, Any], reason: str
) -> None:
    assert await refusal(verifier, issuer.token(**changes)) == reason


async def test_one_audience_among_several_is_enough(issuer: Issuer, verifier: TokenVerifier) -> None:
    assert await verifier.verify(issuer.token(aud=["another", "smp"]))


@pytest.mark.parametrize(
    ("claim", "offset", "reason"),
    [
        ("exp", -31, "expired"),
        ("exp", -29, None),
        ("nbf", 31, "not_yet_valid"),
        ("nbf", 29, None),
        ("iat", 31, "issued_in_the_future"),
        ("iat", 29, None),
    ],
)
async def test_clocks_may_differ_by_thirty_seconds(
    issuer: Issuer, verifier: TokenVerifier, claim: str, offset: int, reason: str | None
) -> None:
    issuer.now = float(int(issuer.now))
    token = issuer.token(**{claim: int(issuer.now) + offset})

    if reason is None:
        assert await verifier.verify(token)
    else:
        assert await refusal(verifier, token) == reason


async def test_a_remembered_token_still_expires(issuer: Issuer, verifier: TokenVerifier) -> None:
    token = issuer.token(exp=int(issuer.now) + 60)
    await verifier.verify(token)

    issuer.now += 91

    assert await refusal(verifier, token) == "expired"
    assert await refusal(verifier, token) == "expired"


async def test_a_token_without_signature_is_refused(issuer: Issuer, verifier: TokenVerifier) -> None:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    bare = f"{part({'alg': 'none', 'kid': 'first'})}.{part(issuer.claims())}."

    assert await refusal(verifier, bare) == "algorithm_refused"


async def test_the_public_key_cannot_be_used_as_a_shared_secret(issuer: Issuer, verifier: TokenVerifier) -> None:
    assert isinstance(issuer.signing, jwk.ECKey)
    secret = jwk.OctKey.import_key(base64.b64encode(issuer.signing.as_bytes(encoding="DER", private=False)))
    forged = jwt.encode({"alg": "HS256", "kid": "first"}, issuer.claims(), secret, algorithms=["HS256"])

    assert await refusal(verifier, forged) == "algorithm_refused"


async def test_a_shared_secret_in_the_key_set_is_not_a_key(issuer: Issuer, verifier: TokenVerifier) -> None:
    secret = jwk.OctKey.generate_key(256, {"kid": "shared"})

    class Published:
        def as_dict(self, **_private: bool) -> dict[str, Any]:
            return dict(secret.as_dict(private=True))

    issuer.published.append(Published())
    header = {"alg": "ES256", "kid": "shared"}
    forged = jwt.encode(header, issuer.claims(), issuer.signing, algorithms=["ES256"])

    assert await refusal(verifier, forged) == "unknown_key"


def test_a_verifier_refuses_to_be_built_with_a_symmetric_algorithm(http: httpx2.AsyncClient) -> None:
    with pytest.raises(ValueError, match="HS256"):
        TokenVerifier(ISSUER, "smp", JWKS_URL, http, algorithms=("ES256", "HS256"))


async def test_a_key_meant_for_another_algorithm_is_not_used(issuer: Issuer, verifier: TokenVerifier) -> None:
    rsa = jwk.RSAKey.generate_key(2048, {"kid": "rsa", "alg": "PS256"})
    issuer.published.append(rsa)
    token = jws.serialize_compact(
        {"alg": "RS256", "kid": "rsa"},
        json.dumps(issuer.claims()),
        jwk.RSAKey.import_key(rsa.as_pem(private=True), {"kid": "rsa"}),
        algorithms=["RS256"],
    )

    assert await refusal(verifier, token) == "unknown_key"


@pytest.mark.parametrize(("algorithm", "parameters"), [("RS256", ("RSA", 2048)), ("EdDSA", ("OKP", "Ed25519"))])
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
async def test_the_other_usual_signatures_are_accepted(
    issuer: Issuer, verifier: TokenVerifier, algorithm: str, parameters: tuple[str, Any]
) -> None:
    key = jwk.JWKRegistry.generate_key(*parameters, {"kid": "other"})
    issuer.published = [key]

    token = jwt.encode({"alg": algorithm, "kid": "other"}, issuer.claims(), key, algorithms=[algorithm])

    assert (await verifier.verify(token)).subject == "somebody"


async def test_an_altered_token_is_refused(issuer: Issuer, verifier: TokenVerifier) -> None:
    header, _, signature = issuer.token().split(".")
    _, payload, _ = issuer.token(roles=["manager"]).split(".")

    assert await refusal(verifier, f"{header}.{payload}.{signature}") == "bad_signature"


async def test_an_impostor_with_the_same_key_id_is_refused(issuer: Issuer, verifier: TokenVerifier) -> None:
    impostor = Issuer()

    assert await refusal(verifier, impostor.token()) == "bad_signature"


@given(text=st.one_of(st.text(max_size=60), st.from_regex(r"[\w-]{0,30}\.[\w-]{0,30}\.[\w-]{0,30}", fullmatch=True)))
def test_any_text_is_refused_politely(text: str) -> None:
    issuer = Issuer()

    async def verify() -> str:
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(issuer.answer)) as http:
            return await refusal(TokenVerifier(ISSUER, "smp", JWKS_URL, http), text)

    assert asyncio.run(verify()) in {"malformed", "algorithm_refused"}


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"kid": None}, "malformed"),
        ({"kid": 1}, "malformed"),
        ({"alg": ["ES256"]}, "algorithm_refused"),
        ({"typ": "logout+jwt"}, "malformed"),
        ({"crit": ["exp"], "exp": 1}, "malformed"),
        ({"b64": False, "crit": ["b64"]}, "malformed"),
    ],
)
async def test_a_strange_header_is_refused(
    issuer: Issuer, verifier: TokenVerifier, header: dict[str, Any], reason: str
) -> None:
    written = json.dumps({"alg": "ES256", "kid": "first", **header}).encode()
    _, payload, signature = issuer.token().split(".")

    strange = f"{base64.urlsafe_b64encode(written).rstrip(b'=').decode()}.{payload}.{signature}"

    assert await refusal(verifier, strange) in (reason, "bad_signature")


@given(payload=st.from_regex(r"[\w-]{0,40}", fullmatch=True), signature=st.from_regex(r"[\w-]{0,90}", fullmatch=True))
def test_any_payload_under_a_known_key_id_is_refused_politely(payload: str, signature: str) -> None:
    issuer = Issuer()
    header = issuer.token().partition(".")[0]

    async def verify() -> str:
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(issuer.answer)) as http:
            return await refusal(TokenVerifier(ISSUER, "smp", JWKS_URL, http), f"{header}.{payload}.{signature}")

    assert asyncio.run(verify()) in {"malformed", "bad_signature"}


async def test_an_endless_token_is_refused_unread(issuer: Issuer, verifier: TokenVerifier) -> None:
    assert await refusal(verifier, issuer.token(note="x" * 9_000)) == "malformed"


async def test_keys_are_fetched_once_for_many_tokens_at_once(issuer: Issuer, verifier: TokenVerifier) -> None:
    tokens = [issuer.token(sub=f"person-{number}") for number in range(20)]

    await asyncio.gather(*map(verifier.verify, tokens))

    assert issuer.fetches == 1


async def test_one_fetch_at_a_time_however_slow_the_issuer(issuer: Issuer, verifier: TokenVerifier) -> None:
    await verifier.verify(issuer.token())
    issuer.rotate("second")
    issuer.gate.clear()
    issuer.monotonic += 10
    first = asyncio.create_task(verifier.verify(issuer.token(sub="first")))
    async with asyncio.timeout(5):
        await issuer.fetched_again.wait()
    issuer.monotonic += 10
    second = asyncio.create_task(verifier.verify(issuer.token(sub="second")))
    await asyncio.sleep(0)
    issuer.gate.set()

    assert [actor.subject for actor in await asyncio.gather(first, second)] == ["first", "second"]
    assert issuer.fetches == 2


async def test_a_rotated_key_is_found_without_a_restart(issuer: Issuer, verifier: TokenVerifier) -> None:
    before = issuer.token()
    await verifier.verify(before)
    issuer.rotate("second")
    issuer.monotonic += 10

    after = [issuer.token(sub=f"person-{number}") for number in range(20)]
    await asyncio.gather(*map(verifier.verify, after))

    assert issuer.fetches == 2
    assert await verifier.verify(before)


async def test_a_token_of_a_withdrawn_key_is_refused_even_if_it_was_known(
    issuer: Issuer, verifier: TokenVerifier
) -> None:
    before = issuer.token()
    await verifier.verify(before)
    issuer.rotate("second")
    issuer.published = [issuer.signing]
    issuer.monotonic += 10

    await verifier.verify(issuer.token())

    assert await refusal(verifier, before) == "unknown_key"


async def test_keys_are_refetched_in_the_background_when_they_are_old(issuer: Issuer, verifier: TokenVerifier) -> None:
    before = issuer.token()
    await verifier.verify(before)
    issuer.rotate("second")
    issuer.published = [issuer.signing]
    issuer.monotonic += 301

    assert await verifier.verify(before), "old keys serve while the new ones are on their way"
    async with asyncio.timeout(5):
        await issuer.fetched_again.wait()
        assert await verifier.verify(issuer.token())
    assert await refusal(verifier, before) == "unknown_key"


async def test_unknown_key_ids_do_not_hammer_the_issuer(issuer: Issuer, verifier: TokenVerifier) -> None:
    await verifier.verify(issuer.token())
    issuer.monotonic += 10
    forged = Issuer()

    for number in range(50):
        forged.signing = new_key(f"invented-{number}")
        assert await refusal(verifier, forged.token()) == "unknown_key"

    assert issuer.fetches == 2


async def test_an_unreachable_issuer_leaves_the_old_keys_in_use(issuer: Issuer, verifier: TokenVerifier) -> None:
    await verifier.verify(issuer.token())
    issuer.down = True
    issuer.monotonic += 1_000

    assert await verifier.verify(issuer.token(sub="another"))


async def test_keys_do_not_serve_for_ever_when_the_issuer_stays_unreachable(
    issuer: Issuer, verifier: TokenVerifier
) -> None:
    token = issuer.token()
    await verifier.verify(token)
    issuer.down = True
    issuer.monotonic += 300 + 3_601

    with pytest.raises(IssuerUnavailable):
        await verifier.verify(token)


async def test_an_issuer_that_was_never_reached_is_a_passing_trouble_not_a_bad_token(
    issuer: Issuer, verifier: TokenVerifier
) -> None:
    issuer.down = True
    with pytest.raises(IssuerUnavailable):
        await verifier.verify(issuer.token())

    issuer.down = False
    issuer.monotonic += 4

    assert await verifier.verify(issuer.token())


@pytest.mark.parametrize(
    "document", [[], {}, {"keys": []}, {"keys": [{"kty": "EC"}]}, {"keys": "first"}, {"keys": [SHARED]}]
)
async def test_a_broken_key_set_is_not_taken_for_an_empty_one(document: object) -> None:
    async def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=document)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        ring = KeyRing(JWKS_URL, http, on_change=lambda: None)
        with pytest.raises(IssuerUnavailable):
            await ring.keep_fresh()


async def test_memory_for_tokens_is_bounded(issuer: Issuer, verifier: TokenVerifier) -> None:
    for number in range(30):
        await verifier.verify(issuer.token(sub=f"person-{number}"))

    assert len(verifier._known) == 8


def test_an_actor_covers_its_sites_and_territories_only() -> None:
    site, other = uuid4(), uuid4()
    actor = Actor("x", frozenset({"gp", "manager"}), frozenset({str(site)}), frozenset({"53"}))

    assert actor.has_role("secretary", "gp")
    assert not actor.has_role("secretary")
    assert not actor.has_role()
    assert actor.covers_site(site)
    assert not actor.covers_site(other)
    assert actor.covers_territory("53")
    assert not actor.covers_territory("72")


@pytest.mark.parametrize(
    "issuer_url", ["http://identity.example.fr", "https://localhost:8100", "https://127.0.0.1", "https://[::1]:1", ""]
)
def test_production_refuses_an_issuer_that_is_only_safe_here(issuer_url: str) -> None:
    with pytest.raises(ValueError, match="SMP_OIDC_ISSUER"):
        refuse_local_issuer_in_production("production", issuer_url)


@pytest.mark.parametrize("environment", ["local", "test"])
def test_local_and_test_worlds_accept_the_local_issuer(environment: str) -> None:
    refuse_local_issuer_in_production(environment, "http://127.0.0.1:8100")


def test_production_accepts_a_real_issuer() -> None:
    refuse_local_issuer_in_production("production", "https://identity.example.fr/realms/smp")
