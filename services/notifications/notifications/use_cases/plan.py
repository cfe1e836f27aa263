"""From an event of an appointment to the texts it calls for: one decision per event, whatever is redelivered.

Called inside the consumer's transaction: projection, decision, texts and their events commit with the inbox row.
The words are written when the text leaves, so that a site that has moved meanwhile gives its new address.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar
from uuid import UUID

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
D = TypeVar("D", bound=SlotBooked | SlotMoved | SlotCancelled | StatusCorrected)
Verdict = Literal["planned", "silent", "too_old", "stale"]


async def plan_for_bookings(tx: Transaction, deliveries: Sequence[Delivery[SlotBooked]], policy: Policy) -> None:
    """Confirmations and reminders, of different appointments."""
    ours = await _ours_to_plan(tx, [(each, _mode(each.data)) for each in deliveries], policy, AppointmentState.EXPECTED)
    if not ours:
        return
    contexts = await _contexts(tx, [each.event for each in ours])
    now, wanted = ours[0].now, []
    for each, context in zip(ours, contexts, strict=True):
        slot = Slot(each.data.site, _hour(each.data), _mode(each.data))
        drafts = plan_booking(slot, now, _rules(context, policy))
        wanted.append((_subject(each.event, slot, context), drafts, context))
    await tell_all(tx, wanted, now)


async def plan_for_move(tx: Transaction, delivery: Delivery[SlotMoved], policy: Policy) -> None:
    """Older texts are dropped; the patient gets one correct text, and the reminder of the new slot."""
    moved, event = delivery.data, delivery.event
    earlier = await _earlier(tx, event)
    ours = await _is_ours_to_plan(tx, delivery, policy, AppointmentState.EXPECTED, _mode(moved))
    await drop_outdated(tx, [(moved.appointment, event.sequence, "moved")], delivery.now)
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
    await drop_outdated(tx, [(cancelled.appointment, event.sequence, "cancelled")], delivery.now)
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
    await drop_outdated(tx, [(stands.appointment, event.sequence, "corrected")], delivery.now)
    if not ours:
        return
    context = await _context(tx, event)
    slot = Slot(stands.site, _hour(stands), _mode(stands))
    drafts = plan_restoration(slot, earlier, delivery.now, _rules(context, policy))
    party = context["party"]
    if party and await tx.fetchval(PROJECTIONS.is_spoken_for, party, stands.appointment):
        drafts = tuple(draft for draft in drafts if draft.purpose is not Purpose.REMINDER)
    await tell(tx, _subject(event, slot, context), drafts, context, delivery.now)


def _mode(data: SlotBooked | SlotMoved | StatusCorrected) -> Mode:
    return mode_told(data.mode, data.remote_by, data.neutral_wording)


async def _is_ours_to_plan(
    tx: Transaction, delivery: Delivery[Told], policy: Policy, state: AppointmentState, mode: str | None
) -> bool:
    return bool(await _ours_to_plan(tx, [(delivery, mode)], policy, state))


async def _ours_to_plan(
    tx: Transaction, told: Sequence[tuple[Delivery[D], str | None]], policy: Policy, state: AppointmentState
) -> list[Delivery[D]]:
    """Project the new states of different appointments and claim their decisions: left are those heard for the first
    time of which there is something to say."""
    judged = [(each, mode, _verdict(each, policy)) for each, mode in told]
    decided = await tx.fetch(
        PROJECTIONS.record_states,
        state,
        told[0][0].now,
        [each.data.appointment for each, *_ in judged],
        [each.event.territory for each, *_ in judged],
        [each.event.sequence for each, *_ in judged],
        [each.data.patient for each, *_ in judged],
        [each.data.site for each, *_ in judged],
        [_hour(each.data) for each, *_ in judged],
        [mode for _, mode, _ in judged],
        [each.event.id for each, *_ in judged],
        [verdict for *_, verdict in judged],
        [each.data.party for each, *_ in judged],
        [_parts(each.data) for each, *_ in judged],
    )
    first = {row["appointment"] for row in decided}
    return [each for each, _, verdict in judged if verdict == "planned" and each.data.appointment in first]


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


def _parts(data: Told) -> bool:
    """Whether somebody of a party is expected at another hour from now on, and told of it alone."""
    return isinstance(data, SlotMoved) and data.party is not None and data.start != data.previous_start


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
    return (await _contexts(tx, [event]))[0]


async def _contexts(tx: Transaction, events: Sequence[Event[Any]]) -> list[Record]:
    return await tx.fetch(
        PROJECTIONS.planning_contexts,
        [event.data.site for event in events],
        [event.data.patient for event in events],
        [event.subject for event in events],
        [event.data.party if _follows(event.data) else None for event in events],
    )


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
        party=context["party"],
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
    await tell_all(tx, [(about, drafts, context)], now, may_call=may_call)


async def tell_all(
    tx: Transaction,
    wanted: Sequence[tuple[Subject, Sequence[Draft], Record]],
    now: datetime,
    *,
    may_call: bool = True,
) -> None:
    """The same for several appointments."""
    texts: list[tuple[Subject, Draft]] = []
    for about, drafts, context in wanted:
        if not drafts or context["erased"]:
            continue
        obstacle = to_reachability(context).obstacle()
        if obstacle is None:
            texts += [(about, draft) for draft in drafts]
        elif may_call and drafts[0].purpose is not Purpose.REMINDER:
            await raise_call(tx, about, drafts[0].purpose, obstacle, now)
    if texts:
        await _plan(tx, texts, now)


async def _plan(tx: Transaction, texts: Sequence[tuple[Subject, Draft]], now: datetime) -> None:
    named = {new_id(): text for text in texts}
    rows = await tx.fetch(MESSAGES.plan, now, *_columns(named))
    planned = {row["message"] for row in rows}
    for message, (about, draft) in named.items():
        if message not in planned:
            continue
        said = {"territory": about.territory, "site": about.site, "sequence": 1, "traceparent": about.traceparent}
        data = MessagePlanned(
            message=message,
            appointment=about.appointment,
            patient=about.patient,
            site=about.site,
            purpose=draft.purpose.value,
            channel="sms",
            due_at=draft.due_at,
        )
        say(tx, said, message, data, now)


def _columns(named: Mapping[UUID, tuple[Subject, Draft]]) -> list[list[Any]]:
    rows = [
        (
            message,
            about.territory,
            about.appointment,
            about.version,
            draft.purpose.value,
            about.patient,
            about.site,
            about.starts_at,
            about.mode,
            dedupe_key(about.appointment, draft.purpose, about.version, about.occasion),
            about.traceparent,
            draft.due_at,
            draft.at_once,
            about.answer_by,
            about.occasion,
            about.party,
        )
        for message, (about, draft) in named.items()
    ]
    return [list(column) for column in zip(*rows, strict=True)]
