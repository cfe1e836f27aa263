"""Who supervises an intern, and when: an intern never replaces a doctor (DOMAIN §0.7). End dates are the last day."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from registry.domain.professionals import SUPERVISORS, Contract, Professional, Role, period
from registry.domain.rules import Rule, RuleBroken

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Supervision:
    """`supervisor` answers for `intern` from `from_date` to `until_date`, both included; no end is open."""

    intern: UUID
    supervisor: UUID
    from_date: date
    until_date: date | None

    def overlaps(self, start: date, end: date | None) -> bool:
        return (end is None or self.from_date <= end) and (self.until_date is None or start <= self.until_date)


def check_assignment(
    intern: Professional, supervisor: Professional, start: date, end: date | None, existing: Iterable[Supervision]
) -> None:
    """Raises RuleBroken unless an intern gets a doctor as supervisor, both in service all that time, once."""
    if end is not None and end < start:
        raise RuleBroken(Rule.SUPERVISION_DATES)
    if not intern.holds_throughout(frozenset({Role.INTERN}), start, end):
        raise RuleBroken(Rule.ONLY_INTERNS_ARE_SUPERVISED)
    if intern.id == supervisor.id or not supervisor.holds_throughout(SUPERVISORS, start, end):
        raise RuleBroken(Rule.CANNOT_SUPERVISE, roles=sorted(SUPERVISORS))
    for person in (intern, supervisor):
        if not _within(person.service, start, end):
            raise RuleBroken(Rule.OUTSIDE_CONTRACT, **period(person.service))
    if any(known.supervisor == supervisor.id and known.overlaps(start, end) for known in existing):
        raise RuleBroken(Rule.SUPERVISION_TWICE)


def check_end(supervision: Supervision, until_date: date) -> None:
    """A known end may only come earlier; a supervision that has not begun is withdrawn by ending it the day before."""
    if until_date < supervision.from_date - _DAY:
        raise RuleBroken(Rule.SUPERVISION_DATES)
    if supervision.until_date is not None and until_date > supervision.until_date:
        raise RuleBroken(Rule.SUPERVISION_DATES)


def _within(service: Contract, start: date, end: date | None) -> bool:
    """True when [start, end] lies in the service; an open end asks only for the start (the departure will end it)."""
    if not service.covers(start):
        return False
    return end is None or service.end is None or end <= service.end


def cut_short(supervisions: Iterable[Supervision], from_date: date) -> tuple[Supervision, ...]:
    """Those which end earlier when one of the two no longer holds the role from a date on, with their new end.

    A supervision that would have begun later becomes empty: it ends on the day before its beginning.
    """
    return tuple(
        replace(known, until_date=max(known.from_date, from_date) - _DAY)
        for known in supervisions
        if known.until_date is None or known.until_date >= max(known.from_date, from_date)
    )
