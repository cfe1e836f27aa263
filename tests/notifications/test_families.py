"""Who speaks for a family when its first member does not come with the others any more: one reminder, never none."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from smp.contracts.envelope import Event
from tests.notifications.world import Book, World, at, landline


class OfAFamily:
    async def family(self, world: World) -> tuple[Book, Book, Book]:
        books = [world.book(await world.patient(), at(f"19T10:{minute}")) for minute in ("10", "30", "50")]
        return books[0], books[1], books[2]

    async def at_once(self, world: World, party: UUID, *events: Event[Any]) -> None:
        """Each event is heard by another process; all of them have begun before the first one may look at the party."""
        async with world.db.admin() as admin, admin.transaction():
            await admin.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 4301))", str(party))
            processes = []
            for number, event in enumerate(events, 1):
                processes.append(asyncio.create_task(world.hear(event)))
                await world.until_waiting(number)
        await asyncio.gather(*processes)


class TestWhoSpeaksForAFamily(OfAFamily):
    async def reminders(self, world: World, *books: Book) -> list[list[str]]:
        """The states of each one's reminders."""
        return [[state for purpose, state, _ in await world.texts(each) if purpose == "reminder"] for each in books]

    @pytest.mark.parametrize("end", ["cancelled", "moved"])
    async def test_when_the_first_goes_the_next_is_reminded_for_all_the_others(self, world: World, end: str) -> None:
        first, second, third = await self.family(world)
        party = first.appointment
        await world.hear(*(world.booked(each, party=party) for each in (first, second, third)))
        if end == "cancelled":
            await world.hear(world.cancelled(first, party=party))
        else:
            await world.hear(world.moved(first, at("20T11:30"), party=party))
        own = ["cancelled"] if end == "cancelled" else ["cancelled", "planned"]
        assert await self.reminders(world, first, second, third) == [own, ["planned"], []]
        await world.hear(world.cancelled(second, party=party))
        assert await self.reminders(world, second, third) == [["cancelled"], ["planned"]]

    async def test_the_confirmation_that_had_not_left_goes_on_for_the_others(self, world: World) -> None:
        """Booked in the evening for the next morning, too late for a reminder."""
        world.clock.time = at("18T21:30")
        first, second, third = await self.family(world)
        party = first.appointment
        await world.hear(*(world.booked(each, party=party) for each in (first, second, third)))
        await world.hear(world.cancelled(first, party=party))
        assert [await self.confirmations(world, each) for each in (second, third)] == [["planned"], []]
        await world.hear(world.cancelled(third, party=party))
        assert await self.confirmations(world, second) == ["planned"]

    async def test_the_confirmation_that_has_left_is_not_said_again(self, world: World) -> None:
        first, second, _ = await self.family(world)
        party = first.appointment
        await world.hear(*(world.booked(each, party=party) for each in (first, second)))
        await world.sender.send_due()
        await world.hear(world.cancelled(first, party=party))
        assert await self.confirmations(world, second) == []

    async def confirmations(self, world: World, book: Book) -> list[str]:
        return [state for purpose, state, _ in await world.texts(book) if purpose == "confirmation"]

    async def test_when_the_first_is_forgotten_the_next_is_reminded(self, world: World) -> None:
        first, second, _ = await self.family(world)
        party = first.appointment
        await world.hear(*(world.booked(each, party=party) for each in (first, second)))
        await world.hear(world.erased(first.patient), world.cancelled(first, party=party, notify=False))
        assert await self.reminders(world, second) == [["planned"]]

    async def test_when_the_first_is_to_be_called_the_next_is_reminded(self, world: World) -> None:
        first, second, _ = await self.family(world)
        party = first.appointment
        await world.hear(*(world.booked(each, party=party) for each in (first, second)))
        await world.hear(world.call_requested(first, party))
        assert await self.reminders(world, first, second) == [["cancelled"], ["planned"]]
        await world.hear(world.moved(first, at("19T11:10"), party=party))
        assert await self.reminders(world, first, second) == [["cancelled", "planned"], ["planned"]]

    async def test_the_same_whatever_is_heard_first(self, world: World) -> None:
        first, second, _ = await self.family(world)
        party = first.appointment
        told = world.booked(first, party=party), world.cancelled(first, party=party)
        await world.hear(*told, world.booked(second, party=party))
        assert await self.reminders(world, first, second) == [["cancelled"], ["planned"]]

    async def test_while_the_first_comes_nobody_else_is_reminded(self, world: World) -> None:
        first, second, third = await self.family(world)
        party = first.appointment
        await world.hear(*(world.booked(each, party=party) for each in (first, second, third)))
        await world.hear(world.cancelled(third, party=party), world.moved(first, first.start, party=party))
        assert [states[-1:] for states in await self.reminders(world, first, second, third)] == [["planned"], [], []]

    async def test_a_first_who_comes_after_all_leaves_the_word_to_who_has_it(self, world: World) -> None:
        first, second, _ = await self.family(world)
        party = first.appointment
        await world.hear(*(world.booked(each, party=party) for each in (first, second)))
        await world.hear(world.cancelled(first, party=party), world.corrected(first, "cancelled", party=party))
        assert await self.reminders(world, first, second) == [["cancelled"], ["planned"]]

    async def test_a_family_that_wants_no_text_has_none(self, world: World) -> None:
        first, second, _ = await self.family(world)
        party = first.appointment
        await world.hear(*(world.booked(each, party=party, notify=False) for each in (first, second)))
        await world.hear(world.cancelled(first, party=party, notify=False))
        assert await self.reminders(world, first, second) == [[], []]

    async def test_a_first_who_came_after_all_speaks_again_when_the_one_who_had_the_word_goes(
        self, world: World
    ) -> None:
        first, second, third = await self.family(world)
        party = first.appointment
        await world.hear(*(world.booked(each, party=party) for each in (first, second, third)))
        await world.hear(world.cancelled(first, party=party), world.corrected(first, "cancelled", party=party))
        await world.hear(world.cancelled(second, party=party))
        assert await self.reminders(world, first, second, third) == [["cancelled", "planned"], ["cancelled"], []]

    async def test_whom_no_text_reaches_leaves_the_word_to_the_next(self, world: World) -> None:
        first, second, third = await self.family(world)
        party = first.appointment
        await world.hear(world.contact_changed(second.patient, [landline()]))
        await world.hear(*(world.booked(each, party=party) for each in (first, second, third)))
        await world.hear(world.cancelled(first, party=party))
        assert await self.reminders(world, first, second, third) == [["cancelled"], [], ["planned"]]

    @pytest.mark.parametrize("gone", [False, True])
    async def test_a_rebuild_reminds_nobody_else_whoever_is_heard_first(self, world: World, gone: bool) -> None:
        first, second, third = await self.family(world)
        party = first.appointment
        story: list[Event[Any]] = [world.booked(each, party=party) for each in (third, second, first)]
        await world.hear(*story)
        if gone:
            story.append(world.cancelled(first, party=party))
            await world.hear(story[-1])
        before = await self.reminders(world, first, second, third)
        await world.forget()
        for event in story:
            await world.hear(event)
        assert await self.reminders(world, first, second, third) == before

    async def test_who_was_moved_apart_is_reminded_alone_whatever_is_undone(self, world: World) -> None:
        first, second, third = await self.family(world)
        party = first.appointment
        await world.hear(*(world.booked(each, party=party) for each in (first, second, third)))
        await world.hear(world.moved(second, at("20T11:30"), party=party))
        await world.hear(world.cancelled(second, party=party), world.corrected(second, "cancelled", party=party))
        assert await self.reminders(world, first, second, third) == [["planned"], ["cancelled", "planned"], []]

    async def test_a_closure_that_cancels_two_of_them_at_once_leaves_the_word_to_the_third(self, world: World) -> None:
        first, second, third = await self.family(world)
        party = first.appointment
        await world.hear(*(world.booked(each, party=party) for each in (first, second, third)))
        await self.at_once(world, party, world.cancelled(first, party=party), world.cancelled(second, party=party))
        gone, gone_too, stays = await self.reminders(world, first, second, third)
        assert "planned" not in (*gone, *gone_too)
        assert stays == ["planned"]

    async def test_who_comes_after_all_and_who_is_heard_of_late_are_not_both_reminded(self, world: World) -> None:
        first, second, third = await self.family(world)
        party = first.appointment
        await world.hear(*(world.booked(each, party=party) for each in (first, second)))
        await world.hear(*(world.cancelled(each, party=party) for each in (first, second)))
        stands = world.corrected(second, "cancelled", party=party)
        await self.at_once(world, party, stands, world.booked(third, party=party))
        assert await self.reminders(world, second, third) == [["planned"], []]

    async def test_parties_told_of_in_any_order_are_taken_in_one_order(self, world: World) -> None:
        """So that two processes never wait crosswise: whoever waits for one holds none that comes after it."""
        families = {family[0].appointment: family for family in (await self.family(world), await self.family(world))}
        for party, family in families.items():
            await world.hear(*(world.booked(each, party=party) for each in family))
        in_order = "SELECT p FROM unnest($1::uuid[]) AS p ORDER BY hashtextextended(p::text, 4301)"
        before, after = [row["p"] for row in await world.rows(in_order, list(families))]
        gone = [world.cancelled(families[party][0], party=party) for party in (after, before)]
        async with world.db.admin() as admin, admin.transaction():
            await admin.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 4301))", str(before))
            process = asyncio.create_task(world.hear(*gone))
            await world.until_waiting(1)
            assert await admin.fetchval("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 4301))", str(after))
        await process
        assert [await self.reminders(world, *families[party][:2]) for party in families] == [
            [["cancelled"], ["planned"]],
            [["cancelled"], ["planned"]],
        ]


class TestAFamilyThatLosesItsPlaces(OfAFamily):
    async def calls(self, world: World, *books: Book) -> list[list[str]]:
        """The states of each one's calls to be decided."""
        return [[state for _, reason, state in await world.calls(each) if reason == "to_be_decided"] for each in books]

    async def test_is_called_once_and_the_call_says_for_whom(self, world: World) -> None:
        family = await self.family(world)
        party = family[0].appointment
        await world.hear(*(world.booked(each, party=party) for each in family))
        asked = [world.call_requested(each, party) for each in family]
        await world.hear(*asked)
        await world.hear(*asked)
        assert await self.calls(world, *family) == [["open"], [], []]
        (task,) = await world.rows("SELECT party FROM call_task")
        assert task["party"] == party

    async def test_is_called_once_whoever_is_heard_first_and_by_several_processes(self, world: World) -> None:
        first, second, third = await self.family(world)
        party = first.appointment
        await self.at_once(world, party, *(world.call_requested(each, party) for each in (third, second, first)))
        states = await self.calls(world, first, second, third)
        assert sorted(states, reverse=True) == [["open"], [], []]

    async def test_is_called_about_whom_nobody_has_decided_yet_when_the_others_are_settled(self, world: World) -> None:
        first, second, third = await self.family(world)
        party = first.appointment
        await world.hear(*(world.booked(each, party=party) for each in (first, second, third)))
        await world.hear(*(world.call_requested(each, party) for each in (first, second, third)))
        await world.hear(world.moved(second, at("20T11:30"), party=party))
        assert await self.calls(world, first, second, third) == [["open"], [], []]
        await world.hear(world.cancelled(first, party=party))
        assert await self.calls(world, first, second, third) == [["dropped"], [], ["open"]]
        await world.hear(world.moved(third, at("20T11:50"), party=party))
        assert await self.calls(world, first, second, third) == [["dropped"], [], ["dropped"]]

    async def test_is_called_no_more_for_a_rebuild(self, world: World) -> None:
        first, second, _ = await self.family(world)
        party = first.appointment
        story: list[Event[Any]] = [world.call_requested(each, party) for each in (first, second)]
        story += [world.moved(each, at("20T11:30"), party=party) for each in (second, first)]
        for event in story:
            await world.hear(event)
        await world.forget()
        for event in reversed(story[2:]):
            await world.hear(*(each for each in story[:2] if each.subject == event.subject), event)
        assert await self.calls(world, first, second) == [["dropped"], []]
