"""An offer of the waiting list is told once, in time, with the hour by which to answer."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from notifications.domain.gsm import measure
from notifications.use_cases.provider import Refused
from smp.contracts import OfferAccepted, OfferDeclined, OfferExpired, SlotOffered
from smp.contracts.envelope import Event
from smp.ids import new_id
from tests.notifications.world import Book, Carrier, World, at, landline, mobile


@dataclass
class Offered:
    """A person on the list, and the place held for them."""

    world: World
    book: Book
    answer_by: datetime
    entry: UUID = field(default_factory=new_id)
    offer: UUID = field(default_factory=new_id)

    def offered(self, **changes: Any) -> Event[SlotOffered]:
        data = {
            **self._about(),
            "session": self.book.session,
            "practitioners": (),
            "kind": "consultation",
            "mode": "AMB",
            "start": self.book.start,
            "end": self.book.start + timedelta(minutes=20),
            "answer_by": self.answer_by,
            "offered_at": self.world.clock.now(),
            "notify": True,
        }
        return self.world.event(SlotOffered(**{**data, **changes}), self.entry)

    def accepted(self) -> Event[OfferAccepted]:
        return self.world.event(OfferAccepted(**self._about(), accepted_at=self.world.clock.now()), self.entry)

    def declined(self) -> Event[OfferDeclined]:
        data = OfferDeclined(**self._about(), later=False, declined_at=self.world.clock.now())
        return self.world.event(data, self.entry)

    def expired(self, reason: str) -> Event[OfferExpired]:
        data = OfferExpired(**self._about(), reason=reason, expired_at=self.world.clock.now())
        return self.world.event(data, self.entry)

    def _about(self) -> dict[str, Any]:
        return {
            "entry": self.entry,
            "patient": self.book.patient,
            "offer": self.offer,
            "appointment": self.book.appointment,
            "site": self.book.site,
        }


async def offer(world: World, phones: list[dict[str, Any]] | None = None, answer_by: str = "02T13:00") -> Offered:
    """A place of Thursday, offered on Monday at nine."""
    return Offered(world, world.book(await world.patient(phones), at("05T10:30")), at(answer_by))


async def test_an_offer_leaves_at_once_in_one_segment_with_the_hour_by_which_to_answer(
    world: World, carrier: Carrier
) -> None:
    it = await offer(world)
    await world.hear(it.offered())
    await world.sender.send_due()
    (text,) = carrier.texts
    assert text == (
        "SMP Henri Dunant : une place se libère jeudi 5 mars à 10h30, 48 rue Marcel Cerdan, 53000 Laval. "
        "Pour la prendre, appelez avant lundi 2 à 13h le 02 49 49 07 36."
    )
    assert (measure(text).encoding, measure(text).segments) == ("gsm7", 1)
    assert await world.said(it.book) == ["MessagePlanned", "MessageAccepted"]


async def test_an_offer_heard_twice_is_told_once(world: World) -> None:
    it = await offer(world)
    offered = it.offered()
    await world.hear(offered, offered)
    await world.hear(offered)
    assert await world.texts(it.book) == [("offer", "planned", 1)]


@pytest.mark.parametrize(
    ("phones", "reason"), [([landline()], "no_mobile"), ([mobile("+33639980001", consent=False)], "no_consent")]
)
async def test_who_cannot_be_texted_is_on_the_call_list_with_the_hour(
    world: World, phones: list[dict[str, Any]], reason: str
) -> None:
    it = await offer(world, phones)
    await world.hear(it.offered())
    assert await world.calls(it.book) == [("offer", reason, "open")]
    (call,) = await world.rows("SELECT answer_by FROM call_task WHERE appointment = $1", it.book.appointment)
    assert call["answer_by"] == it.answer_by


async def test_an_offer_that_no_allowed_hour_precedes_is_a_call(world: World) -> None:
    world.clock.time = at("02T20:30")
    it = await offer(world, answer_by="02T21:30")
    await world.hear(it.offered())
    assert await world.calls(it.book) == [("offer", "undelivered", "open")]
    assert await world.texts(it.book) == []


@pytest.mark.parametrize("answer", ["accepted", "declined", "expired"])
async def test_an_offer_that_is_over_is_not_told_any_more(world: World, carrier: Carrier, answer: str) -> None:
    it = await offer(world)
    offered = it.offered()
    over = {"accepted": it.accepted(), "declined": it.declined(), "expired": it.expired("deadline")}
    await world.hear(offered, over[answer])
    await world.sender.send_due()
    assert carrier.texts == []
    assert await world.texts(it.book) == [("offer", "cancelled", 1)]


async def test_a_call_for_an_offer_that_is_over_has_not_to_be_made(world: World) -> None:
    it = await offer(world, [landline()])
    await world.hear(it.offered(), it.declined())
    assert await world.calls(it.book) == [("offer", "no_mobile", "dropped")]


async def test_an_offer_late_at_its_hour_is_not_told(world: World, carrier: Carrier) -> None:
    it = await offer(world)
    await world.hear(it.offered())
    world.clock.time = it.answer_by
    await world.sender.send_due()
    assert carrier.texts == []
    assert await world.texts(it.book) == [("offer", "cancelled", 1)]
    assert await world.calls(it.book) == []


async def test_an_offer_heard_after_its_hour_is_neither_told_nor_called_nor_said_to_be_planned(world: World) -> None:
    it = await offer(world)
    offered = it.offered()
    world.clock.time = it.answer_by
    await world.hear(offered)
    assert await world.texts(it.book) == []
    assert await world.calls(it.book) == []
    assert await world.rows("SELECT verdict FROM decision") == [{"verdict": "too_old"}]


async def test_an_acceptance_heard_first_leaves_only_the_confirmation(world: World) -> None:
    it = await offer(world)
    await world.hear(world.booked(it.book))
    await world.hear(it.offered())
    assert [purpose for purpose, _, _ in await world.texts(it.book)] == ["confirmation", "reminder"]


async def test_who_was_told_of_a_place_that_is_withdrawn_hears_that_it_is_gone(world: World, carrier: Carrier) -> None:
    it = await offer(world)
    await world.hear(it.offered())
    await world.sender.send_due()
    await world.hear(it.expired("withdrawn"))
    await world.sender.send_due()
    assert carrier.texts[1].startswith(
        "SMP Henri Dunant : la place proposée jeudi 5 mars à 10h30 n'est plus disponible"
    )


@pytest.mark.parametrize("reason", ["deadline", "left"])
async def test_who_let_the_hour_pass_or_left_the_list_hears_nothing(
    world: World, carrier: Carrier, reason: str
) -> None:
    it = await offer(world)
    await world.hear(it.offered())
    await world.sender.send_due()
    await world.hear(it.expired(reason))
    await world.sender.send_due()
    assert len(carrier.texts) == 1


async def test_a_withdrawn_place_that_was_never_told_needs_no_word(world: World, carrier: Carrier) -> None:
    it = await offer(world)
    await world.hear(it.offered(), it.expired("withdrawn"))
    await world.sender.send_due()
    assert carrier.texts == []


async def test_a_silent_kind_leaves_neither_text_nor_call(world: World) -> None:
    it = await offer(world, [landline()])
    await world.hear(it.offered(notify=False))
    assert (await world.texts(it.book), await world.calls(it.book)) == ([], [])


async def test_an_old_offer_heard_again_plans_nothing(world: World) -> None:
    it = await offer(world, answer_by="05T09:00")
    offered = it.offered()
    world.clock.time += timedelta(hours=73)
    await world.hear(offered)
    assert await world.texts(it.book) == []


async def test_a_text_that_the_operator_refuses_becomes_a_call_with_the_hour(world: World, carrier: Carrier) -> None:

    it = await offer(world)
    carrier.script = [Refused("invalid_number")]
    await world.hear(it.offered())
    await world.sender.send_due()
    assert await world.calls(it.book) == [("offer", "invalid_number", "open")]
    (call,) = await world.rows("SELECT answer_by FROM call_task WHERE appointment = $1", it.book.appointment)
    assert call["answer_by"] == it.answer_by
