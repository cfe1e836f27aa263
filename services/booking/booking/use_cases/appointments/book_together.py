"""Bookings that come at the same time, in one transaction: the hot path.

Round trips of a batch, whatever its size: those of one booking (`book_slot`). Here is only what goes well; a booking
that wants a closer look, that meets something taken, or that must be refused, is left to `book_slot`, alone. So one
place refuses and proposes alternatives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from booking.domain.appointments import Appointment
from booking.domain.resources import Resource
from booking.domain.rules import Rules
from booking.store import appointments
from booking.store.appointments import Place
from booking.use_cases.appointments import announcing, placing
from booking.use_cases.appointments.book_slot import Booked, BookRequest, appointment_of, permitted
from smp.combining import Order
from smp.postgres import Answer, Database, Scope, Transaction
from smp.problems import ProblemType, Refusal

# One slow neighbour must not hold up a whole batch: whoever would have to wait longer for a lock waits alone.
_PATIENCE = timedelta(milliseconds=50)

BookOrder = Order[BookRequest, Booked]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A booking that only the exclusion constraint can still refuse."""

    position: int
    order: BookOrder
    booked: Booked
    resources: tuple[Resource, ...]

    @property
    def appointment(self) -> Appointment:
        return self.booked.appointment


async def book_together(
    database: Database, rules: Rules, scope: Scope, orders: Sequence[BookOrder]
) -> list[Answer | None]:
    """The answers kept with the bookings that were made; nothing for those that must be done alone."""
    answers: list[Answer | None] = [None] * len(orders)
    async with database.transaction(scope, lock_timeout=_PATIENCE) as tx:
        wanted = [(order.request.session, order.request.patient) for order in orders]
        places = await appointments.places_for_patients(tx, wanted)
        found = [await _ready(tx, position, orders[position], place, rules) for position, place in places.items()]
        ready = [each for each in found if each is not None]
        if not ready:
            return answers
        taken = await appointments.insert(tx, [(each.appointment, each.resources) for each in ready])
        for each in ready:
            if not taken[each.appointment.id]:
                answers[each.position] = _told(tx, each)
    return answers


def _told(tx: Transaction, each: _Ready) -> Answer:
    order = each.order
    order.context.run(announcing.booked, tx, each.appointment, order.now)
    answer = order.answer(each.booked)
    tx.keep_answer(answer)
    return answer


async def _ready(tx: Transaction, position: int, order: BookOrder, place: Place, rules: Rules) -> _Ready | None:
    request, session = order.request, place.session
    try:
        wish, warnings = await permitted(tx, request, place, rules, order.actor, order.now)
    except Refusal:
        return None
    if placing.needs_a_look(session, wish.kind) or request.together_with:
        return None
    period = placing.period_at_sight(place, wish)
    if isinstance(period, ProblemType):
        return None
    booked = Booked(appointment_of(request, wish, period, order.actor), warnings)
    return _Ready(position, order, booked, placing.resources_of(session, request.patient))
