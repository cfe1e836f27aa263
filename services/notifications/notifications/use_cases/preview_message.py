"""What would be said, when, and whether a text or a call would say it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifications.domain.appointments import Mode, Slot
from notifications.domain.messages import Purpose
from notifications.domain.planning import (
    Draft,
    Earlier,
    Rules,
    plan_address,
    plan_booking,
    plan_cancellation,
    plan_move,
    plan_offer,
    plan_reminder,
    plan_withdrawal,
)
from notifications.domain.reachability import CallReason
from notifications.domain.texts import Text, write
from notifications.problems import SITE_UNKNOWN
from notifications.store.rows import to_reachability, to_site
from notifications.use_cases.policy import Policy
from smp.postgres import Statements, Transaction
from smp.problems import Refusal

SQL = Statements.load("notifications.store", "projections.sql")


@dataclass(frozen=True, slots=True)
class Wished:
    """An appointment as it would be after the change that is considered."""

    purpose: Purpose
    site: UUID
    start: datetime
    mode: Mode
    previous_start: datetime | None
    patient: UUID | None
    answer_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """`due_at` is None when nothing would be said; `call` is set when somebody would have to call instead."""

    text: Text
    due_at: datetime | None
    call: CallReason | None


async def preview_message(tx: Transaction, wished: Wished, policy: Policy, now: datetime) -> Preview:
    """Nothing is planned. Raises Refusal SITE_UNKNOWN."""
    row = await tx.fetchrow(SQL.site, wished.site)
    site = to_site(row) if row else None
    if site is None:
        raise Refusal(SITE_UNKNOWN)
    rules = policy.rules(site.zone, site.subdivision)
    draft = next((draft for draft in _drafts(wished, now, rules) if draft.purpose is wished.purpose), None)
    return Preview(
        text=write(wished.purpose, site, wished.start, wished.mode, wished.answer_by),
        due_at=draft.due_at if draft else None,
        call=await _obstacle(tx, wished) if draft else None,
    )


def _drafts(wished: Wished, now: datetime, rules: Rules) -> Sequence[Draft]:
    slot = Slot(wished.site, wished.start, wished.mode)
    match wished.purpose:
        case Purpose.CONFIRMATION:
            return plan_booking(slot, now, rules)
        case Purpose.REMINDER:
            return plan_reminder(slot, now, rules)
        case Purpose.CANCELLATION:
            return plan_cancellation(slot, now, rules)
        case Purpose.OFFER:
            return plan_offer(wished.answer_by or wished.start, now, rules)
        case Purpose.OFFER_WITHDRAWN:
            return plan_withdrawal(slot, now, rules)
        case Purpose.ADDRESS:
            return plan_address(slot, now, rules)
        case Purpose.CHANGE:
            before = wished.previous_start or wished.start
            told = Earlier(Purpose.CONFIRMATION, Slot(wished.site, before, wished.mode), told=True)
            return plan_move(slot, before, [told] if before != wished.start else [], now, rules)


async def _obstacle(tx: Transaction, wished: Wished) -> CallReason | None:
    if wished.patient is None:
        return None
    row = await tx.fetchrow(SQL.planning_contexts, [wished.site], [wished.patient], [None], [None])
    return to_reachability(row).obstacle() if row else None
