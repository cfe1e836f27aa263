"""Routes of patients. No name, date or number is ever part of an address: searches have a body."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from registry import problems as refusals
from registry.api.parts import Done, PersonName, PhoneText, encryption_keys, settings
from registry.api.rights import Right, allow
from registry.domain.contact import Phone
from registry.domain.eligibility import Eligibility, Evidence, Reason, Status, current, recheck_due
from registry.domain.identity import Sex, latest_french_date
from registry.domain.rules import Rule
from registry.phones import TypedPhone
from registry.problems import OF_RULE
from registry.store.patients import PatientRecord, Person
from registry.use_cases.change_contact import change_contact
from registry.use_cases.change_eligibility import change_eligibility
from registry.use_cases.erase_patient import ErasureReason, erase_patient
from registry.use_cases.find_patients import find_patients
from registry.use_cases.read_patients import get_patient, look_up_patients
from registry.use_cases.register_patient import DeclaredEligibility, RegisterPatient, Saved, register_patient
from smp.bodies import Flag, Whole
from smp.http import Body, Command, Day, Query, ShortText, describe
from smp.problems import Language

router = APIRouter(prefix="/v1/patients", tags=["patients"])


class PhoneBody(Body):
    """A number as typed, whose it is, and whether texts may be sent to it."""

    number: PhoneText
    label: Annotated[ShortText, Field(max_length=40, examples=["patient", "mère", "assistante sociale"])] = "patient"
    text_consent: Flag = False

    def to_typed(self) -> TypedPhone:
        return TypedPhone(self.number, self.label, self.text_consent)


Phones = Annotated[list[PhoneBody], Field(max_length=10)]


class EligibilityBody(Body):
    """Without médecin traitant, or not: `eligible` asks for a reason and an evidence; `from_date` null is today."""

    status: Status = Status.UNVERIFIED
    reason: Reason | None = None
    evidence: Evidence | None = None
    from_date: Day | None = None
    recheck_on: Day | None = None

    def to_declared(self) -> DeclaredEligibility:
        return DeclaredEligibility(self.status, self.reason, self.evidence, self.from_date, self.recheck_on)


class RegisterBody(Body):
    """A new patient. The territory is that of the home site, or the caller's only one."""

    birth_name: PersonName
    given_names: Annotated[list[PersonName], Field(min_length=1, max_length=10)]
    used_name: PersonName | None = None
    birth_date: Day
    sex: Sex
    commune_code: Annotated[str, Field(pattern=r"^[0-9AB]{5}$", examples=["53130"])] | None = None
    home_site: UUID | None = None
    phones: Phones = Field(default_factory=list)
    eligibility: EligibilityBody = EligibilityBody()
    confirmed_not_duplicate_of: Annotated[list[UUID], Field(max_length=50, default_factory=list)]

    def to_request(self) -> RegisterPatient:
        return RegisterPatient(
            birth_name=self.birth_name,
            given_names=tuple(self.given_names),
            used_name=self.used_name,
            birth_date=self.birth_date,
            sex=self.sex,
            commune_code=self.commune_code,
            home_site=self.home_site,
            phones=[phone.to_typed() for phone in self.phones],
            eligibility=self.eligibility.to_declared(),
            confirmed_not_duplicate_of=frozenset(self.confirmed_not_duplicate_of),
        )


class ContactBody(Body):
    """All the numbers of the patient, in order of preference; those that are not here are no longer used."""

    phones: Phones


class ErasureBody(Body):
    reason: ErasureReason


class SearchBody(Body):
    """The beginning of one or more names in any order, a birth date, or both; a page after a patient."""

    name: ShortText | None = None
    birth_date: Day | None = None
    after: UUID | None = None
    limit: Annotated[Whole, Field(ge=1, le=50)] = 20


class LookUpBody(Body):
    patients: Annotated[list[UUID], Field(max_length=500)]


class PersonView(BaseModel):
    """A patient in a list."""

    id: UUID
    display_name: str
    birth_name: str
    given_names: tuple[str, ...]
    birth_date: date
    sex: Sex

    @classmethod
    def of(cls, person: Person) -> Self:
        who = person.identity
        return cls(
            id=person.id,
            display_name=who.display_name,
            birth_name=who.birth_name,
            given_names=who.given_names,
            birth_date=who.birth_date,
            sex=who.sex,
        )


class FoundView(BaseModel):
    """Some of the people found; ask again with `after` = `next` when it is not null."""

    patients: tuple[PersonView, ...]
    next: UUID | None


class NameView(BaseModel):
    id: UUID
    display_name: str
    birth_date: date
    sex: Sex
    eligibility: Status


class NamesView(BaseModel):
    """Unknown and erased patients are simply absent."""

    patients: tuple[NameView, ...]


class PhoneView(BaseModel):
    number: str
    label: str
    mobile: bool
    text_consent: bool

    @classmethod
    def of(cls, phone: Phone) -> Self:
        return cls(number=phone.number, label=phone.label, mobile=phone.mobile, text_consent=phone.text_consent)


class EligibilityView(BaseModel):
    status: Status
    from_date: date
    reason: Reason | None
    evidence: Evidence | None
    verified_by: str | None
    verified_at: datetime | None
    recheck_on: date | None
    recheck_due: bool

    @classmethod
    def of(cls, state: Eligibility, today: date) -> Self:
        return cls(
            status=state.status,
            from_date=state.from_date,
            reason=state.reason,
            evidence=state.evidence,
            verified_by=state.verified_by,
            verified_at=state.verified_at,
            recheck_on=state.recheck_on,
            recheck_due=recheck_due(state, today),
        )


class PatientView(BaseModel):
    """One patient; `eligibility` holds today, `eligibility_history` is in order of recording."""

    id: UUID
    territory: str
    display_name: str
    birth_name: str
    used_name: str | None
    given_names: tuple[str, ...]
    birth_date: date
    sex: Sex
    commune_code: str | None
    home_site: UUID | None
    phones: tuple[PhoneView, ...]
    reachable_by_text: bool
    eligibility: EligibilityView | None
    eligibility_history: tuple[EligibilityView, ...]
    registered_at: datetime
    version: int

    @classmethod
    def of(cls, patient: PatientRecord, today: date) -> Self:
        who, held = patient.identity, current(patient.history, today)
        return cls(
            id=patient.id,
            territory=patient.territory,
            display_name=who.display_name,
            birth_name=who.birth_name,
            used_name=who.used_name,
            given_names=who.given_names,
            birth_date=who.birth_date,
            sex=who.sex,
            commune_code=patient.commune_code,
            home_site=patient.home_site,
            phones=tuple(PhoneView.of(phone) for phone in patient.contact.phones),
            reachable_by_text=patient.contact.reachable_by_text,
            eligibility=EligibilityView.of(held, today) if held else None,
            eligibility_history=tuple(EligibilityView.of(state, today) for state in patient.history),
            registered_at=patient.registered_at,
            version=patient.version,
        )


@router.post(
    "",
    status_code=201,
    response_model=Done,
    summary="Enregistrer un patient",
    responses=describe(
        refusals.POSSIBLE_DUPLICATE,
        refusals.SITE_UNKNOWN,
        refusals.TERRITORY_UNCLEAR,
        refusals.PHONE_INVALID,
        OF_RULE[Rule.BIRTH_DATE_FUTURE],
        OF_RULE[Rule.BIRTH_DATE_TOO_OLD],
        OF_RULE[Rule.ELIGIBILITY_INCOMPLETE],
    ),
)
async def register(body: RegisterBody, command: Command) -> Response:
    allow(command, Right.CHANGE_PATIENTS, body.home_site)
    return await command.once(
        lambda tx: register_patient(
            tx,
            body.to_request(),
            actor=command.actor,
            now=command.now,
            keys=encryption_keys(command),
            policy=settings(command).recheck,
        ),
        lambda saved: _done(saved, command.language),
    )


@router.post(
    "/search",
    response_model=FoundView,
    summary="Chercher par nom et date de naissance",
    responses=describe(refusals.NOTHING_TO_SEARCH),
)
async def search(body: SearchBody, query: Query) -> FoundView:
    allow(query, Right.READ_PATIENTS)
    async with query.transaction() as tx:
        page = await find_patients(tx, body.name, body.birth_date, after=body.after, limit=body.limit)
    return FoundView(patients=tuple(PersonView.of(person) for person in page.people), next=page.next)


@router.post("/lookup", response_model=NamesView, summary="Les noms d'une liste du jour")
async def look_up(body: LookUpBody, query: Query) -> NamesView:
    allow(query, Right.READ_PATIENTS)
    async with query.transaction() as tx:
        found = await look_up_patients(tx, body.patients, now=query.now)
    return NamesView(
        patients=tuple(
            NameView(
                id=person.id,
                display_name=person.identity.display_name,
                birth_date=person.identity.birth_date,
                sex=person.identity.sex,
                eligibility=status,
            )
            for person, status in found
        )
    )


@router.get(
    "/{patient_id}",
    response_model=PatientView,
    summary="Un patient",
    responses=describe(refusals.PATIENT_UNKNOWN),
)
async def one(patient_id: UUID, query: Query) -> PatientView:
    allow(query, Right.READ_PATIENTS)
    async with query.transaction() as tx:
        return PatientView.of(await get_patient(tx, patient_id), latest_french_date(query.now))


@router.post(
    "/{patient_id}/contact",
    response_model=Done,
    summary="Changer les numéros et les consentements aux SMS",
    responses=describe(refusals.PATIENT_UNKNOWN, refusals.PHONE_INVALID, OF_RULE[Rule.PHONE_TWICE]),
)
async def set_contact(patient_id: UUID, body: ContactBody, command: Command) -> Response:
    allow(command, Right.CHANGE_PATIENTS)
    phones = [phone.to_typed() for phone in body.phones]
    return await command.once(
        lambda tx: change_contact(
            tx, patient_id, phones, actor=command.actor, now=command.now, keys=encryption_keys(command)
        ),
        lambda saved: _done(saved, command.language),
    )


@router.post(
    "/{patient_id}/eligibility",
    response_model=Done,
    summary="Enregistrer l'état « sans médecin traitant »",
    responses=describe(refusals.PATIENT_UNKNOWN, OF_RULE[Rule.ELIGIBILITY_INCOMPLETE], OF_RULE[Rule.ELIGIBILITY_DATE]),
)
async def set_eligibility(patient_id: UUID, body: EligibilityBody, command: Command) -> Response:
    allow(command, Right.CHANGE_PATIENTS)
    return await command.once(
        lambda tx: change_eligibility(
            tx,
            patient_id,
            body.to_declared(),
            actor=command.actor,
            now=command.now,
            policy=settings(command).recheck,
        ),
        lambda saved: _done(saved, command.language),
    )


@router.post(
    "/{patient_id}/erasure",
    response_model=Done,
    summary="Effacer les données d'un patient, pour toujours",
    responses=describe(refusals.PATIENT_UNKNOWN),
)
async def erase(patient_id: UUID, body: ErasureBody, command: Command) -> Response:
    allow(command, Right.ERASE_PATIENTS)
    return await command.once(
        lambda tx: erase_patient(tx, patient_id, body.reason, actor=command.actor, now=command.now),
        lambda saved: _done(saved, command.language),
    )


def _done(saved: Saved, language: Language) -> Done:
    return Done.of(saved.id, saved.version, saved.warnings, language)
