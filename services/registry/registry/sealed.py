"""What travels of a patient: JSON compartments, sealed for one event (DESIGN §6)."""

from datetime import date
from typing import Any
from uuid import UUID

import orjson

from registry.domain.contact import Contact
from registry.domain.identity import Identity
from smp.contracts import SealedContact, SealedPatient
from smp.sealing import Compartment, compartment_key, seal


def sealed_patient(
    data_key: bytes, patient: UUID, event_id: UUID, identity: Identity, contact: Contact, commune_code: str | None
) -> SealedPatient:
    """All compartments of a patient, bound to one event."""
    return SealedPatient(
        identity=_seal(data_key, patient, "identity", event_id, _identity(identity)),
        contact=_seal(data_key, patient, "contact", event_id, _contact(contact)),
        statistics=_seal(data_key, patient, "statistics", event_id, _statistics(identity, commune_code)),
    )


def sealed_contact(data_key: bytes, patient: UUID, event_id: UUID, contact: Contact) -> SealedContact:
    """The contact compartment alone, bound to one event."""
    return SealedContact(contact=_seal(data_key, patient, "contact", event_id, _contact(contact)))


def _seal(data_key: bytes, patient: UUID, compartment: Compartment, event_id: UUID, content: dict[str, Any]) -> str:
    key = compartment_key(data_key, compartment)
    return seal(key, orjson.dumps(content), patient=patient, compartment=compartment, event_id=event_id)


def _identity(identity: Identity) -> dict[str, Any]:
    return {
        "birth_name": identity.birth_name,
        "given_names": list(identity.given_names),
        "birth_date": identity.birth_date.isoformat(),
        "sex": identity.sex,
    }


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        "phones": [
            {
                "number": phone.number,
                "label": phone.label,
                "mobile": phone.mobile,
                "text_consent": phone.text_consent,
            }
            for phone in contact.phones
        ]
    }


def _statistics(identity: Identity, commune_code: str | None) -> dict[str, Any]:
    birth: date = identity.birth_date
    return {"birth_year": birth.year, "sex": identity.sex, "commune_code": commune_code}
