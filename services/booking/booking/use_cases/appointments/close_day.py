"""The evening at a site: whoever did not come is noted, whoever still waits is listed or noted as gone. Whoever lost
their place through the centre is listed and nothing else: they did not stay away."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from uuid import UUID

from booking import problems
from booking.domain.appointments import WAITING, Action, Appointment, State
from booking.domain.compartments import hides_all
from booking.domain.local_time import local_day
from booking.store import appointments, impacts, projections
from booking.use_cases.access import require_site
from booking.use_cases.appointments import announcing
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal

BULK = "day_close"


@dataclass(frozen=True, slots=True)
class DayClose:
    """Which day (today when none is named); whether those who still wait have left unseen."""

    site: UUID
    day: date | None = None
    waiting_have_left: bool = False


@dataclass(frozen=True, slots=True)
class DayClosed:
    """What became of each appointment that was open: noted now, or still to be concluded by hand. Without those of
    which the reader learns nothing but the hours."""

    day: date
    no_show: tuple[UUID, ...]
    left_unseen: tuple[UUID, ...]
    waiting: tuple[UUID, ...]
    in_consultation: tuple[UUID, ...]
    expected: tuple[UUID, ...]  # their hour is not over
    to_call: tuple[UUID, ...]  # without a place, whatever the hour, until they are moved or cancelled


async def close_day(tx: Transaction, request: DayClose, *, actor: Actor, now: datetime) -> DayClosed:
    """Conclude a day; done again it changes nothing more.

    Raises Refusal: SITE_UNKNOWN, FORBIDDEN.
    """
    require_site(actor, request.site)
    site = await projections.site(tx, request.site)
    if site is None:
        raise Refusal(problems.SITE_UNKNOWN)
    day = request.day or local_day(now, site.zone)
    found = await appointments.lock_open_of_day(tx, site.id, day)
    lost = await impacts.lost_or_losing_place(
        tx, [each.id for each in found if each.state is not State.IN_CONSULTATION]
    )
    booked = [each for each in found if each.state is State.BOOKED and each.id not in lost]
    over = [each for each in booked if each.period.end <= now]
    here = [each for each in found if each.state in WAITING and each.id not in lost]
    missed = [each.step(Action.NOTE_NO_SHOW, now, actor.subject, why=BULK) for each in over]
    gone = [
        each.step(Action.LEAVE, now, actor.subject, why=BULK, left_at=now) for each in here if request.waiting_have_left
    ]
    await appointments.save(tx, [*missed, *gone])
    for each in missed:
        announcing.no_show(tx, each, now)
    for each in gone:
        announcing.left_unseen(tx, each, now)
    told = partial(_told, actor)
    return DayClosed(
        day,
        no_show=told(missed),
        left_unseen=told(gone),
        waiting=() if request.waiting_have_left else told(here),
        in_consultation=told(each for each in found if each.state is State.IN_CONSULTATION),
        expected=told(each for each in booked if each.period.end > now),
        to_call=told(each for each in found if each.id in lost),
    )


def _told(reader: Actor, found: Iterable[Appointment]) -> tuple[UUID, ...]:
    return tuple(each.id for each in found if not hides_all(each, reader.roles, reader.subject))
