"""From an event of an appointment to the texts it calls for: one decision per event, whatever is redelivered.

Called inside the consumer's transaction: projection, decision, texts and their events commit with the inbox row.
The words are written when the text leaves, so that a site that has moved meanwhile gives its new address.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from notifications.domain.appointments import AppointmentState, Mode, Slot, mode_told
from notifications.domain.messages import Purpose, State, dedupe_key
from notifications.domain.planning import (
    Draft,
    Earlier,
    Rules,
    plan_booking,
    plan_cancellation,
    plan_move,
    plan_restoration,
    was_told,
)
from notifications.store.rows import to_earlier, to_reachability
from notifications.use_cases.drop_outdated import drop_outdated
from notifications.use_cases.policy import Policy
from notifications.use_cases.raise_call import Subject, raise_call
from notifications.use_cases.say import say
from smp.consumer import Delivery
from smp.contracts import MessagePlanned, SlotBooked, SlotCancelled, SlotMoved, StatusCorrected
from smp.contracts.envelope import Event
from smp.ids import new_id
from smp.postgres import Record, Statements, Transaction

MESSAGES = Statements.load("notifications.store", "messages.sql")
CALLS = Statements.load("notifications.store", "call_tasks.sql")
PROJECTIONS = Statements.load("notifications.store", "projections.sql")

Told = SlotBooked | SlotMoved | SlotCancelled | StatusCorrected
Verdict = Literal["planned", "silent", "too_old", "stale"]


async def plan_for_booking(tx: Transaction, delivery: Delivery[SlotBooked], policy: Policy) -> None:
    """Confirmation and reminder."""
    booked = delivery.data
    if not await _is_ours_to_plan(tx, delivery, policy, AppointmentState.EXPECTED, _mode(booked)):
        return
    context = await _context(tx, delivery.event)
    slot = Slot(booked.site, _hour(booked), _mode(booked))
    drafts = plan_booking(slot, delivery.now, _rules(context, policy))
    await tell(tx, _subject(delivery.event, slot, context), drafts, context, delivery.now)


async def plan_for_move(tx: Transaction, delivery: Delivery[SlotMoved], policy: Policy) -> None:
    """Older texts are dropped; the patient gets one correct text, and the reminder of the new slot."""
    moved, event = delivery.data, delivery.event
    earlier = await _earlier(tx, event)
    ours = await _is_ours_to_plan(tx, delivery, policy, AppointmentState.EXPECTED, _mode(moved))
    await drop_outdated(tx, moved.appointment, event.sequence, "moved", delivery.now)
    if not ours:
        return
    context = await _context(tx, event)
    slot = Slot(moved.site, _hour(moved), _mode(moved))
    drafts = plan_move(slot, moved.previous_start, earlier, delivery.now, _rules(context, policy))
    await tell(tx, _subject(event, slot, context), drafts, context, delivery.now)


async def plan_for_cancellation(tx: Transaction, delivery: Delivery[SlotCancelled], policy: Policy) -> None:
    """Older texts are dropped; the patient is told, by a call only if it was not the patient who cancelled."""
    cancelled, event = delivery.data, delivery.event
    ours = await _is_ours_to_plan(tx, delivery, policy, AppointmentState.CANCELLED, None)
    await drop_outdated(tx, cancelled.appointment, event.sequence, "cancelled", delivery.now)
    if not ours or cancelled.patient is None:
        return
    context = await _context(tx, event)
    mode = mode_told(context["mode"] or Mode.ON_SITE, None, cancelled.neutral_wording)
    slot = Slot(cancelled.site, _hour(cancelled), mode)
    drafts = plan_cancellation(slot, delivery.now, _rules(context, policy))
    may_call = cancelled.cancelled_by != "patient"
    await tell(tx, _subject(event, slot, context), drafts, context, delivery.now, may_call=may_call)


async def plan_for_restoration(tx: Transaction, delivery: Delivery[StatusCorrected], policy: Policy) -> None:
    """An appointment stands again: texts that say otherwise are dropped, a patient who was told otherwise hears it."""
    stands, event = delivery.data, delivery.event
    earlier = await _earlier(tx, event)
    ours = await _is_ours_to_plan(tx, delivery, policy, AppointmentState.EXPECTED, _mode(stands))
    await drop_outdated(tx, stands.appointment, event.sequence, "corrected", delivery.now)
    if not ours:
        return
    context = await _context(tx, event)
    slot = Slot(stands.site, _hour(stands), _mode(stands))
    drafts = plan_restoration(slot, earlier, delivery.now, _rules(context, policy))
    await tell(tx, _subject(event, slot, context), drafts, context, delivery.now)


def _mode(data: SlotBooked | SlotMoved | StatusCorrected) -> Mode:
    return mode_told(data.mode, data.remote_by, data.neutral_wording)


async def _is_ours_to_plan(
    tx: Transaction, delivery: Delivery[Told], policy: Policy, state: AppointmentState, mode: str | None
) -> bool:
    """Project the new state and claim its decision: true only once per event, and only if there is something to say."""
    event, data = delivery.event, delivery.data
    verdict = _verdict(delivery, policy)
    first = await tx.fetchval(
        PROJECTIONS.record_state,
        data.appointment,
        event.territory,
        event.sequence,
        state,
        data.patient,
        data.site,
        _hour(data),
        mode,
        event.id,
        delivery.now,
        verdict,
    )
    return bool(first) and verdict == "planned"


def _verdict(delivery: Delivery[Told], policy: Policy) -> Verdict:
    """A replay or a long outage must not send texts about the past (events older than the horizon)."""
    if delivery.order == "stale":
        return "stale"
    if delivery.now - delivery.event.time > policy.horizon:
        return "too_old"
    data = delivery.data
    if data.compartment == "silent":
        return "silent"
    if isinstance(data, SlotBooked) and _follows(data):
        return "silent"  # the text to the first of the party speaks for all
    return "planned" if data.notify else "silent"


def _hour(data: Told) -> datetime:
    """When the patient is expected: at the preparation, when there is one."""
    return data.preparation_start or data.start


def _follows(data: Told) -> bool:
    """Whether somebody else of a party is the one who is told; the party is named after that one's appointment."""
    return data.party not in (None, data.appointment)


async def _earlier(tx: Transaction, event: Event[SlotMoved] | Event[StatusCorrected]) -> list[Earlier]:
    texts = await tx.fetch(MESSAGES.lock_earlier_texts, event.subject, event.sequence)
    calls = await tx.fetch(CALLS.earlier_calls, event.subject, event.sequence)
    found = [(row["version"], to_earlier(row, was_told(State(row["state"])))) for row in texts]
    found += [(row["version"], to_earlier(row, row["state"] == "done")) for row in calls]
    return [earlier for _, earlier in sorted(found, key=lambda pair: pair[0])]


async def _context(tx: Transaction, event: Event[Told]) -> Record:
    data = event.data
    party = data.party if _follows(data) else None
    row = await tx.fetchrow(PROJECTIONS.planning_context, data.site, data.patient, event.subject, party)
    assert row is not None
    return row


def _rules(context: Record, policy: Policy) -> Rules:
    return policy.rules(context["zone"], context["subdivision"])


def _subject(event: Event[Told], slot: Slot, context: Record) -> Subject:
    assert context["contact"] is not None
    return Subject(
        territory=event.territory,
        appointment=event.data.appointment,
        version=event.sequence,
        patient=context["contact"],
        site=slot.site,
        starts_at=slot.start,
        mode=slot.mode,
        traceparent=event.traceparent,
    )


async def tell(
    tx: Transaction,
    about: Subject,
    drafts: Sequence[Draft],
    context: Record,
    now: datetime,
    *,
    may_call: bool = True,
) -> None:
    """Plan the texts or, where none can reach the patient, a call for the first of them if it is a notice."""
    if not drafts or context["erased"]:
        return
    obstacle = to_reachability(context).obstacle()
    if obstacle is None:
        await _plan(tx, about, drafts, now)
        return
    notice = drafts[0].purpose
    if may_call and notice is not Purpose.REMINDER:
        await raise_call(tx, about, notice, obstacle, now)


async def _plan(tx: Transaction, about: Subject, drafts: Sequence[Draft], now: datetime) -> None:
    rows = await tx.fetch(
        MESSAGES.plan,
        about.territory,
        about.appointment,
        about.version,
        about.patient,
        about.site,
        about.starts_at,
        about.mode,
        about.traceparent,
        now,
        [new_id() for _ in drafts],
        [draft.purpose.value for draft in drafts],
        [dedupe_key(about.appointment, draft.purpose, about.version) for draft in drafts],
        [draft.due_at for draft in drafts],
        [draft.at_once for draft in drafts],
        about.answer_by,
    )
    for row in rows:
        planned = MessagePlanned(
            message=row["message"],
            appointment=about.appointment,
            patient=about.patient,
            site=about.site,
            purpose=row["purpose"],
            channel="sms",
            due_at=row["due_at"],
        )
        said = {"territory": about.territory, "site": about.site, "sequence": 1, "traceparent": about.traceparent}
        say(tx, said, row["message"], planned, now)
