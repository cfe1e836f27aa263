"""The centre asks that a patient be called: no text can say what becomes of the appointment."""

from notifications.domain.appointments import AppointmentState, Mode
from notifications.domain.messages import Purpose
from notifications.domain.reachability import CallReason
from notifications.use_cases.drop_outdated import drop_outdated
from notifications.use_cases.policy import Policy
from notifications.use_cases.raise_call import Subject, raise_call
from smp.consumer import Delivery
from smp.contracts import CallRequested
from smp.postgres import Statements, Transaction

PROJECTIONS = Statements.load("notifications.store", "projections.sql")


async def ask_for_call(tx: Transaction, delivery: Delivery[CallRequested], policy: Policy) -> None:
    """One call for one request, one for all those of a party (`plan_party`). Texts and calls about the place that is no
    longer sure are dropped, the reminder too; the move or the cancellation that follows drops this call in its turn.
    From now on the patient is told apart from whoever was expected with them. One older than the horizon asks
    nothing."""
    asked, event = delivery.data, delivery.event
    verdict = _verdict(delivery, policy)
    first = await tx.fetch(
        PROJECTIONS.record_states,
        AppointmentState.EXPECTED,
        delivery.now,
        [asked.appointment],
        [event.territory],
        [event.sequence],
        [asked.patient],
        [asked.site],
        [asked.start],
        [asked.mode],
        [event.id],
        [verdict],
        [asked.party],
        [asked.party is not None],
    )
    await drop_outdated(tx, [(asked.appointment, event.sequence, "call_requested")], delivery.now)
    if asked.party and verdict in ("planned", "too_old"):
        await tx.execute(PROJECTIONS.leave_undecided, asked.appointment, event.sequence)
    context = await tx.fetchrow(
        PROJECTIONS.planning_contexts, [asked.site], [asked.patient], [asked.appointment], [None]
    )
    if asked.party or not first or verdict != "planned" or (context and context["erased"]):
        return
    about = Subject(
        territory=event.territory,
        appointment=asked.appointment,
        version=event.sequence,
        patient=asked.patient,
        site=asked.site,
        starts_at=asked.start,
        mode=Mode(asked.mode),
        traceparent=event.traceparent,
    )
    await raise_call(tx, about, Purpose.CHANGE, CallReason.TO_BE_DECIDED, delivery.now)


def _verdict(delivery: Delivery[CallRequested], policy: Policy) -> str:
    """A silent appointment is on nobody's list: whoever it concerns is told by the professional involved."""
    if delivery.order == "stale":
        return "stale"
    if delivery.now - delivery.event.time > policy.horizon:
        return "too_old"
    return "silent" if delivery.data.compartment == "silent" else "planned"
