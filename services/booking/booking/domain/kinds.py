"""Kinds of consultation: who does them, what they need of the patient, which share of the day they draw on."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

DOCTORS = frozenset({"gp", "retired_gp", "intern"})
INTERN = "intern"


class KindCode(StrEnum):
    CONSULTATION = "consultation"
    MINOR_EMERGENCY = "minor_emergency"
    SOCIAL = "social"


@dataclass(frozen=True, slots=True)
class Kind:
    """What is booked. `unscheduled` marks same-day care (soins non programmés)."""

    code: KindCode
    duration: timedelta
    roles: frozenset[str]
    capacity_class: str
    wants_eligibility: bool = False
    unscheduled: bool = False


def kinds(consultation: timedelta, minor_emergency: timedelta, social: timedelta) -> dict[str, Kind]:
    """The kinds of this platform, by code, with the durations of the settings."""
    return {
        kind.code: kind
        for kind in (
            Kind(KindCode.CONSULTATION, consultation, DOCTORS, "desk", wants_eligibility=True),
            Kind(KindCode.MINOR_EMERGENCY, minor_emergency, DOCTORS, "same_day", unscheduled=True),
            Kind(KindCode.SOCIAL, social, frozenset({"social_worker"}), "medico_social"),
        )
    }
