"""What booking says of what its sessions are made from: rules, closures, absences, agreements, doubts of registry."""

from datetime import datetime
from uuid import UUID

from booking.domain.presence import PresencePlan
from booking.domain.recurrence import Listed, Monthly, Weekly
from booking.domain.sessions import Session
from booking.store.closures import Closure
from booking.store.rules import StoredRule
from booking.store.sessions import minutes
from smp.contracts import (
    AbsenceEnded,
    AbsenceNoted,
    ClosureDeclared,
    ClosureEnded,
    PresenceAgreed,
    SessionRuleDecided,
    SessionSupported,
    SessionUnsupported,
    ShareOfSession,
)
from smp.contracts.base import EventData
from smp.contracts.envelope import Event
from smp.postgres import Transaction


def rule_decided(tx: Transaction, it: StoredRule, now: datetime) -> None:
    recurrence = it.rule.recurrence
    weekly = recurrence if isinstance(recurrence, Weekly) else None
    data = SessionRuleDecided(
        rule=it.id,
        site=it.site,
        professional=it.professional,
        from_day=it.from_day,
        ended=it.ended,
        weekdays=None if isinstance(recurrence, Listed) else tuple(sorted(recurrence.weekdays)),
        every_weeks=weekly and weekly.every_weeks,
        anchor=weekly and weekly.anchor,
        nth=tuple(sorted(recurrence.nth)) if isinstance(recurrence, Monthly) else None,
        dates=tuple(sorted(recurrence.dates)) if isinstance(recurrence, Listed) else None,
        start=f"{it.rule.start:%H:%M}",
        end=f"{it.rule.end:%H:%M}",
        valid_until=it.rule.valid_until,
        room=it.room,
        kinds=tuple(sorted(it.kinds)),
        slot_minutes=minutes(it.grid),
        shares=tuple(
            ShareOfSession(capacity_class=each, slots=slots) for each, slots in sorted(it.shares.items()) if slots
        ),
        equipment=tuple(sorted(it.equipment)),
        decided_at=now,
    )
    tx.publish(
        Event.of(data, subject=it.id, territory=it.territory, site=it.site, sequence=it.version, time=now),
    )


def shut(tx: Transaction, it: Closure, now: datetime) -> None:
    """A closure is declared, an absence noted."""
    start, end = it.period.start, it.period.end
    if it.professional is None:
        declared = ClosureDeclared(
            closure=it.id, site=it.site, room=it.room, start=start, end=end, reason=it.reason, declared_at=now
        )
        _say(tx, it, declared, 1, now)
    else:
        noted = AbsenceNoted(absence=it.id, professional=it.professional, start=start, end=end, noted_at=now)
        _say(tx, it, noted, 1, now)


def ended(tx: Transaction, it: Closure, at: datetime, version: int, now: datetime) -> None:
    """A closure or an absence ends at an instant; one that had not begun by then is withdrawn."""
    withdrawn = at <= it.period.start
    start, end = it.period.start, it.period.end if withdrawn else at
    if it.professional is None:
        closure = ClosureEnded(
            closure=it.id, site=it.site, room=it.room, start=start, end=end, withdrawn=withdrawn, decided_at=now
        )
        _say(tx, it, closure, version, now)
    else:
        absence = AbsenceEnded(
            absence=it.id, professional=it.professional, start=start, end=end, withdrawn=withdrawn, decided_at=now
        )
        _say(tx, it, absence, version, now)


def presence_agreed(
    tx: Transaction, plan: PresencePlan, site: UUID, territory: str, version: int, now: datetime
) -> None:
    who = plan.professional
    data = PresenceAgreed(
        professional=who,
        site=site,
        contract_start=plan.contract_start,
        contract_end=plan.contract_end,
        wished_weekdays=tuple(sorted(plan.wished_weekdays)),
        weekly_cap=plan.weekly_cap,
        yearly_cap=plan.yearly_cap,
        agreed_at=now,
    )
    tx.publish(Event.of(data, subject=who, territory=territory, site=site, sequence=version, time=now))


def doubted(tx: Transaction, session: Session, version: int, reason: str | None, now: datetime) -> None:
    """A fact of registry speaks against a session in which patients are expected, or nothing does any more."""
    of_session = {
        "session": session.id,
        "site": session.site,
        "professional": session.professional,
        "start": session.period.start,
        "end": session.period.end,
    }
    data: EventData
    if reason is None:
        data = SessionSupported.model_validate({**of_session, "supported_at": now})
    else:
        data = SessionUnsupported.model_validate({**of_session, "reason": reason, "since": now})
    tx.publish(
        Event.of(data, subject=session.id, territory=session.territory, site=session.site, sequence=version, time=now)
    )


def _say(tx: Transaction, it: Closure, data: EventData, sequence: int, now: datetime) -> None:
    """An absence is of no site: the professional is away from all."""
    site = it.site if it.professional is None else None
    tx.publish(Event.of(data, subject=it.id, territory=it.territory, site=site, sequence=sequence, time=now))
