from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.domain.messages import (
    FATES,
    NEEDS_A_CALL,
    TRANSITIONS,
    Patience,
    Purpose,
    Retry,
    State,
    can_become,
    dedupe_key,
)
from notifications.domain.reachability import CallReason, Number, Reachability, choose_number
from notifications.domain.receipts import read_receipt

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_a_fate_is_final_and_every_other_state_can_still_reach_one() -> None:
    for state in State:
        assert (state in FATES) == (not TRANSITIONS[state])
        assert state in FATES or TRANSITIONS[state] & FATES


def test_only_what_never_left_can_be_cancelled() -> None:
    assert {state for state in State if can_become(state, State.CANCELLED)} == {State.PLANNED, State.SENDING}


def test_the_patient_who_was_not_told_is_called() -> None:
    assert {State.FAILED, State.EXPIRED} == NEEDS_A_CALL


@given(st.uuids(), st.sampled_from(Purpose), st.integers(1, 10_000))
def test_the_tag_fits_the_provider_and_is_the_same_for_the_same_text(
    appointment: UUID, purpose: Purpose, version: int
) -> None:
    tag = dedupe_key(appointment, purpose, version)
    assert len(tag) == 20
    assert tag.isalnum()
    assert tag == dedupe_key(appointment, purpose, version)


def test_two_texts_never_share_a_tag() -> None:
    appointments = [uuid4() for _ in range(50)]
    tags = {
        dedupe_key(a, purpose, version, occasion)
        for a in appointments
        for purpose in Purpose
        for version in range(1, 6)
        for occasion in range(3)
    }
    assert len(tags) == 50 * len(Purpose) * 5 * 3


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_pauses_grow_up_to_their_ceiling_and_are_never_nought(attempts: int, luck: float) -> None:
    retry = Retry(first_pause=2, longest_pause=900)
    assert 1 <= retry.pause(attempts, luck) <= 900
    assert retry.pause(attempts, luck, asked=1200) == 1200


@pytest.mark.parametrize(
    ("waited", "ahead", "over"),
    [(1, 48, False), (24, 48, True), (1, 0.4, True), (1, 0.5, False)],
)
def test_trying_stops_after_a_day_or_half_an_hour_before_the_appointment(
    waited: float, ahead: float, over: bool
) -> None:
    patience = Patience(longest=timedelta(hours=24), before_start=timedelta(minutes=30))
    assert patience.is_over(NOW, NOW - timedelta(hours=waited), NOW + timedelta(hours=ahead)) is over


@pytest.mark.parametrize(
    ("ptt", "description", "state"),
    [
        (1, 0, None),
        (2, 4, None),
        (3, 8, None),
        (6, None, None),
        (4, 1, State.DELIVERED),
        (8, 2, State.EXPIRED),
        (5, 2, State.FAILED),
        (20, 2, State.FAILED),
        (23, 2, State.FAILED),
        (24, 2, State.FAILED),
        (202, 16, State.FAILED),
        (999, 1, State.DELIVERED),
        (999, 2, State.FAILED),
        (999, 16, State.FAILED),
        (999, 0, None),
    ],
)
def test_receipts_of_the_operator_are_read_as_documented(
    ptt: int, description: int | None, state: State | None
) -> None:
    assert read_receipt(ptt, description).state is state


def test_only_a_barred_number_is_never_used_again() -> None:
    assert [ptt for ptt in range(300) if read_receipt(ptt, 2).number_unusable] == [23]


def phone(number: str, *, mobile: bool, consent: bool) -> dict[str, object]:
    return {"number": number, "label": "own", "mobile": mobile, "text_consent": consent}


def test_the_first_mobile_with_consent_is_chosen() -> None:
    contact = {
        "phones": [
            phone("+33243000001", mobile=False, consent=True),
            phone("+33600000001", mobile=True, consent=False),
            phone("+33600000002", mobile=True, consent=True),
        ]
    }
    assert choose_number(contact) == Number("+33600000002")


def test_a_landline_and_a_refusal_are_told_apart() -> None:
    landline = {"phones": [phone("+33243000001", mobile=False, consent=True)]}
    refusal = {"phones": [phone("+33600000001", mobile=True, consent=False)]}
    assert choose_number(landline) is CallReason.NO_MOBILE
    assert choose_number(refusal) is CallReason.NO_CONSENT
    assert choose_number({}) is CallReason.NO_MOBILE


def test_a_patient_not_known_yet_is_no_obstacle_to_planning() -> None:
    assert Reachability().obstacle() is None
    assert Reachability(by_text=True, consent=True).obstacle() is None
    assert Reachability(by_text=False).obstacle() is CallReason.NO_MOBILE
    assert Reachability(by_text=False, consent=False).obstacle() is CallReason.NO_CONSENT
    assert Reachability(by_text=True, unusable=CallReason.INVALID_NUMBER).obstacle() is CallReason.INVALID_NUMBER
