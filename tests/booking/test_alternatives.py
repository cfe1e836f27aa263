"""Whoever is refused a place is proposed three others: each can be had as it is proposed, by whoever was refused."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from booking import problems
from booking.domain.kinds import HOME, ON_SITE, VIDEO, Compartment, Kind, KindBooks, Preparation
from booking.domain.platform_kinds import platform_kinds
from booking.use_cases.appointments.book_slot import BookRequest, book_slot
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.appointments.register_walk_in import WalkInRequest, register_walk_in
from smp.problems import Refusal
from tests.booking.test_kinds_enforced import BASIC, MINUTE, Place
from tests.booking.world import MONDAY, NOW, SECRETARY, Centre, eligibility, monday, paris, refusal, starts

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


@dataclass
class Caller:
    """Somebody who wants Monday at nine, where the kind is another one from Tuesday on."""

    place: Place
    patient: UUID

    @classmethod
    async def of(cls, centre: Centre, *, today: dict[str, Any] | None = None, **from_tuesday: Any) -> "Caller":
        place = Place(centre)
        versions = (
            replace(BASIC, **(today or {})),
            replace(BASIC, version=1, valid_from=TUESDAY, **{**(today or {}), **from_tuesday}),
        )
        place.rules = replace(place.rules, kinds=KindBooks((*_others(), *versions)))
        return cls(place, await centre.patient())

    async def refused(self, **asked: Any) -> Refusal:
        """Of a Monday that is full by then, with a session of the same doctor on each of the days that follow."""
        doctor = await self.place.centre.doctor()
        session = await self.place.session(doctor, room="1")
        for day in (TUESDAY, WEDNESDAY):
            await self.place.session(doctor, day, room="1")
        await _fill(self.place, session.id)
        return await refusal(self.place.book(session, "09:00", patient=self.patient, **asked))

    async def takes(self, proposed: dict[str, str]) -> datetime:
        """Book what is proposed, and give it back; when it would end."""
        start = datetime.fromisoformat(proposed["start"])
        request = BookRequest(UUID(proposed["session"]), start, "consultation", self.patient)
        rules = self.place.rules
        async with self.place.centre.transaction() as tx:
            booked = (await book_slot(tx, request, rules, actor=SECRETARY, now=NOW)).appointment
            await cancel_appointment(tx, booked.id, CancelRequest("patient"), rules, actor=SECRETARY, now=NOW)
        return booked.period.end


def _others() -> list[Kind]:
    return [kind for kind in platform_kinds() if kind.code != "consultation"]


async def _fill(place: Place, session: UUID, day: date = MONDAY) -> None:
    """Book what can be booked of a day; what a preparation leaves over stays."""
    for minute in range(0, 180, 20):
        request = BookRequest(
            session, paris(day, "09:00") + minute * MINUTE, "consultation", await place.centre.patient()
        )
        try:
            async with place.centre.transaction() as tx:
                await book_slot(tx, request, place.rules, actor=SECRETARY, now=NOW)
        except Refusal:
            continue


@pytest.mark.parametrize(
    "change",
    [
        {"duration": 40 * MINUTE},
        {"buffer_before": 20 * MINUTE, "buffer_after": 20 * MINUTE},
        {"modes": frozenset({ON_SITE, HOME})},
        {"wants_room": True},
        {"min_lead": timedelta(days=8)},
        {"max_lead": timedelta(days=8)},
        {"capacity_class": "same_day"},
        {"wants_eligibility": True},
        {"preparation": Preparation(10 * MINUTE, same_room=False)},
    ],
    ids=lambda change: "+".join(change),
)
async def test_each_can_be_had_as_the_kind_is_given_on_its_day(centre: Centre, change: dict[str, Any]) -> None:
    caller = await Caller.of(centre, **change)
    helper = await centre.doctor("medical_assistant")
    for day in (TUESDAY, WEDNESDAY):
        await centre.session(helper, day=day, kinds=("preparation",))
    refused = await caller.refused()
    assert refused.problem is problems.SLOT_TAKEN
    assert len(refused.extensions["alternatives"]) == 3
    for proposed in refused.extensions["alternatives"]:
        assert await caller.takes(proposed) == datetime.fromisoformat(proposed["end"])


async def test_none_is_on_a_day_whose_kind_is_not_given_in_the_mode_that_was_asked_for(centre: Centre) -> None:
    both = {"modes": frozenset({ON_SITE, VIDEO})}
    caller = await Caller.of(centre, today=both, modes=frozenset({ON_SITE}))
    assert (await caller.refused(mode=VIDEO)).extensions["alternatives"] == []


async def test_the_usual_mode_of_its_day_will_do_for_whoever_named_none(centre: Centre) -> None:
    caller = await Caller.of(centre, modes=frozenset({VIDEO}))
    (first, *_) = (await caller.refused()).extensions["alternatives"]
    assert await caller.takes(first) == datetime.fromisoformat(first["end"])


async def test_none_is_on_a_day_on_which_the_patient_may_not_have_it(centre: Centre) -> None:
    caller = await Caller.of(centre)
    await centre.hear(caller.patient, eligibility(caller.patient, "not_eligible", TUESDAY))
    assert (await caller.refused()).extensions["alternatives"] == []


async def test_none_is_of_a_kind_that_has_become_another_compartments(centre: Centre) -> None:
    caller = await Caller.of(centre, compartment=Compartment.SILENT)
    assert (await caller.refused()).extensions["alternatives"] == []


async def test_a_move_that_names_the_kind_it_has_keeps_its_version_and_is_proposed_such(centre: Centre) -> None:
    caller = await Caller.of(centre, duration=40 * MINUTE)
    doctor = await centre.doctor()
    own = await caller.place.session(doctor)
    await caller.place.session(doctor, TUESDAY)
    booked = (await caller.place.book(own, "09:00", patient=caller.patient)).appointment
    await _fill(caller.place, own.id)

    async def move(session: UUID, start: datetime) -> datetime:
        async with centre.transaction() as tx:
            request = MoveRequest(session, start, kind="consultation")
            moved = await move_appointment(tx, booked.id, request, caller.place.rules, actor=SECRETARY, now=NOW)
        return moved.appointment.period.end

    refused = await refusal(move(own.id, monday("10:00")))
    first = refused.extensions["alternatives"][0]
    end = await move(UUID(first["session"]), datetime.fromisoformat(first["start"]))
    assert end == datetime.fromisoformat(first["end"])


async def test_whoever_comes_without_an_appointment_is_proposed_days_on_which_they_may_have_it(centre: Centre) -> None:
    caller = await Caller.of(centre)
    await centre.hear(caller.patient, eligibility(caller.patient, "not_eligible", TUESDAY))
    await caller.refused()
    async with centre.transaction() as tx:
        came = register_walk_in(
            tx,
            WalkInRequest(centre.site, caller.patient, "consultation"),
            caller.place.rules,
            actor=SECRETARY,
            now=monday("08:00"),
        )
        assert (await refusal(came)).extensions["alternatives"] == []


async def test_none_is_of_days_on_which_the_patient_would_have_one_more_than_they_may(centre: Centre) -> None:
    caller = await Caller.of(centre, running_cap=1)
    other = await caller.place.session()
    await caller.place.book(other, "11:40", patient=caller.patient)
    await _fill(caller.place, other.id)
    assert starts(await caller.refused()) == []
