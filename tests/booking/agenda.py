"""A planner at the agenda of a centre: rules, sessions, closures, absences."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from booking.domain.recurrence import Listed, Monthly, Rule, Weekly
from booking.domain.rules import Rules
from booking.store.sessions import StoredSession
from booking.use_cases.calendar.cancel_session import SessionsCancelled, cancel_session
from booking.use_cases.calendar.change_session import SessionChange, SessionChanged, change_session
from booking.use_cases.calendar.change_session_rule import RuleChange, RuleChanged, change_session_rule
from booking.use_cases.calendar.close_site import ClosureRequest, close_site, reopen_site
from booking.use_cases.calendar.following import Followed
from booking.use_cases.calendar.note_absence import AbsenceRequest, end_absence, note_absence
from booking.use_cases.calendar.open_session_rule import RuleOpened, RuleRequest, open_session_rule
from booking.use_cases.calendar.reshaping import Consent
from booking.use_cases.calendar.see_agenda import AgendaSeen, see_rules, see_sessions
from booking.use_cases.calendar.see_agenda import Days as SeenDays
from booking.use_cases.calendar.shutting import Days, Shut
from booking.use_cases.follow_registry import follow_registry
from smp.auth import Actor
from tests.booking.world import NOW, PARIS, RULES, SECRETARY, Centre

WHY = Consent("meeting")
AND_CANCEL = Consent("meeting", cancel_appointments=True)


@dataclass
class Planner:
    """Somebody who plans at a centre, at an hour that can be turned."""

    centre: Centre
    now: datetime = NOW
    rules: Rules = RULES
    who: Actor = SECRETARY
    zone: Any = field(default=PARIS)

    async def rule(
        self,
        who: UUID,
        weekdays: set[int] | None = None,
        hours: str = "09:00-12:00",
        *,
        dates: set[date] | None = None,
        nth: set[int] | None = None,
        kinds: tuple[str, ...] = ("consultation",),
        room: str | None = None,
        valid_from: date = date(2027, 1, 4),
        valid_until: date | None = None,
    ) -> RuleOpened:
        days = frozenset(weekdays or {1})
        recurrence = Listed(frozenset(dates)) if dates else Monthly(days, frozenset(nth)) if nth else None
        start, end = map(time.fromisoformat, hours.split("-"))
        rule = Rule(recurrence or Weekly(days, valid_from), start, end, valid_from, valid_until)
        request = RuleRequest(self.centre.site, who, frozenset(kinds), rule, timedelta(minutes=20), room)
        async with self.centre.transaction() as tx:
            return await open_session_rule(tx, request, self.rules, actor=self.who, now=self.now)

    async def only_rule(self) -> UUID:
        """The one rule of the site."""
        async with self.centre.transaction() as tx:
            (series,) = await see_rules(tx, self.centre.site, self.rules, reader=self.who)
        return series.id

    async def change_rule(self, rule: UUID, from_day: date, **otherwise: Any) -> RuleChanged:
        change = RuleChange(from_day, **otherwise)
        async with self.centre.transaction() as tx:
            return await change_session_rule(tx, rule, change, self.rules, actor=self.who, now=self.now)

    async def change(self, session: UUID, consent: Consent = WHY, **otherwise: Any) -> SessionChanged:
        """Hours are given as `hours="09:00-10:00"`."""
        if hours := otherwise.pop("hours", None):
            otherwise["start"], otherwise["end"] = map(time.fromisoformat, hours.split("-"))
        change = SessionChange(consent, **otherwise)
        async with self.centre.transaction() as tx:
            return await change_session(tx, session, change, self.rules, actor=self.who, now=self.now)

    async def cancel(self, session: UUID, consent: Consent = WHY) -> SessionsCancelled:
        async with self.centre.transaction() as tx:
            return await cancel_session(tx, session, consent, self.rules, actor=self.who, now=self.now)

    async def close(self, days: Days, consent: Consent = WHY, room: str | None = None) -> Shut:
        request = ClosureRequest(self.centre.site, days, consent, room)
        async with self.centre.transaction() as tx:
            return await close_site(tx, request, self.rules, actor=self.who, now=self.now)

    async def reopen(self, closure: UUID, from_day: date | None = None) -> Followed:
        async with self.centre.transaction() as tx:
            return await reopen_site(tx, closure, from_day, self.rules, actor=self.who, now=self.now)

    async def absent(self, who: UUID, days: Days, *, cancel: bool = False) -> Shut:
        request = AbsenceRequest(self.centre.site, who, days, "leave", cancel)
        async with self.centre.transaction() as tx:
            return await note_absence(tx, request, self.rules, actor=self.who, now=self.now)

    async def back(self, absence: UUID, on: date | None = None) -> Followed:
        async with self.centre.transaction() as tx:
            return await end_absence(tx, absence, on, self.rules, actor=self.who, now=self.now)

    async def follow(self) -> None:
        """Until nothing is left to follow, whatever other tests have told."""
        while await follow_registry(self.centre.database, self.rules, self.now):
            pass

    async def see(self, first: date, last: date | None = None, **which: Any) -> AgendaSeen:
        async with self.centre.transaction() as tx:
            days = SeenDays(self.centre.site, first, last or first, **which)
            return await see_sessions(tx, days, self.rules, reader=self.who)

    async def hours(self, first: date, last: date | None = None) -> list[str]:
        """The open sessions as `2027-01-11 09:00-12:00`."""
        return [self.written(each) for each in (await self.see(first, last)).sessions]

    def written(self, each: StoredSession) -> str:
        start, end = (at.astimezone(self.zone) for at in (each.session.period.start, each.session.period.end))
        return f"{start:%Y-%m-%d %H:%M}-{end:%H:%M}"


def of_hours(day: date, hours: str, last: date | None = None) -> Days:
    start, end = map(time.fromisoformat, hours.split("-"))
    return Days(day, last, start, end)
