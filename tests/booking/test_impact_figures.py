"""What the dry run counts is what the end counts, wherever more than the hour of a place must be free."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from booking.domain.kinds import KindBooks
from booking.domain.platform_kinds import platform_kinds
from booking.domain.rules import Rules
from booking.use_cases.impact.apply_impact import Application, apply_impact
from booking.use_cases.impact.plan_impact import Planned
from booking.use_cases.impact.settle_impact import settle_impact
from tests.booking.impact import AT_DAWN, away, hours, new_hours, now_of, plan, progress
from tests.booking.test_company import ELSEWHERE, book, house
from tests.booking.world import NOW, RULES, Centre, actor, monday

TIDYING = replace(
    RULES,
    kinds=KindBooks(
        tuple(
            replace(kind, buffer_after=timedelta(minutes=10)) if kind.code == "consultation" else kind
            for kind in platform_kinds()
        )
    ),
)


async def has_lost_its_place(centre: Centre, id: UUID) -> bool:
    lost = "SELECT EXISTS (SELECT FROM unsupported WHERE appointment = $1 AND reason = 'place_lost')"
    async with centre.transaction() as tx:
        return bool(await tx.fetchval(lost, id))


async def as_told(centre: Centre, planned: Planned, rules: Rules = RULES) -> dict[str, int]:
    """Carried out to the end, which must be as it was told."""
    async with centre.transaction() as tx:
        await apply_impact(tx, planned.impact.id, Application(), rules, actor=actor(site=centre.site), now=AT_DAWN)
    await settle_impact(centre.database, planned.impact.id, rules, AT_DAWN)
    done = (await progress(centre, planned)).done
    told = planned.impact.figures["outcomes"]["move_to_first_proposal"]
    assert {outcome: done.get(outcome, 0) for outcome in told} == told
    return done


class TestPreparation:
    async def test_the_hour_is_kept_with_the_same_assistant(self, centre: Centre) -> None:
        session, (helper,) = await house(centre)
        booked = await book(centre, session, "09:20")
        other = await centre.session(await centre.doctor(), room="2")
        planned = await plan(centre, away(session.professional), rules=ELSEWHERE)
        assert await as_told(centre, planned, ELSEWHERE) == {"kept": 1}
        kept = await now_of(centre, booked.id)
        assert (kept.session, kept.period.start, kept.others[0].session) == (other.id, monday("09:20"), helper.id)

    async def test_everybodys_hour_is_kept_with_the_assistant_they_had(self, centre: Centre) -> None:
        session, _ = await house(centre, 2)
        for hour in ("09:20", "09:40", "10:00"):
            await book(centre, session, hour)
        await centre.session(await centre.doctor(), room="2")
        planned = await plan(centre, away(session.professional), rules=ELSEWHERE)
        assert await as_told(centre, planned, ELSEWHERE) == {"kept": 3}

    async def test_the_only_assistant_of_an_hour_is_promised_to_one(self, centre: Centre) -> None:
        session, _ = await house(centre)
        for hour in ("09:20", "09:40"):
            await book(centre, session, hour)
        for room in ("2", "3"):
            await centre.session(await centre.doctor(), "11:00", "11:20", room=room)
        planned = await plan(centre, away(session.professional), rules=ELSEWHERE)
        assert [hours(item) for item in planned.items] == [["11:00", "11:00"], []]
        assert await as_told(centre, planned, ELSEWHERE) == {"moved": 1, "call": 1}

    async def test_two_assistants_of_an_hour_are_promised_to_two(self, centre: Centre) -> None:
        session, _ = await house(centre, 2)
        for hour in ("09:20", "09:40", "10:00"):
            await book(centre, session, hour)
        for room in ("2", "3", "4"):
            await centre.session(await centre.doctor(), "11:00", "11:20", room=room)
        planned = await plan(centre, away(session.professional), rules=ELSEWHERE)
        assert await as_told(centre, planned, ELSEWHERE) == {"moved": 2, "call": 1}

    async def test_nobody_is_proposed_an_hour_whose_preparation_meets_another_appointment_of_theirs(
        self, centre: Centre
    ) -> None:
        session, _ = await house(centre, 2)
        patient = await centre.patient()
        await book(centre, session, "09:20", patient)
        third = await centre.session(await centre.doctor(), "09:40", "10:00", room="3")
        await book(centre, third, "09:40", patient, rules=RULES)
        await centre.session(await centre.doctor(), "10:00", "10:40", room="2")
        planned = await plan(centre, away(session.professional), rules=ELSEWHERE)
        assert hours(*planned.items) == ["10:20"]
        assert await as_told(centre, planned, ELSEWHERE) == {"moved": 1}


class TestShares:
    async def test_the_last_place_of_a_class_is_promised_to_one(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "10:00")
        for hour in ("09:00", "09:20"):
            await centre.book(session, hour)
        await centre.session(await centre.doctor(), "09:00", "10:00", shares={"same_day": 2}, now=NOW)
        await centre.session(await centre.doctor(), "14:00", "14:20")
        planned = await plan(centre, away(session.professional))
        assert hours(*planned.items) == ["14:00"]
        assert await as_told(centre, planned) == {"kept": 1, "moved": 1}

    async def test_whoever_can_go_elsewhere_at_the_hour_leaves_it_to_whoever_cannot(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "10:00")
        for hour in ("09:00", "09:20"):
            await centre.book(session, hour)
        await centre.session(await centre.doctor(), "09:00", "10:00", shares={"same_day": 2}, now=NOW)
        await centre.session(await centre.doctor(), "09:00", "09:20")
        planned = await plan(centre, away(session.professional))
        assert await as_told(centre, planned) == {"kept": 2}

    async def test_a_place_is_as_good_as_the_one_given_up_in_the_same_session(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "10:20", shares={"same_day": 2}, now=NOW)
        for hour in ("09:00", "09:20"):
            await centre.book(session, hour)
        planned = await plan(centre, new_hours(session, "09:20", "10:20"))
        assert await as_told(centre, planned) == {"call": 1}


class TestInterns:
    async def test_the_last_act_of_a_half_day_is_promised_to_one(self, centre: Centre) -> None:
        supervisor = await centre.doctor()
        await centre.session(supervisor, "09:00", "13:00", kinds=("minor_emergency",))
        almost = await centre.session(await centre.intern_of(supervisor), "09:00", "13:00")
        for hour in ("09:00", "09:20", "09:40", "10:00", "10:20", "10:40", "11:00", "11:20", "11:40"):
            await centre.book(almost, hour)
        session = await centre.session(await centre.intern_of(supervisor), "12:00", "13:00")
        for hour in ("12:00", "12:20"):
            await centre.book(session, hour)
        planned = await plan(centre, away(session.professional))
        assert await as_told(centre, planned) == {"kept": 1, "call": 1}

    async def test_whoever_leaves_an_intern_leaves_their_supervisor_free_for_another(self, centre: Centre) -> None:
        supervisor = await centre.doctor()
        await centre.session(supervisor, kinds=("minor_emergency",))
        gone, busy, _ = [await centre.session(await centre.intern_of(supervisor)) for _ in range(3)]
        await centre.book(gone, "09:20")
        await centre.book(busy, "09:20")
        planned = await plan(centre, away(gone.professional))
        assert await as_told(centre, planned) == {"kept": 1}

    async def test_an_intern_of_ten_acts_has_room_for_one_of_them_at_another_hour(self, centre: Centre) -> None:
        supervisor = await centre.doctor()
        await centre.session(supervisor, "09:00", "13:00", kinds=("minor_emergency",))
        full = await centre.session(await centre.intern_of(supervisor), "09:00", "13:00")
        for hour in ("09:00", "09:20", "09:40", "10:00", "10:20", "10:40", "11:00", "11:20", "11:40", "12:00"):
            await centre.book(full, hour)
        planned = await plan(centre, new_hours(full, "09:20", "13:00"))
        assert await as_told(centre, planned) == {"moved": 1}


class TestTheTimeAround:
    async def test_of_two_places_whose_buffers_meet_one_is_promised(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        for hour in ("09:00", "09:40"):
            await book(centre, session, hour, rules=TIDYING)
        await centre.session(await centre.doctor(), "14:00", "14:50")
        planned = await plan(centre, away(session.professional), rules=TIDYING)
        assert await as_told(centre, planned, TIDYING) == {"moved": 1, "call": 1}

    async def test_whose_hour_is_left_without_its_buffer_has_lost_it(self, centre: Centre) -> None:
        """A shorter kind would still fit, so that a part of the session is left."""
        session = await centre.session(await centre.doctor(), kinds=("consultation", "minor_emergency"))
        booked = await book(centre, session, "09:00", rules=TIDYING)
        planned = await plan(centre, away(session.professional, "09:20"), rules=TIDYING)
        assert await as_told(centre, planned, TIDYING) == {"call": 1}
        assert await has_lost_its_place(centre, booked.id)
