"""One process of the attack: a database, the real application, and requests to every route in any order."""

import asyncio
import contextlib
import json
import os
import random
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx2
from schemathesis import Case
from schemathesis.core import NotSet
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from booking.__main__ import service
from booking.api.rights import holders
from smp import problems
from smp.problems import ProblemType
from tests.booking.world import NOW
from tests.fuzz.deck import Card, Deck
from tests.fuzz.links import Links
from tests.fuzz.seeds import HOURS, Town
from tests.fuzz.tally import Tally, documented_types
from tests.support.api import FixedClock, bearer, client_for, command_headers
from tests.support.databases import service_database
from tests.support.fuzz import Fuzz

TOWN = 1_200  # cases, after which another town in another territory is built: nothing is left of what was closed
TIMERS_EVERY = 100  # cases
ENTITLED = 0.85  # of the requests come from a role that may
ROLES = ("coordinator", "secretary", "gp", "social_worker", "manager", "telephone_platform", "funder")
CHECKS = [status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance]
EVERYWHERE = frozenset(each.type for each in vars(problems).values() if isinstance(each, ProblemType))


@dataclass
class Storm:
    """Counts what was sent and answered; `findings` has each wrong answer once, with the request that got it."""

    wanted: int
    client: httpx2.AsyncClient
    clock: FixedClock
    loop: asyncio.AbstractEventLoop
    links: Links
    dice: random.Random
    documented: dict[str, frozenset[str]]
    sent: int = 0
    territory: str = ""
    tally: Tally = field(default_factory=Tally)
    modes: Counter[str] = field(default_factory=Counter)
    findings: dict[str, str] = field(default_factory=dict)

    def rage(self, fuzz: Fuzz, database: Any, seed: int) -> None:
        """Until as many cases were sent as wanted."""
        town, cards = Town(database, self.links, 0), Deck(fuzz, seed, self.dice).cards()
        while self.sent < self.wanted:
            age = self.sent % TOWN
            if age == 0:
                self.links.forget()
                town = Town(database, self.links, self.sent // TOWN)
                self.territory = town.territory
                self.loop.run_until_complete(town.build())
            if age % TIMERS_EVERY == 0:
                self.clock.time = HOURS[age * len(HOURS) // TOWN]
                self.loop.run_until_complete(town.run_timers(self.clock.time))
            self._send(next(cards))

    def _send(self, card: Card) -> None:
        case, label = card.dealt(self.links, self.dice), card.label
        headers = {**command_headers(self._somebody(label)), "Content-Type": "application/json"}
        try:
            request = self.client.build_request(
                case.method, case.formatted_path, params=case.query, headers=headers, content=_content(case.body)
            )
        except httpx2.InvalidURL:  # longer than any client sends
            self.modes["unsendable"] += 1
            return
        self.sent += 1
        self.modes[card.mode.value] += 1
        answer = self.loop.run_until_complete(self.client.send(request))
        told = answer.json() if answer.content else {}
        self.tally.note(label, answer.status_code, told.get("type") if answer.status_code >= 400 else None)
        self._judge(case, label, answer, told)
        if answer.status_code < 300:
            self.links.learn(told, card.noun)

    def _somebody(self, label: str) -> dict[str, str]:
        may = sorted(holders(label)) if self.dice.random() < ENTITLED else ROLES
        return bearer(self.dice.choice(may), territory=self.territory)

    def _judge(self, case: "Case[Any]", label: str, answer: httpx2.Response, told: Any) -> None:
        wrong: list[tuple[str, str]] = []
        if answer.status_code >= 500:
            wrong.append((f"{answer.status_code}", ""))
        elif answer.status_code >= 400 and told["type"] not in self.documented[label] | EVERYWHERE:
            wrong.append((f"{answer.status_code} {told['type']}", "no such refusal in the document"))
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            wrong += [(f"{answer.status_code} {type(each).__name__}", str(each)) for each in group.exceptions]
        for what, why in wrong:
            asked = f"{case.formatted_path} {json.dumps(case.query, default=str)} {_content(case.body)!r}"[:1500]
            self.findings.setdefault(f"{label}: {what}", f"{asked} -> {why} {answer.text[:500]}")

    def as_dict(self) -> dict[str, Any]:
        return {
            "cases": self.sent,
            "modes": dict(self.modes),
            "routes": self.tally.by_route(self.documented),
            "findings": self.findings,
        }


def silently(postgres_url: str, wanted: int, seed: int) -> dict[str, Any]:
    """In a process of its own, which tells nothing but its figures: each request would be a line of log."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        return run(postgres_url, wanted, seed)


def run(postgres_url: str, wanted: int, seed: int) -> dict[str, Any]:
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
        fuzz, dice = Fuzz(service), random.Random(f"storm/{seed}")
        documented = {label: documented_types(it.definition.raw) for label, it in fuzz.operations.items()}
        storm = Storm(wanted, client, clock, loop, Links(dice), dice, documented)
        storm.rage(fuzz, database.database, seed)
        return storm.as_dict()
    finally:
        loop.run_until_complete(stack.aclose())
        loop.close()


def _content(body: Any) -> bytes | None:
    if isinstance(body, NotSet):
        return None
    return body if isinstance(body, bytes) else json.dumps(body, default=str).encode()
