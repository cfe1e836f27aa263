"""What is known of a patient's treating doctor changes."""

from datetime import datetime
from uuid import UUID

from registry.domain.eligibility import RecheckPolicy, Status, eligibility
from registry.domain.rules import Warned
from registry.problems import refusing
from registry.store import patients
from registry.use_cases.lock_patient import lock_patient
from registry.use_cases.register_patient import DeclaredEligibility, Saved
from registry.use_cases.whereabouts import today_at
from smp.auth import Actor
from smp.contracts import EligibilityChanged, Event
from smp.postgres import Transaction


@refusing
async def change_eligibility(
    tx: Transaction,
    patient_id: UUID,
    declared: DeclaredEligibility,
    *,
    actor: Actor,
    now: datetime,
    policy: RecheckPolicy,
) -> Saved:
    """Add a state to the history; earlier states stay."""
    patient = await lock_patient(tx, patient_id)
    state = eligibility(
        declared.status, declared.from_date or await today_at(tx, patient.home_site, now), declared.reason,
        declared.evidence, declared.recheck_on, actor=actor.subject, now=now, policy=policy,
    )  # fmt: skip
    await patients.record_eligibility(tx, patient_id, state, actor.subject, now)
    data = EligibilityChanged(
        patient=patient_id,
        status=state.status.value,
        reason=state.reason.value if state.reason else None,
        from_date=state.from_date,
    )
    version = patient.version + 1
    tx.publish(
        Event.of(
            data,
            subject=patient_id,
            territory=patient.territory,
            site=patient.home_site,
            sequence=version,
            time=now,
        )
    )
    return Saved(patient_id, version, (Warned.NOT_ELIGIBLE,) if state.status is Status.NOT_ELIGIBLE else ())
