"""Patients, without their identity: what must travel is sealed. Published by registry; the key is the patient.

Sealed plaintexts are JSON: `identity` {birth_name, given_names, birth_date, sex}; `contact` {phones: [{number
(E.164), label, mobile, text_consent}]}; `statistics` {birth_year, sex, commune_code}.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from smp.contracts.base import EventData, Part, Topic
from smp.contracts.vocabulary import Eligibility, EligibilityReason, Sealed

PATIENTS = Topic(
    "smp.registry.patients",
    "registry",
    "patient",
    "Patients by opaque id: eligibility, whether a text can reach them, sealed compartments.",
)


class SealedPatient(Part):
    """Every compartment, each readable only by the services entitled to it."""

    identity: Sealed
    contact: Sealed
    statistics: Sealed


class SealedContact(Part):
    contact: Sealed


class PatientEvent(EventData):
    topic: ClassVar[Topic] = PATIENTS

    patient: UUID


class PatientRegistered(PatientEvent):
    """A file was opened. `reachable_by_text` = there is a mobile number, and consent to texts on it; `text_consent` is
    false when there is a mobile number and texts are refused, null in events older than the field."""

    registered_at: AwareDatetime
    home_site: UUID | None = None
    eligibility: Eligibility
    eligibility_from: date
    reachable_by_text: bool
    text_consent: bool | None = None
    sealed: SealedPatient


class PatientContactChanged(PatientEvent):
    """Numbers or consent changed. `text_consent` tells a refusal (false) from a missing mobile number (true)."""

    reachable_by_text: bool
    text_consent: bool
    sealed: SealedContact


class EligibilityChanged(PatientEvent):
    """From `from_date` the patient is (or is no longer) without médecin traitant; `reason` when known."""

    status: Eligibility
    reason: EligibilityReason | None = None
    from_date: date


class PatientErased(PatientEvent):
    """The data key is destroyed: every projection deletes its copy, sealed events are unreadable for good."""

    erased_at: AwareDatetime
