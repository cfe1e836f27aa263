"""Keep a place for a caller, for some minutes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain.appointments import Appointment, State
from booking.domain.rules import Rules
from booking.use_cases.appointments import announcing, placing
from booking.use_cases.appointments.caps import require_under_cap
from booking.use_cases.appointments.company import in_company, resources_of
from booking.use_cases.appointments.floating import occupy
from smp.auth import Actor
from smp.ids import new_id
from smp.postgres import Transaction


@dataclass(frozen=True, slots=True)
class HoldRequest(placing.SlotRequest):
    """Which slot; the patient may not be known yet. An offer of the waiting list names its hold, how long it
    runs, and the appointment that the patient would give back for it."""

    first_call: bool = False  # the waiting list may take a place that still rests
    id: UUID | None = None
    expires_at: datetime | None = None
    replaces: UUID | None = None


async def hold_slot(tx: Transaction, request: HoldRequest, rules: Rules, *, actor: Actor, now: datetime) -> Appointment:
    """A hold that blocks the slot until it expires.

    Raises Refusal as `book_slot` does.
    """
    place = await placing.find_place(tx, request.session, request.patient, rules)
    wish, _ = await placing.permitted(tx, request, place, rules, actor, now, first_call=request.first_call)
    period = await placing.period_of(tx, place, wish)
    if request.patient is not None:
        await require_under_cap(tx, wish.kind, request.patient, now, besides=request.replaces)
    alone = Appointment.placed(
        request.id or new_id(), State.HELD, place.session, wish.kind, period, now, actor.subject,
        patient=request.patient,
        mode=wish.its_mode,
        channel=request.channel,
        notify=False,
        requested_at=min(request.requested_at or now, now),
        expires_at=request.expires_at or now + rules.hold,
    )  # fmt: skip
    hold = await in_company(tx, alone, wish)
    await occupy(tx, hold, resources_of(hold, place.session), wish)
    announcing.held(tx, hold, now)
    return hold
