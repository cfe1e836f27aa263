"""Order of free places, places that can be had together, several people at once, the way between sites, and why there
is nothing."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain import resources
from booking.domain.availability import Occupancy, Partner, Policy, Presence, Slot, available_slots
from booking.domain.intervals import Interval
from booking.domain.ranking import Order, ordered, places
from booking.domain.reasons import Reason, why_empty
from booking.domain.sessions import Session
from booking.domain.travel import Distances, Elsewhere, Travel
from tests.booking.test_availability import DAY, PEOPLE, SITE, at, consultation, occupied, session, starts

OTHER = UUID(int=72)
DOCTOR, ASSISTANT, SOCIAL = PEOPLE[:3]
MINUTE = timedelta(minutes=1)


def free(sessions: list[Session], busy: list[Occupancy] | None = None, **policy: object) -> list[Slot]:
    return available_slots(sessions, busy or [], Policy(consultation(), **policy), at(0), DAY)  # type: ignore[arg-type]


class TestRanking:
    def test_a_place_that_fills_a_hole_comes_before_one_at_an_edge_before_one_that_cuts(self) -> None:
        busy = [occupied(DOCTOR, 120, 140), occupied(DOCTOR, 160, 180)]
        found = ordered(free([session(DOCTOR, 60, 240)], busy), Order.RANKED)
        assert starts(found) == [140, 60, 100, 180, 220, 80, 200]

    def test_nobody_waits_until_another_day_for_the_sake_of_a_tidy_agenda(self) -> None:
        tomorrow = replace(session(DOCTOR, 60, 80, number=1), day=DAY.start.date() + timedelta(days=1))
        found = ordered(free([session(DOCTOR, 100, 160), tomorrow]), Order.RANKED)
        assert starts(found) == [100, 140, 120, 60]

    def test_between_equals_the_hour_then_the_smaller_id_decides(self) -> None:
        found = ordered(free([session(PEOPLE[1], 60, 80, number=1), session(PEOPLE[0], 60, 80)]), Order.RANKED)
        assert [slot.professional for slot in found] == [PEOPLE[0], PEOPLE[1]]

    def test_places_on_a_fine_grid_are_counted_once(self) -> None:
        found = free([session(DOCTOR, 60, 125, grid=5)])
        assert len(found) == 10
        assert starts(places(found, timedelta(minutes=20))) == [60, 80, 100]


class TestPartners:
    PREPARES = Partner(frozenset({"medical_assistant"}), timedelta(minutes=-10), timedelta(minutes=10))
    SITS_IN = Partner(frozenset({"social_worker"}), timedelta(), timedelta(minutes=20))

    def assistant(self, start: int, end: int) -> Session:
        return session(ASSISTANT, start, end, role="medical_assistant", number=1)

    def test_an_assistant_prepares_before_the_doctor_receives(self) -> None:
        found = free([session(DOCTOR, 60, 160), self.assistant(70, 110)], partners=(self.PREPARES,))
        assert starts(found) == [80, 100]
        assert [(c.professional, c.period) for c in found[0].companions] == [(ASSISTANT, Interval(at(70), at(80)))]

    def test_an_assistant_prepares_one_patient_at_a_time(self) -> None:
        busy = [occupied(ASSISTANT, 90, 100)]
        found = free([session(DOCTOR, 60, 160), self.assistant(50, 160)], busy, partners=(self.PREPARES,))
        assert starts(found) == [60, 80, 120, 140]

    def test_in_the_same_room_the_doctor_receives_nobody_during_the_preparation(self) -> None:
        same_room = replace(self.PREPARES, same_room=True)
        busy = [occupied(DOCTOR, 60, 80)]
        found = free([session(DOCTOR, 60, 140), self.assistant(50, 160)], busy, partners=(same_room,))
        assert starts(found) == [100, 120]

    def test_a_doctor_and_a_social_worker_receive_together(self) -> None:
        worker = session(SOCIAL, 90, 130, role="social_worker", number=2)
        found = free([session(DOCTOR, 60, 160), worker], partners=(self.SITS_IN,))
        assert starts(found) == [100]

    def test_a_partner_of_another_site_does_not_count(self) -> None:
        elsewhere = replace(self.assistant(50, 160), site=OTHER)
        assert free([session(DOCTOR, 60, 160), elsewhere], partners=(self.PREPARES,)) == []

    def test_two_partners_of_the_same_role_are_refused(self) -> None:
        with pytest.raises(ValueError, match="different roles"):
            Policy(consultation(), partners=(self.PREPARES, self.PREPARES))


EARLIER, LATER = UUID(int=0), UUID(int=10**6)


class TestTravel:
    HALF_AN_HOUR = Distances({frozenset((SITE, OTHER)): timedelta(minutes=30)})

    def test_who_comes_from_another_site_receives_after_the_way_and_leaves_in_time(self) -> None:
        away = (
            Elsewhere(EARLIER, DOCTOR, OTHER, Interval(at(0), at(60))),
            Elsewhere(EARLIER, DOCTOR, OTHER, Interval(at(200), at(260))),
        )
        found = free([session(DOCTOR, 60, 200)], travel=Travel(away, self.HALF_AN_HOUR))
        assert starts(found) == [100, 120, 140]

    def test_sessions_that_were_opened_afterwards_give_the_way_themselves(self) -> None:
        away = (
            Elsewhere(LATER, DOCTOR, OTHER, Interval(at(0), at(60))),
            Elsewhere(EARLIER, DOCTOR, OTHER, Interval(at(120), at(260))),
        )
        found = free([session(DOCTOR, 60, 120)], travel=Travel(away, self.HALF_AN_HOUR))
        assert starts(found) == [60]

    @given(gap=st.integers(0, 60), is_opened_last=st.booleans())
    def test_one_way_is_one_way(self, gap: int, is_opened_last: bool) -> None:
        """Of two sessions that follow each other, all that is missing of half an hour is lost, and only once."""
        early = replace(session(DOCTOR, 60, 180), id=LATER if is_opened_last else EARLIER)
        late = replace(session(DOCTOR, 180 + gap, 300 + gap, number=1), site=OTHER)
        left = [self.left_of(early, late), self.left_of(late, early)]
        assert [240 - sum(each.length // MINUTE for each in left), left[1].start - left[0].end >= 30 * MINUTE] == [
            max(0, 30 - gap), True,
        ]  # fmt: skip

    def left_of(self, one: Session, other: Session) -> Interval:
        there = Elsewhere(other.id, other.professional, other.site, other.period)
        (left,) = Presence.alone(one, Travel((there,), self.HALF_AN_HOUR)).there
        return left

    def test_a_pair_of_sites_without_a_figure_takes_the_default(self) -> None:
        away = (Elsewhere(EARLIER, DOCTOR, OTHER, Interval(at(0), at(60))),)
        travel = Travel(away, Distances(default=timedelta(minutes=45)))
        assert starts(free([session(DOCTOR, 60, 140)], travel=travel)) == [120]

    def test_somebody_elses_way_does_not_matter(self) -> None:
        travel = Travel((Elsewhere(EARLIER, ASSISTANT, OTHER, Interval(at(0), at(200))),))
        assert starts(free([session(DOCTOR, 60, 100)], travel=travel)) == [60, 80]

    def test_the_nearest_sites_come_first(self) -> None:
        third, unknown = UUID(int=44), UUID(int=1)
        minutes = {frozenset((SITE, OTHER)): timedelta(minutes=30), frozenset((SITE, third)): timedelta(minutes=20)}
        declared = Distances({**minutes, frozenset((OTHER, third)): timedelta(minutes=5)}, timedelta(minutes=10))
        nearest = declared.nearest(SITE, [unknown, OTHER, third])
        assert [(site, way // timedelta(minutes=1)) for way, site in nearest] == [
            (third, 20),
            (OTHER, 30),
            (unknown, 10),
        ]


class TestReasons:
    def why(
        self,
        sessions: list[Session],
        now: int = 0,
        is_withheld: bool = False,
        partners: tuple[Partner, ...] = (),
        **kind: object,
    ) -> Reason:
        policy = Policy(replace(consultation(), **kind), partners=partners)  # type: ignore[arg-type]
        return why_empty(sessions, policy, at(now), DAY, materialised_until=DAY.end, is_withheld=is_withheld)

    def test_nobody_receives(self) -> None:
        assert self.why([]) is Reason.NO_SESSION
        assert self.why([session(DOCTOR, 60, 120, role="social_worker")]) is Reason.NO_SESSION

    def test_an_intern_alone_receives_nobody(self) -> None:
        assert self.why([session(DOCTOR, 60, 120, role="intern")]) is Reason.NO_SESSION

    def test_a_session_shorter_than_the_kind_is_no_session_for_it(self) -> None:
        assert self.why([session(DOCTOR, 60, 70)]) is Reason.NO_SESSION

    def test_all_is_taken(self) -> None:
        assert self.why([session(DOCTOR, 60, 120)]) is Reason.FULL

    def test_nobody_prepares_or_sits_in(self) -> None:
        helps, sits = TestPartners.PREPARES, TestPartners.SITS_IN
        alone = session(DOCTOR, 60, 120)
        early = session(ASSISTANT, 0, 69, role="medical_assistant", number=2)
        assert self.why([alone], partners=(helps,)) is Reason.NO_SESSION
        assert self.why([alone, early], partners=(helps,)) is Reason.FULL
        assert self.why([alone, early], partners=(replace(helps, same_room=True),)) is Reason.NO_SESSION
        assert self.why([alone, early], partners=(helps, sits)) is Reason.NO_SESSION
        short = session(SOCIAL, 60, 79, role="social_worker", number=3)
        assert self.why([alone, short], partners=(sits,)) is Reason.NO_SESSION
        assert (
            self.why([alone, session(SOCIAL, 60, 80, role="social_worker", number=3)], partners=(sits,)) is Reason.FULL
        )

    def test_nobody_sits_in_with_themselves(self) -> None:
        doctor = replace(TestPartners.SITS_IN, roles=frozenset({"gp"}))
        assert self.why([session(DOCTOR, 60, 120)], partners=(doctor,)) is Reason.NO_SESSION

    def test_what_is_left_is_kept_for_others(self) -> None:
        assert self.why([session(DOCTOR, 60, 120)], is_withheld=True) is Reason.NOT_RELEASED

    def test_the_session_is_over_or_too_close(self) -> None:
        assert self.why([session(DOCTOR, 60, 120)], now=110) is Reason.TOO_LATE
        assert self.why([session(DOCTOR, 60, 120)], min_lead=timedelta(hours=2)) is Reason.TOO_LATE
        assert self.why([], now=24 * 60) is Reason.TOO_LATE

    def test_places_are_not_given_that_far_ahead(self) -> None:
        assert self.why([session(DOCTOR, 300, 360)], max_lead=timedelta(hours=4)) is Reason.TOO_EARLY
        beyond = why_empty([], Policy(consultation()), at(0), DAY, materialised_until=at(0), is_withheld=False)
        assert beyond is Reason.TOO_EARLY


def test_a_taken_room_lets_the_buffer_of_its_practitioner_overlap() -> None:
    """The buffer is the practitioner's own time: whoever else has the room then does not meet it."""
    room = Occupancy(resources.room(SITE, "1").number, Interval(at(60), at(70)))
    kind = replace(consultation(), buffer_before=timedelta(minutes=10))
    found = available_slots([session(DOCTOR, 60, 120, grid=10, room="1")], [room], Policy(kind), at(0), DAY)
    assert starts(found) == [70, 80, 90, 100]
