"""Who speaks for a family when its first member does not come with the others any more: one reminder, never none."""

import pytest

from tests.notifications.world import Book, World, at


class TestWhoSpeaksForAFamily:
    async def family(self, world: World) -> tuple[Book, Book, Book]:
        books = [world.book(await world.patient(), at(f"19T10:{minute}")) for minute in ("10", "30", "50")]
        return books[0], books[1], books[2]

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
