"""Who of those that named nobody stands where at a site, and where else they could be received at their hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain.appointments import Appointment
from booking.domain.availability import Occupancy
from booking.domain.floating import Hour
from booking.domain.intervals import Interval
from booking.domain.kinds import Kind
from booking.domain.rules import Rules
from booking.domain.sessions import Misfit, Session, fit
from booking.domain.travel import Travel
from booking.store import sessions
from booking.use_cases.appointments import placing
from booking.use_cases.kinds.kind_book import kind_of
from smp.postgres import Transaction

_LEAD_TIMES = frozenset({Misfit.TOO_SOON, Misfit.TOO_FAR})


@dataclass(frozen=True, slots=True)
class Standing:
    """The open sessions of a site in a window, what is taken of them, and who of those in them may float."""

    sessions: Mapping[UUID, Session]
    travel: Travel
    taken: Sequence[Occupancy]
    floating: Sequence[tuple[Appointment, Kind]]
    now: datetime

    @classmethod
    async def at(
        cls, tx: Transaction, site: UUID, window: Interval, floating: Sequence[Appointment], rules: Rules, now: datetime
    ) -> "Standing":
        """As it is now; `window` with the buffers. Whoever floats is known already, and perhaps locked."""
        there = await sessions.open_at(tx, site, window)
        plain = [each for each in there if _is_for_anybody(each)]
        travel = await placing.travel_of(tx, plain, window, rules)
        numbers = {resource.number for each in plain for resource in each.resources}
        taken = await sessions.busy(tx, numbers, window, now)
        kinds = [(each, await kind_of(tx, rules, each)) for each in floating]
        return cls({each.id: each for each in there}, travel, taken, kinds, now)

    def hour(self, kind: Kind, period: Interval) -> Hour:
        """Who could make room for an appointment of that kind and hour: whoever needs as much time, buffers included,
        whatever their kind, unless they are followed up. They go where anybody is received: to no intern and to no
        session with shares, whose conditions are counted elsewhere."""
        around = kind.around(period)
        floating = {
            each.id: (each.session, its)
            for each, its in self.floating
            if each.period == period and its.around(period) == around and not its.follow_up_only
        }
        held = {session for session, _ in floating.values()}
        taken = {each.resource for each in self.taken if each.period.overlaps(around)}
        able = [each for each in self.sessions.values() if _is_for_anybody(each) and not self.travel.has(each, around)]
        free = frozenset(
            each.id
            for each in able
            if each.id not in held and taken.isdisjoint(resource.number for resource in each.resources)
        )
        targets = [each for each in able if each.id in free | held]
        return Hour(
            free,
            {id: session for id, (session, _) in floating.items()},
            {
                id: {target.id for target in targets if _suits(target, its, period, self.now)}
                for id, (_, its) in floating.items()
            },
        )


def _is_for_anybody(session: Session) -> bool:
    return not session.needs_supervision and not session.shares


def _suits(session: Session, kind: Kind, period: Interval, now: datetime) -> bool:
    """Whether an appointment of that kind may go there at that hour, however long ago it was booked."""
    return isinstance(found := fit(session, kind, period.start, now), Interval) or found in _LEAD_TIMES
