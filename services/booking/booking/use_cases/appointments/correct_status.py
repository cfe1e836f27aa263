"""A step noted by mistake is taken back: once, on the same day, by whoever has the right.

An appointment that had given its place back has it again only if it is still free and still that practitioner's, in the
room where they receive by now; and a patient who was gone (missed, left, seen) is expected again only if nowhere else.
What it takes is inserted anew under the exclusion constraint, in the transaction of the correction.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.appointments import Appointment
from booking.domain.corrections import Uncorrectable, correctable, corrected
from booking.domain.reshaping import is_elsewhere
from booking.domain.resources import ResourceKind
from booking.domain.rules import Rules
from booking.store import appointments, projections
from booking.store.appointments import Place
from booking.use_cases.access import require_correction, require_site
from booking.use_cases.appointments import announcing, placing
from booking.use_cases.appointments.caps import require_under_cap
from booking.use_cases.appointments.company import joined_by, require_company, resources_of
from booking.use_cases.appointments.steps import save_once_in_queue
from booking.use_cases.capacity import sharing
from booking.use_cases.kinds.kind_book import kind_of
from booking.use_cases.supervision import supervising
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal

_REFUSALS = {
    Uncorrectable.NOTHING: problems.NOTHING_TO_CORRECT,
    Uncorrectable.ALREADY: problems.ALREADY_CORRECTED,
    Uncorrectable.TOO_LATE: problems.CORRECTION_TOO_LATE,
    Uncorrectable.REPLACED: problems.GIVEN_BACK_FOR_ANOTHER,
}


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """Why, as a code; whether a patient who was told something wrong is told again."""

    reason: str
    notify: bool = True


async def correct_status(
    tx: Transaction, id: UUID, request: CorrectionRequest, rules: Rules, *, actor: Actor, now: datetime
) -> Appointment:
    """The appointment as before its last step.

    Raises Refusal: APPOINTMENT_UNKNOWN, FORBIDDEN, NOTHING_TO_CORRECT, ALREADY_CORRECTED, CORRECTION_TOO_LATE,
    GIVEN_BACK_FOR_ANOTHER, ALREADY_IN_QUEUE, PATIENT_ERASED, TOO_MANY_RUNNING; with alternatives SESSION_CANCELLED,
    SESSION_UNSUPPORTED, KIND_NOT_OFFERED, OUTSIDE_SESSION, ON_THE_WAY, NO_SUPERVISOR, TOO_MANY_INTERNS, TOO_MANY_ACTS,
    CLASS_NOT_RELEASED, COMPANY_MISSING, SLOT_TAKEN, SLOT_RESTING, PATIENT_BUSY.
    """
    # Sessions before the appointment, as whoever cancels a session does.
    place = await appointments.place_of_appointment(tx, id)
    if place is not None:
        await supervising.keep_days(tx, [place.session])
    await _wait_for_bookings(tx, id, rules)
    found = await appointments.lock(tx, id)
    if found is None:
        raise Refusal(problems.APPOINTMENT_UNKNOWN)
    require_site(actor, found.site)
    require_correction(actor, found)
    site = await projections.site(tx, found.site)
    if place is None or site is None or place.session.id != found.session:
        raise Refusal(problems.NOTHING_TO_CORRECT, state=found.state)
    if reason := correctable(found, now, site.zone):
        raise Refusal(_REFUSALS[reason], state=found.state)
    undone = corrected(found, now, actor.subject, why=request.reason, notify=request.notify)
    if wanted := found.gives_back - undone.gives_back:
        await _take_again(tx, place, undone, wanted, rules, now)
    await save_once_in_queue(tx, undone, actor)
    announcing.corrected(tx, found, undone, now)
    return undone


async def _wait_for_bookings(tx: Transaction, id: UUID, rules: Rules) -> None:
    """Of a kind with a cap, whoever books for the same patient comes first or after: they lock what has rested last."""
    seen = await appointments.get(tx, id)
    if seen is not None and seen.patient is not None and (await kind_of(tx, rules, seen)).running_cap is not None:
        await appointments.one_at_a_time(tx, seen.patient, seen.kind)


async def _take_again(
    tx: Transaction, place: Place, undone: Appointment, wanted: Collection[ResourceKind], rules: Rules, now: datetime
) -> None:
    kind = await kind_of(tx, rules, undone)
    wish = placing.Wish(
        place.session, kind, undone.period.start, undone.patient, rules, now,
        channel=undone.channel,
        mode=undone.mode,
        together_with=joined_by(undone),
    )  # fmt: skip
    if ResourceKind.PRACTITIONER in wanted:
        await _require_place(tx, place, undone, wish)
    again = [each for each in resources_of(undone, place.session) if each.kind in wanted]
    await placing.expire_in_the_way(tx, [each.number for each in again], undone.whole, now, rules.cool_down)
    if taken := await appointments.replace_occupancies(tx, undone, again, wanted):
        # The refusal rolls all back; what was had so far must not hide a slot from the alternatives.
        await appointments.clear_partial(tx, [undone.id])
        await placing.refuse_taken(tx, taken, wish)


async def _require_place(tx: Transaction, place: Place, undone: Appointment, wish: placing.Wish) -> None:
    """Refuse what any booking of the place would be refused."""
    kind, rules, now = wish.kind, wish.rules, wish.now
    if place.is_erased:
        raise Refusal(problems.PATIENT_ERASED)
    if shut := placing.why_shut(place):
        await placing.refuse(tx, shut, wish)
    if undone.kind not in place.session.kinds:
        await placing.refuse(tx, problems.KIND_NOT_OFFERED, wish)
    if is_elsewhere(undone, place.session) or not place.session.period.contains(undone.occupied):
        await placing.refuse(tx, problems.OUTSIDE_SESSION, wish)
    if place.works_elsewhere and await placing.on_the_way(tx, [place.session], kind.around(undone.period), rules):
        await placing.refuse(tx, problems.ON_THE_WAY, wish)
    if uncovered := await supervising.why_not(tx, place, undone.period, rules, now, undone.id):
        await placing.refuse(tx, uncovered, wish)
    if not await sharing.admits(tx, place.session, undone.capacity_class, kind.length, now, undone.id):
        await placing.refuse(tx, problems.CLASS_NOT_RELEASED, wish)
    if undone.patient is not None and undone.period.end > now:
        await require_under_cap(tx, kind, undone.patient, now, besides=undone.id)
    await require_company(tx, undone, wish)
