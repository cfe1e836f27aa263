"""Who speaks for a family: the first of the party, and when that one is not expected with the others any more, the next
of them. One reminder for all, never none; the confirmation, when it had not left yet; and one call for all who have
lost their place.

Members are told of in any order and by several processes, for their appointments are different keys: after each event
of one of them the whole party is looked at again, one process at a time.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from notifications.domain.messages import Purpose
from notifications.domain.planning import plan_booking, plan_reminder
from notifications.domain.reachability import CallReason
from notifications.store.rows import to_reachability
from notifications.use_cases.plan import Told, tell
from notifications.use_cases.policy import Policy
from notifications.use_cases.raise_call import Subject, raise_call
from smp.consumer import Delivery
from smp.contracts import CallRequested
from smp.postgres import Record, Statements, Transaction

PROJECTIONS = Statements.load("notifications.store", "projections.sql")

OfParty = Told | CallRequested


async def take_parties(tx: Transaction, deliveries: Sequence[Delivery[OfParty]]) -> None:
    """Keep other processes off these parties until the end; before the first look at any member, so that each process
    sees what the former has noted and planned."""
    if parties := {each.data.party for each in deliveries if each.data.party}:
        await tx.execute(PROJECTIONS.take_parties, list(parties))


async def let_another_speak(tx: Transaction, deliveries: Sequence[Delivery[OfParty]], policy: Policy) -> None:
    """Plan the texts of who speaks now for each of these parties, when the first of it is gone and nobody else reminds
    the others."""
    for party, delivery in _of_late(deliveries, policy).items():
        if not await tx.fetchval(PROJECTIONS.is_spoken_for, party, None):
            await _speak(tx, party, delivery.event.traceparent, policy, delivery.now)


async def let_one_be_called(tx: Transaction, deliveries: Sequence[Delivery[OfParty]], policy: Policy) -> None:
    """One call for all those of a party about whom somebody has to decide; when its appointment is decided about, the
    next one, if others are not."""
    for party, delivery in _of_late(deliveries, policy).items():
        if member := await tx.fetchrow(PROJECTIONS.who_is_to_be_called, party):
            about = Subject.of(member, delivery.event.traceparent, party=party)
            await raise_call(tx, about, Purpose.CHANGE, CallReason.TO_BE_DECIDED, delivery.now)


def _of_late(deliveries: Sequence[Delivery[OfParty]], policy: Policy) -> dict[UUID, Delivery[OfParty]]:
    """Each party of which something was said within the horizon, and the last that was."""
    fresh = [each for each in deliveries if each.now - each.event.time <= policy.horizon]
    return {each.data.party: each for each in fresh if each.data.party}


async def _speak(tx: Transaction, party: UUID, traceparent: str | None, policy: Policy, now: datetime) -> None:
    """Through the first of those who may speak whom a text reaches."""
    members = await tx.fetch(PROJECTIONS.who_may_speak, party)
    contexts = await tx.fetch(
        PROJECTIONS.planning_contexts,
        [each["site"] for each in members],
        [each["patient"] for each in members],
        [each["appointment"] for each in members],
        [None] * len(members),
    )
    for member, context in zip(members, contexts, strict=True):
        if not context["erased"] and to_reachability(context).obstacle() is None:
            await _tell(tx, member, context, traceparent, policy, now)
            return


async def _tell(
    tx: Transaction, speaker: Record, context: Record, traceparent: str | None, policy: Policy, now: datetime
) -> None:
    about = Subject.of(speaker, traceparent, party=context["party"])
    rules = policy.rules(context["zone"], context["subdivision"])
    was_dropped = await tx.fetchval(PROJECTIONS.confirmation_was_dropped, about.party)
    plan = plan_booking if was_dropped else plan_reminder
    await tell(tx, about, plan(about.slot, now, rules), context, now)
