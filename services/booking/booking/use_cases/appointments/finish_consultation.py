"""The act took place."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from booking import problems
from booking.domain.appointments import Action, Appointment
from booking.domain.intervals import Interval
from booking.domain.kinds import INTERN
from booking.domain.rules import Rules
from booking.domain.supervision import Coverage
from booking.store import projections, sessions, supervision
from booking.use_cases.appointments import announcing
from booking.use_cases.appointments.steps import RoomStep, Stepped, take_step
from booking.use_cases.kinds.kind_book import kind_of
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal

WALK_IN = "walk_in"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What staff note at the end. `severity` is CCMU 1 to 5; `otherwise_emergency` says whether the patient would have
    gone to the emergency department. Both for unscheduled care only."""

    outcome: str
    severity: int | None = None
    otherwise_emergency: bool | None = None


async def finish_consultation(
    tx: Transaction, id: UUID, conclusion: Conclusion, rules: Rules, *, actor: Actor, now: datetime
) -> Appointment:
    """The consultation is done; an intern's carries the supervisor who was present when it began.

    Raises Refusal: APPOINTMENT_UNKNOWN, FORBIDDEN, WRONG_TRANSITION, SEVERITY_NOT_EXPECTED.
    """
    return await take_step(tx, id, completion(conclusion, rules), actor, now)


def completion(conclusion: Conclusion, rules: Rules) -> RoomStep:
    """The last step, with what staff note; refuses as `finish_consultation` does."""

    async def make(tx: Transaction, started: Appointment, actor: Actor, now: datetime) -> Stepped:
        unscheduled = (await kind_of(tx, rules, started)).unscheduled or started.channel == WALK_IN
        if not unscheduled and (conclusion.severity is not None or conclusion.otherwise_emergency is not None):
            raise Refusal(problems.SEVERITY_NOT_EXPECTED)
        done = started.step(
            Action.FINISH, now, actor.subject,
            ended_at=now,
            outcome=conclusion.outcome,
            severity=conclusion.severity,
            otherwise_emergency=conclusion.otherwise_emergency,
            supervisor=await _supervisor(tx, started),
        )  # fmt: skip
        return Stepped(done, lambda tx: announcing.done(tx, done, unscheduled, now))

    return RoomStep(Action.FINISH, make)


async def _supervisor(tx: Transaction, it: Appointment) -> UUID | None:
    """Who answered for the intern: present when the consultation began or, failing that, at the planned hour."""
    if it.role != INTERN or it.started_at is None:
        return None
    moment = timedelta(microseconds=1)
    around = Interval(min(it.started_at, it.period.start), max(it.started_at, it.period.start) + moment)
    coverage = Coverage(
        await projections.supervisions(tx, it.site, [it.professional]),
        await sessions.open_at(tx, it.site, around),
        await supervision.reaches(tx, it.territory, around),
    )
    there = (coverage.answerable(it.professional, it.site, at) for at in (it.started_at, it.period.start))
    return next((who for who in there if who is not None), None)
