"""A client of the SMS sink: signs requests as OVHcloud's do, and receives delivery receipts."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI, Request, Response

from smp_local.sms_sink.settings import Settings
from smp_local.sms_sink.signature import sign

KEYS = {"sms_application_key": "app", "sms_application_secret": "secret", "sms_consumer_key": "consumer"}
JOBS = "/1.0/sms/sms-local-1/jobs"
OUTGOING = "/1.0/sms/sms-local-1/outgoing"
ESTIMATE = "/1.0/sms/sms-local-1/estimate"
DEADLINE = 30.0  # seconds


async def eventually(check: Callable[[], Awaitable[bool]]) -> None:
    """Wait until `check` holds, at most DEADLINE."""
    async with asyncio.timeout(DEADLINE):
        while not await check():  # noqa: ASYNC110 - what is waited for happens in other processes too
            await asyncio.sleep(0.01)


class Client:
    """A client of the provider that also receives its callbacks."""

    def __init__(self, http: httpx2.AsyncClient | None = None) -> None:
        self.received: list[dict[str, str]] = []
        self.answers: list[int] = []
        self.address = ""
        self.callback = ""
        self.http = http or httpx2.AsyncClient(trust_env=False, timeout=DEADLINE)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/receipts/s3cret")
        async def receive(request: Request) -> Response:
            self.received.append(dict(request.query_params))
            return Response(status_code=self.answers.pop(0) if self.answers else 200)

        return app

    async def call(self, method: str, path: str, body: object = None, **changed: str) -> httpx2.Response:
        content = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        return await self.call_raw(method, path, content, DEADLINE, **changed)

    async def call_raw(
        self, method: str, path: str, content: bytes, timeout: float = DEADLINE, **changed: str
    ) -> httpx2.Response:
        url, timestamp = self.address + path, changed.get("timestamp", str(int(time.time())))
        headers = {
            "Content-Type": "application/json",
            "X-Ovh-Application": changed.get("application", "app"),
            "X-Ovh-Consumer": changed.get("consumer", "consumer"),
            "X-Ovh-Timestamp": timestamp,
            "X-Ovh-Signature": sign(changed.get("secret", "secret"), "consumer", method, url, content, timestamp),
        }
        return await self.http.request(method, url, content=content, headers=headers, timeout=timeout)

    async def send(self, number: str, tag: str = "a-tag", **changes: Any) -> httpx2.Response:
        return await self.call("POST", JOBS, order(number, tag, **changes))

    async def ledger(self, tag: str = "a-tag") -> dict[str, Any]:
        answer = await self.http.get(f"{self.address}/ledger", params={"tag": tag})
        return dict(answer.json())

    async def states(self, tag: str = "a-tag") -> list[str]:
        return [job["state"] for job in (await self.ledger(tag))["jobs"]]

    async def told(self, *ptts: int) -> None:
        """Wait until these receipts, and no other, have come and the sink knows that they did."""

        async def all_told() -> bool:
            summary = (await self.http.get(f"{self.address}/ledger/summary")).json()
            return len(self.received) >= len(ptts) and summary["receipts"]["pending"] == 0

        await eventually(all_told)
        assert [int(receipt["ptt"]) for receipt in self.received] == list(ptts)


def order(number: str, tag: str | None = "a-tag", **changes: Any) -> dict[str, Any]:
    body = {"message": "RDV", "receivers": [number], "sender": "SMP", "noStopClause": True, "tag": tag, **changes}
    return {name: value for name, value in body.items() if value is not None}


def settings_for(home: Path, callback: str | None, **changes: Any) -> Settings:
    values = {"environment": "test", "http_port": 1, "sms_home": home, "sms_callback_url": callback, **KEYS}
    return Settings.model_validate({**values, "sms_step_seconds": 0.01, "sms_silence_seconds": 60, **changes})
