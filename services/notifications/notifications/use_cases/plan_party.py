"""Who speaks for a family: the first of the party, and when that one is not expected with the others any more, the next
of them. One reminder for all, never none.

Members are told of in any order, for their appointments are different keys: after each event of one of them the whole
party is looked at again, one event at a time.
"""

from datetime import datetime
from uuid import UUID

from notifications.domain.appointments import Mode, Slot
from notifications.domain.planning import plan_reminder
from notifications.use_cases.plan import Told, tell
from notifications.use_cases.policy import Policy
from notifications.use_cases.raise_call import Subject
from smp.consumer import Delivery
from smp.postgres import Record, Statements, Transaction

PROJECTIONS = Statements.load("notifications.store", "projections.sql")


async def let_another_speak(tx: Transaction, delivery: Delivery[Told], policy: Policy) -> None:
    """Plan the reminder of who speaks now, when the first of the party is gone and nobody else reminds the others."""
    party = delivery.data.party
    if party is None or delivery.now - delivery.event.time > policy.horizon:
        return
    speaker = await next_speaker(tx, party)
    if speaker is not None:
        await _remind(tx, speaker, delivery.event.traceparent, policy, delivery.now)


async def next_speaker(tx: Transaction, party: UUID) -> Record | None:
    """The member who is to speak from now on; nothing while the first does, or another one already has a reminder."""
    await tx.execute(PROJECTIONS.one_event_of_a_party_at_a_time, party)
    return await tx.fetchrow(PROJECTIONS.next_speaker, party)


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
