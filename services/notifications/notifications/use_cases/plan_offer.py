"""An offer of the waiting list is told by text, or by a call where no text can go; once it is over, nothing is said.

The offer speaks of a hold, an appointment that exists in its first version only. Its topic is another than that of
appointments: an acceptance may be heard there first.
"""

from notifications.domain.appointments import Mode, Slot, mode_told
from notifications.domain.messages import Purpose, State
from notifications.domain.planning import plan_offer as drafts_of_offer
from notifications.domain.planning import plan_withdrawal, was_told
from notifications.domain.reachability import CallReason
from notifications.use_cases.drop_outdated import drop_outdated
from notifications.use_cases.plan import Verdict, tell
from notifications.use_cases.policy import Policy
from notifications.use_cases.raise_call import Subject, raise_call
from smp.consumer import Delivery
from smp.contracts import OfferAccepted, OfferDeclined, OfferExpired, SlotOffered
from smp.contracts.envelope import Event
from smp.postgres import Record, Statements, Transaction

MESSAGES = Statements.load("notifications.store", "messages.sql")
PROJECTIONS = Statements.load("notifications.store", "projections.sql")

_HELD, _OVER = 1, 2
"""Versions of the hold: while the offer runs, and once it has ended."""

WITHDRAWN = "withdrawn"


async def plan_for_offer(tx: Transaction, delivery: Delivery[SlotOffered], policy: Policy) -> None:
    """One text, with the hour by which to answer."""
    offered, event, now = delivery.data, delivery.event, delivery.now
    verdict = _verdict(delivery, policy)
    first = await tx.fetchval(
        PROJECTIONS.decide_offer, offered.appointment, _HELD, event.territory, event.id, now, verdict
    )
    if not first or verdict != "planned":
        return
    context = await _context(tx, event)
    rules = policy.rules(context["zone"], context["subdivision"])
    about = Subject(
        territory=event.territory,
        appointment=offered.appointment,
        version=_HELD,
        patient=offered.patient,
        site=offered.site,
        starts_at=offered.start,
        mode=mode_told(offered.mode, offered.remote_by, offered.neutral_wording),
        traceparent=event.traceparent,
        answer_by=offered.answer_by,
    )
    if drafts := drafts_of_offer(offered.answer_by, now, rules):
        await tell(tx, about, drafts, context, now)
    elif not context["erased"]:
        await raise_call(tx, about, Purpose.OFFER, CallReason.UNDELIVERED, now)


async def end_offer(
    tx: Transaction, delivery: Delivery[OfferAccepted] | Delivery[OfferDeclined] | Delivery[OfferExpired]
) -> None:
    """The text that was not sent yet and the call that was not made yet are dropped."""
    await drop_outdated(tx, [(delivery.data.appointment, _OVER, "offer_over")], delivery.now)


async def end_unanswered_offer(tx: Transaction, delivery: Delivery[OfferExpired], policy: Policy) -> None:
    """The same; a patient who was told of a place that could not be kept hears that it is gone."""
    expired, event, now = delivery.data, delivery.event, delivery.now
    earlier = await tx.fetch(MESSAGES.lock_earlier_texts, expired.appointment, _OVER)
    await end_offer(tx, delivery)
    told = next((row for row in earlier if was_told(State(row["state"]))), None)
    if told is None or expired.reason != WITHDRAWN or now - event.time > policy.horizon:
        return
    context = await _context(tx, event)
    slot = Slot(told["site"], told["starts_at"], Mode(told["mode"]))
    about = Subject(
        territory=event.territory,
        appointment=expired.appointment,
        version=_OVER,
        patient=expired.patient,
        site=slot.site,
        starts_at=slot.start,
        mode=slot.mode,
        traceparent=event.traceparent,
    )
    rules = policy.rules(context["zone"], context["subdivision"])
    await tell(tx, about, plan_withdrawal(slot, now, rules), context, now)


def _verdict(delivery: Delivery[SlotOffered], policy: Policy) -> Verdict:
    if delivery.order == "stale":
        return "stale"
    if delivery.now - delivery.event.time > policy.horizon or delivery.data.answer_by <= delivery.now:
        return "too_old"
    return "planned" if delivery.data.notify else "silent"


async def _context(tx: Transaction, event: Event[SlotOffered] | Event[OfferExpired]) -> Record:
    data = event.data
    row = await tx.fetchrow(PROJECTIONS.planning_contexts, [data.site], [data.patient], [data.appointment], [None])
    assert row is not None
    return row
