"""The toy service's HTTP side: one command and one query, for tests of what the floor promises to every route."""

import asyncio
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from smp.http import Body, Command, Day, Instant, Query, ShortText, describe
from smp.ids import new_id
from smp.postgres import Transaction
from smp.problems import NOT_FOUND, ProblemType, Refusal
from smp.service import Service
from smp.settings import BaseSettings
from tests.support.events import toy_event, toy_event_type

NOTED = toy_event_type("toy.http")
BUSY = ProblemType("toy-busy", 409, "Déjà pris", "Busy", "Trois autres : {count}.", "Three others: {count}.")

router = APIRouter()


class NewNote(Body):
    text: ShortText
    day: Day | None = None
    at: Instant | None = None
    site: UUID | None = None


class Note(BaseModel):
    id: UUID
    text: str


@router.post("/v1/notes", status_code=201, response_model=Note, responses=describe(BUSY))
async def add(body: NewNote, command: Command) -> Response:
    command.require("secretary", site=body.site)

    async def effect(tx: Transaction) -> Note:
        note = Note(id=new_id(), text=body.text)
        await tx.execute(
            "INSERT INTO note (id, territory, text) VALUES ($1, $2, $3)",
            note.id,
            min(command.actor.territories),
            note.text,
        )
        tx.publish(toy_event(NOTED, subject=note.id))
        if note.text == "busy":
            raise Refusal(BUSY, count=3, alternatives=[1, 2, 3])
        if note.text == "slow":
            await asyncio.sleep(60)
        if note.text == "bug":
            raise ZeroDivisionError(body.text)
        return note

    return await command.once(effect, lambda note: note)


@router.get("/v1/notes/{note}")
async def read(note: UUID, query: Query) -> Note:
    query.require("secretary", "gp")
    async with query.transaction() as tx:
        row = await tx.fetchrow("SELECT id, text FROM note WHERE id = $1", note)
    if row is None:
        raise Refusal(NOT_FOUND)
    return Note(id=row["id"], text=row["text"])


SERVICE = Service("toy", BaseSettings, package="tests.support.toy", routers=[router])
