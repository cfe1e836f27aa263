"""The answer to an offer: yes, no, not now."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking import problems
from booking.domain.kinds import Compartment
from booking.domain.offers import Offer, OfferState, next_day
from booking.domain.rules import Rules
from booking.domain.waiting_list import Entry
from booking.store import offers, projections, waiting_list
from booking.use_cases.access import require_sight_of_entry, require_site
from booking.use_cases.appointments.book_slot import Booked
from booking.use_cases.appointments.confirm_hold import ConfirmRequest, confirm_hold, keep_place
from booking.use_cases.waiting_list.ending_offers import decline, give_back, take
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class Accepted:
    """The appointment that the patient has now, and the later one that was given back."""

    booked: Booked
    replaced: UUID | None


async def accept_offer(tx: Transaction, id: UUID, rules: Rules, *, actor: Actor, now: datetime) -> Accepted:
    """The held place becomes the appointment, and the later one is given back, in this transaction.

    Raises Refusal: OFFER_UNKNOWN, OFFER_OVER, FORBIDDEN; as `confirm_hold` does, HOLD_EXPIRED first among them.
    """
    entry, offer = await _running(tx, id, actor, now)
    await keep_place(tx, offer.appointment, offer.patient)  # before any appointment; `confirm_hold` reads it again
    replaced = await give_back(tx, entry, offer, actor.subject, now, rules.cool_down)
    confirm = ConfirmRequest(
        offer.appointment, offer.patient, entry.joined_at, notify=entry.compartment is not Compartment.SILENT
    )
    booked = await confirm_hold(tx, confirm, rules, actor=actor, now=now)
    await take(tx, entry, offer, replaced, actor.subject, now)
    return Accepted(booked, replaced.id if replaced else None)


async def decline_offer(tx: Transaction, id: UUID, rules: Rules, *, actor: Actor, now: datetime) -> Entry:
    """Not this place: it goes to the next, and the patient goes on waiting.

    Raises Refusal: OFFER_UNKNOWN, OFFER_OVER, FORBIDDEN.
    """
    entry, _ = await _running(tx, id, actor, now)
    return await decline(tx, entry, OfferState.DECLINED, actor.subject, now, rules.cool_down)


async def answer_later(tx: Transaction, id: UUID, rules: Rules, *, actor: Actor, now: datetime) -> Entry:
    """Not this place, and no other one before tomorrow.

    Raises Refusal: OFFER_UNKNOWN, OFFER_OVER, SITE_UNKNOWN, FORBIDDEN.
    """
    entry, offer = await _running(tx, id, actor, now)
    site = await projections.site(tx, offer.site)
    if site is None:
        raise Refusal(problems.SITE_UNKNOWN)
    pause = next_day(now, site.zone)
    return await decline(tx, entry, OfferState.LATER, actor.subject, now, rules.cool_down, pause)


async def _running(tx: Transaction, id: UUID, actor: Actor, now: datetime) -> tuple[Entry, Offer]:
    """The entry and its running offer, both locked."""
    found = await offers.get(tx, id)
    if found is None:
        raise Refusal(problems.OFFER_UNKNOWN)
    require_site(actor, found.site)
    entry = await waiting_list.lock(tx, found.entry, now.date())
    offer = await offers.lock(tx, id)
    assert entry is not None, "an offer belongs to an entry"
    assert offer is not None, "offers are never deleted"
    require_sight_of_entry(actor, entry)
    if offer.state is not OfferState.RUNNING:
        raise Refusal(problems.OFFER_OVER, state=offer.state)
    return entry, offer
