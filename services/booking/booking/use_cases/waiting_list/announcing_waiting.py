"""What booking says of the waiting list: each step of an entry is one event, its version the sequence."""

from datetime import datetime
from typing import Any

from booking.domain.appointments import Appointment
from booking.domain.offers import Offer, OfferState
from booking.domain.waiting_list import Entry, Window
from booking.use_cases.appointments import announcing
from smp.contracts import (
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    SlotOffered,
    WaitingListChanged,
    WaitingListJoined,
    WaitingListLeft,
    WishedWindow,
)
from smp.contracts.base import EventData
from smp.contracts.envelope import Event
from smp.contracts.vocabulary import Practitioner
from smp.postgres import Transaction


def joined(tx: Transaction, it: Entry, now: datetime) -> None:
    _say(tx, it, WaitingListJoined(**_wishes(it), joined_at=now), now)


def changed(tx: Transaction, it: Entry, now: datetime) -> None:
    _say(tx, it, WaitingListChanged(**_wishes(it), changed_at=now), now)


def offered(tx: Transaction, it: Entry, offer: Offer, hold: Appointment, notify: bool, now: datetime) -> None:
    data = SlotOffered(
        **_offer(offer),
        session=offer.session,
        practitioners=(Practitioner(professional=hold.professional, role=hold.role),),
        kind=hold.kind,
        mode=announcing.mode(hold),
        remote_by=announcing.remote_by(hold),
        start=hold.period.start,
        end=hold.period.end,
        answer_by=offer.answer_by,
        replaces=offer.replaces,
        offered_at=now,
        notify=notify and hold.compartment != "silent",
        compartment=hold.compartment,
        neutral_wording=hold.neutral_wording,
    )
    _say(tx, it, data, now, offer)


def accepted(tx: Transaction, it: Entry, offer: Offer, replaced: Appointment | None, now: datetime) -> None:
    data = OfferAccepted(**_offer(offer), replaced=replaced.id if replaced else None, accepted_at=now)
    _say(tx, it, data, now, offer)


def declined(tx: Transaction, it: Entry, offer: Offer, state: OfferState, now: datetime) -> None:
    _say(tx, it, OfferDeclined(**_offer(offer), later=state is OfferState.LATER, declined_at=now), now, offer)


def expired(tx: Transaction, it: Entry, offer: Offer, reason: str, now: datetime) -> None:
    _say(tx, it, OfferExpired(**_offer(offer), reason=reason, expired_at=now), now, offer)


def left(tx: Transaction, it: Entry, now: datetime) -> None:
    assert it.left_reason is not None
    _say(tx, it, WaitingListLeft(entry=it.id, patient=it.patient, reason=it.left_reason, left_at=now), now)


def _say(tx: Transaction, it: Entry, data: EventData, now: datetime, offer: Offer | None = None) -> None:
    site = offer.site if offer else None
    tx.publish(Event.of(data, subject=it.id, territory=it.territory, site=site, sequence=it.version, time=now))


def _offer(offer: Offer) -> dict[str, Any]:
    return {
        "entry": offer.entry,
        "patient": offer.patient,
        "offer": offer.id,
        "appointment": offer.appointment,
        "site": offer.site,
    }


def _wishes(it: Entry) -> dict[str, Any]:
    wishes = it.wishes
    return {
        "entry": it.id,
        "patient": it.patient,
        "kinds": tuple(sorted(wishes.kinds)),
        "sites": tuple(sorted(wishes.sites)),
        "practitioners": tuple(sorted(wishes.practitioners)),
        "windows": tuple(_window(each) for each in wishes.windows),
        "mobility": wishes.mobility,
        "video_accepted": wishes.video_accepted,
        "priority": it.priority,
        "replaces": it.replaces,
        "waiting_since": it.waiting_since,
    }


def _window(each: Window) -> WishedWindow:
    return WishedWindow(
        weekdays=tuple(sorted(each.weekdays)),
        start=f"{each.start:%H:%M}",
        end=f"{each.end:%H:%M}",
        first_day=each.first_day,
        last_day=each.last_day,
    )
