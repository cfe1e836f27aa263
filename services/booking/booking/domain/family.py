"""Places for several patients who come together: consecutive, with the fewest practitioners, as early as possible."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from booking.domain.availability import Slot
from booking.domain.intervals import Interval
from booking.domain.matching import assign

LARGEST = 8
"""Patients in one command."""


def together(
    slots: Iterable[Slot], patients: Sequence[UUID], busy: Mapping[UUID, Sequence[Interval]], length: timedelta
) -> dict[UUID, Slot] | None:
    """A place for each patient, or nothing when they cannot be seen together.

    With one practitioner the places follow each other: no other appointment of this `length` fits between two of them.
    With several, each has such a run, all begin within one `length` of the earliest. Fewest practitioners first, then
    earliest. `busy` says when a patient is expected elsewhere; the first patient has the earliest place if possible.
    """
    sessions: dict[UUID, list[Slot]] = {}
    for slot in sorted(slots, key=lambda slot: (slot.period.start, slot.session.int)):
        sessions.setdefault(slot.session, []).append(slot)
    starts = sorted({slot.period.start for mine in sessions.values() for slot in mine})
    best: tuple[int, dict[UUID, Slot]] | None = None
    for start in starts:
        for places in _runs(sessions.values(), start, len(patients), length):
            practitioners = len({place.session for place in places})
            if best is not None and practitioners >= best[0]:
                continue
            if found := _seated(places, patients, busy):
                best = practitioners, found
        if best is not None and best[0] == 1:
            break
    return best[1] if best else None


def _runs(sessions: Iterable[Sequence[Slot]], start: datetime, count: int, length: timedelta) -> Iterator[list[Slot]]:
    """The places that `count` patients could have from `start` on: with one practitioner, then with the fewest."""
    runs = sorted(
        (run for slots in sessions if (run := _run(slots, start, count, length))),
        key=lambda run: (-len(run), run[0].period.start, run[0].session.int),
    )
    yield from (run for run in runs if len(run) == count)
    places: list[Slot] = []
    for run in runs:
        places += run[: count - len(places)]
    if len(places) == count:
        yield sorted(places, key=lambda slot: (slot.period.start, slot.session.int))


def _run(slots: Sequence[Slot], start: datetime, count: int, length: timedelta) -> list[Slot]:
    """Up to `count` places of one session that follow each other, the first within one `length` of `start`."""
    run: list[Slot] = []
    for slot in slots:
        free_from = run[-1].period.start + length if run else start
        if slot.period.start < free_from:
            continue
        if slot.period.start - free_from >= length or len(run) == count:
            break
        run.append(slot)
    return run


def _seated(
    places: Sequence[Slot], patients: Sequence[UUID], busy: Mapping[UUID, Sequence[Interval]]
) -> dict[UUID, Slot] | None:
    """Who has which place, so that nobody is expected elsewhere meanwhile."""

    def is_free(patient: UUID, period: Interval) -> bool:
        return not any(period.start < each.end and each.start < period.end for each in busy.get(patient, ()))

    wishes = {
        patient: [at for at, place in enumerate(places) if is_free(patient, place.period)]
        for patient in reversed(patients)
    }
    # Whoever asks last has the best place that leaves one for everybody: the first patient asks last.
    seats = assign(wishes)
    return {patient: places[seats[patient]] for patient in patients} if seats else None
