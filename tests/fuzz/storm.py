"""One process of the attack: a database, the real application, and cases in rounds over every operation."""

import asyncio
import contextlib
import json
import os
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core import NotSet
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from booking.__main__ import service
from tests.booking.world import MONDAY, NOW, Centre, monday
from tests.fuzz.links import Links
from tests.support.api import FixedClock, bearer, client_for, command_headers
from tests.support.databases import service_database
from tests.support.fuzz import Fuzz

CHUNK = 40  # cases of one operation in one mode before the next one has its turn
SENT_EACH = 4  # times that a generated case is sent, each time with other ids: making it costs more than sending it
FRESH_EVERY = 1_500  # cases, after which new patients come and new sessions are opened
ROLES = ("coordinator", "coordinator", "secretary", "gp", "social_worker", "manager")
CHECKS = [status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance]
HOURS = (NOW, monday("08:30"), monday("10:05"))


@dataclass
class Storm:
    """Counts what was sent and answered; `findings` has each wrong answer once, with the request that got it."""

    seed: int
    wanted: int
    client: httpx2.AsyncClient
    clock: FixedClock
    loop: asyncio.AbstractEventLoop
    links: Links
    sent: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    findings: dict[str, str] = field(default_factory=dict)

    def rage(self, fuzz: Fuzz, freshen: Callable[[], None]) -> None:
        """Until as many cases were sent as wanted."""
        turn, fresh_at = 0, 0
        while self.sent < self.wanted:
            for operation in fuzz.operations.values():
                for mode in GenerationMode:
                    if self.sent >= fresh_at:
                        freshen()
                        fresh_at = self.sent + FRESH_EVERY
                    self.clock.time = HOURS[turn % len(HOURS)]
                    self._chunk(operation, mode, turn)
                    turn += 1

    def _chunk(self, operation: Any, mode: GenerationMode, turn: int) -> None:
        role = ROLES[turn // 7 % len(ROLES)]

        @seed(self.seed * 1_000_003 + turn)
        @settings(
            max_examples=min(CHUNK, max(1, self.wanted - self.sent)), deadline=None, database=None,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet,
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: "Case[Any]") -> None:
            parts = case.path_parameters, case.query, case.body
            for _ in range(SENT_EACH):
                self.sent += 1
                self.modes[mode.value] += 1
                case.path_parameters, case.query, case.body = (self.links.real(part) for part in parts)
                self._send(case, role)

        try:
            send()
        except Unsatisfiable:
            self.modes["none possible"] += 1

    def _send(self, case: "Case[Any]", role: str) -> None:
        answer = self.loop.run_until_complete(
            self.client.request(
                case.method,
                case.formatted_path,
                params=case.query,
                headers={**command_headers(bearer(role)), "Content-Type": "application/json"},
                content=_content(case.body),
            )
        )
        self.statuses[str(answer.status_code)] += 1
        self._judge(case, answer)
        if answer.status_code < 300:
            self.links.learn(answer.json())

    def _judge(self, case: "Case[Any]", answer: httpx2.Response) -> None:
        label = case.operation.label
        asked = f"{case.formatted_path} {json.dumps(case.query, default=str)} {_content(case.body)!r}"[:1500]
        if answer.status_code >= 500:
            self.findings.setdefault(f"{label}: {answer.status_code}", f"{asked} -> {answer.text[:500]}")
            return
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                what = f"{label}: {answer.status_code} {type(failure).__name__}"
                self.findings.setdefault(what, f"{asked} -> {failure} {answer.text[:500]}")

    def as_dict(self) -> dict[str, Any]:
        return {
            "cases": self.sent,
            "modes": dict(self.modes),
            "statuses": dict(sorted(self.statuses.items())),
            "server_errors": sum(count for status, count in self.statuses.items() if status >= "500"),
            "findings": self.findings,
        }


def silently(postgres_url: str, wanted: int, number: int) -> dict[str, Any]:
    """In a process of its own, which tells nothing but its figures: each request would be a line of log."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        return run(postgres_url, wanted, number)


def run(postgres_url: str, wanted: int, number: int) -> dict[str, Any]:
    """The part of one process; its figures."""
    loop = asyncio.new_event_loop()
    stack = AsyncExitStack()
    try:
        database = loop.run_until_complete(
            stack.enter_async_context(service_database(postgres_url, "booking", "booking"))
        )
        clock = FixedClock(NOW)
        client = loop.run_until_complete(
            stack.enter_async_context(client_for(service, database.database, clock=clock, patient_wait_seconds=0))
        )
        links = Links(number)
        centre = loop.run_until_complete(Centre(database.database).open())
        storm = Storm(number, wanted, client, clock, loop, links)
        storm.rage(Fuzz(service), lambda: loop.run_until_complete(_freshen(centre, links)))
        return storm.as_dict()
    finally:
        loop.run_until_complete(stack.aclose())
        loop.close()


async def _freshen(centre: Centre, links: Links) -> None:
    """New people and sessions, so that there is always something left to book."""
    doctor, worker = await centre.doctor(), await centre.doctor("social_worker")
    intern = await centre.intern_of(doctor)
    for who, kinds in (
        (doctor, ("consultation", "minor_emergency")),
        (intern, ("consultation",)),
        (worker, ("social",)),
    ):
        for day in (MONDAY, MONDAY + timedelta(days=1)):
            session = await centre.session(who, "08:00", "19:00", day=day, kinds=kinds)
            links.learn({"session": str(session.id)})
            starts = [session.period.start + n * session.grid for n in range(30)]
            links.learn([{"session": str(session.id), "start": start.isoformat()} for start in starts])
    for who in (doctor, intern, worker):
        links.learn({"professional": str(who), "site": str(centre.site)})
    session = await centre.session(await centre.doctor(), "08:00", "19:00")
    for n in range(20):
        patient = await centre.patient()
        links.learn({"patient": str(patient)})
        hour = f"{9 + n // 3:02}:{n % 3 * 20:02}"
        given = (await centre.book(session, hour, patient)).appointment if n % 4 else await centre.hold(session, hour)
        links.learn({"appointment": str(given.id)})


def _content(body: Any) -> bytes | None:
    if isinstance(body, NotSet):
        return None
    return body if isinstance(body, bytes) else json.dumps(body, default=str).encode()
