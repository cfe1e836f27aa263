"""Registry's events, kept as booking needs them.

Every fact carries the sequence of its event, so that any order leads to the same projection: a handler never asks
whether its event came next.
"""

from typing import Any
from uuid import UUID

from booking.domain.local_time import is_zone
from booking.store import presence, projections, supervision
from booking.store.projections import Fact
from booking.use_cases.forget_patient import forget_patient
from smp.consumer import Delivery, Handlers, PermanentError
from smp.contracts import (
    EligibilityChanged,
    OpeningHoursChanged,
    PatientContactChanged,
    PatientErased,
    PatientRegistered,
    ProfessionalJoined,
    ProfessionalLeft,
    ProfessionalRoleChanged,
    SiteClosed,
    SiteOpened,
    SupervisionAssigned,
    SupervisionEnded,
)
from smp.contracts.sites import OpeningHours
from smp.postgres import Transaction


async def site_opened(tx: Transaction, delivery: Delivery[SiteOpened]) -> None:
    it, event = delivery.data, delivery.event
    if not is_zone(it.zone):
        raise PermanentError("the zone of the site is not an IANA zone")
    await _must_follow(tx, delivery, it.site, presence.SITE)
    week = _week(it.opening_hours, it.opened_on.isoformat(), event.sequence)
    await projections.site_opened(tx, it.site, event.territory, it.zone, it.subdivision, it.opened_on, week)


async def opening_hours_changed(tx: Transaction, delivery: Delivery[OpeningHoursChanged]) -> None:
    it, event = delivery.data, delivery.event
    week = _week(it.opening_hours, it.from_date.isoformat(), event.sequence)
    await projections.opening_hours_changed(tx, it.site, event.territory, week)


async def site_closed(tx: Transaction, delivery: Delivery[SiteClosed]) -> None:
    it = delivery.data
    await _must_follow(tx, delivery, it.site, presence.SITE)
    await projections.site_closed(tx, it.site, delivery.event.territory, it.from_date)
    await supervision.ask_again_for_all_days(tx, delivery.event.territory, delivery.now)


async def professional_joined(tx: Transaction, delivery: Delivery[ProfessionalJoined]) -> None:
    it, event = delivery.data, delivery.event
    await _must_follow(tx, delivery, it.professional, presence.PROFESSIONAL)
    role = {"sequence": event.sequence, "from": it.contract_start.isoformat(), "role": it.role}
    await projections.professional_joined(
        tx, it.professional, event.territory, it.sites, it.contract_start, it.contract_end, event.sequence, role
    )
    await supervision.ask_again_for_all_days(tx, delivery.event.territory, delivery.now)


async def professional_role_changed(tx: Transaction, delivery: Delivery[ProfessionalRoleChanged]) -> None:
    it, event = delivery.data, delivery.event
    await _must_follow(tx, delivery, it.professional, presence.PROFESSIONAL)
    role = {"sequence": event.sequence, "from": it.from_date.isoformat(), "role": it.role}
    await projections.role_changed(tx, it.professional, event.territory, role)


async def professional_left(tx: Transaction, delivery: Delivery[ProfessionalLeft]) -> None:
    it, event = delivery.data, delivery.event
    await _must_follow(tx, delivery, it.professional, presence.PROFESSIONAL)
    await projections.professional_left(tx, it.professional, event.territory, it.from_date, event.sequence)
    await supervision.ask_again_for_all_days(tx, delivery.event.territory, delivery.now)


async def supervision_assigned(tx: Transaction, delivery: Delivery[SupervisionAssigned]) -> None:
    it, event = delivery.data, delivery.event
    await projections.supervision_assigned(
        tx, it.professional, it.supervisor, event.territory, it.from_date, it.until_date, event.sequence
    )
    await supervision.ask_again_for_all_days(tx, delivery.event.territory, delivery.now)


async def supervision_ended(tx: Transaction, delivery: Delivery[SupervisionEnded]) -> None:
    it, event = delivery.data, delivery.event
    await projections.supervision_ended(
        tx, it.professional, it.supervisor, event.territory, it.until_date, event.sequence
    )
    await supervision.ask_again_for_all_days(tx, delivery.event.territory, delivery.now)


async def patient_registered(tx: Transaction, delivery: Delivery[PatientRegistered]) -> None:
    it, event = delivery.data, delivery.event
    eligibility = {"sequence": event.sequence, "from": it.eligibility_from.isoformat(), "status": it.eligibility}
    await projections.patient_registered(tx, it.patient, event.territory, it.registered_at, eligibility)
    await projections.patient_contact(tx, it.patient, event.territory, it.reachable_by_text, event.sequence)


async def patient_contact_changed(tx: Transaction, delivery: Delivery[PatientContactChanged]) -> None:
    it, event = delivery.data, delivery.event
    await projections.patient_contact(tx, it.patient, event.territory, it.reachable_by_text, event.sequence)


async def eligibility_changed(tx: Transaction, delivery: Delivery[EligibilityChanged]) -> None:
    it, event = delivery.data, delivery.event
    eligibility = {"sequence": event.sequence, "from": it.from_date.isoformat(), "status": it.status}
    await projections.eligibility_changed(tx, it.patient, event.territory, eligibility)


async def patient_erased(tx: Transaction, delivery: Delivery[PatientErased]) -> None:
    it = delivery.data
    await projections.patient_erased(tx, it.patient, delivery.event.territory, it.erased_at)
    await projections.patient_contact(tx, it.patient, delivery.event.territory, False, delivery.event.sequence)
    await forget_patient(tx, it.patient, delivery.now)


HANDLERS: Handlers = {
    SiteOpened: site_opened,
    OpeningHoursChanged: opening_hours_changed,
    SiteClosed: site_closed,
    ProfessionalJoined: professional_joined,
    ProfessionalRoleChanged: professional_role_changed,
    ProfessionalLeft: professional_left,
    SupervisionAssigned: supervision_assigned,
    SupervisionEnded: supervision_ended,
    PatientRegistered: patient_registered,
    PatientContactChanged: patient_contact_changed,
    EligibilityChanged: eligibility_changed,
    PatientErased: patient_erased,
}


async def _must_follow(tx: Transaction, delivery: Delivery[Any], id: UUID, subject: str) -> None:
    """The agenda follows soon after, in a transaction of its own (`follow_registry`): this one locks no session. Before
    the fact itself is written, for that is the order in which whoever follows locks."""
    await presence.must_follow(tx, id, delivery.event.territory, subject, delivery.event.sequence)


def _week(hours: tuple[OpeningHours, ...], start: str, sequence: int) -> Fact:
    return {
        "sequence": sequence,
        "from": start,
        "hours": [{"weekday": each.weekday, "opens": each.opens, "closes": each.closes} for each in hours],
    }
