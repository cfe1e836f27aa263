"""How a rule of the domain says no: one exception, a closed list of rules, facts that help the reader."""

from enum import StrEnum
from typing import Any


class Rule(StrEnum):
    """Each rule that can refuse something; the value is the slug which callers may rely on."""

    RPPS_LENGTH = "rpps-invalid"
    FINESS_LENGTH = "finess-invalid"
    COMMUNE_SHAPE = "commune-invalid"
    ZONE_UNKNOWN = "zone-unknown"
    SUBDIVISION_UNKNOWN = "subdivision-unknown"
    HOURS_EMPTY = "opening-hours-empty-range"
    HOURS_OVERLAP = "opening-hours-overlap"
    SITE_CLOSED = "site-closed"
    SITE_DATE = "site-date-out-of-order"
    SITE_LEAVES_TERRITORY = "site-leaves-territory"
    NAME_EMPTY = "name-empty"
    BIRTH_DATE_FUTURE = "birth-date-in-the-future"
    BIRTH_DATE_TOO_OLD = "birth-date-too-old"
    PHONE_TWICE = "phone-twice"
    ELIGIBILITY_INCOMPLETE = "eligibility-incomplete"
    ELIGIBILITY_DATE = "eligibility-date-invalid"
    CONTRACT_DATES = "contract-dates-invalid"
    OUTSIDE_CONTRACT = "outside-contract"
    ROLE_DATE = "role-date-out-of-order"
    ALREADY_LEFT = "already-left"
    ONLY_INTERNS_ARE_SUPERVISED = "only-interns-are-supervised"
    CANNOT_SUPERVISE = "cannot-supervise"
    SUPERVISION_DATES = "supervision-dates-invalid"
    SUPERVISION_TWICE = "supervision-already-assigned"
    SUPERVISION_UNKNOWN = "supervision-unknown"


class RuleBroken(Exception):
    """A rule refuses. `facts` complete the sentence shown to the user; they never hold personal data."""

    def __init__(self, rule: Rule, **facts: Any) -> None:
        super().__init__(rule.value)
        self.rule = rule
        self.facts = facts


class Warned(StrEnum):
    """What is saved all the same, with a word to the person who typed it (DOMAIN §1.5)."""

    RPPS_KEY = "rpps-key-doubtful"
    RPPS_MISSING = "rpps-missing"
    FINESS_KEY = "finess-key-doubtful"
    PHONE_NOT_MOBILE = "phone-not-mobile"
    NO_PHONE = "no-phone"
    UNDER_SIXTEEN = "under-sixteen"
    NOT_ELIGIBLE = "not-eligible-urgent-care-remains"
