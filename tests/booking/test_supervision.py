"""Who answers for an intern, minute by minute: the pure rules against an oracle that looks at every single minute."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.domain.dated import Dated
from booking.domain.intervals import Interval
from booking.domain.sessions import Session
from booking.domain.supervision import Act, Coverage, Lost, Reach, Supervision, acts_in_half_day

MORNING = datetime(2027, 1, 11, 8, tzinfo=UTC)
LAVAL, MAYENNE = UUID(int=1), UUID(int=2)
LEA, TOM, ZOE = (UUID(int=n) for n in (11, 12, 13))  # interns
ANNE, BORIS, CARLA = (UUID(int=n) for n in (21, 22, 23))  # supervisors


def at(minute: int) -> datetime:
    return MORNING + timedelta(minutes=minute)


def span(start: int, end: int) -> Interval:
    return Interval(at(start), at(end))


def session(who: UUID, start: int, end: int, site: UUID = LAVAL) -> Session:
    return Session(
        id=UUID(int=start * 1000 + end), territory="53", site=site, professional=who, role="gp", room=None,
        kinds=frozenset({"consultation"}), day=date(2027, 1, 11), period=span(start, end), grid=timedelta(minutes=20),
    )  # fmt: skip


def tie(intern: UUID, supervisor: UUID, start: int = -1000, end: int | None = None) -> Supervision:
    return Supervision(intern, supervisor, at(start), None if end is None else at(end))


def act(intern: UUID, start: int, end: int, site: UUID = LAVAL) -> Act:
    return Act(intern, site, span(start, end))


def test_a_minute_without_supervisor_is_a_minute_too_many() -> None:
    ties = [tie(LEA, ANNE), tie(LEA, BORIS)]
    over = Coverage(ties, [session(ANNE, 0, 30), session(BORIS, 30, 60)])
    gap = Coverage(ties, [session(ANNE, 0, 29), session(BORIS, 30, 60)])
    assert over.lost(act(LEA, 20, 40)) is None
    assert gap.lost(act(LEA, 20, 40)) is Lost.SUPERVISOR_ABSENT
    assert gap.lost(act(LEA, 30, 60)) is None
    assert gap.lost(act(LEA, 9, 29)) is None


def test_a_supervisor_at_another_site_covers_only_once_declared_reachable() -> None:
    away = [session(ANNE, 0, 60, MAYENNE)]
    assert Coverage([tie(LEA, ANNE)], away).lost(act(LEA, 0, 20)) is Lost.SUPERVISOR_ABSENT
    assert Coverage([tie(LEA, ANNE)], away, [Reach(ANNE, span(0, 20))]).lost(act(LEA, 0, 20)) is None
    assert Coverage([tie(LEA, ANNE)], [], [Reach(ANNE, span(0, 20), LAVAL)]).lost(act(LEA, 0, 20)) is None
    elsewhere = Coverage([tie(LEA, ANNE)], [], [Reach(ANNE, span(0, 20), MAYENNE)])
    assert elsewhere.lost(act(LEA, 0, 20)) is Lost.SUPERVISOR_ABSENT


def test_nobody_else_than_a_supervisor_of_theirs_covers_an_intern() -> None:
    assert Coverage([tie(TOM, ANNE)], [session(ANNE, 0, 60)]).lost(act(LEA, 0, 20)) is Lost.NO_SUPERVISOR
    over = Coverage([tie(LEA, ANNE, end=0)], [session(ANNE, 0, 60)])
    assert over.lost(act(LEA, 0, 20)) is Lost.NO_SUPERVISOR


def test_a_supervisor_answers_for_so_many_interns_at_one_instant_and_no_more() -> None:
    ties = [tie(LEA, ANNE), tie(TOM, ANNE)]
    alone = Coverage(ties, [session(ANNE, 0, 60)], ratio=1)
    assert alone.lost(act(LEA, 20, 40), [act(TOM, 39, 59)]) is Lost.TOO_MANY_INTERNS
    assert alone.lost(act(LEA, 20, 40), [act(TOM, 40, 60), act(TOM, 0, 20)]) is None
    assert Coverage(ties, [session(ANNE, 0, 60)], ratio=2).lost(act(LEA, 20, 40), [act(TOM, 20, 40)]) is None


def test_an_intern_elsewhere_counts_for_a_supervisor_who_answers_by_telephone() -> None:
    ties = [tie(LEA, ANNE), tie(TOM, ANNE)]
    coverage = Coverage(ties, [session(ANNE, 0, 60)], [Reach(ANNE, span(0, 60))], ratio=1)
    assert coverage.lost(act(LEA, 0, 20), [act(TOM, 0, 20, MAYENNE)]) is Lost.TOO_MANY_INTERNS


def test_within_the_ratio_a_minute_without_supervisor_is_a_minute_too_many() -> None:
    coverage = Coverage([tie(LEA, ANNE), tie(TOM, BORIS)], [session(ANNE, 0, 19), session(BORIS, 0, 60)], ratio=1)
    assert coverage.lost(act(LEA, 0, 20), [act(TOM, 0, 20)]) is Lost.SUPERVISOR_ABSENT
    assert coverage.lost(act(LEA, 0, 19), [act(TOM, 0, 20)]) is None


def test_another_intern_is_handed_to_another_supervisor_when_that_makes_room() -> None:
    """Anne could answer for both, Boris for Tom only: Lea fits because Tom can be Boris's."""
    ties = [tie(LEA, ANNE), tie(TOM, ANNE), tie(TOM, BORIS)]
    both = [session(ANNE, 0, 60), session(BORIS, 0, 60)]
    assert Coverage(ties, both, ratio=1).lost(act(LEA, 0, 20), [act(TOM, 0, 20)]) is None
    assert Coverage(ties, both[:1], ratio=1).lost(act(LEA, 0, 20), [act(TOM, 0, 20)]) is Lost.TOO_MANY_INTERNS


def test_an_intern_nobody_answers_for_takes_no_place_of_others() -> None:
    coverage = Coverage([tie(LEA, ANNE)], [session(ANNE, 0, 60)], ratio=1)
    assert coverage.lost(act(LEA, 0, 20), [act(TOM, 0, 20)]) is None


def test_of_those_who_stand_the_first_keep_their_supervisor() -> None:
    coverage = Coverage([tie(LEA, ANNE), tie(TOM, ANNE), tie(ZOE, ANNE)], [session(ANNE, 0, 60)], ratio=2)
    acts = [act(TOM, 0, 20), act(ZOE, 10, 30), act(LEA, 10, 30), act(LEA, 30, 50)]
    assert coverage.verdicts(acts) == [None, None, Lost.TOO_MANY_INTERNS, None]


def test_the_supervisor_who_answers_is_the_one_there_at_that_instant() -> None:
    coverage = Coverage([tie(LEA, BORIS), tie(LEA, ANNE)], [session(ANNE, 0, 30)], [Reach(BORIS, span(20, 60))])
    assert [coverage.answerable(LEA, LAVAL, at(n)) for n in (0, 20, 30, 60)] == [ANNE, ANNE, BORIS, None]


def test_acts_are_counted_by_half_day_of_the_sites_clock() -> None:
    paris, reunion = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")
    starts = [
        datetime(2027, 7, 5, 10, 59, tzinfo=UTC),
        datetime(2027, 7, 5, 11, 0, tzinfo=UTC),
    ]  # 12:59, 13:00 in Paris
    assert acts_in_half_day(starts, datetime(2027, 7, 5, 8, tzinfo=UTC), paris) == 1
    assert acts_in_half_day(starts, datetime(2027, 7, 5, 12, tzinfo=UTC), paris) == 1
    assert acts_in_half_day(starts, datetime(2027, 7, 5, 12, tzinfo=UTC), reunion) == 2
    assert acts_in_half_day(starts, datetime(2027, 7, 6, 8, tzinfo=UTC), paris) == 0


def test_a_figure_may_change_from_a_day_on() -> None:
    figure = Dated.parse("10, 8 from 2027-09-01, 12 from 2028-01-01")
    days = (date(2027, 8, 31), date(2027, 9, 1), date(2028, 2, 1))
    assert [figure.on(day) for day in days] == [10, 8, 12]
    assert figure.numbers == (10, 8, 12)


@pytest.mark.parametrize(
    "written", ["", "ten", "10, 8", "10, 8 from tomorrow", "10, 8 from 2028-01-01, 9 from 2027-01-01"]
)
def test_a_figure_that_cannot_be_read_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Dated.parse(written)


minutes = st.integers(0, 9)
spans = st.tuples(minutes, minutes).filter(lambda two: two[0] < two[1])
supervisors, interns = st.sampled_from([ANNE, BORIS, CARLA]), st.sampled_from([LEA, TOM, ZOE])
sites = st.sampled_from([LAVAL, MAYENNE])


@st.composite
def coverages(draw: st.DrawFn) -> Coverage:
    ties = draw(
        st.lists(
            st.tuples(interns, supervisors, st.integers(-2, 5), st.none() | st.integers(5, 11)), min_size=2, max_size=6
        )
    )
    there = draw(st.lists(st.tuples(supervisors, spans, sites), max_size=4))
    by_phone = draw(st.lists(st.tuples(supervisors, spans, st.none() | sites), max_size=2))
    return Coverage(
        [tie(*each) for each in ties],
        [session(who, *hours, site) for who, hours, site in there],
        [Reach(who, span(*hours), site) for who, hours, site in by_phone],
        draw(st.sampled_from([None, 1, 1, 2])),
    )


acts = st.builds(lambda who, hours, site: act(who, hours[0], hours[1], site), interns, spans, sites)


def someone_there(coverage: Coverage, intern: UUID, site: UUID, instant: datetime) -> list[UUID]:
    """The oracle's own reading of who is there for an intern at one instant."""

    def within(period: Interval) -> bool:
        return period.start <= instant < period.end

    there = {each.professional for each in coverage.sessions if each.site == site and within(each.period)}
    there |= {each.supervisor for each in coverage.reaches if each.site in (None, site) and within(each.period)}
    return [
        each.supervisor
        for each in coverage.supervisions
        if each.intern == intern
        and each.supervisor in there
        and each.start <= instant
        and (each.end is None or instant < each.end)
    ]


def most_answered_for(choices: list[list[UUID]], ratio: int | None) -> int:
    """By trying everything: for how many of these interns somebody can answer at once."""
    best = 0
    for hand in product(*([*each, None] for each in choices)):
        used = Counter(who for who in hand if who is not None)
        if ratio is None or all(count <= ratio for count in used.values()):
            best = max(best, sum(who is not None for who in hand))
    return best


@settings(max_examples=200)
@given(coverages(), acts, st.lists(acts, max_size=3))
def test_an_act_is_covered_exactly_when_every_minute_of_it_is(
    coverage: Coverage, wanted: Act, others: list[Act]
) -> None:
    covered = True
    minute = wanted.period.start
    while minute < wanted.period.end:
        busy = [
            someone_there(coverage, each.intern, each.site, minute)
            for each in others
            if each.intern != wanted.intern and each.period.start <= minute < each.period.end
        ]
        own = someone_there(coverage, wanted.intern, wanted.site, minute)
        one_more = most_answered_for([*busy, own], coverage.ratio) - most_answered_for(busy, coverage.ratio)
        covered = covered and one_more == 1
        minute += timedelta(minutes=1)
    assert (coverage.lost(wanted, others) is None) == covered
