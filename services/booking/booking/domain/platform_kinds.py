"""The kinds that every territory has until it decides otherwise."""

from collections.abc import Mapping
from datetime import timedelta

from booking.domain.kinds import DOCTORS, HOME, ON_SITE, TELEPHONE, VIDEO, Compartment, Kind

CONSULTATION, MINOR_EMERGENCY, SOCIAL = "consultation", "minor_emergency", "social"

MINUTES: Mapping[str, int] = {
    CONSULTATION: 20,
    MINOR_EMERGENCY: 20,
    SOCIAL: 30,
    "follow_up": 20,
    "home_visit": 40,
    "nurse_care": 20,
    "preparation": 10,
    "protected": 30,
    "teleconsultation": 20,
}
"""How long each takes where the settings say nothing else."""


def platform_kinds(minutes: Mapping[str, int] = MINUTES) -> tuple[Kind, ...]:
    """The platform's own kinds with these durations."""
    lasts = {code: timedelta(minutes=each) for code, each in {**MINUTES, **minutes}.items()}
    social_workers = frozenset({"social_worker"})
    return (
        Kind(CONSULTATION, lasts[CONSULTATION], DOCTORS, wants_eligibility=True),
        Kind(MINOR_EMERGENCY, lasts[MINOR_EMERGENCY], DOCTORS, "same_day", unscheduled=True),
        Kind(
            SOCIAL, lasts[SOCIAL], social_workers, "medico_social",
            modes=frozenset({ON_SITE, TELEPHONE}), neutral_wording=True, compartment=Compartment.MEDICO_SOCIAL,
        ),
        Kind("follow_up", lasts["follow_up"], DOCTORS, wants_eligibility=True, follow_up_only=True),
        Kind(
            "home_visit", lasts["home_visit"], frozenset({"gp", "retired_gp"}),
            modes=frozenset({HOME}), wants_eligibility=True,
            buffer_before=timedelta(minutes=20), buffer_after=timedelta(minutes=20),  # on the road
        ),
        Kind("nurse_care", lasts["nurse_care"], frozenset({"nurse"})),
        Kind("preparation", lasts["preparation"], frozenset({"medical_assistant", "nurse"})),
        Kind(
            "protected", lasts["protected"], frozenset({"gp", "retired_gp", "nurse", "social_worker"}),
            neutral_wording=True, compartment=Compartment.SILENT,
        ),
        Kind(
            "teleconsultation", lasts["teleconsultation"], DOCTORS,
            modes=frozenset({VIDEO, TELEPHONE}), wants_eligibility=True,
        ),
    )  # fmt: skip
