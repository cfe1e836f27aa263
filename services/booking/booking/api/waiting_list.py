"""The waiting list: join, change, set the priority, leave, read, and have the order explained."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi import Query as Parameter
from pydantic import BaseModel

from booking import problems
from booking.api.parts import example, rules_of
from booking.api.rights import Right, allow
from booking.api.waiting_list_parts import (
    JOIN_EXAMPLE,
    WISHES_EXAMPLE,
    EntryView,
    WaitingListView,
    WishesBody,
)
from booking.domain.desk_reasons import WaitingListReason
from booking.domain.waiting_list import Criterion, Priority
from booking.use_cases.waiting_list.join_waiting_list import JoinRequest, change_wishes, join_waiting_list
from booking.use_cases.waiting_list.leave_waiting_list import leave_waiting_list
from booking.use_cases.waiting_list.read_waiting_list import explain_order, read_entry, waiting_list_of
from booking.use_cases.waiting_list.set_priority import set_priority
from smp.bodies import Day
from smp.http import Body, Command, Query, describe

router = APIRouter(prefix="/v1", tags=["liste d'attente"])


class JoinWaitingList(WishesBody):
    """Somebody waits. `waiting_since` is earlier than today for who was on a list of paper."""

    model_config = example(JOIN_EXAMPLE)

    patient: UUID
    waiting_since: Day | None = None


class ChangeWishes(WishesBody):
    """All the wishes anew; the place in the order is kept."""

    model_config = example(WISHES_EXAMPLE)


class SetPriority(Body):
    """The class that a professional gives."""

    model_config = example({"priority": "raised"})

    priority: Priority


class LeaveWaitingList(Body):
    """Why, as a code."""

    model_config = example({"reason": "found_treating_doctor"})

    reason: WaitingListReason


class ExplanationView(BaseModel):
    """Who comes first, what decides, and the sentences to read to whoever asks."""

    first_comes_first: bool
    criterion: Criterion
    sentences: list[str]


_WISHES = (
    problems.SITE_UNKNOWN,
    problems.PROFESSIONAL_UNKNOWN,
    problems.PATIENT_UNKNOWN,
    problems.PATIENT_ERASED,
    problems.KIND_UNKNOWN,
    problems.TWO_COMPARTMENTS,
    problems.NOT_ELIGIBLE,
    problems.NOTHING_TO_REPLACE,
    problems.ALREADY_WAITING,
)
_ENTRY = (problems.ENTRY_UNKNOWN, problems.ENTRY_OVER)


@router.post("/waiting-list", status_code=201, response_model=EntryView, responses=describe(*_WISHES))
async def join(body: JoinWaitingList, command: Command) -> Response:
    """Put a patient on the list of one or several sites. The answer names the later appointment, if there is one,
    that an accepted offer will give back."""
    allow(command, Right.WAIT)
    request = JoinRequest(body.patient, body.to_wishes(), body.waiting_since, body.replaces)
    return await command.once(
        lambda tx: join_waiting_list(tx, request, rules_of(command), actor=command.actor, now=command.now),
        EntryView.of_joined,
    )


@router.get("/waiting-list/explanation", response_model=ExplanationView, responses=describe(problems.ENTRY_UNKNOWN))
async def explanation(first: UUID, second: UUID, query: Query) -> ExplanationView:
    """Why one of two entries comes before the other, in plain French."""
    allow(query, Right.READ)
    async with query.transaction() as tx:
        it = await explain_order(tx, first, second, actor=query.actor, now=query.now)
    return ExplanationView(first_comes_first=it.first_comes_first, criterion=it.criterion, sentences=list(it.sentences))


@router.get("/waiting-list/{entry}", response_model=EntryView, responses=describe(problems.ENTRY_UNKNOWN))
async def read(entry: UUID, query: Query) -> EntryView:
    """One entry with its trail and every offer made to it; whoever books without reading reads whom they put there."""
    allow(query, Right.WAIT)
    async with query.transaction() as tx:
        return EntryView.of_dossier(await read_entry(tx, entry, actor=query.actor, now=query.now))


@router.post("/waiting-list/{entry}/wishes", response_model=EntryView, responses=describe(*_ENTRY, *_WISHES))
async def wishes(entry: UUID, body: ChangeWishes, command: Command) -> Response:
    """Wait for something else than before."""
    allow(command, Right.WAIT)
    return await command.once(
        lambda tx: change_wishes(
            tx, entry, body.to_wishes(), body.replaces, rules_of(command), actor=command.actor, now=command.now
        ),
        EntryView.of_joined,
    )


@router.post(
    "/waiting-list/{entry}/priority",
    response_model=EntryView,
    responses=describe(*_ENTRY, problems.PRIORITY_NOT_YOURS),
)
async def priority(entry: UUID, body: SetPriority, command: Command) -> Response:
    """Say how urgent it is: clinicians and, for medico-social entries, social workers."""
    allow(command, Right.PRIORITISE)
    return await command.once(
        lambda tx: set_priority(tx, entry, body.priority, actor=command.actor, now=command.now),
        EntryView.of,
    )


@router.post("/waiting-list/{entry}/departure", response_model=EntryView, responses=describe(*_ENTRY))
async def leave(entry: UUID, body: LeaveWaitingList, command: Command) -> Response:
    """Off the list; an offer that runs goes to the next."""
    allow(command, Right.WAIT)
    return await command.once(
        lambda tx: leave_waiting_list(tx, entry, body.reason, rules_of(command), actor=command.actor, now=command.now),
        EntryView.of,
    )


@router.get(
    "/sites/{site}/waiting-list",
    response_model=WaitingListView,
    responses=describe(problems.SITE_UNKNOWN, problems.ENTRY_UNKNOWN),
)
async def of_site(
    site: UUID,
    query: Query,
    after: UUID | None = None,
    limit: Annotated[int, Parameter(ge=1, le=500)] = 100,
) -> WaitingListView:
    """Who waits at a site, in the order in which places are offered, with the offers that run."""
    allow(query, Right.READ, site)
    async with query.transaction() as tx:
        page = await waiting_list_of(tx, site, after, limit, actor=query.actor, now=query.now)
    return WaitingListView.of(site, page)
