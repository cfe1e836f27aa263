"""Demand that met no offer. Published by booking; the key is the site, whose events form one sequence."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from smp.contracts.base import EventData, OneOf, Topic
from smp.contracts.vocabulary import BookingChannel, Kind, Role

DEMAND = Topic("smp.booking.demand", "booking", "site", "What was asked for and could not be offered.")

UnmetReason = Annotated[str, OneOf(("no_session", "full", "not_released", "not_eligible", "too_early", "too_late"))]
"""Why there was nothing: nobody receives then; all is taken; what is left is kept for others; the patient may not have
this kind; further away than places are given; over, or closer than the kind's notice."""


class DemandUnmet(EventData):
    """Somebody wanted an appointment of `kind` at `site` that starts in [start, end), and there was none to offer.

    Said once per `need`, however often it was asked for; `need` is an id of the request and names nobody.
    `named_professional`: only one practitioner was wanted. `together_with`: the practitioner alone would not do.
    `nearest_site` had room instead.
    """

    topic: ClassVar[Topic] = DEMAND

    need: UUID
    site: UUID
    kind: Kind
    channel: BookingChannel
    reason: UnmetReason
    start: AwareDatetime
    end: AwareDatetime
    named_professional: bool
    together_with: Role | None = None
    nearest_site: UUID | None = None
    asked_at: AwareDatetime
