"""The edge of every HTTP service: trace, request id, body limit, time limit, one log line and one measure a request."""

import asyncio
import re
import time
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from smp.ids import new_id
from smp.logging import log, where
from smp.problems import TIMEOUT, TOO_LARGE, Refusal, preferred_language
from smp.responses import problem_response
from smp.telemetry import HTTP_SECONDS, accept_traceparent, traced

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,80}")
_QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})


class Edge:
    """Wraps the whole application, so that even its failures are answered, measured and told."""

    def __init__(self, app: ASGIApp, *, body_limit_bytes: int, request_seconds: float) -> None:
        self._app = app
        self._limit = body_limit_bytes
        self._seconds = request_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id().hex.encode()
        traceparent = accept_traceparent(headers.get(b"traceparent", b"").decode("ascii", "replace"))
        with traced(traceparent):
            await _Exchange(self, scope, headers, request_id).run(receive, send)

    @property
    def app(self) -> ASGIApp:
        return self._app

    @property
    def limit(self) -> int:
        return self._limit

    @property
    def seconds(self) -> float:
        return self._seconds


class _Exchange:
    def __init__(self, edge: Edge, scope: Scope, headers: dict[bytes, bytes], request_id: bytes) -> None:
        self._edge = edge
        self._scope = scope
        self._headers = headers
        self._request_id = request_id
        self._status = 0
        self._received = 0

    async def run(self, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        error: str | None = None

        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", self._request_id), *_SAFE]
            await send(message)

        async def bounded() -> Message:
            message = await receive()
            self._received += len(message.get("body", b""))
            if self._received > self._edge.limit:
                raise HTTPException(TOO_LARGE.status)
            return message

        try:
            if self._announced() > self._edge.limit:
                await self._refuse(Refusal(TOO_LARGE, limit_bytes=self._edge.limit), receive, count)
            else:
                async with asyncio.timeout(self._edge.seconds):
                    await self._edge.app(self._scope, bounded, count)
        except TimeoutError:
            error = "TimeoutError"
            if not self._status:
                await self._refuse(Refusal(TIMEOUT), receive, count)
        except Exception as failure:
            # The application has answered 500 before it raised again.
            error = f"{type(failure).__name__} at {where(failure)}"
        self._tell(time.perf_counter() - started, error)

    def _announced(self) -> int:
        length = self._headers.get(b"content-length", b"0")
        return int(length) if length.isdigit() else 0

    async def _refuse(self, refusal: Refusal, receive: Receive, send: Send) -> None:
        language = preferred_language(self._headers.get(b"accept-language", b"").decode("latin-1"))
        await problem_response(refusal, language)(self._scope, receive, send)

    def _tell(self, seconds: float, error: str | None) -> None:
        route = getattr(self._scope.get("route"), "path", "none")
        HTTP_SECONDS.labels(route, self._scope["method"], self._status).observe(seconds)
        if route in _QUIET:
            return
        fields: dict[str, Any] = {"error": error} if error else {}
        say = log.error if self._status >= 500 else log.info
        say(
            "request",
            method=self._scope["method"],
            route=route,
            status=self._status,
            milliseconds=round(seconds * 1000, 2),
            request_id=self._request_id.decode(),
            caller=self._scope.get("smp.caller"),
            **structlog.contextvars.get_contextvars(),
            **fields,
        )


_SAFE = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
