"""Who of those that named nobody stands where at a site, and where else they could be received at their hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.domain.appointments import Appointment
from booking.domain.availability import busy_periods
from booking.domain.floating import Hour
from booking.domain.intervals import Interval, meets, union
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
    """The open sessions of a site in a window, those of them in which anybody is received, what is taken of these, and
    who may float, by the hour at which they stand. Nobody goes to an intern or to a session with shares, whose
    conditions are counted elsewhere."""

    sessions: Mapping[UUID, Session]
    plain: Sequence[Session]
    travel: Travel
    taken: Mapping[int, Sequence[Interval]]
    floating: Mapping[Interval, Sequence[tuple[Appointment, Kind]]]
    now: datetime

    @classmethod
    async def at(
        cls, tx: Transaction, site: UUID, window: Interval, floating: Sequence[Appointment], rules: Rules, now: datetime
    ) -> "Standing":
        """As it is now; `window` with the buffers. Whoever floats is known already, and perhaps locked."""
        there = await sessions.open_at(tx, site, window)
        plain = [each for each in there if not each.needs_supervision and not each.shares]
        travel = await placing.travel_of(tx, plain, window, rules)
        numbers = {resource.number for each in plain for resource in each.resources}
        taken = busy_periods(await sessions.busy(tx, numbers, window, now))
        standing: dict[Interval, list[tuple[Appointment, Kind]]] = {}
        for it in floating:
            standing.setdefault(it.period, []).append((it, await kind_of(tx, rules, it)))
        return cls(
            {each.id: each for each in there},
            plain,
            travel,
            {number: union(periods) for number, periods in taken.items()},
            standing,
            now,
        )

    def hour(self, kind: Kind, period: Interval) -> Hour:
        """Who could make room for an appointment of that kind and hour: whoever needs as much time, buffers included,
        whatever their kind, unless they are followed up."""
        around = kind.around(period)
        floating = {
            it.id: (it.session, its)
            for it, its in self.floating.get(period, ())
            if its.around(period) == around and not its.follow_up_only
        }
        held = {session for session, _ in floating.values()}
        able = [each for each in self.plain if each.period.contains(around) and not self.travel.has(each, around)]
        free = frozenset(each.id for each in able if each.id not in held and not self._is_taken(each, around))
        targets = [each for each in able if each.id in free | held]
        return Hour(
            free,
            {id: session for id, (session, _) in floating.items()},
            {
                id: {target.id for target in targets if _suits(target, its, period, self.now)}
                for id, (_, its) in floating.items()
            },
        )

    def _is_taken(self, session: Session, around: Interval) -> bool:
        return any(meets(self.taken.get(resource.number, ()), around) for resource in session.resources)


def _suits(session: Session, kind: Kind, period: Interval, now: datetime) -> bool:
    """Whether an appointment of that kind may go there at that hour, however long ago it was booked."""
    return isinstance(found := fit(session, kind, period.start, now), Interval) or found in _LEAD_TIMES
