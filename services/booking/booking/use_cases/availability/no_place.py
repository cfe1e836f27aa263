"""A command that looks for places by itself and finds none: why, in the words of a search, and the need that remains.

Read live, because the command may have changed something before it gave up.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from booking.domain.availability import Policy
from booking.domain.eligibility import Verdict, judge, status_on
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.local_time import local_day
from booking.domain.people import Site
from booking.domain.reasons import Reason, why_empty
from booking.domain.rules import Rules
from booking.domain.sessions import LONGEST_SESSION
from booking.store import projections, sessions
from booking.use_cases.availability.find_places import partners_of
from booking.use_cases.availability.note_demand import need_of
from booking.use_cases.availability.search_availability import answered_for, who_is_asked
from smp.contracts import DemandUnmet
from smp.postgres import ScopedReader
from smp.problems import ProblemType, Refusal


class NoPlace(Refusal):
    """Nothing of the command is kept but the need, noted once the rest is given up (`booking.api.parts.once_or_noted`,
    decision 0024)."""

    def __init__(self, problem: ProblemType, unmet: DemandUnmet, territory: str, **more: Any) -> None:
        super().__init__(problem, reason=unmet.reason, **more)
        self.unmet = unmet
        self.territory = territory


async def why_none(
    db: ScopedReader,
    site: Site,
    kind: Kind,
    window: Interval,
    rules: Rules,
    now: datetime,
    *,
    is_withheld: bool,
    patients: Collection[UUID] = (),
    professional: UUID | None = None,
) -> Reason:
    """Why there is no place for these patients, whose eligibility is judged on the first day; `is_withheld`: there
    would be one if nothing were kept for others."""
    for patient in patients:
        declared = await projections.eligibility_of(db, patient)
        status = declared and status_on(declared, local_day(window.start, site.zone))
        if status and judge(kind, status) is Verdict.REFUSED:
            return Reason.NOT_ELIGIBLE
    there = await sessions.open_at(db, site.id, Interval(window.start - LONGEST_SESSION, window.end + LONGEST_SESSION))
    policy = Policy(
        kind,
        partners=partners_of(kind, None),
        professionals=await who_is_asked(db, kind, patients, professional),
    )
    return why_empty(
        there,
        await answered_for(db, there, policy, window),
        now,
        window,
        materialised_until=now + rules.horizon,
        is_withheld=is_withheld,
    )


def unmet_need(
    site: Site,
    kind: str,
    channel: str,
    reason: Reason,
    window: Interval,
    patients: Collection[UUID],
    now: datetime,
    *,
    professional: UUID | None,
) -> DemandUnmet:
    """What remains of a command that found no place; the same need for the same patients on the same day."""
    return DemandUnmet(
        need=need_of(patients, local_day(now, site.zone)),
        site=site.id,
        kind=kind,
        channel=channel,
        reason=reason,
        start=window.start,
        end=window.end,
        named_professional=professional is not None,
        asked_at=now,
    )
