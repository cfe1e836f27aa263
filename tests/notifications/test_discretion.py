"""What a text leaves out: the place, when the kind wants neutral wording; everything, when it is silent."""

from collections.abc import Callable
from typing import Any

import pytest

from notifications.domain.appointments import Mode
from notifications.domain.messages import Purpose
from notifications.domain.texts import write
from smp.contracts.envelope import Event
from tests.notifications.domain.test_texts import LAVAL
from tests.notifications.world import Carrier, World, at


@pytest.mark.parametrize("change", ["moved", "cancelled", "called"])
async def test_of_a_silent_appointment_nothing_is_planned_and_nobody_is_called(world: World, change: str) -> None:
    silent: dict[str, Any] = {"compartment": "silent", "notify": True}
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book, **silent))
    ways: dict[str, Callable[[], Event[Any]]] = {
        "moved": lambda: world.moved(book, at("20T10:30"), **silent),
        "cancelled": lambda: world.cancelled(book, **silent),
        "called": lambda: world.call_requested(book, compartment="silent"),
    }
    await world.hear(ways[change]())
    assert await world.texts(book) == []
    assert await world.calls(book) == []
    assert {row["verdict"] for row in await world.rows("SELECT verdict FROM decision")} == {"silent"}


async def test_a_neutral_text_says_the_hour_and_a_telephone_and_nothing_else(world: World, carrier: Carrier) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.opened(), world.booked(book, neutral_wording=True))
    await world.sender.send_due()
    [text] = carrier.texts
    assert "10h30" in text
    assert not any(word in text for word in ("SMP", "Laval", "rue", "vidéo"))


async def test_a_cancellation_stays_neutral_although_it_is_heard_first(world: World) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.cancelled(book, neutral_wording=True))
    assert [row["mode"] for row in await world.rows("SELECT mode FROM message")] == ["UNSAID"]


async def test_an_appointment_by_telephone_is_not_told_as_a_video(world: World) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book, mode="VR", remote_by="telephone"))
    assert {row["mode"] for row in await world.rows("SELECT mode FROM message")} == {"TEL"}
    assert "par telephone" in write(Purpose.CONFIRMATION, LAVAL, at("19T10:30"), Mode.BY_TELEPHONE).body.replace(
        "é", "e"
    )


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_neutral_wording_is_one_segment_without_the_name_of_the_centre(purpose: Purpose) -> None:
    text = write(purpose, LAVAL, at("19T10:30"), Mode.UNSAID)
    assert text.size.segments == 1
    assert LAVAL.name not in text.body
