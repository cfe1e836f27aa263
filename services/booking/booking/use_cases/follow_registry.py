"""What registry says of sites and professionals is followed in the agenda: who has left, whose role has changed, which
site has closed. Sessions that nobody is expected in end; the others are flagged, for somebody to decide.

The consumer notes that there is something to follow; this runs soon after, one site or professional at a time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from booking.domain.intervals import Interval
from booking.domain.local_time import local_day
from booking.domain.planning import Skip
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.store import presence, projections, sessions
from booking.store import rules as rule_store
from booking.store.presence import Pending
from booking.store.sessions import Author, Hit, StoredSession
from booking.use_cases.calendar import agenda, announcing_calendar, following
from booking.use_cases.calendar.agenda import Agenda
from booking.use_cases.calendar.following import CODES, Draft, Followed, Kept
from booking.use_cases.calendar.planning import contract_at
from booking.use_cases.calendar.reshaping import Change
from booking.use_cases.one_by_one import one_by_one
from smp.postgres import Database, Scope, Transaction

BY = "booking.follow-registry"
_AHEAD = timedelta(days=3 * 366)  # no session is opened by date further ahead than anybody plans

SITE_CLOSED, OUT_OF_CONTRACT, ROLE = "site_closed", "out_of_contract", "role"
_SAID = {SITE_CLOSED: CODES[Skip.CLOSURE], OUT_OF_CONTRACT: CODES[Skip.OUT_OF_CONTRACT], ROLE: CODES[Skip.ROLE]}


async def follow_registry(database: Database, rules: Rules, now: datetime) -> int:
    """The job. Returns how many sites and professionals were looked at."""
    async with database.transaction(Scope.everywhere()) as tx:
        waiting = await presence.pending(tx)

    async def look(subject: Pending) -> None:
        async with database.transaction(Scope.everywhere()) as tx:
            if await presence.take(tx, subject):
                await follow(tx, subject, rules, now)

    await one_by_one(BY, waiting, look)
    return len(waiting)


async def follow(tx: Transaction, subject: Pending, rules: Rules, now: datetime) -> Followed:
    """Look at every session still to come of a site or a professional."""
    site = subject.id if subject.subject == presence.SITE else None
    professional = None if site else subject.id
    series_seen = await rule_store.at(tx, site, professional)
    ahead = await sessions.ahead(tx, site, professional, now)
    where = {each.latest.site for each in series_seen} | {each.session.site for each in ahead}
    who = {each.latest.professional for each in series_seen} | {each.session.professional for each in ahead}
    sites = await projections.sites_for_planning(tx, where)
    people = await projections.professionals_for_planning(tx, who)
    series = await rule_store.lock_at(tx, site, professional)
    if not sites:
        return following.NOTHING
    first = min(local_day(now, each.zone) for each in sites.values())
    last = max((each.latest.materialised_until or first for each in series), default=first)
    hit = Hit(Interval(now, now + _AHEAD), site, None, professional)
    stored = await sessions.lock_to_reshape(tx, [each.id for each in series], first, last, hit, now)
    days = await agenda.load(tx, sites, people, first, last, rules, now)
    draft = following.draft(days, series, stored)
    checks = {each.session.id: _check(each.session, days) for each in stored if each.is_open}
    changes = [change for each in _by_hand(stored, draft, now) if (change := _change(each, checks[each.session.id]))]
    whole = replace(draft, reshaping=replace(draft.reshaping, changes=(*draft.reshaping.changes, *changes)))
    followed = await following.carry_out(tx, whole, series, days, rules, Author(BY, now))
    ended = set(followed.done.cancelled)
    flags = {id: found if isinstance(found, str) else None for id, found in checks.items() if id not in ended}
    await _flag(tx, flags, stored, followed, now)
    return followed


async def _flag(
    tx: Transaction,
    flags: Mapping[UUID, str | None],
    stored: Iterable[StoredSession],
    followed: Followed,
    now: datetime,
) -> None:
    """Mark the sessions, and say each mark that is new or gone."""
    as_they_are = {each.session.id: each.session for each in stored}
    as_they_are |= {each.id: each for each in followed.done.changed}
    for id, (version, reason) in sorted((await sessions.flag(tx, flags)).items()):
        announcing_calendar.doubted(tx, as_they_are[id], version, reason, now)


def _by_hand(stored: Iterable[StoredSession], draft: Draft, now: datetime) -> Iterable[StoredSession]:
    """Sessions still to come that no rule speaks for: opened by date, or edited."""
    edited = {(each.rule, each.day) for each in draft.left_alone if each.reason is Kept.EDITED}
    for each in stored:
        alone = each.origin is None or (each.origin.rule, each.origin.day) in edited
        if alone and each.is_open and each.session.period.start > now:
            yield each


def _check(session: Session, days: Agenda) -> Session | str:
    """The session as registry's facts have it, its role being that of its day; or which fact speaks against it."""
    site, who = days.sites.get(session.site), days.people.get(session.professional)
    if site is None or who is None:
        return session
    if site.is_closed_for_good(session.day):
        return SITE_CLOSED
    if not contract_at(who, site).runs_on(session.day):
        return OUT_OF_CONTRACT
    role = days.role(session.territory, who.id, session.kinds, session.day)
    return ROLE if role is None else replace(session, role=role)


def _change(stored: StoredSession, found: Session | str) -> Change | None:
    if isinstance(found, str):
        return Change(stored, None, _SAID[found])
    return None if found == stored.session else Change(stored, found, _SAID[ROLE])
