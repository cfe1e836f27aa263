"""The HTTP side of a service: an application factory, and what a route needs to be safe by default.

A route takes a `Command` (it changes something) or a `Query` (it reads). Both know who calls; a command also needs
an `Idempotency-Key`, and `once` commits the answer with the effect, so that the same key and body always get the
same answer, whatever was lost on the way.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from smp import problems
from smp.auth import Actor, InvalidToken, IssuerUnavailable
from smp.bodies import Body, Day, Instant, LongText, ShortText, explain
from smp.combining import Combiner, Order
from smp.consumer import TransientError
from smp.logging import log, where
from smp.postgres import Answer, Reading, Scope, Transaction, is_transient
from smp.problems import Language, ProblemType, Refusal, preferred_language
from smp.responses import PROBLEM_SCHEMA, problem_response
from smp.runtime import Runtime
from smp.sql import Statements
from smp.telemetry import EFFECTS

__all__ = [
    "Body",
    "Command",
    "Day",
    "Instant",
    "LongText",
    "Query",
    "ShortText",
    "application",
    "describe",
]

_SQL = Statements.load("smp.store", "idempotency.sql")

T = TypeVar("T")
R = TypeVar("R")

_KEY = re.compile(r"[\x21-\x7e]{8,200}")
_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Une clé par commande ; la même clé avec la même demande reçoit la même réponse.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 200, "pattern": r"^[\x21-\x7e]+$"},
}
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "JWT de l'émetteur d'identité (rôles, sites, territoires)",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and when (`now` is the service's clock, UTC)."""

    actor: Actor
    runtime: Runtime
    now: datetime
    language: Language

    @property
    def scope(self) -> Scope:
        return Scope.of(self.actor)

    def require(self, *roles: str, site: UUID | None = None, territory: str | None = None) -> None:
        """Refuse unless the caller has one of the roles, and the site and the territory when they are given."""
        allowed = (
            self.actor.has_role(*roles)
            and (site is None or self.actor.covers_site(site))
            and (territory is None or self.actor.covers_territory(territory))
        )
        if not allowed:
            raise Refusal(problems.FORBIDDEN)


@dataclass(frozen=True, slots=True)
class _Query(Caller):
    """A read: nothing is changed."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction in the caller's territories."""
        return self.runtime.database.transaction(self.scope)

    def reading(self) -> Reading:
        """Statements that change nothing, in the caller's territories."""
        return self.runtime.database.reading(self.scope)


@dataclass(frozen=True, slots=True)
class _Command(Caller):
    """A change, done once per Idempotency-Key."""

    request: Request
    key: str

    async def once(
        self,
        effect: Callable[[Transaction], Awaitable[T]],
        view: Callable[[T], BaseModel],
        *,
        scope: Scope | None = None,
    ) -> Response:
        """Run `effect` in one transaction with its events and its answer, or give the answer given before.

        A refusal keeps nothing: the same key may try again. Raises Refusal, IDEMPOTENCY_KEY_REUSED among others.
        """
        fingerprint = await self._fingerprint()
        answer = self._answering(view, fingerprint)
        try:
            async with self.runtime.database.transaction(scope or self.scope) as tx:
                given = answer(await effect(tx))
                tx.keep_answer(given)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != "idempotency_once":
                raise
            return await self._answered_before(fingerprint, Refusal(problems.CONFLICT))
        except Refusal as refusal:
            # The first try may have made this one impossible: then its answer counts.
            return await self._answered_before(fingerprint, refusal)
        return self._respond(given)

    async def together(
        self, combiner: Combiner[Order[R, T], Answer], request: R, view: Callable[[T], BaseModel]
    ) -> Response | None:
        """Do the command with others that came at the same time; nothing when it must be done alone, with `once`."""
        answer = self._answering(view, await self._fingerprint())
        order = Order(request, self.actor, self.now, answer, copy_context())
        given = await combiner.submit(self.scope, order)
        return None if given is None else self._respond(given)

    def _answering(self, view: Callable[[T], BaseModel], fingerprint: bytes) -> Callable[[T], Answer]:
        status: int = self.request.scope["route"].status_code or 200

        def answer(result: T) -> Answer:
            return Answer(self.actor.subject, self.key, fingerprint, status, view(result).model_dump_json().encode())

        return answer

    def _respond(self, given: Answer) -> Response:
        EFFECTS.labels(self.request.scope["route"].path).inc()
        return Response(given.body, given.status, media_type="application/json")

    async def _fingerprint(self) -> bytes:
        scope = self.request.scope
        digest = hashlib.sha256(f"{scope['method']} {scope['path']}?".encode() + scope["query_string"] + b"\n")
        digest.update(await self.request.body())
        return digest.digest()

    async def _answered_before(self, fingerprint: bytes, otherwise: Refusal) -> Response:
        async with self.runtime.database.transaction(self.scope) as tx:
            row = await tx.fetchrow(_SQL.find, self.actor.subject, self.key)
        if row is None:
            raise otherwise
        if row["fingerprint"] != fingerprint:
            raise Refusal(problems.IDEMPOTENCY_KEY_REUSED)
        return Response(row["body"], row["status"], {"idempotency-replayed": "true"}, media_type="application/json")


async def _actor(request: Request) -> Actor:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal(problems.UNAUTHENTICATED, reason="missing")
    runtime: Runtime = request.app.state.runtime
    try:
        actor = await runtime.verifier.verify(token)
    except InvalidToken as error:
        raise Refusal(problems.UNAUTHENTICATED, reason=error.reason) from None
    except IssuerUnavailable:
        raise Refusal(problems.UNAVAILABLE) from None
    request.scope["smp.caller"] = actor.subject
    return actor


async def _query(request: Request) -> _Query:
    actor = await _actor(request)
    runtime: Runtime = request.app.state.runtime
    return _Query(actor, runtime, runtime.clock.now(), _language(request))


async def _command(request: Request) -> _Command:
    actor = await _actor(request)
    key = request.headers.get("idempotency-key", "")
    if not _KEY.fullmatch(key):
        raise Refusal(problems.IDEMPOTENCY_KEY_MISSING)
    if await request.body() and not _is_json(request):
        raise Refusal(problems.UNSUPPORTED_MEDIA_TYPE)
    runtime: Runtime = request.app.state.runtime
    return _Command(actor, runtime, runtime.clock.now(), _language(request), request, key)


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


# One dependency each, that reads the headers itself: FastAPI would solve a tree of three for every request. What they
# read is written into the document by `_describe_callers`.
Query = Annotated[_Query, Depends(_query)]
Command = Annotated[_Command, Depends(_command)]


def _language(request: Request) -> Language:
    return preferred_language(request.headers.get("accept-language"))


def describe(*refusals: ProblemType) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI `responses` of the given refusals."""
    by_status: dict[int | str, list[ProblemType]] = {}
    for refusal in refusals:
        by_status.setdefault(refusal.status, []).append(refusal)
    return {
        status: {
            "description": " · ".join(f"{p.title_fr} (`{p.type}`)" for p in group),
            "content": {"application/problem+json": {"schema": PROBLEM_SCHEMA}},
        }
        for status, group in by_status.items()
    }


_ALWAYS = describe(
    problems.MALFORMED_JSON,
    problems.UNAUTHENTICATED,
    problems.FORBIDDEN,
    problems.NOT_FOUND,
    problems.CONFLICT,
    problems.TOO_LARGE,
    problems.UNSUPPORTED_MEDIA_TYPE,
    problems.INVALID_BODY,
    problems.UNAVAILABLE,
)


def application(runtime: Runtime, title: str, routers: Iterable[APIRouter]) -> FastAPI:
    """The service's FastAPI application, with health, metrics and problem details."""
    app = FastAPI(title=f"SMP · {title}", version="1", responses=_ALWAYS, redoc_url=None)
    app.state.runtime = runtime
    for router in routers:
        app.include_router(router)
    app.include_router(_operations())
    app.openapi = lambda: _document(app, routers)  # type: ignore[method-assign]  # FastAPI's way to extend the document
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_failure)
    # Values that passed validation and that PostgreSQL or the calendar still cannot hold.
    for kind in (asyncpg.DataError, asyncpg.exceptions.DataError, OverflowError, UnicodeError):
        app.add_exception_handler(kind, _on_impossible_value)
    return app


def _document(app: FastAPI, routers: Iterable[APIRouter]) -> dict[str, Any]:
    """The OpenAPI document, with the headers that commands and queries read."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        document.setdefault("components", {})["securitySchemes"] = {"HTTPBearer": _BEARER}
        for route in (route for router in routers for route in router.routes if isinstance(route, APIRoute)):
            called = {dependency.call for dependency in route.dependant.dependencies}
            if not called & {_query, _command}:
                continue
            for method in route.methods or ():
                operation = document["paths"][route.path_format][method.lower()]
                operation["security"] = [{"HTTPBearer": []}]
                if _command in called:
                    operation.setdefault("parameters", []).append(_KEY_PARAMETER)
        app.openapi_schema = document
    return app.openapi_schema


def _operations() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/health/live")
    async def live() -> JSONResponse:
        return JSONResponse({"status": "live"})

    @router.get("/health/ready")
    async def ready(request: Request) -> JSONResponse:
        faults = await request.app.state.runtime.faults()
        return JSONResponse(
            {"status": "ready" if not faults else "not ready", "faults": faults}, 503 if faults else 200
        )

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _on_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return problem_response(error, _language(request))


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = error.errors()
    language = _language(request)
    if any(e["type"] == "json_invalid" for e in errors):
        return problem_response(Refusal(problems.MALFORMED_JSON), language)
    details = explain(errors, language)
    return problem_response(Refusal(problems.INVALID_BODY, count=len(details), errors=details), language)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = {
        400: problems.MALFORMED_JSON,
        404: problems.NO_SUCH_ROUTE,
        405: problems.METHOD_NOT_ALLOWED,
        413: problems.TOO_LARGE,
        415: problems.UNSUPPORTED_MEDIA_TYPE,
    }
    problem = known.get(error.status_code, problems.INTERNAL)
    extensions = (
        {"limit_bytes": request.app.state.runtime.settings.body_limit_bytes} if problem is problems.TOO_LARGE else {}
    )
    response = problem_response(Refusal(problem, **extensions), _language(request))
    response.headers.update(error.headers or {})
    return response


async def _on_impossible_value(request: Request, error: Exception) -> Response:
    log.warning("impossible value", error=type(error).__name__, at=where(error))
    language = _language(request)
    fault = explain([{"loc": ("body",), "type": "value_error", "msg": "a value cannot be stored"}], language)
    return problem_response(Refusal(problems.INVALID_BODY, count=1, errors=fault), language)


async def _on_failure(request: Request, error: Exception) -> Response:
    if is_transient(error) or isinstance(error, TransientError):
        return problem_response(Refusal(problems.UNAVAILABLE), _language(request))
    return problem_response(Refusal(problems.INTERNAL), _language(request))
