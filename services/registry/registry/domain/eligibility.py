""" "Sans médecin traitant": a dated state with its reason and its evidence (DOMAIN §2).

It steers who is offered ordinary appointments and what is told to the funders. It never refuses urgent care, and it
never refuses a registration.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from registry.domain.identity import latest_french_date
from registry.domain.rules import Rule, RuleBroken


class Status(StrEnum):
    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not_eligible"
    UNVERIFIED = "unverified"


class Reason(StrEnum):
    """Why the person has no treating doctor (`motif_sans_mt`)."""

    DEPART_RETRAITE = "DEPART_RETRAITE"
    DECES_OU_ARRET_MEDECIN = "DECES_OU_ARRET_MEDECIN"
    DEMENAGEMENT_MEDECIN = "DEMENAGEMENT_MEDECIN"
    NOUVEL_ARRIVANT = "NOUVEL_ARRIVANT"
    RUPTURE_OU_REFUS = "RUPTURE_OU_REFUS"
    JAMAIS_DECLARE = "JAMAIS_DECLARE"
    MT_TROP_ELOIGNE = "MT_TROP_ELOIGNE"
    SORTIE_INSTITUTION = "SORTIE_INSTITUTION"
    AUTRE = "AUTRE"


class Evidence(StrEnum):
    """What was seen or heard."""

    PATIENT_WORD = "patient_word"
    RIGHTS_CERTIFICATE = "rights_certificate"
    TELESERVICE = "teleservice"
    CPAM_LIST = "cpam_list"


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The state from `from_date` on. `verified_*` are set when there is evidence; `recheck_on` is when to ask again."""

    status: Status
    from_date: date
    reason: Reason | None = None
    evidence: Evidence | None = None
    verified_by: str | None = None
    verified_at: datetime | None = None
    recheck_on: date | None = None


@dataclass(frozen=True, slots=True)
class RecheckPolicy:
    """After how many days the status is asked again, when nobody gave a date."""

    verified_days: int
    unverified_days: int


def eligibility(
    status: Status, from_date: date, reason: Reason | None, evidence: Evidence | None, recheck_on: date | None,
    *, actor: str, now: datetime, policy: RecheckPolicy,
) -> Eligibility:  # fmt: skip
    """The state as it will be recorded, verified by `actor` at `now` when there is evidence.

    Raises RuleBroken: an eligible person has a reason and an evidence; another has no reason; `unverified` has no
    evidence; a state does not begin in the future and is asked again after it began.
    """
    if status is Status.ELIGIBLE and (reason is None or evidence is None):
        raise RuleBroken(Rule.ELIGIBILITY_INCOMPLETE, missing="reason, evidence")
    if status is not Status.ELIGIBLE and reason is not None:
        raise RuleBroken(Rule.ELIGIBILITY_INCOMPLETE, not_expected="reason")
    if status is Status.UNVERIFIED and evidence is not None:
        raise RuleBroken(Rule.ELIGIBILITY_INCOMPLETE, not_expected="evidence")
    today = latest_french_date(now)
    if from_date > today or (recheck_on is not None and recheck_on <= from_date):
        raise RuleBroken(Rule.ELIGIBILITY_DATE)
    days = policy.unverified_days if status is Status.UNVERIFIED else policy.verified_days
    verified = evidence is not None
    return Eligibility(
        status=status,
        from_date=from_date,
        reason=reason,
        evidence=evidence,
        verified_by=actor if verified else None,
        verified_at=now if verified else None,
        recheck_on=recheck_on or today + timedelta(days=days),
    )


def current(history: Iterable[Eligibility], on: date) -> Eligibility | None:
    """The state that holds on a day. `history` is in order of recording: of two states of one date, the later holds."""
    held: Eligibility | None = None
    for state in history:
        if state.from_date <= on and (held is None or state.from_date >= held.from_date):
            held = state
    return held


def recheck_due(state: Eligibility, on: date) -> bool:
    """True when the status should be asked again on that day."""
    return state.recheck_on is not None and state.recheck_on <= on
