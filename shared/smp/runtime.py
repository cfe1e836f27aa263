"""What a process of a service has at hand."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from smp.auth import TokenVerifier
from smp.clock import Clock
from smp.postgres import Database
from smp.tokens import ServiceTokens


@dataclass(slots=True)
class Runtime:
    """What a process has at hand; `state` is the service's own (filled by its `on_start`)."""

    name: str
    settings: Any
    database: Database
    clock: Clock
    http: httpx2.AsyncClient
    verifier: TokenVerifier
    tokens: ServiceTokens | None = None
    state: dict[str, Any] = field(default_factory=dict)
    checks: list[Callable[[], Awaitable[str | None]]] = field(default_factory=list)

    async def faults(self) -> list[str]:
        """What keeps this process from being ready, in words; empty when all is well."""
        found = [await check() for check in self.checks]
        return [fault for fault in found if fault]
