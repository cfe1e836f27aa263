""" "Sans médecin traitant" is a dated state with grounds; it refuses nobody."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.eligibility import (
    Eligibility,
    Evidence,
    Reason,
    RecheckPolicy,
    Status,
    current,
    eligibility,
    recheck_due,
)
from registry.domain.rules import Rule, RuleBroken

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
POLICY = RecheckPolicy(verified_days=365, unverified_days=30)


def declared(
    status: Status,
    reason: Reason | None = None,
    evidence: Evidence | None = None,
    from_date: date = TODAY,
    recheck_on: date | None = None,
) -> Eligibility:
    return eligibility(status, from_date, reason, evidence, recheck_on, actor="sec-1", now=NOW, policy=POLICY)


def test_evidence_says_who_verified_and_when() -> None:
    state = declared(Status.ELIGIBLE, Reason.DEPART_RETRAITE, Evidence.PATIENT_WORD)
    assert (state.verified_by, state.verified_at) == ("sec-1", NOW)
    assert state.recheck_on == TODAY + timedelta(days=365)


def test_an_unverified_state_is_asked_again_soon() -> None:
    state = declared(Status.UNVERIFIED)
    assert state.verified_by is None
    assert state.recheck_on is not None
    assert not recheck_due(state, state.recheck_on - timedelta(days=1))
    assert recheck_due(state, state.recheck_on)


@pytest.mark.parametrize(
    ("status", "reason", "evidence"),
    [
        (Status.ELIGIBLE, None, Evidence.PATIENT_WORD),
        (Status.ELIGIBLE, Reason.AUTRE, None),
        (Status.NOT_ELIGIBLE, Reason.AUTRE, None),
        (Status.UNVERIFIED, Reason.AUTRE, None),
        (Status.UNVERIFIED, None, Evidence.PATIENT_WORD),
    ],
)
def test_a_state_without_its_grounds_is_refused(
    status: Status, reason: Reason | None, evidence: Evidence | None
) -> None:
    with pytest.raises(RuleBroken) as refused:
        declared(status, reason, evidence)
    assert refused.value.rule is Rule.ELIGIBILITY_INCOMPLETE


def test_a_state_does_not_begin_in_the_future() -> None:
    with pytest.raises(RuleBroken, match="eligibility-date"):
        declared(Status.UNVERIFIED, from_date=TODAY + timedelta(days=1))


def test_a_state_is_not_asked_again_before_it_began() -> None:
    with pytest.raises(RuleBroken, match="eligibility-date"):
        declared(Status.UNVERIFIED, recheck_on=TODAY)


def test_of_two_states_of_one_date_the_later_recorded_holds() -> None:
    first, second = declared(Status.UNVERIFIED), declared(Status.NOT_ELIGIBLE)
    assert current([first, second], TODAY) is second


def test_a_state_recorded_late_for_an_earlier_date_does_not_hide_the_present_one() -> None:
    present = declared(Status.NOT_ELIGIBLE)
    late = declared(Status.UNVERIFIED, from_date=TODAY - timedelta(days=90))
    assert current([present, late], TODAY) is present
    assert current([present, late], TODAY - timedelta(days=1)) is late


@given(st.lists(st.integers(-400, 0), max_size=12), st.integers(-400, 30))
def test_the_present_state_is_the_last_recorded_of_the_latest_begun(days: list[int], on: int) -> None:
    history = [declared(Status.UNVERIFIED, from_date=TODAY + timedelta(days=d)) for d in days]
    day = TODAY + timedelta(days=on)
    begun = [state for state in history if state.from_date <= day]
    expected = sorted(begun, key=lambda s: s.from_date)[-1] if begun else None
    assert current(history, day) == expected
