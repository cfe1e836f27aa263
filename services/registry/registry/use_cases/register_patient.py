"""A patient is registered; the same person is not registered twice unless a human says that these are two people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from registry.domain.contact import Contact, contact
from registry.domain.eligibility import Eligibility, Evidence, Reason, RecheckPolicy, Status, eligibility
from registry.domain.identifiers import commune
from registry.domain.identity import Sex, age, identity
from registry.domain.rules import Warned
from registry.phones import TypedPhone, read_phones
from registry.problems import POSSIBLE_DUPLICATE, refusing
from registry.sealed import sealed_patient
from registry.store import patients
from registry.use_cases.whereabouts import where_and_when
from smp.auth import Actor
from smp.contracts import Event, PatientRegistered
from smp.ids import new_id
from smp.postgres import Transaction
from smp.problems import Refusal
from smp.sealing import KeyEncryptionKeys, new_data_key


@dataclass(frozen=True, slots=True)
class DeclaredEligibility:
    """What was said or seen; `from_date` None is today at the home site."""

    status: Status = Status.UNVERIFIED
    reason: Reason | None = None
    evidence: Evidence | None = None
    from_date: date | None = None
    recheck_on: date | None = None


@dataclass(frozen=True, slots=True)
class RegisterPatient:
    """`confirmed_not_duplicate_of` lists the candidates that a human has recognised as other people."""

    birth_name: str
    given_names: tuple[str, ...]
    birth_date: date
    sex: Sex
    used_name: str | None = None
    commune_code: str | None = None
    home_site: UUID | None = None
    phones: Sequence[TypedPhone] = ()
    eligibility: DeclaredEligibility = DeclaredEligibility()
    confirmed_not_duplicate_of: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Saved:
    """A patient's new version, and what the person who typed should know."""

    id: UUID
    version: int
    warnings: tuple[Warned, ...] = ()


@refusing
async def register_patient(
    tx: Transaction,
    request: RegisterPatient,
    *,
    actor: Actor,
    now: datetime,
    keys: KeyEncryptionKeys,
    policy: RecheckPolicy,
) -> Saved:
    """Store the patient under a new data key and publish PatientRegistered.

    Refuses POSSIBLE_DUPLICATE with the candidates; a person who is not eligible is registered like any other.
    """
    territory, today = await where_and_when(tx, request.home_site, actor, now)
    who = identity(request.birth_name, request.given_names, request.birth_date, request.sex, request.used_name, now=now)
    reach = contact(read_phones(request.phones))
    state = _state(request.eligibility, today, actor, now, policy)
    others = await patients.same_person(tx, territory, who.duplicate_key)
    if {person.id for person, _ in others} - request.confirmed_not_duplicate_of:
        raise _duplicate([person for person, _ in others])
    data_key, patient_id = new_data_key(), new_id()
    kek_id, wrapped = keys.wrap(patient_id, data_key)
    patient = patients.NewPatient(
        id=patient_id,
        territory=territory,
        identity=who,
        commune_code=commune(request.commune_code) if request.commune_code else None,
        home_site=request.home_site,
        contact=reach,
        eligibility=state,
        namesake=max((namesake for _, namesake in others), default=-1) + 1,
        kek_id=kek_id,
        wrapped=wrapped,
    )
    if not await patients.insert(tx, patient, actor.subject, now):
        # Someone else registered the same person at the same moment.
        raise _duplicate([person for person, _ in await patients.same_person(tx, territory, who.duplicate_key)])
    tx.publish(_registered(patient, data_key, now))
    return Saved(patient_id, 1, _warnings(patient, today))


def _state(
    declared: DeclaredEligibility, today: date, actor: Actor, now: datetime, policy: RecheckPolicy
) -> Eligibility:
    return eligibility(
        declared.status, declared.from_date or today, declared.reason, declared.evidence, declared.recheck_on,
        actor=actor.subject, now=now, policy=policy,
    )  # fmt: skip


def _duplicate(candidates: Sequence[patients.Person]) -> Refusal:
    return Refusal(
        POSSIBLE_DUPLICATE,
        candidates=[
            {
                "patient": str(person.id),
                "display_name": person.identity.display_name,
                "birth_date": person.identity.birth_date.isoformat(),
                "sex": person.identity.sex,
            }
            for person in candidates
        ],
    )


def _registered(patient: patients.NewPatient, data_key: bytes, now: datetime) -> Event[PatientRegistered]:
    event_id = new_id()
    data = PatientRegistered(
        patient=patient.id,
        registered_at=now,
        home_site=patient.home_site,
        eligibility=patient.eligibility.status.value,
        eligibility_from=patient.eligibility.from_date,
        reachable_by_text=patient.contact.reachable_by_text,
        text_consent=not patient.contact.refuses_texts,
        sealed=sealed_patient(data_key, patient.id, event_id, patient.identity, patient.contact, patient.commune_code),
    )
    return Event.of(
        data,
        subject=patient.id,
        territory=patient.territory,
        site=patient.home_site,
        sequence=1,
        time=now,
        id=event_id,
    )


def contact_warnings(reach: Contact) -> tuple[Warned, ...]:
    """What to tell about numbers: none at all, or a consent to texts on one that takes none."""
    if not reach.phones:
        return (Warned.NO_PHONE,)
    wanted_in_vain = any(phone.text_consent and not phone.mobile for phone in reach.phones)
    return (Warned.PHONE_NOT_MOBILE,) if wanted_in_vain else ()


def _warnings(patient: patients.NewPatient, today: date) -> tuple[Warned, ...]:
    warnings = contact_warnings(patient.contact)
    if age(patient.identity.birth_date, today) < 16:
        warnings += (Warned.UNDER_SIXTEEN,)
    if patient.eligibility.status is Status.NOT_ELIGIBLE:
        warnings += (Warned.NOT_ELIGIBLE,)
    return warnings
