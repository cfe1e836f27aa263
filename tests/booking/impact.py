"""Somebody who plans what a change of the agenda does, and carries it out."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from booking.domain.appointments import Appointment
from booking.domain.impact import Change, ChangeKind
from booking.domain.intervals import Interval
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.store import appointments
from booking.store.impacts import Item
from booking.use_cases.impact.apply_impact import Application, apply_impact
from booking.use_cases.impact.plan_impact import Planned, plan_impact
from booking.use_cases.impact.read_impact import Progress, progress_of
from booking.use_cases.impact.settle_impact import settle_impact
from smp.auth import Actor
from tests.booking.world import MONDAY, RULES, Centre, actor, monday, paris

AT_DAWN = monday("07:45")
BY_POLICY = Application()
TUESDAY = MONDAY + timedelta(days=1)


def away(who: UUID, start: str = "07:45", end: str = "23:00", day: date = MONDAY) -> Change:
    period = Interval(paris(day, start), paris(day, end))
    return Change(ChangeKind.ABSENCE, "practitioner_away", professional=who, period=period)


def closed(site: UUID, start: str = "00:00", end: str = "23:00") -> Change:
    return Change(ChangeKind.SITE_CLOSED, "flood", site=site, period=Interval(monday(start), monday(end)))


def new_hours(session: Session, start: str, end: str) -> Change:
    period = Interval(monday(start), monday(end))
    return Change(ChangeKind.SESSION_CHANGE, "shortened", session=session.id, period=period)


async def plan(
    centre: Centre, change: Change, now: datetime = AT_DAWN, who: Actor | None = None, rules: Rules = RULES
) -> Planned:
    """By somebody who works at this site only, unless said otherwise."""
    async with centre.transaction() as tx:
        return await plan_impact(tx, change, rules, actor=who or actor(site=centre.site), now=now)


async def begin(
    centre: Centre,
    planned: Planned,
    how: Application = Application(),
    now: datetime = AT_DAWN,
    who: Actor | None = None,
) -> Progress:
    async with centre.transaction() as tx:
        return await apply_impact(tx, planned.impact.id, how, RULES, actor=who or actor(site=centre.site), now=now)


async def apply(
    centre: Centre, planned: Planned, how: Application = Application(), now: datetime = AT_DAWN
) -> Progress:
    """Begin, and go on to the end."""
    await begin(centre, planned, how, now)
    await settle_impact(centre.database, planned.impact.id, RULES, now)
    return await progress(centre, planned)


async def progress(centre: Centre, planned: Planned) -> Progress:
    async with centre.transaction() as tx:
        return await progress_of(tx, planned.impact.id)


async def now_of(centre: Centre, id: UUID) -> Appointment:
    async with centre.transaction() as tx:
        found = await appointments.get(tx, id)
    assert found is not None
    return found


def line(planned: Planned, of: Appointment) -> Item:
    return next(item for item in planned.items if item.appointment == of.id)


def hours(*items: Item) -> list[str]:
    """The hours that are proposed, local time."""
    return [f"{place.period.start + timedelta(hours=1):%H:%M}" for item in items for place in item.proposals]


@dataclass
class Morning:
    """A doctor who will not come, with patients from nine on, and a colleague."""

    session: Session
    patients: list[Appointment]


async def a_morning(centre: Centre) -> Morning:
    session = await centre.session(await centre.doctor())
    patients = [(await centre.book(session, hour)).appointment for hour in ("09:00", "09:20", "09:40")]
    return Morning(session, patients)
