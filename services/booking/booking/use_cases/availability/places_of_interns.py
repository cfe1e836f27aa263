"""What interns have to give, one after the other: each has so many acts in a half-day, and whoever answers for them
answers for so many at once."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from booking.domain.availability import Slot
from booking.domain.intervals import Interval
from booking.domain.kinds import INTERN, Kind
from booking.domain.sessions import Session
from booking.use_cases.supervision.supervising import InternDays

Admits = Callable[[Session, int], bool]
"""Whether that many appointments may be given of a session, as far as shares go."""


@dataclass(frozen=True, slots=True)
class PlacesOfInterns:
    """`slots`: each free by itself, earliest first, with the sessions they are in."""

    slots: Sequence[Slot]
    sessions: Mapping[UUID, Session]
    days: InternDays
    kind: Kind

    def next(self, given: Sequence[Slot], admits: Admits) -> Slot | None:
        """The first one that can be had once those `given`, of interns or not, are booked; with whoever prepares it as
        the slot names them."""
        counted = Counter(slot.session for slot in given)
        engaged = [each for slot in given for each in slot.engages(self.kind)]
        of_interns = [slot for slot in given if slot.role == INTERN]
        return next(
            (
                slot
                for slot in self.slots
                if admits(self.sessions[slot.session], counted[slot.session] + 1)
                and not self._meets(slot, engaged)
                and self.days.admits(slot, of_interns)
            ),
            None,
        )

    def count(self, admits: Admits) -> int:
        """How many can be given when the earliest is always given next, whoever prepares them."""
        given: dict[date, list[Slot]] = {}
        free_from: dict[UUID, datetime] = {}
        counted = Counter[UUID]()
        for slot in self.slots:
            of_day, session = given.setdefault(slot.day, []), slot.session
            around = self.kind.around(slot.period)
            if (
                around.start >= free_from.get(session, around.start)
                and admits(self.sessions[session], counted[session] + 1)
                and self.days.admits(slot, of_day)
            ):
                of_day.append(slot)
                counted[session] += 1
                free_from[session] = around.end
        return counted.total()

    def _meets(self, slot: Slot, engaged: Iterable[tuple[UUID, Interval]]) -> bool:
        wanted = list(slot.engages(self.kind))
        return any(who == whom and period.overlaps(taken) for whom, taken in engaged for who, period in wanted)
