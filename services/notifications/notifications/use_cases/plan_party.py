"""Who speaks for a family: the first of the party, and when that one is not expected with the others any more, the next
of them. One reminder for all, never none.

Members are told of in any order and by several processes, for their appointments are different keys: after each event
of one of them the whole party is looked at again, one process at a time.
"""

from collections.abc import Sequence
from datetime import datetime

from notifications.domain.appointments import Mode, Slot
from notifications.domain.planning import plan_reminder
from notifications.use_cases.plan import Told, tell
from notifications.use_cases.policy import Policy
from notifications.use_cases.raise_call import Subject
from smp.consumer import Delivery
from smp.postgres import Record, Statements, Transaction

PROJECTIONS = Statements.load("notifications.store", "projections.sql")


async def take_parties(tx: Transaction, deliveries: Sequence[Delivery[Told]]) -> None:
    """Keep other processes off these parties until the end; before the first look at any member, so that each process
    sees what the former has noted and planned."""
    if parties := {each.data.party for each in deliveries if each.data.party}:
        await tx.execute(PROJECTIONS.take_parties, list(parties))


async def let_another_speak(tx: Transaction, deliveries: Sequence[Delivery[Told]], policy: Policy) -> None:
    """Plan the reminder of who speaks now for each of these parties, when the first of it is gone and nobody else
    reminds the others."""
    fresh = [each for each in deliveries if each.now - each.event.time <= policy.horizon]
    for party, delivery in {each.data.party: each for each in fresh if each.data.party}.items():
        speaker = await tx.fetchrow(PROJECTIONS.next_speaker, party)
        if speaker is not None:
            await _remind(tx, speaker, delivery.event.traceparent, policy, delivery.now)


async def _remind(tx: Transaction, speaker: Record, traceparent: str | None, policy: Policy, now: datetime) -> None:
    context = await tx.fetchrow(
        PROJECTIONS.planning_contexts, [speaker["site"]], [speaker["patient"]], [speaker["appointment"]], [None]
    )
    assert context is not None
    slot = Slot(speaker["site"], speaker["starts_at"], Mode(speaker["mode"]))
    about = Subject(
        territory=speaker["territory"],
        appointment=speaker["appointment"],
        version=speaker["version"],
        patient=speaker["patient"],
        site=slot.site,
        starts_at=slot.start,
        mode=slot.mode,
        traceparent=traceparent,
    )
    rules = policy.rules(context["zone"], context["subdivision"])
    await tell(tx, about, plan_reminder(slot, now, rules), context, now)
