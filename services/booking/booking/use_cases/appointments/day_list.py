"""The day of a site: appointments and walk-ins in one list."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from booking import problems
from booking.domain.appointments import Appointment, waited
from booking.domain.compartments import hides_all, sees, shows
from booking.store import appointments, projections, supervision
from booking.use_cases.supervision.recheck_supervision import STANDING
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class DayLine:
    """One appointment of the day. Of a veiled one the reader does not learn patient and kind, of a hidden one nothing
    but the hours."""

    appointment: Appointment
    waited: timedelta | None
    is_veiled: bool
    is_hidden: bool
    unsupported: str | None = None  # why nobody covers it, or that its session is gone


async def day_list(tx: Transaction, site: UUID, day: date, *, reader: Actor, now: datetime) -> list[DayLine]:
    """In order of hour, cancelled and missed ones included; compartments as `domain/compartments.py` says.

    Raises Refusal: SITE_UNKNOWN.
    """
    if await projections.site(tx, site) is None:
        raise Refusal(problems.SITE_UNKNOWN)
    lines = await appointments.day_of_site(tx, site, day)
    lost = await supervision.reasons_of(tx, [each.id for each in lines], STANDING)
    return [
        DayLine(each, waited(each, now), is_veiled(each, reader), is_hidden(each, reader), lost.get(each.id))
        for each in lines
        if shows(each, reader.roles, reader.subject)
    ]


def is_veiled(it: Appointment, reader: Actor) -> bool:
    """True when this reader may not know whose appointment it is, nor of which kind."""
    return not sees(it, reader.roles, reader.subject)


def is_hidden(it: Appointment, reader: Actor) -> bool:
    """True when this reader may know no more than the hours."""
    return hides_all(it, reader.roles, reader.subject)
