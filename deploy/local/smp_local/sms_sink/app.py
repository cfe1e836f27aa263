"""The sink's HTTP: the provider's API under /1.0 (signed), and the ledger and scenarios for whoever tests."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

import httpx2
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from smp.clock import clock_from
from smp_local.loopback import read_body
from smp_local.sms_sink.desk import Desk, Pace
from smp_local.sms_sink.orders import LARGEST_BODY, Estimate, Order, check, normal_number, read
from smp_local.sms_sink.problems import Refused
from smp_local.sms_sink.receipts import Receipts
from smp_local.sms_sink.scenarios import SCENARIOS
from smp_local.sms_sink.settings import Settings
from smp_local.sms_sink.signature import Signatures
from smp_local.sms_sink.store import SQL, Store, Transaction
from smp_local.sms_sink.text_size import TextSize, measure

# A client who is told of a thousand texts at once needs no more lines for it, and each idle one costs at every request.
_LINES = httpx2.Limits(max_connections=16, max_keepalive_connections=16)


class Forcing(BaseModel):
    """Body of `POST /scenarios`; no scenario = the number's last digits decide again."""

    model_config = ConfigDict(extra="forbid", strict=True)

    receiver: str
    scenario: str | None = None


def create_app(settings: Settings) -> FastAPI:
    """Build the sink; its file is opened now and closed at shutdown."""
    store = Store(settings.sms_home)
    clock = clock_from(settings.clock_file)
    http = httpx2.AsyncClient(trust_env=False, limits=_LINES)
    callback = None if settings.sms_callback_url is None else str(settings.sms_callback_url)
    receipts = Receipts(store, http, callback, clock)
    desk = Desk(store, receipts, clock, Pace(settings.sms_step_seconds, settings.sms_silence_seconds))

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sending = asyncio.create_task(receipts.run(), name="receipts")
        yield
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
        await http.aclose()
        store.close()

    app = FastAPI(title="SMP SMS sink", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.store = store
    _add_provider(app, settings, store, desk)
    _add_ledger(app, store)
    _add_refusals(app)
    return app


def _add_provider(app: FastAPI, settings: Settings, store: Store, desk: Desk) -> None:
    signatures = Signatures(
        settings.sms_application_key.get_secret_value(),
        settings.sms_application_secret.get_secret_value(),
        settings.sms_consumer_key.get_secret_value(),
    )

    async def signed(service: str, request: Request) -> bytes:
        body = await read_body(request, LARGEST_BODY)
        signatures.check(request.headers, request.method, _full_url(request), body, time.time())
        if service != settings.sms_service:
            raise Refused(404, "NOT_FOUND", "This service does not exist")
        return body

    Body = Annotated[bytes, Depends(signed)]  # noqa: N806 - a type

    @app.get("/1.0/auth/time")
    async def now() -> int:
        return int(time.time())

    @app.post("/1.0/sms/{service}/jobs")
    async def send(body: Body, request: Request) -> dict[str, Any]:
        order = read(Order, body)
        check(order, settings.senders)
        return await desk.take(order, partial(_client_left, request))

    @app.get("/1.0/sms/{service}/jobs", dependencies=[Depends(signed)])
    async def pending() -> list[int]:
        jobs = await store.run(lambda transaction: transaction.rows(SQL.pending_jobs, time.time()))
        return [job["id"] for job in jobs]

    @app.get("/1.0/sms/{service}/jobs/{job}", dependencies=[Depends(signed)])
    async def pending_job(job: int) -> dict[str, Any]:
        jobs = await store.run(lambda transaction: transaction.rows(SQL.pending_jobs, time.time()))
        return _job_view(next((found for found in jobs if found["id"] == job), None))

    @app.delete("/1.0/sms/{service}/jobs/{job}", dependencies=[Depends(signed)])
    async def cancel(job: int) -> None:
        if not await store.run(partial(_cancel, job)):
            raise _unknown()

    @app.post("/1.0/sms/{service}/estimate")
    async def estimate(body: Body) -> TextSize:
        text = read(Estimate, body)
        return measure(text.message, stop_clause=not text.noStopClause)

    @app.get("/1.0/sms/{service}/outgoing", dependencies=[Depends(signed)])
    async def outgoing(tag: str | None = None) -> list[int]:
        jobs = await store.run(lambda transaction: transaction.rows(SQL.jobs, tag))
        return [job["id"] for job in jobs]

    @app.get("/1.0/sms/{service}/outgoing/{job}", dependencies=[Depends(signed)])
    async def outgoing_job(job: int) -> dict[str, Any]:
        found = await store.run(lambda transaction: transaction.rows(SQL.job, job))
        return _outgoing_view(found[0] if found else None)

    @app.get("/1.0/sms/{service}/blacklists", dependencies=[Depends(signed)])
    async def blacklists() -> list[str]:
        rows = await store.run(lambda transaction: transaction.rows(SQL.blacklisted))
        return [row["receiver"] for row in rows]


def _add_ledger(app: FastAPI, store: Store) -> None:
    @app.get("/ledger")
    async def ledger(tag: str | None = None) -> dict[str, Any]:
        jobs = await store.run(lambda transaction: transaction.rows(SQL.jobs, tag))
        tags = Counter(job["tag"] for job in jobs if job["tag"] and job["state"] != "cancelled")
        return {"jobs": [_ledger_view(job) for job in jobs], "tags": tags}

    @app.get("/ledger/summary")
    async def summary() -> dict[str, Any]:
        return await store.run(_summary)

    @app.get("/scenarios")
    async def scenarios() -> dict[str, str]:
        return {name: scenario.suffix for name, scenario in SCENARIOS.items()}

    @app.post("/scenarios", status_code=204)
    async def force(request: Request) -> None:
        forcing = read(Forcing, await read_body(request, LARGEST_BODY))
        number = normal_number(forcing.receiver)
        if number is None or forcing.scenario not in (None, *SCENARIOS):
            raise Refused(400, "INVALID_ARGUMENT", f"receiver: +33…; scenario: one of {', '.join(SCENARIOS)}")
        await store.run(partial(_force, number, forcing.scenario))

    @app.get("/health/live")
    @app.get("/health/ready")
    async def health() -> dict[str, str]:
        return {"status": "ok"}


def _add_refusals(app: FastAPI) -> None:
    @app.exception_handler(Refused)
    async def refuse(_request: Request, refused: Refused) -> JSONResponse:
        return JSONResponse(refused.body, refused.status, refused.headers)

    @app.exception_handler(HTTPException)
    async def explain(_request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse(Refused(error.status_code, "REFUSED", error.detail).body, error.status_code)

    @app.exception_handler(RequestValidationError)
    async def point_out(_request: Request, error: RequestValidationError) -> JSONResponse:
        fault = error.errors()[0]
        field = ".".join(map(str, fault["loc"]))
        return JSONResponse(Refused(400, "INVALID_ARGUMENT", f"{field}: {fault['msg']}").body, 400)


def _full_url(request: Request) -> str:
    """The address as the client wrote it, for its signature."""
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    host = request.headers.get("host", "")
    return f"{request.url.scheme}://{host}{path}" + (f"?{query}" if query else "")


async def _client_left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue


def _cancel(job: int, transaction: Transaction) -> bool:
    cancelled = transaction.execute(SQL.cancel_job, job, time.time()).rowcount == 1
    if cancelled:
        transaction.execute(SQL.drop_receipts, job)
    return cancelled


def _force(number: str, scenario: str | None, transaction: Transaction) -> None:
    transaction.execute(SQL.unblacklist, number)
    transaction.execute(SQL.free_number, number)
    if scenario is not None:
        transaction.execute(SQL.force_scenario, number, scenario)


def _summary(transaction: Transaction) -> dict[str, Any]:
    texts, credit = transaction.execute(SQL.totals).fetchone()
    told, to_tell = transaction.execute(SQL.receipts_left).fetchone()
    tags = transaction.execute(SQL.tags).fetchall()
    return {
        "accepted": texts,
        "credits": credit,
        "distinct_tags": len({tag for tag, *_ in tags}),
        "twice": sorted({tag for tag, _, times in tags if times > 1}),
        "by_state": transaction.pairs(SQL.count_by_state),
        "by_scenario": transaction.pairs(SQL.count_by_scenario),
        "refused": transaction.pairs(SQL.refusals),
        "receipts": {"answered": told, "pending": to_tell},
    }


def _unknown() -> Refused:
    return Refused(404, "NOT_FOUND", "The requested object does not exist")


def _job_view(job: dict[str, Any] | None) -> dict[str, Any]:
    if job is None:
        raise _unknown()
    return {
        "id": job["id"],
        "creationDatetime": job["accepted_at"],
        "credits": job["parts"],
        "differedDelivery": job["differed_minutes"],
        "message": job["message"],
        "messageLength": job["characters"],
        "numberOfSms": job["parts"],
        "ptt": job["ptt"],
        "receiver": job["receiver"],
        "sender": job["sender"],
    }


def _outgoing_view(job: dict[str, Any] | None) -> dict[str, Any]:
    view = _job_view(job)
    assert job is not None
    return view | {
        "tag": job["tag"],
        "sentAt": job["sent_at"],
        "deliveredAt": job["delivered_at"],
        "deliveryReceipt": job["description"],
    }


def _ledger_view(job: dict[str, Any]) -> dict[str, Any]:
    kept = ("id", "tag", "receiver", "message", "accepted_at", "state", "scenario", "parts", "delivered_at")
    return {name: job[name] for name in kept}
