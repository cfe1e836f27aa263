"""What a funder sees: no small number, and nothing that gives one back."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.disclosure import MASKED, SMALL, disclose, disclose_sites, show, suppress
from reporting.domain.figures import Figure, Measure
from reporting.domain.indicators.act1 import DEFINITION as ACT1
from reporting.domain.indicators.nsh1 import DEFINITION as NSH1

counts = st.integers(0, 60)
tables = st.dictionaries(st.sampled_from("abcdefgh"), counts, max_size=8)


def total_of(count: int, **parts: dict[str, int]) -> Figure:
    return Figure(count, None, count, (count,), breakdowns=parts)


def share(part: int, rest: int) -> Figure:
    return Figure(part, part + rest, 1.0, (part, rest))


def test_the_centre_sees_every_number() -> None:
    shown = show(NSH1, share(3, 97))
    assert (shown.numerator, shown.denominator, shown.value, shown.withheld) == (3, 100, 1.0, False)


def test_a_count_of_one_to_ten_is_shown_as_less_than_eleven() -> None:
    assert [disclose(ACT1, total_of(count)).value for count in (0, 1, 10, 11)] == [0, SMALL, SMALL, 11]


def test_a_rate_needs_eleven_people_above_and_none_or_eleven_beside() -> None:
    assert disclose(NSH1, share(11, 89)).value == 1.0
    assert disclose(NSH1, share(10, 90)).value == MASKED
    assert disclose(NSH1, share(0, 90)).value == MASKED
    assert disclose(NSH1, share(90, 10)).value == MASKED


def test_a_withheld_rate_hides_its_denominator_too() -> None:
    """ACT1 gives the honoured appointments: with the denominator of NSH1, the missed ones would be a subtraction."""
    shown = disclose(NSH1, share(5, 495))
    assert (shown.numerator, shown.denominator, shown.value) == (SMALL, MASKED, MASKED)


def test_a_measure_is_hidden_by_its_own_small_numbers() -> None:
    figure = Figure(50, 100, 50.0, (50, 50), measures={"low": Measure(9, "x", (9,)), "high": Measure(40, "x", (40,))})
    assert disclose(NSH1, figure).measures == {"low": (MASKED, "x"), "high": (40, "x")}


def test_a_funder_never_sees_roles() -> None:
    shown = disclose(ACT1, total_of(100, role={"intern": 20, "gp": 80}, mode={"AMB": 100}))
    assert shown.breakdowns == {"mode": {"AMB": 100}}


def test_one_small_part_takes_the_smallest_other_one_with_it() -> None:
    assert suppress({"AMB": 80, "HH": 15, "VR": 5}) == {"AMB": 80, "HH": MASKED, "VR": SMALL}
    assert suppress({"AMB": 80, "HH": 15, "VR": 0}) == {"AMB": 80, "HH": 15, "VR": 0}


def test_small_parts_that_sum_to_a_small_number_take_another_one_with_them() -> None:
    assert suppress({"AMB": 80, "HH": 15, "VR": 5, "?": 2})["HH"] == MASKED


def test_a_site_with_few_kept_appointments_takes_another_one_with_it() -> None:
    """Its numerator is large, so only the rule of two hides its neighbour."""
    shown = disclose_sites(NSH1, {UUID(int=1): share(90, 5), UUID(int=2): share(50, 50), UUID(int=3): share(60, 60)})
    assert [shown[UUID(int=number)].value for number in (1, 2, 3)] == [MASKED, MASKED, 1.0]


@given(tables)
def test_a_total_less_the_parts_shown_never_tells_a_small_part(parts: dict[str, int]) -> None:
    shown = suppress(parts)
    hidden = [name for name, value in shown.items() if isinstance(value, str)]
    assert all(shown[name] == count for name, count in parts.items() if name not in hidden)
    assert {name for name, count in parts.items() if 0 < count < 11} <= set(hidden)
    if hidden and any(count >= 11 for count in parts.values()):
        assert len(hidden) >= 2
        assert sum(parts[name] for name in hidden) >= 11


@given(st.dictionaries(st.integers(1, 9).map(lambda number: UUID(int=number)), counts, max_size=9))
def test_the_total_less_the_sites_shown_never_tells_a_hidden_site(sites: dict[UUID, int]) -> None:
    shown = disclose_sites(ACT1, {site: total_of(count) for site, count in sites.items()})
    hidden = [site for site, figure in shown.items() if figure.withheld]
    assert all(site in hidden for site, count in sites.items() if 0 < count < 11)
    if hidden and any(count >= 11 for count in sites.values()):
        assert len(hidden) >= 2
        assert sum(sites[site] for site in hidden) >= 11
