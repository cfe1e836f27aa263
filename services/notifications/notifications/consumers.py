"""Which events notifications listens to, and which use case each one calls."""

from collections.abc import Sequence
from typing import Any

from notifications.use_cases.ask_for_call import ask_for_call
from notifications.use_cases.end_appointment import end_appointments
from notifications.use_cases.plan import plan_for_bookings, plan_for_cancellation, plan_for_move, plan_for_restoration
from notifications.use_cases.plan_offer import end_offer, end_unanswered_offer, plan_for_offer
from notifications.use_cases.plan_party import let_another_speak, let_one_be_called, take_parties
from notifications.use_cases.policy import Policy
from notifications.use_cases.project_patients import change_contact, erase_patient, register_patient
from notifications.use_cases.project_sites import close_site, open_site
from notifications.use_cases.tell_address import follow_relocation
from smp.consumer import Bulk, Delivery, Handlers
from smp.contracts import (
    CallRequested,
    ConsultationDone,
    ConsultationPrepared,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    PatientArrived,
    PatientContactChanged,
    PatientErased,
    PatientLeftUnseen,
    PatientNoShow,
    PatientRegistered,
    SiteClosed,
    SiteOpened,
    SiteRelocated,
    SlotBooked,
    SlotCancelled,
    SlotMoved,
    SlotOffered,
    StatusCorrected,
)
from smp.postgres import Transaction

_ENDED = Bulk(end_appointments)


class Consumers:
    """The handlers; `policy` is set from settings before the first event."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()

    @property
    def handlers(self) -> Handlers:
        """By event type."""
        told = Bulk(self._told)
        return {
            SiteOpened: open_site,
            SiteRelocated: self._relocated,
            SiteClosed: close_site,
            PatientRegistered: register_patient,
            PatientContactChanged: change_contact,
            PatientErased: erase_patient,
            SlotBooked: told,
            SlotMoved: told,
            SlotCancelled: told,
            SlotOffered: self._offered,
            OfferAccepted: end_offer,
            OfferDeclined: end_offer,
            OfferExpired: self._offer_expired,
            StatusCorrected: told,
            CallRequested: told,
            PatientArrived: _ENDED,
            ConsultationPrepared: _ENDED,
            ConsultationDone: _ENDED,
            PatientNoShow: _ENDED,
            PatientLeftUnseen: _ENDED,
        }

    async def _relocated(self, tx: Transaction, delivery: Delivery[SiteRelocated]) -> None:
        await follow_relocation(tx, delivery, self.policy)

    async def _told(self, tx: Transaction, deliveries: Sequence[Delivery[Any]]) -> None:
        """What becomes of appointments. Parties are taken before anything is looked at: see `plan_party`."""
        await take_parties(tx, deliveries)
        if booked := [each for each in deliveries if isinstance(each.data, SlotBooked)]:
            await plan_for_bookings(tx, booked, self.policy)
        for each in deliveries:
            await self._changed(tx, each)
        await let_another_speak(tx, deliveries, self.policy)
        await let_one_be_called(tx, deliveries, self.policy)

    async def _changed(self, tx: Transaction, delivery: Delivery[Any]) -> None:
        match delivery.data:
            case SlotMoved():
                await plan_for_move(tx, delivery, self.policy)
            case SlotCancelled():
                await plan_for_cancellation(tx, delivery, self.policy)
            case StatusCorrected(state="booked"):
                await plan_for_restoration(tx, delivery, self.policy)
            case StatusCorrected():
                await end_appointments(tx, [delivery])
            case CallRequested():
                await ask_for_call(tx, delivery, self.policy)

    async def _offered(self, tx: Transaction, delivery: Delivery[SlotOffered]) -> None:
        await plan_for_offer(tx, delivery, self.policy)

    async def _offer_expired(self, tx: Transaction, delivery: Delivery[OfferExpired]) -> None:
        await end_unanswered_offer(tx, delivery, self.policy)
