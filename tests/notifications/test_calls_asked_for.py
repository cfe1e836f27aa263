"""The centre asks that a patient be called, because no text can say what becomes of the appointment."""

from datetime import timedelta

from tests.notifications.world import Carrier, World, at, landline

ASKED = ("change", "to_be_decided", "open")
DROPPED = ("change", "to_be_decided", "dropped")


async def test_one_call_is_raised_and_no_reminder_of_a_lost_place_leaves(world: World, carrier: Carrier) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    asked = [world.booked(book), world.call_requested(book)]
    await world.hear(*asked)
    await world.hear(asked[1])
    assert await world.calls(book) == [ASKED]
    world.clock.time = at("17T10:30")
    await world.sender.send_due()
    assert carrier.texts == []
    assert {state for _, state, _ in await world.texts(book)} == {"cancelled"}


async def test_whoever_no_text_reaches_is_called_once_not_twice(world: World) -> None:
    book = world.book(await world.patient([landline()]), at("19T10:30"))
    await world.hear(world.booked(book), world.call_requested(book))
    assert await world.calls(book) == [("confirmation", "no_mobile", "dropped"), ASKED]


async def test_what_is_then_decided_drops_the_call_and_tells_the_patient(world: World, carrier: Carrier) -> None:
    moved, cancelled = [world.book(await world.patient(), at("19T10:30")) for _ in range(2)]
    for book in (moved, cancelled):
        await world.hear(world.booked(book))
    await world.sender.send_due()
    await world.hear(world.call_requested(moved), world.moved(moved, at("20T10:30")))
    await world.hear(world.call_requested(cancelled), world.cancelled(cancelled))
    await world.sender.send_due()
    assert await world.calls(moved) == await world.calls(cancelled) == [DROPPED]
    assert ["déplacé" in text or "annulé" in text for text in carrier.texts] == [False, False, True, True]


async def test_a_place_had_back_at_the_same_hour_drops_the_call_and_brings_only_the_reminder_back(
    world: World, carrier: Carrier
) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book))
    await world.sender.send_due()
    await world.hear(world.call_requested(book), world.moved(book, book.start, reason="place_back"))
    assert await world.calls(book) == [DROPPED]
    world.clock.time = at("17T10:30")
    await world.sender.send_due()
    assert len(carrier.texts) == 2
    accepted = [purpose for purpose, state, _ in await world.texts(book) if state == "accepted"]
    assert sorted(accepted) == ["confirmation", "reminder"]


async def test_a_place_that_somebody_has_again_who_waits_in_it_drops_the_call_and_tells_nothing(
    world: World, carrier: Carrier
) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book), world.arrived(book), world.call_requested(book))
    assert await world.calls(book) == [ASKED]
    await world.hear(world.corrected(book, "arrived", "arrived", reason="place_back"))
    assert await world.calls(book) == [DROPPED]
    world.clock.time = at("17T10:30")
    await world.sender.send_due()
    assert carrier.texts == []


async def test_a_request_heard_after_the_move_it_led_to_asks_for_nothing(world: World) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    booked, asked, moved = world.booked(book), world.call_requested(book), world.moved(book, at("20T10:30"))
    await world.hear(booked, moved)
    await world.hear(asked)
    assert [state for _, _, state in await world.calls(book)] in ([], ["dropped"])


async def test_a_request_older_than_the_horizon_asks_for_nothing(world: World) -> None:
    book = world.book(await world.patient(), at("26T10:30"))
    asked = world.call_requested(book)
    world.clock.time += timedelta(hours=73)
    await world.hear(asked)
    assert await world.calls(book) == []


async def test_an_erased_patient_is_not_called(world: World) -> None:
    patient = await world.patient()
    book = world.book(patient, at("19T10:30"))
    await world.hear(world.booked(book), world.erased(patient))
    await world.hear(world.call_requested(book))
    assert [state for _, _, state in await world.calls(book)] == []
