"""Which events notifications listens to, and which use case each one calls."""

from notifications.use_cases.ask_for_call import ask_for_call
from notifications.use_cases.end_appointment import end_appointment
from notifications.use_cases.plan import plan_for_booking, plan_for_cancellation, plan_for_move, plan_for_restoration
from notifications.use_cases.plan_offer import end_offer, end_unanswered_offer, plan_for_offer
from notifications.use_cases.policy import Policy
from notifications.use_cases.project_patients import change_contact, erase_patient, register_patient
from notifications.use_cases.project_sites import close_site, open_site, relocate_site
from smp.consumer import Delivery, Handlers
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


class Consumers:
    """The handlers; `policy` is set from settings before the first event."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()

    @property
    def handlers(self) -> Handlers:
        """By event type."""
        return {
            SiteOpened: open_site,
            SiteRelocated: relocate_site,
            SiteClosed: close_site,
            PatientRegistered: register_patient,
            PatientContactChanged: change_contact,
            PatientErased: erase_patient,
            SlotBooked: self._booked,
            SlotMoved: self._moved,
            SlotCancelled: self._cancelled,
            SlotOffered: self._offered,
            OfferAccepted: end_offer,
            OfferDeclined: end_offer,
            OfferExpired: self._offer_expired,
            StatusCorrected: self._corrected,
            CallRequested: self._call_requested,
            PatientArrived: _arrived,
            ConsultationPrepared: _arrived,
            ConsultationDone: _done,
            PatientNoShow: _no_show,
            PatientLeftUnseen: _left_unseen,
        }

    async def _booked(self, tx: Transaction, delivery: Delivery[SlotBooked]) -> None:
        await plan_for_booking(tx, delivery, self.policy)

    async def _moved(self, tx: Transaction, delivery: Delivery[SlotMoved]) -> None:
        await plan_for_move(tx, delivery, self.policy)

    async def _offered(self, tx: Transaction, delivery: Delivery[SlotOffered]) -> None:
        await plan_for_offer(tx, delivery, self.policy)

    async def _offer_expired(self, tx: Transaction, delivery: Delivery[OfferExpired]) -> None:
        await end_unanswered_offer(tx, delivery, self.policy)

    async def _cancelled(self, tx: Transaction, delivery: Delivery[SlotCancelled]) -> None:
        await plan_for_cancellation(tx, delivery, self.policy)

    async def _corrected(self, tx: Transaction, delivery: Delivery[StatusCorrected]) -> None:
        if delivery.data.state == "booked":
            await plan_for_restoration(tx, delivery, self.policy)
        else:
            await end_appointment(tx, delivery, "corrected")

    async def _call_requested(self, tx: Transaction, delivery: Delivery[CallRequested]) -> None:
        await ask_for_call(tx, delivery, self.policy)


async def _left_unseen(tx: Transaction, delivery: Delivery[PatientLeftUnseen]) -> None:
    await end_appointment(tx, delivery, "left_unseen")


async def _arrived(tx: Transaction, delivery: Delivery[PatientArrived | ConsultationPrepared]) -> None:
    await end_appointment(tx, delivery, "arrived")


async def _done(tx: Transaction, delivery: Delivery[ConsultationDone]) -> None:
    await end_appointment(tx, delivery, "seen")


async def _no_show(tx: Transaction, delivery: Delivery[PatientNoShow]) -> None:
    await end_appointment(tx, delivery, "no_show")
