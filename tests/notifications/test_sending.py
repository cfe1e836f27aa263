import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from notifications.use_cases.expire_unanswered import expire_unanswered, forget_old_texts
from notifications.use_cases.provider import Busy, Doubtful, Refused
from notifications.use_cases.receive_receipt import Receipt, receive_receipts
from notifications.use_cases.send_due import Sender
from smp.contracts import SiteClosed
from smp.postgres import Scope
from tests.notifications.world import Book, Carrier, World, at, mobile


@pytest.fixture
async def book(world: World) -> Book:
    """An appointment of tomorrow, whose confirmation is due now."""
    book = world.book(await world.patient(), at("03T10:30"))
    await world.hear(world.booked(book))
    return book


async def receipt(world: World, reference: str, ptt: int, description: int = 0) -> None:
    async with world.db.database.transaction(Scope.everywhere()) as tx:
        await receive_receipts(tx, [Receipt("memory", reference, ptt, description, "")], world.clock.now())


async def expect(world: World, count: int) -> None:
    """Appointments of tomorrow, whose confirmations are due now."""
    patient = await world.patient()
    books = [world.book(patient, at("03T08:00") + timedelta(minutes=20 * n)) for n in range(count)]
    await world.hear(*[world.booked(book) for book in books])


async def state_of(world: World, book: Book) -> str:
    return (await world.texts(book))[-1][1]


async def test_a_text_leaves_once_with_its_words_and_number(world: World, carrier: Carrier, book: Book) -> None:
    assert await world.sender.send_due() == 1
    assert await world.sender.send_due() == 0
    ((tag, number, text),) = carrier.taken
    assert (len(tag), number) == (20, "+33639980001")
    assert text.startswith("SMP Henri Dunant : rendez-vous confirmé mardi 3 mars à 10h30, 48 rue Marcel Cerdan")
    assert await world.said(book) == ["MessagePlanned", "MessageAccepted"]


async def test_accepted_is_not_delivered_until_the_operator_says_so(world: World, book: Book) -> None:
    await world.sender.send_due()
    assert await state_of(world, book) == "accepted"
    await receipt(world, "m1", 3)
    assert await state_of(world, book) == "accepted"
    await receipt(world, "m1", 4, 1)
    assert await state_of(world, book) == "delivered"


async def test_receipts_twice_and_out_of_order_end_in_one_fate(world: World, book: Book) -> None:
    await world.sender.send_due()
    for ptt in (4, 3, 4, 8, 23):
        await receipt(world, "m1", ptt)
    assert await world.said(book) == ["MessagePlanned", "MessageAccepted", "MessageDelivered"]
    assert await world.calls(book) == []


async def test_a_receipt_that_overtakes_the_answer_is_kept_for_it(world: World, book: Book) -> None:
    await receipt(world, "m1", 3)
    await receipt(world, "m1", 4, 1)
    await world.sender.send_due()
    assert await world.said(book) == ["MessagePlanned", "MessageAccepted", "MessageDelivered"]


async def test_the_answer_and_its_receipt_may_cross(world: World, carrier: Carrier) -> None:
    patient = await world.patient()
    books = [world.book(patient, at("03T10:30") + timedelta(minutes=20 * n)) for n in range(12)]
    await world.hear(*[world.booked(book) for book in books])
    await asyncio.gather(world.sender.send_due(), *[receipt(world, f"m{n + 1}", 4, 1) for n in range(12)])
    assert {await state_of(world, book) for book in books} == {"delivered"}


@pytest.mark.parametrize(("ptt", "said"), [(8, "MessageExpired"), (5, "MessageFailed"), (23, "MessageFailed")])
async def test_a_text_that_never_arrived_is_replaced_by_a_call(world: World, book: Book, ptt: int, said: str) -> None:
    await world.sender.send_due()
    await receipt(world, "m1", ptt, 2)
    assert (await world.said(book))[-2:] == [said, "CallTaskRaised"]
    reason = "invalid_number" if ptt == 23 else "undelivered"
    assert await world.calls(book) == [("confirmation", reason, "open")]


async def test_nobody_has_to_call_about_a_failure_that_no_longer_matters(world: World, book: Book) -> None:
    await world.sender.send_due()
    await world.hear(world.arrived(book))
    await receipt(world, "m1", 8, 2)
    assert await state_of(world, book) == "expired"
    assert await world.calls(book) == [("confirmation", "undelivered", "dropped")]
    assert (await world.said(book))[-2:] == ["CallTaskRaised", "CallTaskDone"]


async def test_nobody_has_to_call_about_a_slot_that_has_changed_since(world: World, book: Book) -> None:
    await world.sender.send_due()
    await world.hear(world.moved(book, at("03T15:00")))
    await receipt(world, "m1", 5, 2)
    assert await world.calls(book) == [("confirmation", "undelivered", "dropped")]


async def test_a_refused_number_is_not_used_again_until_the_contact_changes(
    world: World, carrier: Carrier, book: Book
) -> None:
    carrier.script = [Refused("invalid_number")]
    await world.sender.send_due()
    assert await world.said(book) == ["MessagePlanned", "MessageFailed", "CallTaskRaised"]
    again = world.book(book.patient, at("03T11:30"))
    await world.hear(world.booked(again))
    assert await world.calls(again) == [("confirmation", "invalid_number", "open")]
    await world.hear(world.contact_changed(book.patient, [mobile("+33639980002")]))
    after = world.book(book.patient, at("03T12:30"))
    await world.hear(world.booked(after))
    await world.sender.send_due()
    assert [number for _, number, _ in carrier.taken] == ["+33639980002"]


async def test_a_patient_who_answered_stop_is_called(world: World, carrier: Carrier, book: Book) -> None:
    carrier.script = [Refused("blacklisted")]
    await world.sender.send_due()
    assert await world.calls(book) == [("confirmation", "refused", "open")]


async def test_a_busy_provider_is_tried_again_until_it_takes_the_text_once(
    world: World, carrier: Carrier, book: Book
) -> None:
    carrier.script = [Busy("http_429"), Busy("http_402"), Busy("unreachable")]
    for _ in range(4):
        await world.sender.send_due()
    assert len(carrier.taken) == 1
    outcomes = await world.rows("SELECT outcome FROM message_attempt ORDER BY number")
    assert [row["outcome"] for row in outcomes] == ["http_429", "http_402", "unreachable", "accepted"]


async def test_a_pause_asked_by_the_provider_is_kept(world: World, carrier: Carrier, book: Book) -> None:
    carrier.script = [Busy("http_429", retry_after=3600)]
    await world.sender.send_due()
    assert await world.sender.send_due() == 0
    assert carrier.taken == []


async def test_trying_stops_when_the_appointment_is_near_and_somebody_calls(
    world: World, carrier: Carrier, book: Book
) -> None:
    carrier.script = [Busy("http_402"), Busy("http_402")]
    await world.sender.send_due()
    world.clock.time = at("03T10:15")
    await world.sender.send_due()
    assert await state_of(world, book) == "failed"
    assert await world.calls(book) == [("confirmation", "undelivered", "open")]


@pytest.mark.parametrize("kept", [True, False])
async def test_after_a_doubt_the_provider_is_asked_before_anything_is_sent_again(
    world: World, carrier: Carrier, book: Book, kept: bool
) -> None:
    carrier.script, carrier.keeps_what_it_doubts = [Doubtful("no_answer")], kept
    for _ in range(3):
        await world.sender.send_due()
    assert len(carrier.taken) == 1
    assert carrier.lookups == 1
    assert await state_of(world, book) == "accepted"


async def test_a_doubt_that_cannot_be_cleared_sends_nothing_twice(world: World, carrier: Carrier, book: Book) -> None:
    carrier.script, carrier.keeps_what_it_doubts, carrier.deaf = [Doubtful("no_answer")], True, True
    for _ in range(3):
        await world.sender.send_due()
    assert (len(carrier.taken), await state_of(world, book)) == (1, "sending")
    carrier.deaf = False
    await world.sender.send_due()
    assert (len(carrier.taken), await state_of(world, book)) == (1, "accepted")


async def test_a_sender_that_dies_after_the_provider_took_the_text_leaves_no_second_one(
    world: World, carrier: Carrier, book: Book
) -> None:
    carrier.script = [RuntimeError("killed here")]
    with pytest.raises(RuntimeError):
        await world.sender.send_due()
    assert await state_of(world, book) == "sending"
    await world.sender.send_due()
    assert (len(carrier.taken), await state_of(world, book)) == (1, "accepted")


async def test_several_senders_at_once_send_each_text_once(world: World, carrier: Carrier) -> None:
    world.policy = type(world.policy)(parallel=4)
    await expect(world, 25)
    senders = [Sender(world.db.database, world.clock, world.policy, carrier, world.keys) for _ in range(4)]
    await asyncio.gather(*[sender.send_due() for sender in senders])
    tags = [tag for tag, _, _ in carrier.taken]
    assert len(tags) == len(set(tags)) == 25


async def test_a_long_queue_is_handed_over_by_as_many_lines_as_were_set_and_no_more(
    world: World, carrier: Carrier
) -> None:
    carrier.seconds = 0.01
    await expect(world, 13)
    sender = Sender(world.db.database, world.clock, replace(world.policy, parallel=3), carrier, world.keys)
    assert await sender.send_due() == 13
    assert (carrier.most_at_once, len(carrier.taken)) == (3, 13)


async def test_what_waits_too_long_for_a_line_is_let_go_before_its_lease_ends_and_tried_again(
    world: World, carrier: Carrier
) -> None:
    carrier.seconds = 3.5
    await expect(world, 3)
    hurried = replace(world.policy, parallel=1, begin_within=timedelta(seconds=3))  # a claim is far quicker
    sender = Sender(world.db.database, world.clock, hurried, carrier, world.keys)
    await sender.send_due()
    outcomes = [row["outcome"] for row in await world.rows("SELECT outcome FROM message_attempt ORDER BY outcome")]
    assert outcomes == ["accepted", "not_begun", "not_begun"]
    await world.sender.send_due()
    assert len({tag for tag, *_ in carrier.taken}) == len(carrier.taken) == 3


async def test_a_doubt_that_waits_too_long_for_a_line_stays_one(world: World, carrier: Carrier, book: Book) -> None:
    carrier.script, carrier.keeps_what_it_doubts = [Doubtful("no_answer")], True
    await world.sender.send_due()
    late = replace(world.policy, begin_within=timedelta(seconds=-1))
    await Sender(world.db.database, world.clock, late, carrier, world.keys).send_due()
    assert (carrier.lookups, await state_of(world, book)) == (0, "sending")
    await world.sender.send_due()
    assert (carrier.lookups, await state_of(world, book)) == (1, "accepted")


async def test_a_text_superseded_while_in_doubt_is_not_sent_again(world: World, carrier: Carrier, book: Book) -> None:
    carrier.script = [Doubtful("no_answer")]
    await world.sender.send_due()
    await world.hear(world.moved(book, at("03T15:00")))
    for _ in range(3):
        await world.sender.send_due()
    assert await world.texts(book) == [("confirmation", "cancelled", 2), ("change", "accepted", 3)]
    assert ["15h" in text for text in carrier.texts] == [True]


async def test_a_missing_key_is_a_call_for_the_secretary(world: World, carrier: Carrier, book: Book) -> None:
    world.keys.data_keys.clear()
    await world.sender.send_due()
    assert await world.calls(book) == [("confirmation", "key_missing", "open")]
    assert carrier.taken == []


async def test_a_damaged_contact_is_a_call_too(world: World, carrier: Carrier, book: Book) -> None:
    async with world.db.admin() as admin:
        await admin.execute("UPDATE patient SET sealed_contact = 'AQID'")
    await world.sender.send_due()
    assert await world.calls(book) == [("confirmation", "key_missing", "open")]


async def test_a_registry_that_is_away_only_delays_texts(world: World, carrier: Carrier, book: Book) -> None:
    world.keys.silent = True
    await world.sender.send_due()
    assert await state_of(world, book) == "planned"
    world.keys.silent = False
    await world.sender.send_due()
    assert len(carrier.taken) == 1


async def test_a_patient_who_is_never_heard_of_becomes_a_call(world: World, carrier: Carrier) -> None:
    await world.hear(world.opened())
    book = world.book(world.registered().subject, at("03T10:30"))
    await world.hear(world.booked(book))
    await world.sender.send_due()
    assert await world.calls(book) == [("confirmation", "key_missing", "open")]


async def test_a_number_lost_between_planning_and_sending_becomes_a_call(
    world: World, carrier: Carrier, book: Book
) -> None:
    await world.hear(world.contact_changed(book.patient, [mobile("+33639980001", consent=False)]))
    await world.sender.send_due()
    assert await world.calls(book) == [("confirmation", "no_consent", "open")]
    assert carrier.taken == []


async def test_a_late_sender_respects_quiet_hours(world: World, carrier: Carrier, book: Book) -> None:
    world.clock.time = at("02T22:00")
    await world.sender.send_due()
    assert carrier.taken == []
    world.clock.time = at("03T08:00")
    await world.sender.send_due()
    assert len(carrier.taken) == 1


async def test_a_confirmation_is_not_sent_once_the_appointment_has_begun(
    world: World, carrier: Carrier, book: Book
) -> None:
    world.clock.time = at("03T10:30")
    await world.sender.send_due()
    assert (await state_of(world, book), carrier.taken) == ("cancelled", [])
    assert await world.calls(book) == []


async def test_nobody_is_sent_to_a_site_that_has_closed(world: World, carrier: Carrier, book: Book) -> None:
    await world.hear(world.event(SiteClosed(site=world.site, from_date=date(2026, 3, 3)), world.site))
    await world.sender.send_due()
    assert carrier.taken == []
    assert await world.calls(book) == [("confirmation", "undelivered", "open")]


@pytest.mark.parametrize(("end", "why"), [("cancelled", "cancelled"), ("arrived", "over"), ("moved", "superseded")])
async def test_nothing_leaves_about_an_appointment_that_is_not_so_any_more(
    world: World, carrier: Carrier, book: Book, end: str, why: str
) -> None:
    """Whatever planned it meanwhile: here the text stands again as if nothing had dropped it."""
    match end:
        case "cancelled":
            await world.hear(world.cancelled(book, notify=False))
        case "arrived":
            await world.hear(world.arrived(book))
        case "moved":
            await world.hear(world.moved(book, at("04T10:30"), notify=False))
    async with world.db.admin() as admin:
        await admin.execute("UPDATE message SET state = 'planned', reason = NULL, ended_at = NULL, superseded = NULL")
    await world.sender.send_due()
    assert carrier.texts == []
    assert await world.rows("SELECT state, reason FROM message") == [{"state": "cancelled", "reason": why}]
    assert (await world.said(book))[-1] == "MessageCancelled"


async def test_a_text_without_receipt_for_three_days_is_unknown_and_stays_so(world: World, book: Book) -> None:
    await world.sender.send_due()
    world.clock.time += timedelta(hours=71)
    assert await expire_unanswered(world.db.database, world.clock, world.policy) == 0
    world.clock.time += timedelta(hours=1)
    assert await expire_unanswered(world.db.database, world.clock, world.policy) == 1
    await receipt(world, "m1", 4, 1)
    assert await state_of(world, book) == "unknown"
    assert await world.said(book) == ["MessagePlanned", "MessageAccepted", "MessageExpired"]


async def test_words_and_receipts_are_forgotten_after_their_time(world: World, book: Book) -> None:
    await world.sender.send_due()
    await receipt(world, "m1", 4, 1)
    world.clock.time += timedelta(days=181)
    await forget_old_texts(world.db.database, world.clock, world.policy)
    assert await world.rows("SELECT body, provider_reference, state, segments FROM message") == [
        {"body": None, "provider_reference": None, "state": "delivered", "segments": 1}
    ]
    assert await world.rows("SELECT 1 FROM receipt") == []


async def test_the_sequence_of_each_text_grows_by_one(world: World, book: Book) -> None:
    await world.sender.send_due()
    await receipt(world, "m1", 4, 1)
    sql = "SELECT sequence FROM smp.outbox WHERE aggregateid = (SELECT message FROM message) ORDER BY position"
    assert [row["sequence"] for row in await world.rows(sql)] == [1, 2, 3]
