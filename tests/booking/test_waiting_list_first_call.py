"""What frees a place, and what the waiting list has before everybody else."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from pydantic import ValidationError

from booking import problems
from booking.domain.appointments import Appointment, State
from booking.domain.kinds import KindBooks
from booking.domain.platform_kinds import platform_kinds
from booking.offer_settings import OfferSettings
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.expire_holds import end_rests
from booking.use_cases.calendar.change_session import SessionChange, change_session
from booking.use_cases.calendar.reshaping import Consent
from tests.booking.waiting import accept, appointment_now, decline, join, offer_to, offers_to, run_jobs
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, monday, refusal

RESTING = replace(RULES, cool_down=timedelta(minutes=10))


async def give_up(centre: Centre, booked: Appointment) -> Appointment:
    """The patient gives the appointment up, where places rest for ten minutes."""
    async with centre.transaction() as tx:
        request = CancelRequest("patient")
        return await cancel_appointment(tx, booked.id, request, RESTING, actor=SECRETARY, now=NOW)


class TestPlacesThatRest:
    async def test_a_place_that_rests_is_offered_at_once_to_who_waits(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "09:20")
        booked = (await centre.book(session, "09:00")).appointment
        entry = await join(centre)
        assert (await give_up(centre, booked)).rests_until == NOW + RESTING.cool_down
        assert (await refusal(centre.book(session, "09:00"))).problem is problems.SLOT_RESTING
        await run_jobs(centre, rules=RESTING)
        done = await accept(centre, await offer_to(centre, entry))
        assert done.booked.appointment.period == booked.period

    async def test_a_place_for_which_nobody_waits_rests_no_longer(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "09:20")
        booked = (await centre.book(session, "09:00")).appointment
        await join(centre, practitioners=frozenset({await centre.doctor()}))
        await give_up(centre, booked)
        await run_jobs(centre, rules=RESTING)
        assert (await centre.book(session, "09:00")).appointment.state is State.BOOKED

    async def test_at_night_a_place_rests_its_minutes_even_if_nobody_waits_for_it(self, centre: Centre) -> None:
        """Who waits is looked for when they may be asked."""
        session = await centre.session(await centre.doctor(), "09:00", "09:20")
        booked = (await centre.book(session, "09:00")).appointment
        night = NOW + timedelta(hours=12)
        async with centre.transaction() as tx:
            await cancel_appointment(tx, booked.id, CancelRequest("patient"), RESTING, actor=SECRETARY, now=night)
        await run_jobs(centre, night, RESTING)
        assert (await refusal(centre.book(session, "09:00", now=night))).problem is problems.SLOT_RESTING
        await end_rests(centre.database, night + RESTING.cool_down)
        assert (await centre.book(session, "09:00", now=night + RESTING.cool_down)).appointment.state is State.BOOKED

    async def test_who_joins_while_a_place_rests_at_night_has_it_in_the_morning(self, centre: Centre) -> None:
        """Asked at ten in the evening: nobody is woken, and by the morning the place has rested."""
        session = await centre.session(await centre.doctor(), "09:00", "09:20")
        booked = (await centre.book(session, "09:00")).appointment
        entry = await join(centre)
        night = NOW + timedelta(hours=12)
        async with centre.transaction() as tx:
            await cancel_appointment(tx, booked.id, CancelRequest("patient"), RESTING, actor=SECRETARY, now=night)
        await run_jobs(centre, night, RESTING)
        await end_rests(centre.database, night + RESTING.cool_down)
        morning = NOW + timedelta(days=1)
        await run_jobs(centre, morning, RESTING)
        assert (await offer_to(centre, entry)).offered_at == morning


class TestWhatFrees:
    async def test_a_session_that_grows_is_offered(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "09:20")
        await centre.book(session, "09:00")
        entry = await join(centre)
        async with centre.transaction() as tx:
            longer = SessionChange(Consent("demand"), end=time(9, 40))
            await change_session(tx, session.id, longer, RULES, actor=SECRETARY, now=NOW)
        await run_jobs(centre)
        assert (await offer_to(centre, entry)).period.start == monday("09:20")

    async def test_a_refused_booking_frees_nothing(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "09:20")
        await centre.book(session, "09:00")
        entry = await join(centre)
        await refusal(centre.book(session, "09:00"))
        await run_jobs(centre)
        assert await offers_to(centre, entry) == []

    async def test_a_cap_does_not_keep_somebody_from_a_sooner_place_than_theirs(self, centre: Centre) -> None:
        capped = replace(
            RULES,
            kinds=KindBooks(tuple(replace(kind, running_cap=1) for kind in platform_kinds())),
        )
        session = await centre.session(await centre.doctor(), "09:00", "09:20")
        booked = (await centre.book(session, "09:00")).appointment
        later = await centre.session(await centre.doctor(), day=MONDAY + timedelta(days=1))
        had = (await centre.book(later, "11:00")).appointment
        entry = await join(centre, had.patient)
        await give_up(centre, booked)
        await run_jobs(centre, rules=capped)
        offer = await offer_to(centre, entry)
        assert offer.replaces == had.id
        done = await accept(centre, offer, rules=capped)
        assert done.replaced == had.id
        assert (await appointment_now(centre, had.id)).state is State.CANCELLED

    async def test_a_declined_place_can_be_booked_by_all_when_nobody_else_waits(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor(), "09:00", "09:20")
        booked = (await centre.book(session, "09:00")).appointment
        entry = await join(centre)
        await give_up(centre, booked)
        await run_jobs(centre, rules=RESTING)
        await decline(centre, await offer_to(centre, entry))
        await run_jobs(centre, rules=RESTING)
        assert (await centre.book(session, "09:00")).appointment.state is State.BOOKED


class TestSettings:
    def settings(self, **given: object) -> OfferSettings:
        return OfferSettings.model_validate(
            {
                "environment": "test",
                "http_port": 8000,
                "database_url": "postgresql://nobody@127.0.0.1:1/none",
                "kafka_bootstrap": "127.0.0.1:1",
                "oidc_issuer": "https://issuer.test",
                "oidc_jwks_url": "https://issuer.test/keys",
                **given,
            }
        )

    def test_the_defaults_are_those_of_the_readme(self) -> None:
        assert self.settings().offer_rules() == RULES.offers

    @pytest.mark.parametrize(
        "given",
        [
            {"offers_open": "20:00", "offers_close": "08:00"},
            {"offer_minutes_same_day": 120, "offer_minutes_next_day": 60},
            {"offers_weekdays": "0,8"},
            {"offers_per_day": 0},
            {"offer_days_ahead": 400},
        ],
    )
    def test_what_cannot_be_enforced_is_refused_at_start(self, given: dict[str, object]) -> None:
        with pytest.raises(ValidationError) as refused:
            self.settings(**given)
        told = str(refused.value)
        assert refused.value.error_count() == 1
        assert "SMP_OFFER" in told or next(iter(given)) in told
