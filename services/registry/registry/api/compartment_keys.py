"""The route by which services get the keys of what they may open."""

from base64 import b64encode
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from registry import problems as refusals
from registry.api.parts import encryption_keys, settings
from registry.api.rights import Right, allow
from registry.use_cases.compartment_keys import check_grant, compartment_keys
from smp.http import Body, Query, describe
from smp.sealing import Compartment

router = APIRouter(prefix="/v1/compartment-keys", tags=["services"])


class KeysBody(Body):
    compartment: Compartment
    patients: Annotated[list[UUID], Field(max_length=500)]


class KeysView(BaseModel):
    """Keys by patient, base64. An absent patient is erased, unknown, or of another territory."""

    keys: dict[UUID, str]


@router.post(
    "",
    response_model=KeysView,
    summary="Clés d'un compartiment, pour un service qui y a droit",
    responses=describe(refusals.COMPARTMENT_NOT_GRANTED),
)
async def keys(body: KeysBody, query: Query) -> KeysView:
    allow(query, Right.OPEN_COMPARTMENTS)
    check_grant(query.actor, body.compartment, settings(query).compartment_grants)
    async with query.transaction() as tx:
        found = await compartment_keys(
            tx, body.compartment, body.patients, actor=query.actor, keys=encryption_keys(query)
        )
    return KeysView(keys={patient: b64encode(key).decode() for patient, key in found.items()})
