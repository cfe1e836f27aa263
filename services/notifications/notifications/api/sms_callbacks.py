"""The provider's delivery receipts: HTTP GET without authentication, hence a secret path."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Query as Parameter

from notifications.providers.ovh import Ovh
from notifications.use_cases.receive_receipt import Receipt, receive_together
from smp.combining import Combiner
from smp.postgres import Scope
from smp.problems import NO_SUCH_ROUTE, Refusal
from smp.service import Runtime

router = APIRouter(include_in_schema=False)


@router.get("/v1/sms-callbacks/{secret}")
async def receipt(
    secret: str,
    request: Request,
    id: Annotated[str, Parameter(pattern=r"^[A-Za-z0-9-]{1,40}$")],
    ptt: Annotated[int, Parameter(ge=0, le=9999)],
    description: Annotated[int, Parameter(ge=0, le=9999)] = 0,
    date: Annotated[str, Parameter(max_length=40, pattern=r"^[0-9TZ:+. -]*$")] = "",
) -> dict[str, str]:
    """Keep one receipt; the same again changes nothing."""
    runtime: Runtime = request.app.state.runtime
    expected = runtime.settings.sms_callback_secret.get_secret_value()
    if not secrets.compare_digest(secret.encode(), expected.encode()):
        raise Refusal(NO_SUCH_ROUTE)
    receipts: Combiner[Receipt, bool] = runtime.state["receipts"]
    given = Receipt(Ovh.name, id, ptt, description, date)
    if not await receipts.submit(Scope.everywhere(), given):
        await receive_together(runtime.database, runtime.clock, Scope.everywhere(), [given])
    return {"status": "ok"}
