"""Texts: what was said about an appointment, and what would be."""

from uuid import UUID

from fastapi import APIRouter

from notifications.api.rights import PREVIEW_MESSAGE, READ_MESSAGES
from notifications.api.views import MessageList, MessageView, PreviewRequest, PreviewView
from notifications.problems import SITE_UNKNOWN
from notifications.use_cases.preview_message import preview_message
from notifications.use_cases.read_messages import read_messages
from smp.http import Query, describe

router = APIRouter(tags=["messages"])


@router.get("/v1/messages")
async def messages(appointment: UUID, query: Query) -> MessageList:
    """Every text about one appointment, with its state."""
    query.require(*READ_MESSAGES)
    async with query.transaction() as tx:
        rows = await read_messages(tx, appointment)
    for site in {row["site"] for row in rows}:
        query.require(*READ_MESSAGES, site=site)
    return MessageList(messages=[MessageView.of(row) for row in rows])


@router.post("/v1/messages/preview", responses=describe(SITE_UNKNOWN))
async def preview(body: PreviewRequest, query: Query) -> PreviewView:
    """The words a patient would read, when, and what they cost. Nothing is planned or sent."""
    query.require(*PREVIEW_MESSAGE, site=body.site)
    async with query.transaction() as tx:
        found = await preview_message(tx, body.wished(), query.runtime.settings.policy(), query.now)
    return PreviewView.of(found)
