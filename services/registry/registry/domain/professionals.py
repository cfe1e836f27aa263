"""A professional: contract, dated roles, departure. An end date is the last day, `left_from` the first day without."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from registry.domain.rules import Rule, RuleBroken


class Role(StrEnum):
    RETIRED_GP = "retired_gp"
    GP = "gp"
    INTERN = "intern"
    NURSE = "nurse"
    MEDICAL_ASSISTANT = "medical_assistant"
    SOCIAL_WORKER = "social_worker"
    SECRETARY = "secretary"
    COORDINATOR = "coordinator"


SUPERVISORS = frozenset({Role.GP, Role.RETIRED_GP, Role.COORDINATOR})
LISTED_IN_RPPS = frozenset({Role.GP, Role.RETIRED_GP, Role.NURSE, Role.INTERN})


@dataclass(frozen=True, slots=True)
class Contract:
    """In force from `start` to `end`, both included; no end is an open contract."""

    start: date
    end: date | None = None

    def covers(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True, order=True)
class DatedRole:
    """A role held from a date until the next one."""

    from_date: date
    role: Role


@dataclass(frozen=True, slots=True)
class Professional:
    """`roles` in order of date, the first at the start of the contract."""

    id: UUID
    territory: str
    contract: Contract
    roles: tuple[DatedRole, ...]
    left_from: date | None
    version: int

    @property
    def service(self) -> Contract:
        """The contract, cut short by a departure."""
        if self.left_from is None:
            return self.contract
        return Contract(self.contract.start, self.left_from - timedelta(days=1))

    def role_on(self, day: date) -> Role:
        """The role held on a day; before the first role, the first one."""
        held = self.roles[0].role
        for dated in self.roles:
            if dated.from_date <= day:
                held = dated.role
        return held

    def holds_throughout(self, roles: frozenset[Role], start: date, end: date | None) -> bool:
        """True when the role is one of `roles` on every day from `start` to `end`, both included."""
        within = (
            dated.role for dated in self.roles if start < dated.from_date and (end is None or dated.from_date <= end)
        )
        return self.role_on(start) in roles and all(role in roles for role in within)


def check_contract(contract: Contract) -> None:
    """Raises RuleBroken when the contract ends before it starts."""
    if contract.end is not None and contract.end < contract.start:
        raise RuleBroken(Rule.CONTRACT_DATES)


def check_role_change(professional: Professional, from_date: date) -> None:
    """A new role begins within the contract and not before the last known role."""
    _check_in_service(professional, from_date)
    last = professional.roles[-1].from_date
    if from_date < last:
        raise RuleBroken(Rule.ROLE_DATE, not_before=last.isoformat())


def check_departure(professional: Professional, from_date: date) -> None:
    """A professional leaves once, not before the start of the contract nor later than the day after its end."""
    if professional.left_from is not None:
        raise RuleBroken(Rule.ALREADY_LEFT, left_from=professional.left_from.isoformat())
    contract = professional.contract
    if from_date < contract.start or (contract.end is not None and from_date > contract.end + timedelta(days=1)):
        raise RuleBroken(Rule.OUTSIDE_CONTRACT, **period(contract))


def _check_in_service(professional: Professional, day: date) -> None:
    if not professional.service.covers(day):
        raise RuleBroken(Rule.OUTSIDE_CONTRACT, **period(professional.service))


def period(contract: Contract) -> dict[str, str | None]:
    """The dates of a contract as facts for a refusal."""
    return {"from_date": contract.start.isoformat(), "until_date": contract.end.isoformat() if contract.end else None}
