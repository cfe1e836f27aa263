"""A site or a room closes, a professional is away: what stands in that time is cut or cancelled, and when it ends
earlier the days of rules come back.

What is left of a session, before and after, takes place when at least one appointment fits. What is past stays as it
was. Everything runs in the caller's transaction: `draft_shutting` locks and writes the closure only, so that who loses
their place can be seen (`assess`) and provided for before `carry_out`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from booking import problems
from booking.domain.intervals import Interval
from booking.domain.local_time import instant, is_missing, local_day
from booking.domain.people import Professional, Site
from booking.domain.planning import Skipped
from booking.domain.reshaping import parts_of
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.store import closures, sessions, supervision
from booking.store.closures import Closure, CutSession
from booking.store.rules import Series
from booking.store.sessions import Author, Hit, Opening, StoredSession
from booking.use_cases.access import require_site
from booking.use_cases.calendar import agenda, announcing_calendar, following, restoring
from booking.use_cases.calendar.agenda import Agenda, concerns
from booking.use_cases.calendar.following import CODES, Draft, Followed, Kept
from booking.use_cases.calendar.reshaping import (
    Assessment,
    Change,
    Consent,
    Reshaped,
    Reshaping,
    apply,
    assess,
    require_consent,
)
from smp.auth import Actor
from smp.ids import new_id
from smp.postgres import Transaction
from smp.problems import Refusal

LONGEST = timedelta(days=731)


@dataclass(frozen=True, slots=True)
class Days:
    """From `start` of the first day to `end` of the last (local time; whole days when missing)."""

    first: date
    last: date | None = None
    start: time | None = None
    end: time | None = None

    def period(self, zone: ZoneInfo) -> Interval:
        """Raises Refusal: HOUR_MISSING, END_BEFORE_START, PERIOD_TOO_LONG."""
        last = self.last or self.first
        for day, at in ((self.first, self.start), (last, self.end)):
            if at is not None and is_missing(day, at, zone):
                raise Refusal(problems.HOUR_MISSING, day=day.isoformat())
        start = instant(self.first, self.start or time(), zone)
        end = instant(last, self.end, zone) if self.end else instant(last + timedelta(days=1), time(), zone)
        if start >= end:
            raise Refusal(problems.END_BEFORE_START)
        if end - start > LONGEST:
            raise Refusal(problems.PERIOD_TOO_LONG, days=LONGEST.days)
        return Interval(start, end)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a closure or an absence can touch; all of it locked: sites, then people, then rules."""

    sites: Mapping[UUID, Site]
    people: Mapping[UUID, Professional]
    series: Sequence[Series]

    def days(self, period: Interval) -> tuple[date, date]:
        """The days of the sites' calendars that a period touches."""
        zones = [site.zone for site in self.sites.values()]
        last_moment = period.end - timedelta(microseconds=1)
        return min(local_day(period.start, z) for z in zones), max(local_day(last_moment, z) for z in zones)


@dataclass(frozen=True, slots=True)
class Shutting:
    """A closure or an absence that is written down, and what has to be done to the agenda because of it."""

    closure: Closure
    reshaping: Reshaping
    draft: Draft
    agenda: Agenda
    series: Sequence[Series]
    cut: Sequence[CutSession] = ()  # of sessions that no rule brings back


@dataclass(frozen=True, slots=True)
class Shut:
    """What a closure or an absence has done."""

    closure: Closure
    done: Reshaped
    skipped: tuple[Skipped, ...]


async def draft_shutting(
    tx: Transaction, closure: Closure, scene: Scene, rules: Rules, *, actor: Actor, now: datetime
) -> Shutting:
    """Write the closure or absence, from now on if it has begun, and see what it comes to.

    Raises Refusal: SESSION_PAST, FORBIDDEN when it touches sessions of a site the actor does not cover.
    """
    from_now = _next_minute(now)
    if closure.period.end <= from_now:
        raise Refusal(problems.SESSION_PAST)
    closure = replace(closure, period=Interval(max(closure.period.start, from_now), closure.period.end))
    await closures.insert(tx, closure, Author(actor.subject, now))
    announcing_calendar.shut(tx, closure, now)
    await _telephone(tx, closure)
    first, last = scene.days(closure.period)
    hit = Hit(closure.period, None if closure.professional else closure.site, closure.room, closure.professional)
    stored = await sessions.lock_to_reshape(tx, [each.id for each in scene.series], first, last, hit, now)
    days = await agenda.load(tx, scene.sites, scene.people, first, last, rules, now)
    draft = following.draft(days, scene.series, stored)
    touched = [each for each in stored if each.is_open and _touches(closure, each.session)]
    for each in touched:
        require_site(actor, each.session.site)
    cuts = [_cut(each, closure, days) for each in touched]
    reshaping = Reshaping(
        tuple(change for change, _ in cuts), tuple(opening for _, openings in cuts for opening in openings)
    )
    edited = {(each.rule, each.day) for each in draft.left_alone if each.reason is Kept.EDITED}
    cut = [
        part
        for change, openings in cuts
        if (origin := change.stored.origin) is None or (origin.rule, origin.day) in edited
        for part in restoring.cut_of(change.stored, openings)
    ]
    return Shutting(closure, reshaping, draft, days, scene.series, cut)


async def carry_out(tx: Transaction, it: Shutting, consent: Consent, rules: Rules, author: Author) -> Shut:
    """Cut and cancel sessions.

    Raises Refusal: HAS_APPOINTMENTS and IN_CONSULTATION with the list.
    """
    assessment = await assess(tx, it.reshaping, rules, author.at)
    require_consent(assessment, consent, author.at)
    return await shut(tx, it, assessment, consent, rules, author)


async def shut(
    tx: Transaction, it: Shutting, assessment: Assessment, consent: Consent, rules: Rules, author: Author
) -> Shut:
    """The same once it is decided who stays and who is cancelled."""
    done = await apply(tx, it.reshaping, assessment, consent, rules, author)
    not_opened = {each.session.id for each in done.not_opened}
    await closures.note_cut(tx, [each for each in it.cut if each.session not in not_opened])
    skipped = await following.write_skipped(tx, it.draft, _still_missing(it), it.series, it.agenda)
    return Shut(it.closure, done, tuple(each for each in skipped if each.source == it.closure.id))


async def reopen(
    tx: Transaction, closure: Closure, at: datetime, scene: Scene, rules: Rules, author: Author
) -> Followed:
    """Let a closure or an absence end at an instant that is not past: from then on days of rules come back, and what it
    has cut of single and edited sessions that nobody has touched since; not what would meet another session.

    Raises Refusal: CLOSURE_OVER.
    """
    at = max(at, _next_minute(author.at))
    version = await closures.end(tx, closure, at, author)
    if version is None:
        raise Refusal(problems.CLOSURE_OVER)
    announcing_calendar.ended(tx, closure, at, version, author.at)
    await _telephone(tx, closure)
    over = Interval(max(at, closure.period.start), closure.period.end)
    first, last = scene.days(over)
    cut = [each.session for each in await _cut_by(tx, closure, over, author.at)]
    stored = await sessions.lock_to_reshape(tx, [each.id for each in scene.series], first, last, None, author.at, cut)
    days = await agenda.load(tx, scene.sites, scene.people, first, last, rules, author.at)
    # Read once more: whoever had a part of them locked may have changed it by hand.
    back = restoring.restored(await _cut_by(tx, closure, over, author.at), stored, days)
    draft = restoring.with_restored(following.draft(days, scene.series, stored), back)
    followed = await following.carry_out(tx, draft, scene.series, days, rules, author)
    return await restoring.remember(tx, back, followed)


def new_closure(
    site: Site, days: Days, reason: str, room: str | None = None, professional: UUID | None = None
) -> Closure:
    """Raises Refusal: HOUR_MISSING, END_BEFORE_START, PERIOD_TOO_LONG."""
    return Closure(new_id(), site.territory, site.id, days.period(site.zone), reason, room, professional)


async def _telephone(tx: Transaction, closure: Closure) -> None:
    """Who is away answers no telephone either."""
    if closure.professional is not None:
        await supervision.ask_again_of_reaches(tx, closure.professional, closure.period)


async def _cut_by(tx: Transaction, closure: Closure, over: Interval, now: datetime) -> list[CutSession]:
    """The cut sessions that the end of a closure or an absence may bring back."""
    site = None if closure.professional else closure.site
    found = await closures.cut_ahead(tx, site, closure.professional, now)
    return [each for each in found if each.period.overlaps(over)]


def _still_missing(it: Shutting) -> list[Opening]:
    """What rules want on days that the closure does not touch: it met another session before, and does so still."""
    days = {(origin.rule, origin.day) for each in it.reshaping.changes if (origin := each.stored.origin)}
    openings = it.draft.reshaping.openings
    return [each for each in openings if each.origin and (each.origin.rule, each.origin.day) not in days]


def _cut(stored: StoredSession, closure: Closure, agenda: Agenda) -> tuple[Change, list[Opening]]:
    session = stored.session
    grid = agenda.grid(session.territory, session.kinds, session.grid, session.day)
    parts = parts_of(session, [closure.period], grid)
    rest = [Opening(replace(part, id=new_id()), stored.origin) for part in parts[1:]]
    return Change(stored, parts[0] if parts else None, CODES[closure.away.reason]), rest


def _touches(closure: Closure, session: Session) -> bool:
    there = concerns(closure, session.site, session.professional, session.room)
    return there and closure.period.overlaps(session.period)


def _next_minute(now: datetime) -> datetime:
    whole = now.replace(second=0, microsecond=0)
    return whole if whole == now else whole + timedelta(minutes=1)
