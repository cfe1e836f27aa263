"""The day of a site: appointments and walk-ins in one list."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from booking import problems
from booking.domain.appointments import Appointment, waited
from booking.domain.kinds import Compartment
from booking.store import appointments, projections
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class DayLine:
    """One appointment of the day. Without `kind`, the reader only learns that the time is taken."""

    appointment: Appointment
    waited: timedelta | None
    is_veiled: bool


async def day_list(tx: Transaction, site: UUID, day: date, *, sees_social: bool, now: datetime) -> list[DayLine]:
    """In order of hour, cancelled and missed ones included. A reader outside the medico-social team sees that team's
    appointments as taken time (CASF L411-3).

    Raises Refusal: SITE_UNKNOWN.
    """
    if await projections.site(tx, site) is None:
        raise Refusal(problems.SITE_UNKNOWN)
    lines = await appointments.day_of_site(tx, site, day)
    return [DayLine(each, waited(each, now), is_veiled(each, sees_social)) for each in lines]


def is_veiled(it: Appointment, sees_social: bool) -> bool:
    """True when this reader may know no more than that the time is taken."""
    return it.compartment == Compartment.MEDICO_SOCIAL and not sees_social
