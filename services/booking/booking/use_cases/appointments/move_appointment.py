"""Put an appointment elsewhere: the old place is given up only if the new one is had."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.appointments import Action, Appointment
from booking.domain.rules import Rules
from booking.store import appointments, sessions
from booking.use_cases.access import require_site
from booking.use_cases.appointments import announcing, placing
from booking.use_cases.appointments.book_slot import Booked
from booking.use_cases.appointments.company import in_company, joined_by, resources_of
from booking.use_cases.appointments.floating import given_way
from booking.use_cases.appointments.steps import appointment_for
from booking.use_cases.kinds.kind_book import kind_of, kind_on
from booking.use_cases.supervision import supervising
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """Where to; `mode` when it becomes another one (video instead of a visit), `kind` when that is another kind."""

    session: UUID
    start: datetime
    notify: bool = True
    mode: str | None = None
    kind: str | None = None


async def move_appointment(
    tx: Transaction, id: UUID, request: MoveRequest, rules: Rules, *, actor: Actor, now: datetime
) -> Booked:
    """The same appointment in another slot, for the same patient and kind unless another kind is named. Whoever named
    nobody gives way, to the place that is left if need be.

    Raises Refusal as `book_slot` does, APPOINTMENT_UNKNOWN and WRONG_TRANSITION besides; then nothing has changed.
    """
    # Sessions before the appointment: the same order as the cancellation of a session, so that none waits crosswise.
    place = await appointments.place_for_appointment(tx, request.session, id)
    if place is not None:
        await supervising.keep_days(tx, [place.session])
    before = await appointment_for(tx, id, Action.MOVE, actor)
    if place is None:
        known = await sessions.get(tx, request.session)
        raise Refusal(problems.PATIENT_UNKNOWN if known else problems.SESSION_UNKNOWN)
    require_site(actor, place.session.site)
    kind = await (
        kind_on(tx, rules, request.kind, before.territory, place.session.day)
        if request.kind and request.kind != before.kind
        else kind_of(tx, rules, before)
    )
    warnings = placing.require_eligible(kind, place)
    mode = request.mode or before.mode
    wish = placing.Wish(
        place.session,
        kind,
        request.start,
        before.patient,
        rules,
        now,
        before,
        before.channel,
        mode,
        together_with=joined_by(before),
    )
    period = await placing.period_of(tx, place, wish)
    alone = before.moved_to(place.session, period, now, actor.subject, notify=request.notify)
    becomes_other = (kind.code, mode) != (before.kind, before.mode)
    if becomes_other:
        alone = alone.done_as(kind, mode)
    moved = await in_company(tx, alone, wish)
    await _take_place(tx, moved, wish)
    await appointments.save(tx, [moved])
    if becomes_other:
        await appointments.change_kind(tx, moved)
    announcing.moved(tx, before, moved, now)
    return Booked(moved, warnings)


async def _take_place(tx: Transaction, moved: Appointment, wish: placing.Wish) -> None:
    wanted = resources_of(moved, wish.session)

    async def write() -> frozenset[int]:
        taken = await appointments.replace_occupancies(tx, moved, wanted)
        if taken and await placing.expire_in_the_way(tx, taken, moved.whole, wish.now, wish.rules.cool_down):
            return await appointments.replace_occupancies(tx, moved, wanted)
        return taken

    if taken := await given_way(tx, [wish], write):
        # The refusal rolls all back; what was had so far must not hide a slot from the alternatives.
        await appointments.clear_partial(tx, [moved.id])
        await placing.refuse_taken(tx, taken, wish)
