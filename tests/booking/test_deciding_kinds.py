"""A territory decides how its kinds are given: from which day on, and what is refused."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from booking.domain.kind_checks import Fault, fault_of
from booking.domain.kinds import Compartment, Kind, Preparation
from booking.domain.platform_kinds import platform_kinds
from smp.ids import new_id
from tests.booking.desk import Desk, session_body
from tests.booking.world import MONDAY, NOW, Centre, events_of, monday, said_of
from tests.support.databases import ServiceDatabase

TODAY, TOMORROW = NOW.date(), NOW.date() + timedelta(days=1)
MINUTE = timedelta(minutes=1)


def code() -> str:
    """A kind that no other test decides: they share a territory."""
    return f"kind_{new_id().hex[-12:]}"


async def decide(desk: Desk, code: str, valid_from: Any = TOMORROW, role: str = "coordinator", **settings: Any) -> Any:
    body = {"site": str(desk.centre.site), "code": code, "valid_from": valid_from.isoformat(), **settings}
    return await desk.post("/kinds", body, role=role)


async def session_for(desk: Desk, code: str) -> str:
    opened = await desk.post("/sessions", session_body(desk.centre.site, await desk.centre.doctor(), (code,)))
    assert opened.status_code == 201, opened.text
    session: str = opened.json()["session"]
    return session


async def test_a_new_kind_may_start_today_and_is_booked_at_once(desk: Desk, booking_database: ServiceDatabase) -> None:
    kind = code()
    decided = await decide(desk, kind, TODAY, duration_minutes=40, roles=["gp"], buffer_after_minutes=20)
    assert (decided.status_code, decided.json()["version"]) == (201, 1)
    session = await session_for(desk, kind)
    booked = await desk.book(session, "09:00", kind=kind)
    assert booked.json()["end"] == monday("09:40").isoformat().replace("+00:00", "Z")
    assert (await desk.book(session, "09:40", kind=kind)).json()["type"] == "urn:smp:problem:slot-taken"
    assert (await desk.book(session, "10:00", kind=kind)).status_code == 201


async def test_a_kind_that_is_prepared_is_booked_with_two_people(desk: Desk, booking_database: ServiceDatabase) -> None:
    kind = code()
    preparation = {"minutes": 10, "same_room": True}
    await decide(desk, kind, TODAY, duration_minutes=20, roles=["gp"], preparation=preparation)
    session, helper = await session_for(desk, kind), await desk.centre.doctor("medical_assistant")
    alone = await desk.book(session, "09:20", kind=kind)
    assert alone.json()["type"] == "urn:smp:problem:company-missing"
    await desk.post("/sessions", session_body(desk.centre.site, helper, ("preparation",)))
    booked = (await desk.book(session, "09:20", kind=kind)).json()
    (said,) = await said_of(booking_database, UUID(booked["appointment"]))
    assert [(each["role"], each["professional"]) for each in said["data"]["practitioners"]] == [
        ("gp", booked["professional"]), ("medical_assistant", str(helper)),
    ]  # fmt: skip


async def test_a_change_counts_from_its_day_on_and_keeps_what_was_booked(desk: Desk) -> None:
    kind = code()
    await decide(desk, kind, TODAY, duration_minutes=20, roles=["gp"])
    session = await session_for(desk, kind)
    before = (await desk.book(session, "09:00", kind=kind)).json()
    changed = await decide(desk, kind, MONDAY, duration_minutes=40)
    assert (changed.json()["version"], changed.json()["roles"]) == (2, ["gp"])
    listed = (await desk.get("/kinds", site=desk.centre.site, on=MONDAY - timedelta(days=1))).json()
    assert [each["duration_minutes"] for each in listed["kinds"] if each["code"] == kind] == [20]
    assert [each["duration_minutes"] for each in listed["later"] if each["code"] == kind] == [40]
    moved = await desk.post(
        f"/appointments/{before['appointment']}/move", {"session": session, "start": monday("11:40").isoformat()}
    )
    assert moved.status_code == 200, moved.text  # twenty minutes, as it was booked
    fresh = (await desk.get("/kinds", site=desk.centre.site, on=MONDAY)).json()
    assert [each["duration_minutes"] for each in fresh["kinds"] if each["code"] == kind] == [40]


async def test_a_change_of_today_is_refused_with_the_first_day_possible(desk: Desk) -> None:
    refused = await decide(desk, "consultation", TODAY, duration_minutes=25)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:smp:problem:kind-change-too-soon")
    assert refused.json()["earliest"] == TOMORROW.isoformat()


async def test_a_new_kind_says_how_long_it_takes_and_who_gives_it(desk: Desk) -> None:
    refused = await decide(desk, code(), TODAY, duration_minutes=20)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:smp:problem:kind-incomplete")


async def test_settings_that_cannot_be_kept_together_are_refused_by_name(desk: Desk) -> None:
    refused = await decide(desk, code(), TODAY, duration_minutes=20, roles=["astrologer"])
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:smp:problem:kind-contradictory")
    assert refused.json()["fault"] == "role_unknown"


async def test_another_territory_keeps_the_kinds_of_the_platform(desk: Desk, booking_database: ServiceDatabase) -> None:
    kind = code()
    await decide(desk, kind, TODAY, duration_minutes=20, roles=["gp"])
    other = await Centre(booking_database.database, territory="72").open()
    session = await other.session(await other.doctor())
    request = {"session": str(session.id), "start": monday("09:00").isoformat(), "kind": kind}
    refused = await desk.post("/holds", request, territory="72", site=other.site)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:smp:problem:kind-unknown")


async def test_each_decision_is_one_event(desk: Desk, booking_database: ServiceDatabase) -> None:
    kind = code()
    await decide(desk, kind, TODAY, duration_minutes=20, roles=["gp"])
    await decide(desk, kind, TOMORROW, duration_minutes=30)
    async with booking_database.admin() as connection:
        subject = await connection.fetchval(
            "SELECT aggregateid FROM smp.outbox WHERE type LIKE '%KindDecided%' ORDER BY position DESC LIMIT 1"
        )
    assert await events_of(booking_database, subject) == [("KindDecided", 1), ("KindDecided", 2)]


async def test_a_setting_is_taken_back_by_an_explicit_null(desk: Desk) -> None:
    kind = code()
    await decide(desk, kind, TODAY, duration_minutes=20, roles=["gp"], max_lead_days=3, preparation={"minutes": 10})
    changed = (await decide(desk, kind, TOMORROW, max_lead_days=None)).json()
    assert (changed["max_lead_days"], changed["preparation"]["minutes"]) == (None, 10)


async def test_a_silent_kind_has_neutral_wording_without_being_asked(desk: Desk) -> None:
    decided = await decide(desk, code(), TODAY, duration_minutes=20, roles=["nurse"], compartment="silent")
    assert decided.json()["neutral_wording"] is True


def kind(**settings: Any) -> Kind:
    return Kind("care", **{"duration": 20 * MINUTE, "roles": frozenset({"gp"}), **settings})


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"roles": frozenset()}, Fault.ROLE_UNKNOWN),
        ({"roles": frozenset({"gp", "secretary"})}, Fault.ROLE_UNKNOWN),
        ({"modes": frozenset()}, Fault.MODE_UNKNOWN),
        ({"capacity_class": "vip"}, Fault.CLASS_UNKNOWN),
        ({"duration": timedelta()}, Fault.DURATION),
        ({"duration": 22 * MINUTE}, Fault.DURATION),
        ({"duration": 15 * 60 * MINUTE, "buffer_after": 5 * MINUTE}, Fault.DURATION),
        ({"buffer_before": 7 * MINUTE}, Fault.BUFFER),
        ({"buffer_after": 125 * MINUTE}, Fault.BUFFER),
        ({"min_lead": timedelta(days=2), "max_lead": timedelta(days=2)}, Fault.LEADS),
        ({"unscheduled": True, "min_lead": MINUTE}, Fault.LEAD_OF_UNSCHEDULED),
        ({"unscheduled": True, "wants_eligibility": True}, Fault.ELIGIBILITY_OF_UNSCHEDULED),
        ({"unscheduled": True, "follow_up_only": True}, Fault.FOLLOW_UP_OF_UNSCHEDULED),
        ({"preparation": Preparation(60 * MINUTE)}, Fault.PREPARATION),
        ({"preparation": Preparation(10 * MINUTE, frozenset({"gp"}))}, Fault.PREPARATION),
        ({"preparation": Preparation(10 * MINUTE), "modes": frozenset({"VR"})}, Fault.PREPARATION_AWAY),
        ({"wants_room": True, "modes": frozenset({"HH"})}, Fault.ROOM_AWAY),
        ({"compartment": Compartment.SILENT}, Fault.SILENT_TOLD),
        ({"running_cap": 0}, Fault.CAP),
        ({"duration": 15 * 60 * MINUTE}, None),
        ({"preparation": Preparation(55 * MINUTE), "running_cap": 1, "min_lead": MINUTE}, None),
    ],
)
def test_each_fault_has_its_name(settings: dict[str, Any], fault: Fault | None) -> None:
    assert fault_of(kind(**settings)) is fault


def test_the_kinds_of_the_platform_are_faultless() -> None:
    assert [fault_of(each) for each in platform_kinds()] == [None] * len(platform_kinds())
