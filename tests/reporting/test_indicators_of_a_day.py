"""From events to figures, through PostgreSQL and HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from smp.ids import new_id
from tests.reporting.stories import (
    LAVAL,
    LE_MANS,
    MAYENNE,
    MINUTE,
    MONDAY,
    Appointment,
    Session,
    Text,
    call,
    emergency,
    erased,
    hear,
    missed,
    seen,
    site_opened,
    told,
)
from tests.support.api import bearer
from tests.support.databases import ServiceDatabase

DAY = timedelta(days=1)
MONDAY_ONLY = {"from": "2026-11-23", "to": "2026-11-24"}
COORDINATOR = bearer("coordinator", site=LAVAL)
MANAGER = bearer("manager")


async def figures(client: httpx2.AsyncClient, auth: dict[str, str] = COORDINATOR, **query: Any) -> dict[str, Any]:
    """The figures of one site (Laval unless told), by code."""
    asked = {**MONDAY_ONLY, "site": str(LAVAL), **query}
    answer = await client.get("/v1/indicators", params={k: v for k, v in asked.items() if v}, headers=auth)
    assert answer.status_code == 200, answer.text
    return {figure["code"]: figure for figure in answer.json()["figures"]}


async def test_a_monday_is_told_in_eight_figures(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    reminded, confirmed = seen(), seen(role="intern")
    await hear(
        reporting_database.database,
        told(
            site_opened(),
            Session(hours=4).opened(),
            Session(hours=4).opened().cancelled(),
            Session(hours=3, role="social_worker").opened(),
            Session(hours=3, kinds=("social",)).opened(),
            reminded,
            confirmed,
            seen(mode="HH"),
            missed(),
            Appointment().held().booked().cancelled(),
            Appointment().held().hold_expired(),
            Appointment(kind="social", role="social_worker", minutes=30).booked().arrived().started().done(),
            emergency(severity=1),
            emergency(otherwise=None),
            Text(appointment=reminded.subject, due=MONDAY).planned().accepted(segments=2).delivered(),
            Text(appointment=confirmed.subject, purpose="confirmation", due=MONDAY - 5 * DAY)
            .planned()
            .accepted()
            .delivered(),
            Text(due=MONDAY).planned().accepted().failed(),
            Text(due=MONDAY).planned(),
        ),
    )

    found = await figures(client)

    told_numbers = {code: (f["numerator"], f["denominator"], f["value"]) for code, f in found.items()}
    assert told_numbers == {
        "ACT1": (5, None, 5),
        "PAT1": (5, None, 5),
        "DEL1": (4, 4, 3.0),
        "NSH1": (1, 6, 16.7),
        "OCC1": (120, 240, 50.0),
        "ATT1": (4, 4, 10),
        "URG1": (1, 2, 1),
        "SMS1": (1, 2, 50.0),
    }
    assert found["ACT1"]["breakdowns"] == {
        "mode": {"AMB": 4, "HH": 1},
        "programming": {"programmed": 3, "unscheduled": 2},
        "role": {"intern": 1, "retired_gp": 4},
    }
    assert found["URG1"]["measures"]["high"] == {"value": 2, "unit": "passages"}
    assert found["SMS1"]["measures"]["segments"]["value"] == 3
    assert found["SMS1"]["breakdowns"]["fate"] == {"delivered": 1, "failed": 1, "planned": 1}
    assert found["SMS1"]["measures"]["no_show_with_reminder"]["value"] == 0.0
    assert found["SMS1"]["measures"]["no_show_without_reminder"]["value"] == 20.0


async def test_steps_taken_back_count_as_what_became_of_them(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    """One who had been noted absent came in the end and was prepared; one left; one was excused afterwards; one is
    missed: of two that count, one is missed, and one waited, from the arrival that stands."""
    late = missed().corrected("no_show", "booked")
    late.arrived(early=60).corrected("arrived", "booked").arrived(early=7).prepared().started().done()
    left = Appointment().booked().arrived().prepared().left()
    stories = (site_opened(), late, left, missed().cancelled(excused=True), missed())
    await hear(reporting_database.database, reversed(told(*stories)))

    found = await figures(client)

    told_numbers = {
        code: (found[code]["numerator"], found[code]["denominator"], found[code]["value"]) for code in found
    }
    assert told_numbers["NSH1"] == (1, 2, 50.0)
    assert told_numbers["ATT1"] == (1, 1, 7)
    assert found["NSH1"]["missing_events"] == 0


async def test_the_answer_says_as_of_when_and_by_which_definition(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    await hear(reporting_database.database, told(site_opened(), seen()))
    answer = await client.get("/v1/indicators", params={**MONDAY_ONLY, "code": "ACT1"}, headers=MANAGER)
    body = answer.json()
    assert (body["from"], body["to"], body["audience"]) == ("2026-11-23", "2026-11-24", "centre")
    assert datetime.fromisoformat(body["data_as_of"]) == MONDAY + 15 * MINUTE
    assert [(f["site"], f["value"], f["definition_version"], f["unit"]) for f in body["figures"]] == [
        (None, 1, 1, "actes"),
        (str(LAVAL), 1, 1, "actes"),
    ]


async def test_a_day_is_a_local_day_also_where_the_clock_changes_and_overseas(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    """25 October 2026 has 25 hours in Laval: from 22:00 to 23:00 UTC; La Réunion is three or four hours ahead."""
    first, last = datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 22, 59, tzinfo=UTC)
    island = new_id()
    await hear(
        reporting_database.database,
        told(
            site_opened(),
            site_opened(island, zone="Indian/Reunion"),
            seen(start=first),
            seen(start=last),
            seen(start=first - MINUTE),
            seen(start=last + MINUTE),
            seen(site=island, start=datetime(2026, 10, 24, 20, tzinfo=UTC)),
            seen(site=island, start=datetime(2026, 10, 25, 20, tzinfo=UTC)),
        ),
    )
    sunday = {"from": "2026-10-25", "to": "2026-10-26"}
    assert (await figures(client, MANAGER, **sunday))["ACT1"]["value"] == 2
    assert (await figures(client, MANAGER, **sunday, site=str(island)))["ACT1"]["value"] == 1


async def test_a_site_whose_opening_comes_last_is_counted_from_the_start(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    await hear(reporting_database.database, told(seen(), site_opened()))
    found = await figures(client)
    assert found["ACT1"]["value"] == 1
    assert found["ACT1"]["site_name"] == "SMP Henri Dunant"


async def test_the_delay_is_that_of_the_first_consultation_wherever_it_took_place(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    """A patient known at the antenna is not new at Laval; a moved appointment waits until its new day."""
    patient = new_id()
    earlier = Appointment(patient=patient, site=MAYENNE, start=MONDAY - timedelta(days=30)).booked()
    cancelled_before = new_id()
    await hear(
        reporting_database.database,
        told(
            earlier,
            seen(patient=patient),
            Appointment(patient=cancelled_before, start=MONDAY - timedelta(days=9)).booked().cancelled(),
            Appointment(patient=cancelled_before, start=MONDAY).booked(requested=timedelta(days=12)),
            Appointment(start=MONDAY - timedelta(days=2)).booked(requested=timedelta(days=4)).moved(timedelta(days=2)),
            Appointment().booked(requested=timedelta(minutes=-5)),
            emergency(),
        ),
    )
    found = (await figures(client))["DEL1"]
    assert (found["numerator"], found["value"], found["measures"]["p90"]["value"]) == (3, 6.0, 12.0)


async def test_the_file_active_counts_each_patient_once_over_twelve_months(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    patient, gone = new_id(), new_id()
    await hear(
        reporting_database.database,
        told(
            seen(patient=patient),
            seen(patient=patient, start=MONDAY - timedelta(days=200)),
            seen(patient=patient, site=MAYENNE),
            seen(start=MONDAY - timedelta(days=300)),
            seen(start=MONDAY - timedelta(days=366)),
            missed(),
            seen(patient=gone),
            erased(gone),
        ),
    )
    answer = await client.get("/v1/indicators", params={**MONDAY_ONLY, "code": "PAT1"}, headers=MANAGER)
    by_site = {figure["site"]: figure["value"] for figure in answer.json()["figures"]}
    assert by_site == {None: 2, str(LAVAL): 2, str(MAYENNE): 1}


async def test_what_lacks_is_told_beside_each_figure(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    """Tuesday's event shows that Monday's appointment without outcome is late, not merely in progress."""
    partial = seen()
    await hear(reporting_database.database, [*partial.events[:1], *partial.events[3:]])
    await hear(reporting_database.database, told(Appointment().booked().arrived()))
    assert (await figures(client))["ACT1"]["late_appointments"] == 0
    await hear(reporting_database.database, told(seen(start=MONDAY + timedelta(days=1))))
    found = (await figures(client))["ACT1"]
    assert (found["missing_events"], found["late_appointments"]) == (2, 1)


async def test_another_territory_is_neither_counted_nor_seen(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    await hear(
        reporting_database.database,
        told(site_opened(), seen(), site_opened(LE_MANS, territory="72"), seen(site=LE_MANS, territory="72")),
    )
    answer = await client.get("/v1/indicators", params={**MONDAY_ONLY, "code": "ACT1"}, headers=MANAGER)
    assert [(f["site"], f["value"]) for f in answer.json()["figures"]] == [(None, 1), (str(LAVAL), 1)]
    refused = await client.get("/v1/indicators", params={**MONDAY_ONLY, "site": str(LE_MANS)}, headers=MANAGER)
    assert (refused.status_code, refused.json()["type"]) == (404, "urn:smp:problem:unknown-site")


async def test_offered_minutes_are_those_of_the_sessions_as_they_became(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    """Shortened by an hour; moved to another day; split in two, the second part a session of its own; cancelled."""
    stories = (
        site_opened(),
        Session().opened().shortened(3),
        Session().opened().moved(MONDAY + DAY),
        Session().opened().shortened(1),
        Session(start=MONDAY + 120 * MINUTE, hours=2).opened(),
        Session().opened().shortened(2).cancelled(),
        Appointment().booked(),
    )
    await hear(reporting_database.database, reversed(told(*stories)))
    found = await figures(client)
    assert found["OCC1"]["denominator"] == (3 + 1 + 2) * 60


async def test_the_ledger_counts_facts_and_the_events_behind_them(
    client: httpx2.AsyncClient, reporting_database: ServiceDatabase
) -> None:
    appointment = seen()
    duplicate = appointment.events[0]
    await hear(
        reporting_database.database,
        [
            *told(Session().opened(), appointment, missed(), Text(due=MONDAY).planned().accepted()),
            *told(call(appointment.subject)),
            duplicate,
        ],
    )
    auth = bearer("service", kind="service", subject="ledger")
    answer = await client.get("/v1/facts/count", params={"from": "2026-11-21", "to": "2026-11-24"}, headers=auth)
    kinds = {kind.pop("kind"): kind for kind in answer.json()["kinds"]}
    assert kinds == {
        "appointment": {"facts": 2, "events": 6, "missing_events": 0, "by_state": {"done": 1, "no_show": 1}},
        "session": {"facts": 1, "events": 1, "missing_events": 0, "by_state": {"open": 1}},
        "message": {"facts": 1, "events": 2, "missing_events": 0, "by_state": {"accepted": 1}},
        "call_task": {"facts": 1, "events": 1, "missing_events": 0, "by_state": {"to_call": 1}},
    }
