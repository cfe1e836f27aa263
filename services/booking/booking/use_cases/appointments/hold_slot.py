"""Keep a place for a caller, for some minutes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain.appointments import Appointment, State
from booking.domain.rules import Rules
from booking.use_cases.access import require_channel, require_compartment, require_site
from booking.use_cases.appointments import announcing, placing
from booking.use_cases.appointments.caps import require_under_cap
from booking.use_cases.appointments.company import in_company, resources_of
from booking.use_cases.appointments.floating import occupy
from booking.use_cases.availability.find_places import partners_of
from booking.use_cases.kinds.kind_book import kind_on
from smp.auth import Actor
from smp.ids import new_id
from smp.postgres import Transaction


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """Which slot; the patient may not be known yet. An offer of the waiting list names its hold, how long it
    runs, and the appointment that the patient would give back for it."""

    session: UUID
    start: datetime
    kind: str
    patient: UUID | None = None
    mode: str | None = None  # the usual one of the kind
    channel: str = "phone"
    requested_at: datetime | None = None
    first_call: bool = False  # the waiting list may take a place that still rests
    id: UUID | None = None
    expires_at: datetime | None = None
    replaces: UUID | None = None


async def hold_slot(tx: Transaction, request: HoldRequest, rules: Rules, *, actor: Actor, now: datetime) -> Appointment:
    """A hold that blocks the slot until it expires.

    Raises Refusal as `book_slot` does.
    """
    place = await placing.find_place(tx, request.session, request.patient, rules)
    require_site(actor, place.session.site)
    require_channel(actor, request.channel)
    kind = await kind_on(tx, rules, request.kind, place.session.territory, place.session.day)
    require_compartment(actor, kind)
    if request.patient is not None:
        placing.require_eligible(kind, place)
    mode = request.mode or kind.usual_mode
    wish = placing.Wish(
        place.session,
        kind,
        request.start,
        request.patient,
        rules,
        now,
        channel=request.channel,
        mode=mode,
        partners=partners_of(kind, None),
        first_call=request.first_call,
    )
    period = await placing.period_of(tx, place, wish)
    if request.patient is not None:
        await require_under_cap(tx, kind, request.patient, now, besides=request.replaces)
    alone = Appointment.placed(
        request.id or new_id(), State.HELD, place.session, kind, period, now, actor.subject,
        patient=request.patient,
        mode=mode,
        channel=request.channel,
        notify=False,
        requested_at=min(request.requested_at or now, now),
        expires_at=request.expires_at or now + rules.hold,
    )  # fmt: skip
    hold = await in_company(tx, alone, wish, first_call=request.first_call)
    await occupy(tx, hold, resources_of(hold, place.session), wish, first_call=request.first_call)
    announcing.held(tx, hold, now)
    return hold
