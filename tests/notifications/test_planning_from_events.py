import asyncio
from datetime import date, timedelta

from smp.ids import new_id
from smp.postgres import Scope
from tests.notifications.world import Carrier, World, at, landline, mobile


async def test_a_booking_plans_a_confirmation_and_a_reminder(world: World) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book))
    assert await world.texts(book) == [("confirmation", "planned", 2), ("reminder", "planned", 2)]
    due = await world.rows("SELECT due_at FROM message WHERE purpose = 'reminder'")
    assert due[0]["due_at"] == at("17T10:30")
    assert await world.said(book) == ["MessagePlanned", "MessagePlanned"]


async def test_an_event_delivered_again_plans_nothing_more(world: World) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    booked = world.booked(book)
    await world.hear(booked, booked)
    await world.hear(booked)
    assert len(await world.texts(book)) == 2
    assert len(await world.said(book)) == 2


async def test_a_rebuild_hears_everything_again_and_sends_nothing_again(world: World, carrier: Carrier) -> None:
    site, registered = world.opened(), world.registered()
    book = world.book(registered.subject, at("19T10:30"))
    story = [site, registered, world.booked(book), world.moved(book, at("20T10:30"))]
    await world.hear(*story)
    await world.sender.send_due()
    before = await world.texts(book)
    story.append(world.contact_changed(registered.subject, [landline()]))
    await world.hear(story[-1])
    await world.forget()
    world.clock.time += timedelta(minutes=5)
    await world.hear(*story)
    await world.sender.send_due()
    assert await world.texts(book) == before
    assert await world.calls(book) == []
    assert len(carrier.texts) == 1


async def test_events_older_than_the_horizon_plan_nothing(world: World) -> None:
    book = world.book(await world.patient(), at("26T10:30"))
    booked = world.booked(book)
    world.clock.time += timedelta(hours=73)
    await world.hear(booked)
    assert await world.texts(book) == []
    assert await world.rows("SELECT verdict FROM decision") == [{"verdict": "too_old"}]


async def test_an_event_that_comes_after_a_later_one_plans_nothing(world: World) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    booked, cancelled = world.booked(book), world.cancelled(book)
    await world.hear(cancelled)
    await world.hear(booked)
    assert await world.texts(book) == [("cancellation", "planned", 3)]
    assert await world.rows("SELECT state FROM appointment") == [{"state": "cancelled"}]


async def test_a_booking_nobody_wants_told_stays_silent(world: World) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book, notify=False))
    assert await world.texts(book) == []


async def test_an_unsent_confirmation_then_moved_becomes_one_correct_text(world: World, carrier: Carrier) -> None:
    book = world.book(await world.patient(), at("03T10:30"))
    await world.hear(world.booked(book), world.moved(book, at("03T15:00")))
    await world.sender.send_due()
    assert await world.texts(book) == [("confirmation", "cancelled", 2), ("confirmation", "accepted", 3)]
    assert len(carrier.texts) == 1
    assert "mardi 3 mars à 15h," in carrier.texts[0]
    assert "MessageCancelled" in await world.said(book)


async def test_a_patient_already_told_hears_of_the_change_and_only_the_new_reminder_stays(
    world: World, carrier: Carrier
) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book))
    await world.sender.send_due()
    await world.hear(world.moved(book, at("20T10:30")))
    await world.sender.send_due()
    assert await world.texts(book) == [
        ("confirmation", "accepted", 2),
        ("reminder", "cancelled", 2),
        ("change", "accepted", 3),
        ("reminder", "planned", 3),
    ]
    assert "déplacé au vendredi 20 mars" in carrier.texts[1]


async def test_a_patient_told_whose_hour_stays_hears_nothing_of_a_replacement_and_keeps_a_reminder(
    world: World, carrier: Carrier
) -> None:
    """Another practitioner, another part of the day's sessions: a move to the very hour the patient knows."""
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book))
    await world.sender.send_due()
    await world.hear(world.moved(book, at("19T10:30")))
    await world.sender.send_due()
    assert await world.texts(book) == [
        ("confirmation", "accepted", 2),
        ("reminder", "cancelled", 2),
        ("reminder", "planned", 3),
    ]
    assert len(carrier.texts) == 1


async def test_a_cancellation_drops_what_was_planned_and_tells_the_patient(world: World, carrier: Carrier) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book), world.cancelled(book))
    await world.sender.send_due()
    assert await world.texts(book) == [
        ("confirmation", "cancelled", 2),
        ("reminder", "cancelled", 2),
        ("cancellation", "accepted", 3),
    ]
    assert ["annulé" in text for text in carrier.texts] == [True]


async def test_a_patient_who_has_come_is_not_reminded(world: World) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book), world.arrived(book))
    assert {state for _, state, _ in await world.texts(book)} == {"cancelled"}


async def test_a_cancellation_undone_before_its_text_left_leaves_the_patient_in_peace(
    world: World, carrier: Carrier
) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book))
    await world.sender.send_due()
    await world.hear(world.cancelled(book), world.corrected(book, "cancelled"))
    await world.sender.send_due()
    assert await world.texts(book) == [
        ("confirmation", "accepted", 2),
        ("reminder", "cancelled", 2),
        ("cancellation", "cancelled", 3),
        ("reminder", "planned", 4),
    ]
    assert len(carrier.texts) == 1


async def test_a_patient_told_of_a_cancellation_by_mistake_hears_that_the_appointment_stands(
    world: World, carrier: Carrier
) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book), world.cancelled(book))
    await world.sender.send_due()
    await world.hear(world.corrected(book, "cancelled"))
    await world.sender.send_due()
    assert (await world.texts(book))[2:] == [
        ("cancellation", "accepted", 3),
        ("confirmation", "accepted", 4),
        ("reminder", "planned", 4),
    ]
    assert "annulé" in carrier.texts[0]
    assert "annulé" not in carrier.texts[1]


async def test_a_correction_heard_before_what_it_corrects_still_ends_with_the_appointment_standing(
    world: World,
) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    booked, cancelled, corrected = world.booked(book), world.cancelled(book), world.corrected(book, "cancelled")
    await world.hear(booked)
    await world.hear(corrected)
    await world.hear(cancelled)
    assert [text for text in await world.texts(book) if text[1] == "planned"] == [
        ("confirmation", "planned", 4),
        ("reminder", "planned", 4),
    ]
    assert await world.rows("SELECT state FROM appointment") == [{"state": "expected"}]


async def test_an_arrival_noted_on_the_wrong_line_gives_the_reminder_back(world: World) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book))
    await world.sender.send_due()
    await world.hear(world.arrived(book), world.corrected(book, "arrived"))
    assert (await world.texts(book))[-1] == ("reminder", "planned", 4)


async def test_a_correction_that_brings_nobody_back_says_nothing(world: World) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book), world.arrived(book), world.corrected(book, "in_consultation", "arrived"))
    assert {state for _, state, _ in await world.texts(book)} == {"cancelled"}
    assert await world.rows("SELECT state FROM appointment") == [{"state": "over"}]


async def test_a_family_is_told_once_and_later_by_its_first_member(world: World, carrier: Carrier) -> None:
    parent = await world.patient([mobile("+33639980011")])
    child = await world.patient([landline()])
    first, second = world.book(parent, at("19T10:30")), world.book(child, at("19T10:50"))
    party = first.appointment
    await world.hear(world.booked(second, party=party), world.booked(first, party=party))
    await world.sender.send_due()
    assert (await world.texts(second), await world.calls(second)) == ([], [])
    assert [text[0] for text in await world.texts(first)] == ["confirmation", "reminder"]
    await world.hear(world.moved(second, at("19T11:30"), party=party))
    await world.sender.send_due()
    assert (await world.calls(second)) == []
    assert [number for _, number, _ in carrier.taken] == ["+33639980011", "+33639980011"]
    assert "11h30" in carrier.texts[1]


async def test_another_practitioner_at_the_same_hour_goes_unnoticed(world: World, carrier: Carrier) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book))
    await world.sender.send_due()
    await world.hear(world.moved(book, book.start, floated=True))
    await world.sender.send_due()
    assert len(carrier.texts) == 1
    assert (await world.texts(book))[-1] == ("reminder", "planned", 3)


async def test_whoever_is_prepared_first_is_told_the_hour_of_the_preparation(world: World, carrier: Carrier) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book, preparation_start=at("19T10:20")))
    await world.sender.send_due()
    assert "10h20" in carrier.texts[0]


async def test_a_landline_raises_one_call_instead_of_texts(world: World) -> None:
    book = world.book(await world.patient([landline()]), at("19T10:30"))
    booked = world.booked(book)
    await world.hear(booked)
    await world.hear(booked)
    assert await world.texts(book) == []
    assert await world.calls(book) == [("confirmation", "no_mobile", "open")]
    assert await world.said(book) == ["CallTaskRaised"]


async def test_a_patient_who_refused_texts_from_the_start_is_called_for_that_reason(world: World) -> None:
    patient = await world.patient([mobile("+33639980001", consent=False)])
    book = world.book(patient, at("19T10:30"))
    await world.hear(world.booked(book))
    assert await world.calls(book) == [("confirmation", "no_consent", "open")]


async def test_a_patient_who_takes_back_consent_is_called_for_the_reason_given(world: World) -> None:
    patient = await world.patient()
    await world.hear(world.contact_changed(patient, [mobile("+33639980001", consent=False)]))
    book = world.book(patient, at("19T10:30"))
    await world.hear(world.booked(book))
    assert await world.calls(book) == [("confirmation", "no_consent", "open")]


async def test_a_call_about_an_outdated_slot_is_replaced_by_the_right_one(world: World) -> None:
    book = world.book(await world.patient([landline()]), at("19T10:30"))
    await world.hear(world.booked(book), world.moved(book, at("20T10:30")), world.cancelled(book))
    assert await world.calls(book) == [
        ("confirmation", "no_mobile", "dropped"),
        ("confirmation", "no_mobile", "dropped"),
        ("cancellation", "no_mobile", "open"),
    ]


async def test_a_patient_who_cancels_is_not_called_about_it(world: World) -> None:
    book = world.book(await world.patient([landline()]), at("19T10:30"))
    await world.hear(world.booked(book), world.cancelled(book, cancelled_by="patient"))
    assert await world.calls(book) == [("confirmation", "no_mobile", "dropped")]


async def test_an_erased_patient_leaves_no_contact_and_gets_no_text(world: World, carrier: Carrier) -> None:
    patient = await world.patient()
    book = world.book(patient, at("19T10:30"))
    await world.hear(world.booked(book), world.erased(patient))
    await world.sender.send_due()
    assert {state for _, state, _ in await world.texts(book)} == {"cancelled"}
    assert carrier.texts == []
    assert await world.rows("SELECT sealed_contact, contact_event FROM patient") == [
        {"sealed_contact": None, "contact_event": None}
    ]
    later = world.book(patient, at("20T10:30"))
    await world.hear(world.booked(later))
    assert (await world.texts(later), await world.calls(later)) == ([], [])


async def test_a_contact_that_comes_after_the_erasure_is_not_kept(world: World) -> None:
    patient = await world.patient()
    changed = world.contact_changed(patient, [mobile("+33639980002")])
    await world.hear(world.erased(patient))
    await world.hear(changed)
    assert await world.rows("SELECT sealed_contact FROM patient") == [{"sealed_contact": None}]


async def test_a_booking_may_come_before_its_patient_and_its_site(world: World, carrier: Carrier) -> None:
    world.sender.policy = world.policy = type(world.policy)(lease=timedelta(0))
    registered = world.registered()
    book = world.book(registered.subject, at("03T10:30"))
    await world.hear(world.booked(book))
    await world.sender.send_due()
    assert await world.texts(book) == [("confirmation", "planned", 2)]
    await world.hear(world.opened(), registered)
    async with world.db.admin() as admin:
        await admin.execute("UPDATE message SET not_before = clock_timestamp()")
    await world.sender.send_due()
    assert await world.texts(book) == [("confirmation", "accepted", 2)]


async def test_a_site_that_moves_gives_its_new_address_in_texts_booked_long_before(
    world: World, carrier: Carrier
) -> None:
    patient = await world.patient()
    before, after = world.book(patient, at("19T10:30")), world.book(patient, at("20T10:30"))
    await world.hear(world.booked(before), world.booked(after))
    await world.hear(world.relocated("2 place du 11 Novembre", date(2026, 3, 20)))
    for moment in ("17T10:30", "18T10:30"):
        world.clock.time = at(moment)
        await world.sender.send_due()
    reminders = [text for text in carrier.texts if text.startswith("Rappel")]
    assert [("Cerdan" in text, "11 Novembre" in text) for text in reminders] == [(True, False), (False, True)]


async def test_whoever_has_read_the_old_address_and_has_no_text_to_come_is_told_the_new_one_once(
    world: World, carrier: Carrier
) -> None:
    reminded = world.book(await world.patient(), at("20T10:30"))
    later = world.book(await world.patient(), at("26T10:30"))
    await world.hear(world.booked(reminded), world.booked(later))
    world.clock.time = at("18T10:30")
    await world.sender.send_due()
    already = len(carrier.texts)
    moved = world.relocated("2 place du 11 Novembre", date(2026, 3, 20))
    await world.hear(moved, moved)
    await world.sender.send_due()
    await world.sender.send_due()
    (told,) = carrier.texts[already:]
    assert "déménage" in told
    assert "11 Novembre" in told
    assert ("address", "accepted", 2) in await world.texts(reminded)
    assert "address" not in {purpose for purpose, _, _ in await world.texts(later)}, "the reminder will say it"


async def test_who_comes_before_the_site_moves_is_told_nothing_new(world: World, carrier: Carrier) -> None:
    before = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(before))
    world.clock.time = at("18T10:30")
    await world.sender.send_due()
    already = len(carrier.texts)
    await world.hear(world.relocated("2 place du 11 Novembre", date(2026, 3, 20)))
    await world.sender.send_due()
    assert carrier.texts[already:] == []


async def test_who_can_no_longer_be_reached_by_a_text_is_called_about_the_new_address(world: World) -> None:
    patient = await world.patient()
    book = world.book(patient, at("20T10:30"))
    await world.hear(world.booked(book))
    world.clock.time = at("18T10:30")
    await world.sender.send_due()
    await world.hear(world.contact_changed(patient, [landline()]))
    await world.hear(world.relocated("2 place du 11 Novembre", date(2026, 3, 20)))
    assert [row[0] for row in await world.calls(book)] == ["address"]


async def test_an_address_that_was_wrong_is_told_again(world: World, carrier: Carrier) -> None:
    book = world.book(await world.patient(), at("20T10:30"))
    await world.hear(world.booked(book))
    world.clock.time = at("18T10:30")
    await world.sender.send_due()
    for line in ("2 place du 11 Novembre", "3 place du 11 Novembre"):
        await world.hear(world.relocated(line, date(2026, 3, 20)))
        await world.sender.send_due()
    assert [text[:2] for text in await world.texts(book)][2:] == [
        ("confirmation", "accepted"),
        ("reminder", "accepted"),
    ]
    wrong, right = carrier.texts[-2:]
    assert ("2 place" in wrong, "3 place" in right) == (True, True)


async def test_an_address_that_was_wrong_and_has_not_been_told_yet_is_told_once(world: World, carrier: Carrier) -> None:
    told, called = await world.patient(), await world.patient()
    books = [world.book(patient, at("20T10:30")) for patient in (told, called)]
    await world.hear(*(world.booked(book) for book in books))
    world.clock.time = at("18T10:30")
    await world.sender.send_due()
    already = len(carrier.texts)
    await world.hear(world.contact_changed(called, [landline()]))
    for line in ("2 place du 11 Novembre", "3 place du 11 Novembre"):
        await world.hear(world.relocated(line, date(2026, 3, 20)))
    await world.sender.send_due()
    (text,) = carrier.texts[already:]
    assert "3 place" in text
    assert await world.calls(books[1]) == [("address", "no_mobile", "open")]


async def test_a_text_that_left_while_the_move_was_on_its_way_is_corrected(world: World, carrier: Carrier) -> None:
    book = world.book(await world.patient(), at("20T10:30"))
    await world.hear(world.booked(book))
    world.clock.time = at("18T10:25")
    moved = world.relocated("2 place du 11 Novembre", date(2026, 3, 20))
    world.clock.time = at("18T10:30")
    await world.sender.send_due()
    assert "Cerdan" in carrier.texts[-1]
    world.clock.time = at("18T10:35")
    await world.hear(moved)
    await world.sender.send_due()
    assert "11 Novembre" in carrier.texts[-1]


async def test_a_text_that_is_leaving_when_the_site_moves_is_corrected(world: World) -> None:
    """The order is forced: a sender has read the old address and not committed when the move is heard."""
    book = world.book(await world.patient(), at("20T10:30"))
    await world.hear(world.booked(book))
    world.clock.time = at("18T10:30")
    await world.sender.send_due()
    async with world.db.admin() as admin, admin.transaction():
        await admin.execute("UPDATE message SET state = 'planned' WHERE purpose = 'reminder'")
    async with world.db.admin() as admin, admin.transaction():
        await admin.execute("UPDATE message SET state = 'sending' WHERE purpose = 'reminder'")
        hearing = asyncio.create_task(world.hear(world.relocated("2 place du 11 Novembre", date(2026, 3, 20))))
        await world.until_waiting(1)
    await hearing
    assert ("address", "planned", 2) in await world.texts(book)


async def test_a_rebuild_tells_no_move_again(world: World, carrier: Carrier) -> None:
    """The reminder of somebody who has read the old address gave the new one."""
    site, registered = world.opened(), world.registered()
    book = world.book(registered.subject, at("20T10:30"))
    booked = world.booked(book)
    await world.hear(site, registered, booked)
    world.clock.time = at("17T10:30")
    await world.sender.send_due()
    moved = world.relocated("2 place du 11 Novembre", date(2026, 3, 20))
    await world.hear(moved)
    world.clock.time = at("18T10:30")
    await world.sender.send_due()
    already = len(carrier.texts)
    assert "11 Novembre" in carrier.texts[-1]
    await world.forget()
    await world.hear(site, registered, booked)
    await world.hear(moved)
    await world.sender.send_due()
    assert carrier.texts[already:] == []


async def test_nobody_from_another_territory_sees_texts_or_calls(world: World) -> None:
    patient = await world.patient()
    await world.hear(world.booked(world.book(patient, at("19T10:30"))))
    await world.hear(world.booked(world.book(await world.patient([landline()]), at("19T10:50"))))
    tables = ("message", "call_task", "decision", "appointment", "patient", "site", "site_address")
    for territory, sees in (("53", True), ("72", False)):
        async with world.db.database.transaction(Scope(frozenset({territory}))) as tx:
            for table in tables:
                assert await tx.fetchval(f"SELECT EXISTS (SELECT FROM {table})") is sees, table


async def test_the_trace_of_the_booking_is_kept_with_its_texts(world: World) -> None:
    book = world.book(await world.patient(), at("19T10:30"))
    await world.hear(world.booked(book))
    assert {row["traceparent"] for row in await world.rows("SELECT traceparent FROM message")} == {book.traceparent}
    assert {row["traceparent"] for row in await world.rows("SELECT traceparent FROM smp.outbox")} == {book.traceparent}


async def test_a_cancelled_hold_without_patient_says_nothing(world: World) -> None:
    await world.patient()
    book = world.book(new_id(), at("19T10:30"))
    await world.hear(world.cancelled(book, patient=None))
    assert (await world.texts(book), await world.calls(book)) == ([], [])
