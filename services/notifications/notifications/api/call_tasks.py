"""The call list: patients whom no text can reach."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi import Query as Parameter
from starlette.responses import Response

from notifications.api.rights import COMPLETE_CALL_TASK, READ_CALL_TASKS
from notifications.api.views import CallState, CallTaskList, CallTaskView, Completion
from notifications.problems import CALL_ENDED
from notifications.use_cases.complete_call_task import complete_call_task
from notifications.use_cases.list_call_tasks import list_call_tasks
from smp.http import Command, Query, describe
from smp.problems import NOT_FOUND

router = APIRouter(tags=["call tasks"])


@router.get("/v1/call-tasks")
async def call_tasks(
    site: UUID,
    query: Query,
    state: CallState = "open",
    after: UUID | None = None,
    limit: Annotated[int, Parameter(ge=1, le=500)] = 100,
) -> CallTaskList:
    """The calls of a site, the nearest appointment first."""
    query.require(*READ_CALL_TASKS, site=site)
    async with query.transaction() as tx:
        rows, following = await list_call_tasks(tx, site, state, after, limit)
    return CallTaskList(call_tasks=[CallTaskView.of(row) for row in rows], next=following)


@router.post(
    "/v1/call-tasks/{task}/completion",
    status_code=201,
    response_model=CallTaskView,
    responses=describe(NOT_FOUND, CALL_ENDED),
)
async def complete(task: UUID, body: Completion, command: Command) -> Response:
    """Say how a call ended."""
    command.require(*COMPLETE_CALL_TASK)
    return await command.once(
        lambda tx: complete_call_task(
            tx,
            task,
            body.outcome,
            command.actor.subject,
            command.now,
            lambda site: command.require(*COMPLETE_CALL_TASK, site=site),
        ),
        CallTaskView.of,
    )
