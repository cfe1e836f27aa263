"""Hours come back: whoever has lost their place in them, and waits for a call, has it again where nobody else has it by
now. The patient was told of no other hour: the call is dropped and the reminder is back (SlotMoved, the same hour). Of
whoever has come, no move is said, for they are expected no more: that they lost their place is taken back
(StatusCorrected, the same state)."""

from collections.abc import Iterable
from contextlib import suppress

from booking.domain.appointments import PLACE_BACK, WAITING, Action, Appointment, Step
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.store import appointments
from booking.store.sessions import Author
from booking.use_cases.appointments import announcing, placing
from booking.use_cases.appointments.company import resources_of, still_comes
from booking.use_cases.capacity import sharing
from booking.use_cases.kinds.kind_book import kind_of
from smp.postgres import Transaction


async def take_back(
    tx: Transaction, returning: Iterable[tuple[Appointment, Session]], rules: Rules, author: Author
) -> None:
    """Put each, in this order, into the session that has its hour; whoever finds it taken still waits for a call. The
    sessions are written, the appointments locked, and interns known to be covered."""
    for it, home in returning:
        with suppress(appointments.Taken):
            async with tx.savepoint():
                await _take(tx, it, home, rules, author)


async def _take(tx: Transaction, it: Appointment, home: Session, rules: Rules, author: Author) -> None:
    """Raises appointments.Taken."""
    loss = await appointments.version_of_loss(tx, it.id)
    if not await _is_open_to(tx, it, home, rules, author):
        raise appointments.Taken
    if await appointments.replace_occupancies(tx, it, resources_of(it, home)):
        raise appointments.Taken
    if it.state in WAITING:
        stays = it.noted(Step(it.version + 1, it.state, author.at, author.by, PLACE_BACK, undoes=loss))
        await appointments.save(tx, [stays])
        announcing.corrected(tx, it, stays, author.at)
        return
    back = it.step(
        Action.MOVE, author.at, author.by, why=PLACE_BACK,
        session=home.id, day=home.day, professional=home.professional, role=home.role,
    )  # fmt: skip
    await appointments.save(tx, [back])
    announcing.moved(tx, it, back, author.at)


async def _is_open_to(tx: Transaction, it: Appointment, home: Session, rules: Rules, author: Author) -> bool:
    """Nothing but somebody in the place itself speaks against it, as for a cancellation that is taken back."""
    kind = await kind_of(tx, rules, it)
    if await placing.on_the_way(tx, [home], kind.around(it.period), rules):
        return False
    if not await sharing.admits(tx, home, it.capacity_class, kind.length, author.at, it.id):
        return False
    return await still_comes(tx, it, rules)
