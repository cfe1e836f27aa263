"""Why a search found nothing: one reason, the one that the caller can do most about."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum

from booking.domain.availability import Partner, Policy, Presence, grid
from booking.domain.intervals import Interval, covers
from booking.domain.sessions import Session


class Reason(StrEnum):
    """In order of precedence."""

    NOT_ELIGIBLE = "not_eligible"  # this patient may not have this kind
    NO_SESSION = "no_session"  # not everybody whom the kind wants is there then (an intern alone receives nobody)
    TOO_LATE = "too_late"  # over, or closer than the notice that the kind wants
    TOO_EARLY = "too_early"  # further away than places are given
    NOT_RELEASED = "not_released"  # what is left is kept for other callers, for now
    FULL = "full"


def why_empty(
    sessions: Sequence[Session],
    policy: Policy,
    now: datetime,
    window: Interval,
    *,
    materialised_until: datetime,
    is_withheld: bool,
) -> Reason:
    """Why `available_slots` found nothing; `materialised_until`: from then on sessions may not exist yet;
    `is_withheld`: there would be room if nothing were kept for other callers."""
    unbound = replace(policy, withheld=frozenset())
    by_day: dict[date, list[Session]] = {}
    for each in sessions:
        by_day.setdefault(each.day, []).append(each)
    starts = [start for each in sessions for start in _starts(each, sessions, by_day[each.day], unbound, window)]
    if not starts:
        return _no_session(window, now, materialised_until)
    earliest, latest = now + policy.kind.min_lead, now + policy.kind.max_lead if policy.kind.max_lead else None
    in_time = [start for start in starts if start >= earliest]
    if not in_time:
        return Reason.TOO_LATE
    if latest is not None and min(in_time) > latest:
        return Reason.TOO_EARLY
    return Reason.NOT_RELEASED if is_withheld else Reason.FULL


def of_parts(reasons: Iterable[Reason]) -> Reason:
    """Of a window that was looked at in parts: what the caller can do most about."""
    return max(reasons, key=list(Reason).index)


def _no_session(window: Interval, now: datetime, materialised_until: datetime) -> Reason:
    if window.end <= now:
        return Reason.TOO_LATE
    return Reason.TOO_EARLY if window.start >= materialised_until else Reason.NO_SESSION


def _starts(
    session: Session, sessions: Iterable[Session], of_day: Sequence[Session], policy: Policy, window: Interval
) -> list[datetime]:
    """When the kind could start in the window if nothing were booked and no bound counted. `of_day`: the sessions of
    that day, where partners are looked for."""
    if not policy.wants(session):
        return []
    presence = Presence.of(session, sessions, policy)
    company = [(partner, _presence_of(partner, session, of_day, policy)) for partner in policy.partners]
    return [
        period.start
        for period in grid(session, policy.kind, window)
        if covers(presence.there, policy.kind.around(period))
        and covers(presence.supervised, period)
        and all(_could_come(partner, there, period, presence) for partner, there in company)
    ]


def _presence_of(partner: Partner, session: Session, of_day: Iterable[Session], policy: Policy) -> list[Interval]:
    """When somebody who could be the partner is there during a session."""
    around = partner.together(session.period)
    able = [each for each in of_day if partner.may_be(each, session.professional) and each.period.overlaps(around)]
    return [there for each in able for there in Presence.alone(each, policy.travel).there]


def _could_come(partner: Partner, there: Iterable[Interval], period: Interval, own: Presence) -> bool:
    if partner.same_room and not covers(own.there, partner.together(period)):
        return False
    needed = partner.needed(period.start)
    return any(each.contains(needed) for each in there)
