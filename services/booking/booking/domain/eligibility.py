"""Who may have an ordinary consultation: people without médecin traitant, on the day of the appointment.

Urgent care is never refused for lack of proof (DOMAIN §2): only kinds that want eligibility look at it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.local_time import cut, local_day


class Eligibility(StrEnum):
    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not_eligible"
    UNVERIFIED = "unverified"


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    ACCEPTED_UNVERIFIED = "accepted_unverified"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Declaration:
    """Status from a day on. A later `sequence` overrides an earlier one from its own day on."""

    sequence: int
    start: date
    status: Eligibility


def status_on(declarations: Iterable[Declaration], day: date) -> Eligibility:
    """The status in force on `day`; unverified when nothing was declared for it. The order given does not matter."""
    in_force = max((d for d in declarations if d.start <= day), key=lambda d: d.sequence, default=None)
    return Eligibility.UNVERIFIED if in_force is None else in_force.status


def judge(kind: Kind, status: Eligibility) -> Verdict:
    """Whether a patient of this status may book this kind."""
    if not kind.wants_eligibility or status is Eligibility.ELIGIBLE:
        return Verdict.ACCEPTED
    return Verdict.REFUSED if status is Eligibility.NOT_ELIGIBLE else Verdict.ACCEPTED_UNVERIFIED


def sorted_out(
    parts: Iterable[tuple[Kind, Interval]], declared: Sequence[Declaration], zone: ZoneInfo
) -> tuple[list[tuple[Kind, Interval]], list[tuple[Kind, Interval]]]:
    """Where a patient may have the kind, and where not, judged on each day. `parts`: the versions of the kind, each
    with the stretch in which it counts."""
    may: list[tuple[Kind, Interval]] = []
    may_not: list[tuple[Kind, Interval]] = []
    for kind, part in parts:
        for stretch in cut(part, (each.start for each in declared), zone):
            verdict = judge(kind, status_on(declared, local_day(stretch.start, zone)))
            (may_not if verdict is Verdict.REFUSED else may).append((kind, stretch))
    return may, may_not
