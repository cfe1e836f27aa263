"""Sessions with shares: who is refused until when, one booking of the last place, and the release told as an event."""

import asyncio
import json
from dataclasses import replace
from datetime import time, timedelta

import pytest

from booking import problems
from booking.domain.appointments import State
from booking.domain.sessions import Session
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.appointments.register_walk_in import WalkInRequest, register_walk_in
from booking.use_cases.calendar.cancel_session import cancel_session
from booking.use_cases.calendar.change_session import SessionChange, change_session
from booking.use_cases.calendar.reshaping import Consent
from booking.use_cases.capacity.release_capacity import release_capacity
from smp.postgres import Database
from tests.booking.agenda import Planner, of_hours
from tests.booking.desk import Desk, session_body
from tests.booking.impact import new_hours, plan
from tests.booking.test_concurrency import outcome
from tests.booking.world import NOW, RULES, SECRETARY, Centre, at, events_of, monday, refusal, starts
from tests.support.databases import ServiceDatabase

SEVEN = ("09:00", "09:20", "09:40", "10:00", "10:20", "10:40", "11:00")


async def filled(centre: Centre, hours: tuple[str, ...] = SEVEN, **shares: int) -> Session:
    """A morning of nine slots, seven of them taken by the desk unless said otherwise."""
    session = await centre.session(await centre.doctor(), shares=shares)
    for hour in hours:
        await centre.book(session, hour)
    return session


async def test_what_is_kept_for_the_minor_emergencies_of_the_day_is_refused_to_the_desk(centre: Centre) -> None:
    session = await filled(centre, same_day=2)
    other = await centre.session(await centre.doctor())
    refused = await refusal(centre.book(session, "11:20"))
    assert refused.problem is problems.CLASS_NOT_RELEASED
    assert starts(refused) == at("11:20", "11:00", "11:40")
    assert {each["session"] for each in refused.extensions["alternatives"]} == {str(other.id)}
    booked = await centre.book(session, "11:20", kind="minor_emergency")
    assert booked.appointment.capacity_class == "same_day"


async def test_a_channel_takes_from_its_own_share(centre: Centre) -> None:
    session = await filled(centre, online=1, regulation=1)
    assert (await refusal(centre.book(session, "11:20"))).problem is problems.CLASS_NOT_RELEASED
    assert (await centre.book(session, "11:20", channel="online")).appointment.capacity_class == "online"
    assert (await refusal(centre.book(session, "11:40", channel="online"))).problem is problems.CLASS_NOT_RELEASED
    sent = await centre.book(session, "11:40", kind="minor_emergency", channel="regulation")
    assert sent.appointment.capacity_class == "regulation"


async def test_a_hold_counts_as_taken_until_it_expires(centre: Centre) -> None:
    session = await filled(centre, same_day=1)
    await centre.hold(session, "11:20")
    assert (await refusal(centre.book(session, "11:40"))).problem is problems.CLASS_NOT_RELEASED
    await centre.book(session, "11:40", now=NOW + RULES.hold)


async def test_a_cancelled_appointment_gives_its_place_back_to_its_class(centre: Centre) -> None:
    session = await filled(centre, same_day=2)
    first = (await centre.book(session, "11:20", kind="minor_emergency")).appointment
    assert (await refusal(centre.book(session, "11:40"))).problem is problems.CLASS_NOT_RELEASED
    async with centre.transaction() as tx:
        move = MoveRequest(session.id, monday("11:40"))
        moved = await move_appointment(tx, first.id, move, RULES, actor=SECRETARY, now=NOW)
    assert moved.appointment.state is State.BOOKED
    assert (await refusal(centre.book(session, "11:20"))).problem is problems.CLASS_NOT_RELEASED


async def test_a_released_share_is_everybodys_even_if_nobody_has_written_that_down(centre: Centre) -> None:
    session = await filled(centre, same_day=2)
    assert (await refusal(centre.book(session, "11:20", now=monday("10:59")))).problem is problems.CLASS_NOT_RELEASED
    await centre.book(session, "11:20", now=monday("11:00"))


async def test_a_walk_in_takes_from_the_share_of_its_class_only(centre: Centre) -> None:
    session = await filled(centre, same_day=1, online=1)
    now = monday("10:50")

    async def come(kind: str) -> object:
        async with centre.transaction() as tx:
            request = WalkInRequest(centre.site, await centre.patient(), kind)
            return await register_walk_in(tx, request, RULES, actor=SECRETARY, now=now)

    # The online share is everybody's since the day before: one place is common.
    await come("minor_emergency")
    await come("consultation")
    assert (await refusal(come("consultation"))).problem is problems.NO_PLACE_TODAY
    assert session.shares


async def test_of_two_who_want_the_last_place_of_a_class_exactly_one_has_it(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    """Two free slots, one of them kept: two bookings of different slots meet only in the share."""
    other = await Database.connect(booking_database.app_url, size=4)
    try:
        two = (centre, replace(centre, database=other))
        for _ in range(8):
            session = await filled(centre, same_day=1)
            patients = [await centre.patient() for _ in range(2)]
            results = await asyncio.gather(
                *(
                    outcome(by.book(session, hour, patient))
                    for by, hour, patient in zip(two, ("11:20", "11:40"), patients, strict=True)
                )
            )
            assert sorted(hasattr(each, "appointment") for each in results) == [False, True]
            assert problems.CLASS_NOT_RELEASED in results
    finally:
        await other.close()


async def test_the_release_is_told_once_with_what_was_left(centre: Centre, booking_database: ServiceDatabase) -> None:
    session = await filled(centre, SEVEN[:6], same_day=2, online=1)
    await centre.book(session, "11:20", kind="minor_emergency")
    for now in (monday("08:00"), monday("11:00"), monday("11:00") + timedelta(hours=3)):
        await release_capacity(centre.database, now)
    said = await events_of(booking_database, session.id)
    assert said == [("SessionOpened", 1), ("CapacityReleased", 2), ("CapacityReleased", 3)]
    async with booking_database.admin() as connection:
        told = await connection.fetch(
            "SELECT payload FROM smp.outbox WHERE aggregateid = $1 ORDER BY position", session.id
        )
    released = [(it["capacity_class"], it["slots"]) for it in (json.loads(each["payload"]) for each in told[1:])]
    assert released == [("online", 1), ("same_day", 1)]


async def test_a_cancelled_session_releases_nothing(centre: Centre, booking_database: ServiceDatabase) -> None:
    session = await centre.session(await centre.doctor(), shares={"same_day": 2})
    async with centre.transaction() as tx:
        request = Consent("practitioner_away")
        await cancel_session(tx, session.id, request, RULES, actor=SECRETARY, now=NOW)
    await release_capacity(centre.database, monday("11:00"))
    assert (await events_of(booking_database, session.id))[1:] == [("SessionCancelled", 2)]


async def test_shares_are_given_in_slots_or_minutes(desk: Desk) -> None:
    body = session_body(desk.centre.site, await desk.centre.doctor())
    shares = [{"capacity_class": "same_day", "slots": 2}, {"capacity_class": "online", "minutes": 50}]
    opened = await desk.post("/sessions", {**body, "shares": shares})
    assert opened.status_code == 201, opened.text
    assert opened.json()["shares"] == [
        {"capacity_class": "online", "slots": 3, "release_at": "2027-01-10T17:00:00Z"},
        {"capacity_class": "same_day", "slots": 2, "release_at": "2027-01-11T10:00:00Z"},
    ]


@pytest.mark.parametrize(
    ("shares", "kind"),
    [
        ([{"capacity_class": "same_day", "slots": 10}], "shares-too-large"),
        ([{"capacity_class": "same_day", "slots": 2, "minutes": 40}], "invalid-body"),
        ([{"capacity_class": "same_day"}], "invalid-body"),
        ([{"capacity_class": "everybody", "slots": 2}], "invalid-body"),
        ([{"capacity_class": "same_day", "slots": 1}, {"capacity_class": "same_day", "slots": 2}], "invalid-body"),
    ],
)
async def test_a_share_that_makes_no_sense_is_refused(desk: Desk, shares: list[dict[str, object]], kind: str) -> None:
    body = session_body(desk.centre.site, await desk.centre.doctor())
    refused = await desk.post("/sessions", {**body, "shares": shares})
    assert refused.status_code == 422
    assert refused.json()["type"].endswith(kind)


async def test_the_sessions_of_a_rule_have_its_shares(desk: Desk) -> None:
    body = session_body(desk.centre.site, await desk.centre.doctor())
    rule = {key: value for key, value in body.items() if key != "day"} | {
        "weekly": {"weekdays": [1]}, "valid_from": "2027-01-04", "valid_until": "2027-01-18",
        "shares": [{"capacity_class": "same_day", "slots": 2}],
    }  # fmt: skip
    opened = await desk.post("/session-rules", rule)
    assert opened.status_code == 201, opened.text
    releases = [each["shares"][0]["release_at"] for each in opened.json()["sessions"]]
    assert releases == [f"2027-01-{day}T10:00:00Z" for day in ("04", "11", "18")]


async def test_the_shares_of_a_rule_are_changed_from_a_day_on_and_its_sessions_follow(desk: Desk) -> None:
    body = session_body(desk.centre.site, await desk.centre.doctor())
    rule = {key: value for key, value in body.items() if key != "day"} | {
        "weekly": {"weekdays": [1]}, "valid_from": "2027-01-04", "valid_until": "2027-01-18",
        "shares": [{"capacity_class": "same_day", "slots": 2}],
    }  # fmt: skip
    opened = (await desk.post("/session-rules", rule)).json()
    path = f"/session-rules/{opened['rule']}/change"
    shares = [{"capacity_class": "online", "slots": 3}]
    changed = await desk.post(path, {"from_day": "2027-01-11", "shares": shares})
    assert changed.status_code == 200, changed.text
    now = (await desk.get("/sessions", site=desk.centre.site, **{"from": "2027-01-04", "to": "2027-01-18"})).json()
    kept = [[(each["capacity_class"], each["slots"]) for each in session["shares"]] for session in now["sessions"]]
    assert kept == [[("same_day", 2)], [("online", 3)], [("online", 3)]]
    (seen,) = (await desk.get("/session-rules", site=desk.centre.site)).json()["rules"]
    assert [each["shares"] for each in seen["versions"]] == [{"same_day": 2}, {"online": 3}]
    none = await desk.post(path, {"from_day": "2027-01-18", "shares": []})
    assert [each["shares"] for each in none.json()["followed"]["changed"]] == [[]]
    in_minutes = [{"capacity_class": "online", "minutes": 50}]
    assert (await desk.post(path, {"from_day": "2027-01-18", "shares": in_minutes})).status_code == 422
    counted = await desk.post(path, {"from_day": "2027-01-18", "shares": in_minutes, "slot_minutes": 20})
    assert counted.status_code == 200, counted.text


async def test_a_release_that_is_due_when_a_session_moves_to_an_earlier_day_is_still_told(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    """On Sunday at noon the share of the Monday is kept still; moved to the Sunday its hour was at eleven."""
    session = await centre.session(await centre.doctor(), shares={"same_day": 2})
    sunday = session.day - timedelta(days=1)
    noon = monday("12:00") - timedelta(days=1)
    moved = SessionChange(Consent("organisation"), day=sunday, start=time(14), end=time(17))
    async with centre.transaction() as tx:
        await change_session(tx, session.id, moved, RULES, actor=SECRETARY, now=noon)
    for _ in range(2):
        await release_capacity(centre.database, noon)
    assert await events_of(booking_database, session.id) == [
        ("SessionOpened", 1), ("SessionChanged", 2), ("CapacityReleased", 3),
    ]  # fmt: skip


class TestAnOccurrenceThatIsEdited:
    async def test_holds_what_it_keeps_or_keeps_less(self, centre: Centre, booking_database: ServiceDatabase) -> None:
        planner = Planner(centre)
        session = await centre.session(await centre.doctor(), shares={"online": 6, "same_day": 3})
        refused = await refusal(planner.change(session.id, hours="09:00-10:00"))
        assert (refused.problem, refused.extensions["slots"]) == (problems.SHARES_TOO_LARGE, 3)
        assert (await refusal(planner.change(session.id, grid=timedelta(minutes=30)))).problem is refused.problem
        assert (await refusal(planner.change(session.id, shares={"online": 10}))).problem is refused.problem
        less = (await planner.change(session.id, hours="09:00-10:00", shares={"online": 3})).opened.session
        assert less.kept == {"online": 3}
        assert less.shares[0].release_at == session.shares[0].release_at
        assert (await refusal(centre.book(less, "09:20"))).problem is problems.CLASS_NOT_RELEASED
        assert (await planner.change(session.id, shares={})).opened.session.shares == ()
        await centre.book(less, "09:20")
        assert [name for name, _ in await events_of(booking_database, session.id)] == [
            "SessionOpened", "SessionChanged", "SessionChanged",
        ]  # fmt: skip

    async def test_is_not_planned_shorter_than_what_it_keeps(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), shares={"online": 6})
        refused = await refusal(plan(centre, new_hours(session, "09:00", "10:00")))
        assert refused.problem is problems.SHARES_TOO_LARGE
        await plan(centre, new_hours(session, "09:00", "11:00"))

    async def test_that_a_closure_cut_keeps_all_that_is_left_until_its_hours_are_back(self, centre: Centre) -> None:
        planner = Planner(centre)
        session = await centre.session(await centre.doctor(), shares={"online": 6})
        shut = await planner.close(of_hours(session.day, "10:00-20:00"))
        assert (await refusal(centre.book(session, "09:20"))).problem is problems.CLASS_NOT_RELEASED
        assert (await refusal(planner.change(session.id, hours="09:00-09:40"))).problem is problems.SHARES_TOO_LARGE
        await planner.reopen(shut.closure.id)
        assert await planner.hours(session.day) == ["2027-01-11 09:00-12:00"]
        await centre.book(session, "09:20")

    async def test_that_a_closure_cut_may_change_its_room(self, centre: Centre) -> None:
        planner = Planner(centre)
        session = await centre.session(await centre.doctor(), shares={"online": 6})
        await planner.close(of_hours(session.day, "10:00-20:00"))
        assert (await planner.change(session.id, room="2")).opened.session.kept == {"online": 6}

    async def test_over_http_in_slots_or_in_minutes_of_a_grid(self, desk: Desk) -> None:
        session = await desk.open_session()
        path, why = f"/sessions/{session}/change", {"reason": "demand"}
        shares = [{"capacity_class": "online", "minutes": 50}]
        assert (await desk.post(path, {**why, "shares": shares})).status_code == 422
        changed = await desk.post(path, {**why, "shares": shares, "slot_minutes": 20})
        assert changed.status_code == 200, changed.text
        assert [(each["capacity_class"], each["slots"]) for each in changed.json()["shares"]] == [("online", 3)]
        none = await desk.post(path, {**why, "shares": []})
        assert none.json()["shares"] == []
