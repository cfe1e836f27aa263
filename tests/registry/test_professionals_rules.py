"""Contracts, roles and supervision."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.professionals import (
    Contract,
    DatedRole,
    Professional,
    Role,
    check_contract,
    check_departure,
    check_role_change,
)
from registry.domain.rules import Rule, RuleBroken
from registry.domain.supervision import Supervision, check_assignment, check_end, cut_short
from smp.ids import new_id

START = date(2025, 11, 3)
END = date(2026, 4, 30)
DAY = timedelta(days=1)


def someone(
    *roles: tuple[date, Role], start: date = START, end: date | None = None, left: date | None = None
) -> Professional:
    dated = tuple(DatedRole(day, role) for day, role in roles)
    return Professional(new_id(), "53", Contract(start, end), dated, left, 1)


def intern(end: date | None = END) -> Professional:
    return someone((START, Role.INTERN), end=end)


def doctor(role: Role = Role.RETIRED_GP) -> Professional:
    return someone((START, role))


def refused(rule: Rule) -> pytest.RaisesExc[RuleBroken]:
    return pytest.raises(RuleBroken, match=f"^{rule.value}$")


@pytest.mark.parametrize("role", [Role.GP, Role.RETIRED_GP, Role.COORDINATOR])
def test_a_doctor_may_supervise_an_intern(role: Role) -> None:
    check_assignment(intern(), doctor(role), START, END, [])


@pytest.mark.parametrize("role", [Role.NURSE, Role.SECRETARY, Role.INTERN, Role.SOCIAL_WORKER, Role.MEDICAL_ASSISTANT])
def test_nobody_else_may_supervise(role: Role) -> None:
    with refused(Rule.CANNOT_SUPERVISE):
        check_assignment(intern(), doctor(role), START, END, [])


def test_only_an_intern_is_supervised() -> None:
    with refused(Rule.ONLY_INTERNS_ARE_SUPERVISED):
        check_assignment(doctor(Role.GP), doctor(), START, None, [])


def test_a_supervision_lies_within_both_contracts() -> None:
    with refused(Rule.OUTSIDE_CONTRACT):
        check_assignment(intern(), doctor(), START, END + DAY, [])
    with refused(Rule.OUTSIDE_CONTRACT):
        check_assignment(intern(), doctor(), START - DAY, END, [])


def test_an_open_supervision_needs_no_end_of_contract() -> None:
    check_assignment(intern(end=END), doctor(), START, None, [])


def test_a_supervision_of_the_last_day_alone_is_possible() -> None:
    check_assignment(intern(), doctor(), END, END, [])


def test_a_supervision_does_not_end_before_it_starts() -> None:
    with refused(Rule.SUPERVISION_DATES):
        check_assignment(intern(), doctor(), END, END - DAY, [])


def test_an_intern_may_have_two_supervisors_but_the_same_one_only_once() -> None:
    student, one, other = intern(), doctor(), doctor()
    known = [Supervision(student.id, one.id, START, END)]
    check_assignment(student, other, START, END, known)
    with refused(Rule.SUPERVISION_TWICE):
        check_assignment(student, one, END, END, known)


def test_a_doctor_who_stops_being_one_during_the_period_cannot_supervise() -> None:
    secretary = someone((START, Role.GP), (START + DAY, Role.SECRETARY))
    check_assignment(intern(), secretary, START, START, [])
    with refused(Rule.CANNOT_SUPERVISE):
        check_assignment(intern(), secretary, START, START + DAY, [])


def test_a_doctor_who_has_left_cannot_supervise() -> None:
    gone = someone((START, Role.GP), left=date(2026, 1, 1))
    check_assignment(intern(), gone, START, date(2025, 12, 31), [])
    with refused(Rule.OUTSIDE_CONTRACT):
        check_assignment(intern(), gone, START, date(2026, 1, 1), [])


def test_a_known_end_may_only_come_earlier() -> None:
    known = Supervision(new_id(), new_id(), START, END)
    check_end(known, END - DAY)
    check_end(known, START - DAY)
    for day in (END + DAY, START - 2 * DAY):
        with refused(Rule.SUPERVISION_DATES):
            check_end(known, day)


@given(st.integers(0, 60), st.none() | st.integers(0, 60), st.integers(-5, 70))
def test_after_a_departure_nobody_is_supervised_and_nothing_before_it_is_lost(
    start: int, length: int | None, left: int
) -> None:
    begins, leaves = START + start * DAY, START + left * DAY
    ends = None if length is None else begins + length * DAY
    known = Supervision(new_id(), new_id(), begins, ends)
    (after,) = cut_short([known], leaves) or (known,)
    for offset in range(-10, 140):
        day = START + offset * DAY
        covered = known.overlaps(day, day)
        assert after.overlaps(day, day) == (covered and day < leaves)


def test_a_contract_may_last_one_day_but_not_less() -> None:
    check_contract(Contract(START, START))
    with refused(Rule.CONTRACT_DATES):
        check_contract(Contract(START, START - DAY))


def test_a_role_changes_within_the_contract_and_after_the_last_change() -> None:
    gp = someone((START, Role.GP), (START + 10 * DAY, Role.RETIRED_GP), end=END)
    check_role_change(gp, START + 10 * DAY)
    with refused(Rule.ROLE_DATE):
        check_role_change(gp, START + 9 * DAY)
    with refused(Rule.OUTSIDE_CONTRACT):
        check_role_change(gp, END + DAY)


def test_a_professional_leaves_once() -> None:
    check_departure(intern(), END)
    with refused(Rule.ALREADY_LEFT):
        check_departure(someone((START, Role.GP), left=END), END)
    with refused(Rule.OUTSIDE_CONTRACT):
        check_departure(intern(), END + 2 * DAY)
