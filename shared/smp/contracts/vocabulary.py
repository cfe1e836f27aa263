"""Codes and small structures that several events share.

Sources: FHIR R4, the ANS SAS profiles (modes AMB, HH, VR) and the platform's domain notes. `Literal` = closed for ever;
`OneOf` = may grow.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from smp.contracts.base import Code, OneOf, Part

Role = Annotated[
    str,
    OneOf(
        (
            "retired_gp",
            "gp",
            "intern",
            "nurse",
            "medical_assistant",
            "social_worker",
            "secretary",
            "coordinator",
        )
    ),
]
"""What a professional does in a centre. `intern` = SASPAS intern, never present without a supervisor."""

Kind = Code
"""Kind of appointment, configured per site: `consultation`, `minor_emergency`, `social`…"""

Mode = Literal["AMB", "HH", "VR"]
"""HL7 ActCode of the encounter: AMB on site, HH at the patient's home, VR by video."""

RemoteBy = Annotated[str, OneOf(("video", "telephone"))]
"""By what means an appointment of mode VR takes place; by video when nothing is said."""

Compartment = Annotated[str, OneOf(("medical", "medico_social", "silent"))]
"""Who may know more than that the time is taken. `silent` protects a victim: no text, no trace on a shared screen."""

CapacityClass = Annotated[str, OneOf(("desk", "same_day", "medico_social", "regulation", "online"))]
"""Which reserved share of the agenda the appointment was taken from."""


class ShareOfSession(Part):
    """So many slots of a session are kept for a class; of an open session until `release_at`, null = until the end."""

    capacity_class: CapacityClass
    slots: Annotated[int, Field(ge=1)]
    release_at: AwareDatetime | None = None


BookingChannel = Annotated[str, OneOf(("phone", "desk", "walk_in", "online", "regulation", "waiting_list"))]
"""How the request reached the centre. `regulation` = sent by the SAS or SAMU regulation."""

SessionDoubt = Annotated[str, OneOf(("site_closed", "out_of_contract", "role"))]
"""Which fact of registry speaks against a session in which patients are expected."""

SupportLost = Annotated[str, OneOf(("no_supervisor", "supervisor_absent", "too_many_interns"))]
"""Why an intern is not covered: nobody answers for them that day, or nobody of those is present or reachable, or those
answer for as many interns as they may at that instant."""

CancelledBy = Literal["patient", "centre"]

AppointmentState = Annotated[
    str,
    OneOf(
        (
            "booked",
            "arrived",
            "in_preparation",
            "in_consultation",
            "done",
            "no_show",
            "left_unseen",
            "cancelled",
            "excused",
        )
    ),
]
"""Where an appointment stands in its life."""

QueuePlace = Annotated[str, OneOf(("before", "last", "by_rule"))]
"""Where somebody is put in the queue by hand."""

WaitingPriority = Annotated[str, OneOf(("high", "raised", "ordinary"))]
"""Class of a patient on the waiting list, set by a health or social professional; `ordinary` when none was set."""

Mobility = Annotated[str, OneOf(("travels", "home"))]
"""`home` = the patient can only be seen at home or, when accepted, by video."""

Outcome = Annotated[str, OneOf(("none", "follow_up", "referred_to_treating_doctor", "sent_to_emergency", "other"))]
"""What follows the consultation. It never says why the patient came."""

Severity = Annotated[int, Field(ge=1, le=5)]
"""CCMU class, 1 (stable, no act) to 5 (immediate threat to life). Unscheduled care only."""

Eligibility = Literal["eligible", "not_eligible", "unverified"]
"""Whether the patient is without médecin traitant. `unverified` never refuses urgent care."""

EligibilityReason = Annotated[
    str,
    OneOf(
        (
            "DEPART_RETRAITE",
            "DECES_OU_ARRET_MEDECIN",
            "DEMENAGEMENT_MEDECIN",
            "NOUVEL_ARRIVANT",
            "RUPTURE_OU_REFUS",
            "JAMAIS_DECLARE",
            "MT_TROP_ELOIGNE",
            "SORTIE_INSTITUTION",
            "AUTRE",
        )
    ),
]
"""Why the patient has no médecin traitant (`motif_sans_mt`)."""

MessagePurpose = Annotated[
    str, OneOf(("confirmation", "reminder", "change", "cancellation", "offer", "offer_withdrawn", "address"))
]

MessageChannel = Annotated[str, OneOf(("sms",))]

CallReason = Annotated[
    str,
    OneOf(("no_mobile", "no_consent", "refused", "invalid_number", "undelivered", "key_missing", "to_be_decided")),
]
"""Why a secretary must call instead of a text. `key_missing` = the contact can no longer be unsealed;
`to_be_decided` = the centre asks for it, to settle with the patient what becomes of the appointment."""

Sealed = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/_-]+={0,2}$")]
"""One compartment of personal data, AES-256-GCM, base64. Bound to patient, compartment and event id."""


class Practitioner(Part):
    """A professional who takes part in an appointment, with the role held that day."""

    professional: UUID
    role: Role


People = tuple[Practitioner, ...]
