"""Bookings that come at the same time, in one statement: the hot path.

Two round trips for a batch, whatever its size: one looks, one writes and is a transaction of its own. Here is only what
goes well; a booking that wants a closer look, that meets something taken, or that must be refused, is left to
`book_slot`, alone. So one place refuses and proposes alternatives.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from booking.domain.appointments import Appointment
from booking.domain.intervals import Interval
from booking.domain.resources import Resource
from booking.domain.rules import Rules
from booking.store import appointments
from booking.store.appointments import Place
from booking.use_cases.appointments import announcing, placing
from booking.use_cases.appointments.book_slot import Booked, BookRequest, appointment_of
from smp.combining import Order
from smp.postgres import Answer, Autocommit, Database, Reader, Scope
from smp.problems import ProblemType, Refusal

BookOrder = Order[BookRequest, Booked]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A booking that only a change since the look, or the exclusion constraint, can still refuse."""

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
    async with database.autocommit(scope) as db:
        places = await appointments.places_for_patients(
            db, [(each.request.session, each.request.patient) for each in orders]
        )
        found = [await _ready(db, position, orders[position], place, rules) for position, (place, _) in places.items()]
        ready = _apart(each for each in found if each is not None)
        if not ready:
            return answers
        given = [_told(db, each) for each in ready]
        versions = {place.session.id: version for place, version in places.values()}
        made = await appointments.book_together(db, [(each.appointment, each.resources) for each in ready], versions)
    database.on_publish()
    for each, answer in zip(ready, given, strict=True):
        if each.appointment.id in made:
            answers[each.position] = answer
    return answers


def _told(db: Autocommit, each: _Ready) -> Answer:
    order = each.order
    order.context.run(announcing.booked, db, each.appointment, order.now)
    answer = order.answer(each.booked)
    db.keep_answer(answer)
    return answer


def _apart(found: Iterable[_Ready]) -> list[_Ready]:
    """Those that do not want what one before them wants."""
    ready: list[_Ready] = []
    wanted: dict[Resource, list[Interval]] = {}
    for each in found:
        takes = {resource: each.appointment.takes(resource) for resource in each.resources}
        if any(period.overlaps(other) for resource, period in takes.items() for other in wanted.get(resource, ())):
            continue
        ready.append(each)
        for resource, period in takes.items():
            wanted.setdefault(resource, []).append(period)
    return ready


async def _ready(db: Reader, position: int, order: BookOrder, place: Place, rules: Rules) -> _Ready | None:
    request, session = order.request, place.session
    try:
        wish, warnings = await placing.permitted(db, request, place, rules, order.actor, order.now)
    except Refusal:
        return None
    if placing.needs_a_look(session, wish.kind) or request.together_with or place.works_elsewhere:
        return None
    period = placing.period_at_sight(place, wish)
    if isinstance(period, ProblemType):
        return None
    booked = Booked(appointment_of(request, wish, period, order.actor), warnings)
    return _Ready(position, order, booked, placing.resources_of(session, request.patient))
