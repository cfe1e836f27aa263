"""Next free and third next free place of a site, and how many there are for whom."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from booking.domain.dated import Dated
from booking.domain.kinds import KindBooks
from booking.domain.platform_kinds import platform_kinds
from booking.domain.reasons import Reason
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.store import agendas
from booking.use_cases.availability.agendas import Agendas
from booking.use_cases.availability.next_free import NextFree, next_free
from smp.contracts import SiteClosed
from smp.postgres import Reader
from tests.booking.test_coverage import reach
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, monday, paris

TUESDAY = MONDAY + timedelta(days=1)
ALL = ("phone", "desk", "online", "regulation")


async def told_of_all(
    centre: Centre, kind: str, now: datetime = NOW, rules: Rules = RULES, sites: Collection[UUID] = ()
) -> list[NextFree]:
    db = centre.database.reading(centre.scope)
    return await next_free(db, centre.agendas, sites or [centre.site], kind, rules, actor=SECRETARY, now=now)


async def neighbour(centre: Centre) -> Centre:
    """Another site of the territory."""
    return await Centre(centre.database, centre.territory, agendas=centre.agendas).open()


async def told(centre: Centre, kind: str = "consultation", now: datetime = NOW, rules: Rules = RULES) -> NextFree:
    (found,) = await told_of_all(centre, kind, now, rules)
    return found


def from_tuesday(**change: Any) -> Rules:
    """A consultation is otherwise from the Tuesday on."""
    kinds = {kind.code: kind for kind in platform_kinds()}
    changed = replace(kinds["consultation"], valid_from=TUESDAY, version=1, **change)
    return replace(RULES, kinds=KindBooks((*kinds.values(), changed)))


def of_a_consultation(**change: Any) -> Rules:
    """A consultation is otherwise than usual."""
    kinds = {kind.code: kind for kind in platform_kinds()}
    kinds["consultation"] = replace(kinds["consultation"], **change)
    return replace(RULES, kinds=KindBooks(tuple(kinds.values())))


@dataclass(frozen=True)
class Read:
    """Sessions that were read, of which sites, until when."""

    sites: frozenset[UUID]
    end: datetime


def reads(monkeypatch: pytest.MonkeyPatch) -> list[Read]:
    """What agendas read from now on."""
    read: list[Read] = []
    really = agendas.sessions_starting

    async def noted(db: Reader, sites: Collection[UUID], start: datetime, end: datetime) -> list[Session]:
        read.append(Read(frozenset(sites), end))
        return await really(db, sites, start, end)

    monkeypatch.setattr(agendas, "sessions_starting", noted)
    return read


def starts(found: NextFree) -> list[datetime | None]:
    """Of the next place and the third next one."""
    return [slot.period.start if slot else None for slot in (found.next, found.third)]


def counted(found: NextFree) -> dict[str, int]:
    return {each.capacity_class: each.count for each in found.places}


async def test_next_third_and_places_by_class(centre: Centre) -> None:
    session = await centre.session(await centre.doctor(), "09:00", "10:20")
    await centre.book(session, "09:00")
    found = await told(centre)
    assert starts(found) == [monday("09:20"), monday("10:00")]
    assert counted(found) == {"desk": 3, "online": 3, "regulation": 3}


async def test_two_places_have_no_third(centre: Centre) -> None:
    await centre.session(await centre.doctor(), "09:00", "09:40")
    found = await told(centre)
    assert (found.third, found.reason) == (None, None)


async def test_a_site_without_anything_says_why(centre: Centre) -> None:
    found = await told(centre)
    assert (found.next, found.reason) == (None, Reason.NO_SESSION)


async def test_each_class_is_told_with_the_channels_that_draw_on_it(centre: Centre) -> None:
    for_all = {each.capacity_class: each.channels for each in (await told(centre)).places}
    assert for_all == {"desk": ("phone", "desk"), "online": ("online",), "regulation": ("regulation",)}
    urgent = {each.capacity_class: each.channels for each in (await told(centre, "minor_emergency")).places}
    assert urgent == {"same_day": ("phone", "desk", "online"), "regulation": ("regulation",)}
    assert {each.channels for each in (await told(centre, "social")).places} == {ALL}


async def test_of_a_session_with_shares_each_class_has_its_own_and_what_nobody_keeps(centre: Centre) -> None:
    session = await centre.session(await centre.doctor(), "09:00", "10:20", shares={"online": 1, "same_day": 1})
    assert counted(await told(centre)) == {"desk": 2, "online": 3, "regulation": 2}
    assert counted(await told(centre, "minor_emergency")) == {"same_day": 3, "regulation": 2}
    await centre.book(session, "09:00")
    assert starts(await told(centre)) == [monday("09:20"), None], "whichever: one more is the desk's"
    await centre.book(session, "09:20")
    full = await told(centre)
    assert (full.next, full.reason) == (None, Reason.NOT_RELEASED)
    assert counted(full) == {"desk": 0, "online": 1, "regulation": 0}


async def test_a_release_gives_the_desk_what_was_kept(centre: Centre) -> None:
    session = await centre.session(await centre.doctor(), "09:00", "10:00", shares={"online": 1, "same_day": 1})
    await centre.book(session, "09:00")
    release = paris(MONDAY - timedelta(days=1), "18:00")
    assert counted(await told(centre, now=release - timedelta(microseconds=1)))["desk"] == 0
    released = await told(centre, now=release)
    assert (starts(released)[0], counted(released)["desk"]) == (monday("09:20"), 1)


async def test_places_of_interns_are_those_that_somebody_covers(centre: Centre) -> None:
    supervisor = await centre.doctor()
    await centre.session(await centre.intern_of(supervisor), "09:00", "10:00")
    alone = await told(centre)
    assert (alone.next, alone.reason, counted(alone)["desk"]) == (None, Reason.NO_SESSION, 0)
    answering = await centre.session(supervisor, "09:20", "10:00", kinds=("minor_emergency",))
    found = await told(centre)
    assert (starts(found), counted(found)["desk"]) == ([monday("09:20"), None], 2)
    await centre.book(answering, "09:20", kind="minor_emergency")
    assert counted(await told(centre))["desk"] == 2, "who supervises may be with a patient"


async def test_an_intern_has_no_more_places_than_acts_are_left_in_the_half_day(centre: Centre) -> None:
    supervisor = await centre.doctor()
    await centre.session(supervisor, kinds=("minor_emergency",))
    intern = await centre.intern_of(supervisor)
    session = await centre.session(intern, "09:00", "10:00")
    await centre.session(intern, "10:00", "11:00")
    rules = replace(RULES, acts_per_half_day=Dated(3))
    found = await told(centre, rules=rules)
    assert (starts(found), counted(found)["desk"]) == ([monday("09:00"), monday("09:40")], 3)
    await centre.book(session, "09:20")
    assert counted(await told(centre, rules=rules))["desk"] == 2
    assert (await told(centre, rules=rules)).third is None
    assert counted(await told(centre))["desk"] == 5, "of six"


async def test_two_interns_have_no_more_places_than_their_supervisor_answers_for(centre: Centre) -> None:
    supervisor = await centre.doctor()
    await centre.session(supervisor, "09:00", "09:40", kinds=("minor_emergency",))
    for _ in range(3):
        await centre.session(await centre.intern_of(supervisor), "09:00", "10:00")
    assert counted(await told(centre))["desk"] == 4, "two at a time"
    one = replace(RULES, interns_per_supervisor=Dated(1))
    assert counted(await told(centre, rules=one))["desk"] == 2


async def test_an_intern_covered_by_telephone_is_full_and_not_absent(centre: Centre) -> None:
    supervisor = await centre.doctor()
    session = await centre.session(await centre.intern_of(supervisor), "09:00", "09:20")
    await reach(centre, supervisor, "09:00", "12:00")
    await centre.book(session, "09:00")
    found = await told(centre)
    assert (found.next, found.reason) == (None, Reason.FULL)


async def test_of_an_interns_session_with_shares_each_class_has_its_own(centre: Centre) -> None:
    supervisor = await centre.doctor()
    await centre.session(supervisor, kinds=("minor_emergency",))
    intern = await centre.intern_of(supervisor)
    session = await centre.session(intern, "09:00", "10:20", shares={"online": 1, "same_day": 1})
    assert counted(await told(centre)) == {"desk": 2, "online": 3, "regulation": 2}
    await centre.book(session, "09:00")
    assert starts(await told(centre)) == [monday("09:20"), None], "whichever: one more is the desk's"
    await centre.book(session, "09:20")
    full = await told(centre)
    assert (full.next, full.reason) == (None, Reason.NOT_RELEASED)
    assert counted(full) == {"desk": 0, "online": 1, "regulation": 0}
    await centre.session(await centre.doctor(), "11:00", "11:20")
    assert counted(await told(centre)) == {"desk": 1, "online": 2, "regulation": 1}


async def test_a_place_takes_the_time_of_its_day(centre: Centre) -> None:
    rules = from_tuesday(duration=timedelta(minutes=40))
    await centre.session(await centre.doctor(), "09:00", "09:20")
    tuesday = await centre.session(await centre.doctor(), "09:00", "10:20", day=TUESDAY)
    found = await told(centre, rules=rules)
    assert starts(found) == [monday("09:00"), paris(TUESDAY, "09:40")]
    assert found.third == (await centre.find(NOW, NOW + rules.search_span, rules=rules)).slots[-1]
    assert counted(found) == {"desk": 3, "online": 3, "regulation": 3}
    await centre.book(tuesday, "09:20")
    found = await told(centre, rules=rules)
    assert (starts(found), counted(found)["desk"]) == ([monday("09:00"), None], 2)


async def test_whoever_draws_on_another_class_from_a_day_on_is_counted_there(centre: Centre) -> None:
    rules = from_tuesday(capacity_class="same_day")
    await centre.session(await centre.doctor(), "09:00", "09:40")
    await centre.session(await centre.doctor(), "09:00", "09:20", day=TUESDAY)
    places = {each.capacity_class: (each.channels, each.count) for each in (await told(centre, rules=rules)).places}
    assert places == {
        "desk": (("phone", "desk"), 2),
        "online": (("online",), 2),
        "regulation": (("regulation",), 3),
        "same_day": (("phone", "desk", "online"), 1),
    }


async def test_a_site_that_is_full_until_a_kind_changes_and_empty_then_is_full(centre: Centre) -> None:
    rules = from_tuesday(duration=timedelta(minutes=40))
    await centre.book(await centre.session(await centre.doctor(), "09:00", "09:20"), "09:00")
    assert (await told(centre, rules=rules)).reason is Reason.FULL


class TestBeyondTheLongestSearch:
    """The longest search is four weeks, sessions exist for eight."""

    IN_FIVE_WEEKS = MONDAY + timedelta(weeks=4)
    IN_SEVEN_WEEKS = MONDAY + timedelta(weeks=6)

    async def test_the_next_place_is_told_as_far_as_sessions_exist(self, centre: Centre) -> None:
        await centre.session(await centre.doctor(), "09:00", "10:00", day=self.IN_SEVEN_WEEKS)
        found = await told(centre)
        assert starts(found) == [paris(self.IN_SEVEN_WEEKS, "09:00"), paris(self.IN_SEVEN_WEEKS, "09:40")]
        assert (found.reason, counted(found)["desk"]) == (None, 0), "places are those of the longest search"
        shorter = replace(RULES, horizon=timedelta(weeks=6))
        assert (await told(centre, rules=shorter)).next is None

    async def test_the_third_may_lie_further_than_the_next(self, centre: Centre) -> None:
        await centre.session(await centre.doctor(), "09:00", "09:20")
        for day in (self.IN_FIVE_WEEKS, self.IN_SEVEN_WEEKS):
            await centre.session(await centre.doctor(), "09:00", "09:20", day=day)
        assert starts(await told(centre)) == [monday("09:00"), paris(self.IN_SEVEN_WEEKS, "09:00")]

    async def test_weeks_that_are_full_are_passed_over(self, centre: Centre) -> None:
        for day in (MONDAY, self.IN_FIVE_WEEKS):
            await centre.book(await centre.session(await centre.doctor(), "09:00", "09:20", day=day), "09:00")
        weekly = replace(RULES, search_span=timedelta(days=7))
        assert (await told(centre, rules=weekly)).reason is Reason.FULL
        await centre.session(await centre.doctor(), "09:00", "09:20", day=self.IN_SEVEN_WEEKS)
        assert starts(await told(centre, rules=weekly)) == [paris(self.IN_SEVEN_WEEKS, "09:00"), None]

    async def test_each_site_goes_as_far_as_it_must(self, centre: Centre) -> None:
        near, far, none = centre, await neighbour(centre), await neighbour(centre)
        await near.session(await near.doctor(), "09:00", "10:00")
        await far.session(await far.doctor(), "09:00", "10:00", day=self.IN_FIVE_WEEKS)
        sites = [each.site for each in (near, far, none)]
        found = {each.site: each for each in await told_of_all(centre, "consultation", sites=sites)}
        assert [starts(found[site])[0] for site in sites] == [
            monday("09:00"),
            paris(self.IN_FIVE_WEEKS, "09:00"),
            None,
        ]
        assert found[none.site].reason is Reason.NO_SESSION

    async def test_nothing_more_is_asked_where_the_longest_search_has_three(
        self, centre: Centre, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await centre.session(await centre.doctor(), "09:00", "10:00")
        monkeypatch.delattr(agendas, "first_offering")
        assert starts(await told(centre)) == [monday("09:00"), monday("09:40")]

    async def test_nobody_looks_further_than_the_longest_lead(
        self, centre: Centre, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for day in (self.IN_FIVE_WEEKS, self.IN_SEVEN_WEEKS):
            await centre.session(await centre.doctor(), "09:00", "09:20", day=day)
        read = reads(monkeypatch)
        six_weeks = of_a_consultation(max_lead=timedelta(weeks=6))
        assert starts(await told(centre, rules=six_weeks)) == [paris(self.IN_FIVE_WEEKS, "09:00"), None]
        assert max(each.end for each in read) < paris(self.IN_SEVEN_WEEKS, "00:00")
        read.clear()
        found = await told(centre, rules=of_a_consultation(max_lead=timedelta(weeks=2)))
        assert (found.next, found.reason) == (None, Reason.TOO_EARLY)
        assert read == [], "of weeks that nobody may be given"

    async def test_what_lies_further_puts_no_agenda_out_of_memory(
        self, centre: Centre, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        centre.agendas = Agendas(RULES.way, kept=14)
        desk, far = centre, await neighbour(centre)
        await desk.session(await desk.doctor())
        await far.session(await far.doctor(), "09:00", "10:00", day=self.IN_SEVEN_WEEKS)
        await desk.find(NOW, NOW + RULES.search_span)
        read = reads(monkeypatch)
        (found,) = await told_of_all(centre, "consultation", sites=[far.site])
        assert starts(found)[0] == paris(self.IN_SEVEN_WEEKS, "09:00")
        assert {site for each in read for site in each.sites} == {far.site}
        read.clear()
        await desk.find(NOW, NOW + RULES.search_span)
        assert read == [], "what the desk looks at is still there"


async def test_a_question_larger_than_the_memory_puts_no_agenda_out_of_it(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre.agendas = Agendas(RULES.way, kept=8)
    await centre.session(await centre.doctor())
    await centre.find(NOW, NOW + RULES.search_span)
    region = [await neighbour(centre) for _ in range(3)]
    assert len(await told_of_all(centre, "consultation", sites=[each.site for each in region])) == 3
    read = reads(monkeypatch)
    await centre.find(NOW, NOW + RULES.search_span)
    assert read == []


async def test_a_site_closed_for_good_is_left_out(centre: Centre) -> None:
    assert len(await told_of_all(centre, "consultation")) == 1
    await centre.hear(centre.site, SiteClosed(site=centre.site, from_date=TUESDAY))
    assert len(await told_of_all(centre, "consultation", now=paris(MONDAY, "23:59"))) == 1
    assert await told_of_all(centre, "consultation", now=paris(TUESDAY, "00:00")) == []


async def test_kinds_do_not_count_for_each_other(centre: Centre) -> None:
    who = await centre.doctor()
    await centre.session(who, "09:00", "09:20", kinds=("minor_emergency",))
    both = await centre.session(who, "10:00", "10:40")
    assert starts(await told(centre))[0] == monday("10:00")
    assert starts(await told(centre, "minor_emergency")) == [monday("09:00"), monday("10:20")]
    await centre.book(both, "10:20")
    assert counted(await told(centre))["desk"] == 1
    assert counted(await told(centre, "minor_emergency"))["same_day"] == 2
