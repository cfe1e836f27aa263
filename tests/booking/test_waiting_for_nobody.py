"""Who waits only where nobody receives any more: nothing will ever be offered, so somebody has to see it."""

from datetime import timedelta
from uuid import UUID

from booking.domain.waiting_list import Entry
from booking.use_cases.waiting_list.read_waiting_list import Page, waiting_list_of
from smp.auth import Actor
from smp.contracts import ProfessionalLeft, SiteClosed
from smp.ids import new_id
from tests.booking.desk import Desk
from tests.booking.waiting import join
from tests.booking.world import MONDAY, NOW, SECRETARY, Centre, actor, joined, monday, site_opened

THEN = monday("08:00")


async def read(centre: Centre, site: UUID | None = None, who: Actor = SECRETARY) -> Page:
    async with centre.transaction() as tx:
        return await waiting_list_of(tx, site or centre.site, None, 100, actor=who, now=THEN)


async def hopeless(centre: Centre) -> list[Entry]:
    """Who waits at the centre for nobody."""
    return [line.entry for line in (await read(centre)).lines if line.waits_for_nobody]


async def another_site(centre: Centre) -> UUID:
    site = new_id()
    await centre.hear(site, site_opened(site))
    return site


async def close(centre: Centre) -> None:
    await centre.hear(centre.site, SiteClosed(site=centre.site, from_date=MONDAY, reason="moved"))


async def leave(centre: Centre, who: UUID) -> None:
    await centre.hear(who, ProfessionalLeft(professional=who, from_date=MONDAY))


class TestWaitingForNobody:
    async def test_whoever_waits_at_a_site_that_has_closed_for_good(self, centre: Centre) -> None:
        only_here = await join(centre)
        await join(centre, sites=(centre.site, await another_site(centre)))
        assert await hopeless(centre) == []
        await close(centre)
        assert [each.id for each in await hopeless(centre)] == [only_here.id]

    async def test_whoever_waits_for_a_professional_who_has_left(self, centre: Centre) -> None:
        left, stays = await centre.doctor(), await centre.doctor()
        only_them = await join(centre, practitioners=frozenset({left}))
        await join(centre, practitioners=frozenset({left, stays}))
        await join(centre)
        await leave(centre, left)
        assert [each.id for each in await hopeless(centre)] == [only_them.id]

    async def test_whoever_waits_for_one_who_works_at_another_site_than_those_wished(self, centre: Centre) -> None:
        elsewhere, site = new_id(), await another_site(centre)
        await centre.hear(elsewhere, joined(elsewhere, site))
        entry = await join(centre, practitioners=frozenset({elsewhere}))
        await join(centre, practitioners=frozenset({elsewhere}), sites=(centre.site, site))
        assert [each.id for each in await hopeless(centre)] == [entry.id]

    async def test_not_before_the_day_nor_when_they_come_back(self, centre: Centre) -> None:
        who = await centre.doctor(contract_end=MONDAY)
        await join(centre, practitioners=frozenset({who}))
        assert await hopeless(centre) == []
        await centre.hear(who, ProfessionalLeft(professional=who, from_date=MONDAY + timedelta(days=1)))
        assert await hopeless(centre) == []
        await leave(centre, who)
        assert len(await hopeless(centre)) == 1
        await centre.hear(who, joined(who, centre.site))
        assert await hopeless(centre) == []


async def test_every_list_of_the_territory_says_on_which_lists_they_are(centre: Centre) -> None:
    """Nobody reads the list of a closed site."""
    for _ in range(2):
        await join(centre)
    site = await another_site(centre)
    await close(centre)
    page = await read(centre, site)
    assert (page.total, page.waits_for_nobody[centre.site]) == (0, 2)
    assert site not in page.waits_for_nobody


async def test_what_is_silent_is_counted_for_those_only_who_may_know(centre: Centre) -> None:
    social = actor("social_worker", subject="who-knows-why")
    await join(centre, kinds=("protected",), who=social)
    await close(centre)
    assert centre.site not in (await read(centre)).waits_for_nobody
    assert (await read(centre, who=social)).waits_for_nobody[centre.site] == 1


async def test_the_desk_reads_it(desk: Desk) -> None:
    entry = await join(desk.centre)
    await desk.centre.hear(desk.centre.site, SiteClosed(site=desk.centre.site, from_date=NOW.date(), reason="moved"))
    listed = (await desk.get(f"/sites/{desk.centre.site}/waiting-list")).json()
    assert [(line["entry"], line["waits_for_nobody"]) for line in listed["lines"]] == [(str(entry.id), True)]
    assert {"site": str(desk.centre.site), "count": 1} in listed["waits_for_nobody"]
