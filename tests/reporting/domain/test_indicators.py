"""What each indicator counts, on rows made by hand."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.activity import Activity, Acts, CallTasks, Durations, Messages, Offer, Patients
from reporting.domain.figures import MEDIAN, NINTH_DECILE, Figure, percent, quantile
from reporting.domain.indicators import CATALOGUE, act1, att1, del1, nsh1, occ1, pat1, sms1, urg1

LAVAL, MAYENNE = UUID(int=53), UUID(int=153)


def acts(count: int, **given: Any) -> Acts:
    ordinary: dict[str, Any] = {
        "site": LAVAL,
        "status": "done",
        "mode": "AMB",
        "role": "retired_gp",
        "social": False,
        "unscheduled": False,
        "severity": None,
        "otherwise_emergency": None,
        "sent_to_emergency": False,
        "reminded": False,
        "count": count,
        "minutes": 20 * count,
    }
    return Acts(**{**ordinary, **given})


def durations(*pairs: tuple[int | None, int]) -> tuple[Durations, ...]:
    return tuple(Durations(LAVAL, minutes, count) for minutes, count in pairs)


def ratio(figure: Figure) -> tuple[int, int | None, float | None]:
    return figure.numerator, figure.denominator, figure.value


def test_act1_counts_acts_done_and_splits_them() -> None:
    figure = act1.compute(
        Activity(
            acts=(
                acts(40),
                acts(9, role="intern"),
                acts(6, mode="HH"),
                acts(10, unscheduled=True),
                acts(2, mode=None, role=None),
                acts(5, status="no_show"),
                acts(3, status="cancelled"),
                acts(8, social=True, role="social_worker"),
            )
        )
    )
    assert figure.value == figure.numerator == 67
    assert figure.breakdowns == {
        "mode": {"AMB": 59, "HH": 6, "unknown": 2},
        "programming": {"programmed": 57, "unscheduled": 10},
        "role": {"retired_gp": 56, "intern": 9, "unknown": 2},
    }


def test_pat1_does_not_add_up_sites_that_share_patients() -> None:
    activity = Activity(patients=(Patients(LAVAL, 30), Patients(MAYENNE, 20), Patients(None, 41)))
    assert pat1.compute(activity).value == 41
    assert pat1.compute(activity.of_site(LAVAL)).value == 30


def test_nsh1_leaves_cancelled_and_unfinished_appointments_out() -> None:
    rows = (
        acts(92),
        acts(8, status="no_show"),
        acts(7, status="cancelled"),
        acts(5, status="booked"),
        acts(4, status="left_unseen"),
        acts(2, status="excused"),
        acts(3, status="no_show", social=True),
    )
    assert ratio(nsh1.compute(Activity(acts=rows))) == (8, 100, 8.0)


def test_occ1_divides_agreed_minutes_by_offered_ones() -> None:
    rows = (acts(30), acts(3, status="no_show"), acts(2, status="booked"), acts(9, status="cancelled"))
    figure = occ1.compute(Activity(acts=rows, offers=(Offer(LAVAL, 480), Offer(LAVAL, 520))))
    assert ratio(figure) == (700, 1000, 70.0)
    assert figure.measures["realised"].value == 60.0


def test_occ1_without_any_session_has_no_value() -> None:
    assert ratio(occ1.compute(Activity(acts=(acts(1),)))) == (20, 0, None)


def test_del1_gives_median_and_ninth_decile_in_days() -> None:
    figure = del1.compute(Activity(delays=durations((1440, 5), (2880, 4), (14_400, 1), (None, 2))))
    assert ratio(figure) == (10, 12, 1.0)
    assert figure.measures["p90"].value == 2.0


def test_att1_gives_median_and_ninth_decile_in_minutes() -> None:
    figure = att1.compute(Activity(acts=(acts(8), acts(2, mode="HH")), waits=durations((5, 3), (12, 4), (None, 1))))
    assert ratio(figure) == (7, 8, 12)
    assert figure.measures["p90"].value == 12
    assert figure.cells == (7, 1, 2)


def test_urg1_gives_a_low_bound_as_its_value_and_a_high_one() -> None:
    def unscheduled(count: int, **given: Any) -> Acts:
        return acts(count, unscheduled=True, **given)

    figure = urg1.compute(
        Activity(
            acts=(
                unscheduled(6, severity=1, otherwise_emergency=True),
                unscheduled(4, severity=2, otherwise_emergency=True),
                unscheduled(3, severity=2),  # nobody answered
                unscheduled(2, otherwise_emergency=True),  # nobody judged
                unscheduled(5, severity=1, otherwise_emergency=False),
                unscheduled(1, severity=3, otherwise_emergency=True),
                unscheduled(1, severity=2, otherwise_emergency=True, sent_to_emergency=True),
                acts(50, severity=1, otherwise_emergency=True),  # programmed
            )
        )
    )
    assert ratio(figure) == (10, 22, 10)
    assert (figure.measures["low"].value, figure.measures["high"].value) == (10, 15)


def test_sms1_counts_fates_costs_and_what_reminders_go_with() -> None:
    figure = sms1.compute(
        Activity(
            acts=(
                acts(45, reminded=True),
                acts(5, status="no_show", reminded=True),
                acts(40),
                acts(10, status="no_show"),
            ),
            messages=(
                Messages(LAVAL, "delivered", 90, 95, 95.0),
                Messages(LAVAL, "failed", 6, 6, 6.0),
                Messages(LAVAL, "expired", 2, 2, 2.0),
                Messages(LAVAL, "accepted", 2, 2, 2.0),
                Messages(LAVAL, "planned", 30, 0, 0.0),
                Messages(LAVAL, "dropped", 4, 0, 0.0),
            ),
            call_tasks=(CallTasks(LAVAL, 7),),
        )
    )
    assert ratio(figure) == (90, 100, 90.0)
    measures = {name: measure.value for name, measure in figure.measures.items()}
    assert measures == {
        "segments": 105,
        "credits": 105.0,
        "call_tasks": 7,
        "no_show_with_reminder": 10.0,
        "no_show_without_reminder": 20.0,
    }


@pytest.mark.parametrize("definition", CATALOGUE, ids=lambda definition: definition.code)
def test_a_period_without_any_activity_divides_by_nothing(definition: Any) -> None:
    figure = definition.compute(Activity())
    assert figure.numerator == 0
    assert figure.value in (0, None)


def test_the_catalogue_has_the_first_eight_indicators_defined_in_words() -> None:
    assert [d.code for d in CATALOGUE] == ["ACT1", "PAT1", "DEL1", "NSH1", "OCC1", "ATT1", "URG1", "SMS1"]
    for definition in CATALOGUE:
        words = (definition.label, definition.numerator, definition.denominator, definition.exclusions)
        assert all((*words, definition.method, definition.source_events, definition.version >= 1))


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60), st.sampled_from([MEDIAN, NINTH_DECILE, (1, 1)]))
def test_a_quantile_is_an_observed_duration_that_enough_others_do_not_exceed(
    minutes: list[int], rank: tuple[int, int]
) -> None:
    """The oracle is the definition of type 1: the smallest value whose share of the observations reaches the rank."""
    found = quantile([Durations(LAVAL, each, 1) for each in minutes], rank)
    enough = [each for each in minutes if sum(other <= each for other in minutes) * rank[1] >= rank[0] * len(minutes)]
    assert found == min(enough)


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 9)), min_size=1))
def test_a_quantile_does_not_depend_on_how_sites_are_grouped(pairs: list[tuple[int, int]]) -> None:
    grouped = [Durations(LAVAL, minutes, count) for minutes, count in pairs]
    apart = [Durations(MAYENNE, minutes, 1) for minutes, count in pairs for _ in range(count)]
    assert quantile(grouped, MEDIAN) == quantile(apart, MEDIAN)


def test_no_observation_has_no_quantile_and_nothing_to_divide_by_no_share() -> None:
    assert quantile(durations((None, 4)), MEDIAN) is None
    assert percent(0, 0) is None
