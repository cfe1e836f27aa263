"""What booking keeps of registry's facts, whatever their order."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from booking import problems
from booking.domain.appointments import State
from booking.store import appointments
from booking.use_cases.appointments.close_day import DayClose, close_day
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.appointments.start_consultation import start_consultation
from booking.use_cases.forget_patient import forget_patient
from smp.consumer import PermanentError
from smp.contracts import (
    OpeningHoursChanged,
    PatientErased,
    ProfessionalLeft,
    ProfessionalRoleChanged,
    SiteClosed,
    SupervisionAssigned,
    SupervisionEnded,
)
from smp.contracts.base import EventData
from smp.ids import new_id
from tests.booking.world import (
    EVERY_DAY,
    MONDAY,
    NOW,
    SECRETARY,
    Centre,
    blocking,
    eligibility,
    events_of,
    joined,
    monday,
    refusal,
    registered,
    site_opened,
)
from tests.support.databases import ServiceDatabase


async def row(database: ServiceDatabase, table: str, id: UUID) -> dict[str, object]:
    """The projection of one aggregate, facts in the order of their sequence."""
    key = "intern" if table == "supervision" else "id"
    async with database.admin() as connection:
        found = await connection.fetchrow(f"SELECT * FROM {table} WHERE {key} = $1", id)  # our own names
    assert found is not None
    return {name: _sorted(value) for name, value in found.items()}


def _sorted(value: object) -> object:
    if isinstance(value, str) and value.startswith("["):
        return sorted(json.loads(value), key=lambda fact: fact["sequence"])
    return value


async def rows_of_all_orders(
    centre: Centre, database: ServiceDatabase, table: str, make: "type[Facts]"
) -> list[dict[str, object]]:
    """The projection after each order of the same facts, ids aside."""
    found = []
    for order in permutations(range(len(make(new_id()).told))):
        facts = make(new_id())
        await centre.hear(facts.id, *(facts.told[n] for n in order), sequences=[n + 1 for n in order])
        kept = await row(database, table, facts.id)
        found.append({name: value for name, value in kept.items() if name not in ("id", "intern")})
    return found


class Facts:
    """Facts of one aggregate, in the order in which they were said."""

    told: Sequence[EventData]

    def __init__(self, id: UUID) -> None:
        self.id = id


class OfASite(Facts):
    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        changed = OpeningHoursChanged.model_validate(
            {"site": id, "opening_hours": EVERY_DAY[:2], "from_date": date(2027, 6, 1)}
        )
        self.told = (site_opened(id), changed, SiteClosed(site=id, from_date=date(2028, 1, 1)))


class OfAProfessional(Facts):
    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.told = (
            joined(id, UUID(int=1), "gp"),
            ProfessionalRoleChanged(professional=id, role="retired_gp", from_date=date(2027, 2, 1)),
            ProfessionalLeft(professional=id, from_date=date(2027, 3, 1)),
        )


class OfOneWhoComesBack(Facts):
    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.told = (
            joined(id, UUID(int=1), "gp"),
            ProfessionalLeft(professional=id, from_date=date(2027, 3, 1)),
            joined(id, UUID(int=2), "retired_gp", contract_start=date(2027, 9, 1)),
        )


class OfAnIntern(Facts):
    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        msu = UUID(int=7)
        self.told = (
            SupervisionAssigned(professional=id, supervisor=msu, from_date=date(2026, 11, 2)),
            SupervisionEnded(professional=id, supervisor=msu, until_date=date(2027, 1, 31)),
            SupervisionAssigned(
                professional=id, supervisor=msu, from_date=date(2027, 3, 1), until_date=date(2027, 4, 30)
            ),
        )


class OfAPatient(Facts):
    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.told = (
            registered(id, "unverified"),
            eligibility(id, "eligible", date(2027, 2, 1)),
            eligibility(id, "not_eligible", date(2027, 6, 1)),
        )


class OfAnErasedPatient(Facts):
    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.told = (
            registered(id),
            eligibility(id, "not_eligible", date(2027, 2, 1)),
            PatientErased(patient=id, erased_at=NOW),
        )


@pytest.mark.parametrize(
    ("table", "make"),
    [
        ("site", OfASite),
        ("professional", OfAProfessional),
        ("professional", OfOneWhoComesBack),
        ("supervision", OfAnIntern),
        ("patient", OfAPatient),
        ("patient", OfAnErasedPatient),
    ],
)
async def test_any_order_of_the_same_facts_leads_to_the_same_projection(
    centre: Centre, booking_database: ServiceDatabase, table: str, make: type[Facts]
) -> None:
    first, *others = await rows_of_all_orders(centre, booking_database, table, make)
    assert all(other == first for other in others)


async def test_of_an_erased_patient_nothing_is_kept_and_nobody_waits_for_them(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    session = await centre.session(await centre.doctor())
    patient = await centre.patient()
    booked = (await centre.book(session, "09:00", patient)).appointment
    erased = PatientErased(patient=patient, erased_at=NOW)
    await centre.hear(patient, erased)
    await centre.hear(patient, erased)
    assert (await row(booking_database, "patient", patient))["eligibility"] == []
    async with centre.transaction() as tx:
        stored = await appointments.get(tx, booked.id)
    assert stored is not None
    assert (stored.state, stored.cancelled_by, stored.notify) == (State.CANCELLED, "centre", False)
    assert await blocking(booking_database, booked.id) == 0
    assert await events_of(booking_database, booked.id) == [("SlotBooked", 1), ("SlotCancelled", 2)]
    assert (await refusal(centre.book(session, "09:00", patient))).problem is problems.PATIENT_ERASED


async def test_what_an_erased_patient_had_behind_them_or_is_here_for_is_left_to_the_close_of_the_day(
    centre: Centre, booking_database: ServiceDatabase
) -> None:
    session, patient = await centre.session(await centre.doctor()), await centre.patient()
    missed, seen, ahead = [
        (await centre.book(session, hour, patient)).appointment for hour in ("09:00", "09:20", "10:20")
    ]
    async with centre.transaction() as tx:
        await mark_arrived(tx, seen.id, actor=SECRETARY, now=monday("09:20"))
    async with centre.transaction() as tx:
        await start_consultation(tx, seen.id, actor=SECRETARY, now=monday("09:25"))
    async with centre.transaction() as tx:
        await forget_patient(tx, patient, monday("09:30"))
    assert (await events_of(booking_database, ahead.id))[-1][0] == "SlotCancelled"
    async with centre.transaction() as tx:
        closed = await close_day(tx, DayClose(centre.site, MONDAY), actor=SECRETARY, now=monday("09:40"))
    assert (closed.no_show, closed.in_consultation) == ((missed.id,), (seen.id,))
    assert (await events_of(booking_database, missed.id))[-1][0] == "PatientNoShow"


async def test_a_site_without_a_zone_of_the_world_is_parked(centre: Centre) -> None:
    site = new_id()
    with pytest.raises(PermanentError):
        await centre.hear(site, site_opened(site, zone="Europe/Laval"))


async def test_an_ended_supervision_covers_its_last_day_and_no_other(centre: Centre) -> None:
    supervisor = await centre.doctor()
    intern = await centre.intern_of(supervisor)
    await centre.hear(intern, SupervisionEnded(professional=intern, supervisor=supervisor, until_date=MONDAY))
    tuesday = MONDAY + timedelta(days=1)
    for day in (MONDAY, tuesday):
        await centre.session(supervisor, day=day)
    covered = await centre.session(intern)
    uncovered = await centre.session(intern, day=tuesday)
    assert (await centre.book(covered, "09:00")).appointment.day == MONDAY
    assert (await refusal(centre.book(uncovered, "09:00"))).problem is problems.NO_SUPERVISOR
