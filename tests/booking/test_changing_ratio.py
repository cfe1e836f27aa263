"""A setting that is changed process by process: while both are there, they do not judge against each other."""

from booking.domain.rules import Rules
from booking.store import supervision
from booking.use_cases.supervision.recheck_supervision import recheck_supervision
from tests.booking.test_coverage import ONE_INTERN, SOON, book, unsupported
from tests.booking.world import RULES, Centre, events_of
from tests.support.databases import ServiceDatabase


async def test_while_the_ratio_is_changed_process_by_process_the_one_that_began_last_judges(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    supervisor = await centre.doctor()
    presence = await centre.session(supervisor)
    acts = [await book(centre, await centre.session(await centre.intern_of(supervisor)), "09:00") for _ in range(2)]

    async def turn(rules: Rules, *, begins: bool = False) -> None:
        async with centre.transaction() as tx:
            await supervision.ask_again(tx, centre.territory, [presence.day])
        await recheck_supervision(centre.database, rules, SOON, begins=begins)

    await turn(RULES, begins=True)
    await turn(ONE_INTERN, begins=True)
    for _ in range(4):
        await turn(RULES)
        await turn(ONE_INTERN)
    told = [await events_of(booking_database, each.appointment.id) for each in acts]
    assert sorted(len(each) for each in told) == [1, 2]
    assert len(await unsupported(centre)) == 1
    async with booking_database.admin() as admin:  # it ends, and nothing is heard of it any more
        await admin.execute("UPDATE judged_ratio SET held_at = held_at - interval '3 minutes'")
    await turn(RULES)
    assert await unsupported(centre) == []
