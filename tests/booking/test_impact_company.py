"""A plan for those who want somebody besides the practitioner: whoever prepares, whoever sits in."""

from booking.use_cases.impact.apply_impact import Application, apply_impact
from booking.use_cases.impact.plan_impact import Planned
from booking.use_cases.impact.read_impact import Progress
from booking.use_cases.impact.settle_impact import settle_impact
from tests.booking.impact import AT_DAWN, away, hours, new_hours, now_of, plan, progress
from tests.booking.test_company import ELSEWHERE, book, house
from tests.booking.world import RULES, Centre, actor, monday


async def carry_out(centre: Centre, planned: Planned) -> Progress:
    async with centre.transaction() as tx:
        await apply_impact(tx, planned.impact.id, Application(), ELSEWHERE, actor=actor(site=centre.site), now=AT_DAWN)
    await settle_impact(centre.database, planned.impact.id, ELSEWHERE, AT_DAWN)
    return await progress(centre, planned)


class TestWhenTheAssistantGoes:
    async def test_whoever_they_prepare_is_hit_and_the_plan_is_carried_out(self, centre: Centre) -> None:
        session, (helper,) = await house(centre)
        booked = await book(centre, session, "09:20")
        planned = await plan(centre, away(helper.professional), rules=ELSEWHERE)
        assert [(item.appointment, item.places) for item in planned.items] == [(booked.id, ())]
        done = await carry_out(centre, planned)
        assert (done.impact.state, done.done) == ("applied", {"call": 1})

    async def test_an_hour_at_which_another_one_prepares_is_proposed(self, centre: Centre) -> None:
        session, (helper,) = await house(centre)
        booked = await book(centre, session, "09:20")
        other = await centre.session(
            await centre.doctor("medical_assistant"), "10:30", "10:50", kinds=("preparation",), room="soins 8"
        )
        planned = await plan(centre, away(helper.professional), rules=ELSEWHERE)
        assert hours(*planned.items) == ["10:40"]
        assert (await carry_out(centre, planned)).done == {"moved": 1}
        moved = await now_of(centre, booked.id)
        assert (moved.period.start, moved.others[0].session) == (monday("10:40"), other.id)

    async def test_hours_in_which_they_prepare_nobody_hit_nobody(self, centre: Centre) -> None:
        session, (helper,) = await house(centre)
        await book(centre, session, "09:20")
        assert (await plan(centre, away(helper.professional, "10:00", "11:00"), rules=ELSEWHERE)).items == ()
        assert (await plan(centre, new_hours(helper, "09:00", "09:20"), rules=ELSEWHERE)).items == ()

    async def test_whoever_a_social_worker_sits_in_with_is_hit_too(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), room="1")
        social = await centre.session(await centre.doctor("social_worker"), kinds=("social",), room="2")
        booked = await book(centre, session, "09:20", rules=RULES, together_with="social_worker")
        planned = await plan(centre, away(social.professional))
        assert [(item.appointment, item.places) for item in planned.items] == [(booked.id, ())]


class TestWhenThePractitionerGoes:
    async def test_no_hour_is_proposed_at_which_nobody_prepares(self, centre: Centre) -> None:
        session, _ = await house(centre)
        await book(centre, session, "09:20")
        third = await centre.session(await centre.doctor(), "10:00", "10:20", room="3")
        await book(centre, third, "10:00")  # the only assistant is with them from ten to ten
        await centre.session(await centre.doctor(), "10:00", "10:40", room="2")
        planned = await plan(centre, away(session.professional), rules=ELSEWHERE)
        assert hours(*planned.items) == ["10:20"]
        assert (await carry_out(centre, planned)).done == {"moved": 1}

    async def test_nor_one_at_which_nobody_sits_in(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), room="1")
        await centre.session(await centre.doctor("social_worker"), "09:00", "10:00", kinds=("social",), room="2")
        joined = await book(centre, session, "09:20", rules=RULES, together_with="social_worker")
        await book(centre, session, "09:40", rules=RULES)
        await centre.session(await centre.doctor(), "10:00", "10:40", room="3")
        planned = await plan(centre, away(session.professional))
        assert {item.appointment == joined.id: hours(item) for item in planned.items} == {
            True: [], False: ["10:00", "10:20"]
        }  # fmt: skip
