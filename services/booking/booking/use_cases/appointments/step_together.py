"""Steps of the waiting room that come at the same time, in one transaction: most of what a day writes.

Here is only what goes well; a step that must be refused, or whose appointment somebody else is busy with, is left to
`take_step`, alone. So one place refuses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from booking.domain.appointments import Appointment
from booking.store import appointments
from booking.use_cases.appointments.steps import RoomStep, Stepped, require_fit
from smp.combining import Order
from smp.postgres import Answer, Database, Scope, Transaction
from smp.problems import Refusal

# One slow neighbour must not hold up a whole batch: whoever would have to wait longer for a lock waits alone.
_PATIENCE = timedelta(milliseconds=50)


@dataclass(frozen=True, slots=True)
class StepRequest:
    """Which appointment takes which step."""

    appointment: UUID
    step: RoomStep


StepOrder = Order[StepRequest, Appointment]


async def step_together(database: Database, scope: Scope, orders: Sequence[StepOrder]) -> list[Answer | None]:
    """The answers kept with the steps that were taken; nothing for those that must be taken alone."""
    answers: list[Answer | None] = [None] * len(orders)
    async with database.transaction(scope, lock_timeout=_PATIENCE) as tx:
        locked = await appointments.lock_free(tx, {order.request.appointment for order in orders})
        made: list[tuple[int, Stepped]] = []
        for position, order in enumerate(orders):
            # Of two steps of one appointment the second goes alone, after the first.
            found = locked.pop(order.request.appointment, None)
            stepped = found and await _made(tx, order, found)
            if stepped:
                made.append((position, stepped))
        await appointments.save(tx, [stepped.appointment for _, stepped in made])
        for position, stepped in made:
            order = orders[position]
            order.context.run(stepped.say, tx)
            answers[position] = answer = order.answer(stepped.appointment)
            tx.keep_answer(answer)
    return answers


async def _made(tx: Transaction, order: StepOrder, found: Appointment) -> Stepped | None:
    step = order.request.step
    try:
        require_fit(found, step.action, order.actor)
        return await step.make(tx, found, order.actor, order.now)
    except Refusal:
        return None
