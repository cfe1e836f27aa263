"""The states of an appointment, eligibility and waiting, as pure rules."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.appointments import Action, Appointment, State, after, is_late, waited
from booking.domain.eligibility import Declaration, Eligibility, Verdict, judge, status_on
from booking.domain.intervals import Interval
from booking.domain.platform_kinds import platform_kinds
from booking.domain.resources import ResourceKind

NINE = datetime(2027, 1, 11, 8, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
KINDS = {kind.code: kind for kind in platform_kinds()}

ALLOWED = {
    (State.HELD, Action.BOOK): State.BOOKED,
    (State.HELD, Action.EXPIRE): State.EXPIRED,
    (State.HELD, Action.CANCEL): State.CANCELLED,
    (State.BOOKED, Action.MOVE): State.BOOKED,
    (State.BOOKED, Action.CANCEL): State.CANCELLED,
    (State.BOOKED, Action.ARRIVE): State.ARRIVED,
    (State.BOOKED, Action.NOTE_NO_SHOW): State.NO_SHOW,
    (State.BOOKED, Action.EXCUSE): State.EXCUSED,
    (State.NO_SHOW, Action.EXCUSE): State.EXCUSED,
    (State.ARRIVED, Action.CANCEL): State.CANCELLED,
    (State.ARRIVED, Action.PREPARE): State.IN_PREPARATION,
    (State.ARRIVED, Action.START): State.IN_CONSULTATION,
    (State.ARRIVED, Action.LEAVE): State.LEFT_UNSEEN,
    (State.IN_PREPARATION, Action.CANCEL): State.CANCELLED,
    (State.IN_PREPARATION, Action.START): State.IN_CONSULTATION,
    (State.IN_PREPARATION, Action.LEAVE): State.LEFT_UNSEEN,
    (State.IN_CONSULTATION, Action.FINISH): State.DONE,
}


def appointment(state: State = State.BOOKED, **changes: object) -> Appointment:
    fields = {
        "id": UUID(int=1), "territory": "53", "site": UUID(int=2), "session": UUID(int=3), "day": date(2027, 1, 11),
        "patient": UUID(int=4), "professional": UUID(int=5), "role": "gp", "kind": "consultation", "mode": "AMB",
        "period": Interval(NINE, NINE + 20 * MINUTES), "capacity_class": "desk", "channel": "phone", "state": state,
        "version": 1, "notify": True, "requested_at": NINE,
    }  # fmt: skip
    return Appointment(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(("state", "action"), list(product(State, Action)))
def test_every_state_allows_exactly_its_steps(state: State, action: Action) -> None:
    assert after(state, action) == ALLOWED.get((state, action))


def test_a_step_adds_one_to_the_version_and_one_line_to_the_trail() -> None:
    arrived = appointment().step(Action.ARRIVE, NINE, "secretary-1", arrived_at=NINE)
    assert (arrived.version, arrived.state) == (2, State.ARRIVED)
    assert [(step.version, step.state, step.by) for step in arrived.trail] == [(2, State.ARRIVED, "secretary-1")]


def test_an_impossible_step_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="cannot finish"):
        appointment().step(Action.FINISH, NINE, "doctor-1")


def test_a_hold_is_over_at_the_very_instant_it_expires() -> None:
    hold = appointment(State.HELD, expires_at=NINE)
    assert hold.has_expired(NINE)
    assert not hold.has_expired(NINE - timedelta(microseconds=1))
    assert not appointment(State.BOOKED, expires_at=NINE).has_expired(NINE)


def test_late_is_less_notice_than_the_setting() -> None:
    notice = timedelta(hours=24)
    assert not is_late(NINE, NINE - notice, notice)
    assert is_late(NINE, NINE - notice + timedelta(seconds=1), notice)


class TestWaiting:
    def test_somebody_who_has_not_come_does_not_wait(self) -> None:
        assert waited(appointment(), NINE) is None

    def test_the_wait_runs_from_arrival_to_now_then_stops_at_the_start(self) -> None:
        arrived = appointment(State.ARRIVED, arrived_at=NINE)
        assert waited(arrived, NINE + 7 * MINUTES) == 7 * MINUTES
        started = appointment(State.IN_CONSULTATION, arrived_at=NINE, started_at=NINE + 9 * MINUTES)
        assert waited(started, NINE + 60 * MINUTES) == 9 * MINUTES

    def test_preparation_is_part_of_the_wait(self) -> None:
        prepared = appointment(State.IN_PREPARATION, arrived_at=NINE, prepared_at=NINE + 5 * MINUTES)
        assert waited(prepared, NINE + 12 * MINUTES) == 12 * MINUTES

    def test_somebody_who_left_unseen_does_not_wait_for_ever(self) -> None:
        assert waited(appointment(State.CANCELLED, arrived_at=NINE), NINE + 60 * MINUTES) is None
        left = appointment(State.LEFT_UNSEEN, arrived_at=NINE, left_at=NINE + 25 * MINUTES)
        assert waited(left, NINE + 60 * MINUTES) == 25 * MINUTES


def test_a_place_is_given_back_by_whoever_leaves_before_its_hour_and_lost_after() -> None:
    assert appointment(State.LEFT_UNSEEN, left_at=NINE - MINUTES).gives_its_place_back
    assert not appointment(State.LEFT_UNSEEN, left_at=NINE).gives_its_place_back
    assert not appointment(State.NO_SHOW).gives_its_place_back
    assert appointment(State.EXCUSED).gives_its_place_back


def test_whoever_is_gone_frees_themselves_and_nobody_else() -> None:
    assert appointment(State.NO_SHOW).gives_back == {ResourceKind.PATIENT}
    assert appointment(State.LEFT_UNSEEN, left_at=NINE).gives_back == {ResourceKind.PATIENT}
    assert appointment(State.LEFT_UNSEEN, left_at=NINE - MINUTES).gives_back == set(ResourceKind)
    assert appointment(State.DONE).gives_back == {ResourceKind.PATIENT}
    assert appointment(State.IN_CONSULTATION).gives_back == set()


class TestEligibility:
    def test_only_the_kinds_that_want_it_ask(self) -> None:
        verdicts = {(code, status): judge(kind, status) for code, kind in KINDS.items() for status in Eligibility}
        assert verdicts["consultation", Eligibility.NOT_ELIGIBLE] is Verdict.REFUSED
        assert verdicts["consultation", Eligibility.UNVERIFIED] is Verdict.ACCEPTED_UNVERIFIED
        asking = {"consultation", "follow_up", "home_visit", "teleconsultation"}
        others = {verdict for (code, _), verdict in verdicts.items() if code not in asking}
        assert others == {Verdict.ACCEPTED}

    def test_nothing_declared_is_unverified(self) -> None:
        assert status_on([], date(2027, 1, 1)) is Eligibility.UNVERIFIED

    def test_a_later_word_overrides_an_earlier_one_from_its_own_day(self) -> None:
        told = [
            Declaration(1, date(2027, 1, 1), Eligibility.ELIGIBLE),
            Declaration(2, date(2027, 6, 1), Eligibility.NOT_ELIGIBLE),
            Declaration(3, date(2027, 9, 1), Eligibility.ELIGIBLE),
        ]
        on = {day: status_on(told, date(2027, day, 1)) for day in (5, 6, 9)}
        assert on == {5: Eligibility.ELIGIBLE, 6: Eligibility.NOT_ELIGIBLE, 9: Eligibility.ELIGIBLE}

    @given(st.data())
    def test_the_order_in_which_facts_are_heard_does_not_matter(self, data: st.DataObject) -> None:
        told = [
            Declaration(
                n, data.draw(st.dates(date(2027, 1, 1), date(2027, 3, 1))), data.draw(st.sampled_from(Eligibility))
            )
            for n in range(4)
        ]
        day = data.draw(st.dates(date(2026, 12, 1), date(2027, 4, 1)))
        assert status_on(data.draw(st.permutations(told)), day) == status_on(told, day)
