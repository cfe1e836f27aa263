"""The centre takes a place back and cancels nothing: the appointment stands until somebody speaks with the patient."""

from booking.domain.appointments import Appointment, Step
from booking.store import appointments, impacts
from booking.store.sessions import Author
from booking.use_cases.appointments import announcing
from smp.postgres import Transaction


async def leave_without_place(
    tx: Transaction, found: Appointment, reason: str, author: Author, *, for_sure: bool = False
) -> None:
    """Ask for a call about a locked appointment. If its session holds it no more, or `for_sure`, it takes its patient's
    time only from now on, and is listed for who may know. Of a silent one the event says so, and nobody puts it on a
    list that others read."""
    asked = found.noted(Step(found.version + 1, found.state, author.at, author.by, reason))
    await appointments.save(tx, [asked])
    await impacts.lose_place(tx, found.id, author.at, for_sure=for_sure)
    announcing.call_requested(tx, asked, reason, author.at)
