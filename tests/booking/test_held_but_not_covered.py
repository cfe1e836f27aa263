"""A place of an intern that is held while whoever supervises goes away: it is not given, and not offered any longer."""

from datetime import date, timedelta
from uuid import UUID

from booking import problems
from booking.domain.appointments import State
from booking.domain.offers import Offer, OfferState
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.domain.waiting_list import Entry, EntryState
from booking.store import appointments
from booking.use_cases.appointments.book_slot import Booked
from booking.use_cases.appointments.confirm_hold import ConfirmRequest, confirm_hold
from booking.use_cases.supervision.reachability import withdraw_reachability
from booking.use_cases.supervision.recheck_supervision import recheck_supervision
from smp.contracts import SupervisionEnded
from tests.booking.test_coverage import ONE_INTERN, SIX_ACTS, SOON, book, reach, unsupported
from tests.booking.waiting import accept, appointment_now, entry_now, join, offer_to, run_jobs
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, at, events_of, refusal, starts
from tests.support.databases import ServiceDatabase


async def confirm(centre: Centre, hold: UUID, patient: UUID, rules: Rules = RULES) -> Booked:
    async with centre.transaction() as tx:
        return await confirm_hold(tx, ConfirmRequest(hold, patient), rules, actor=SECRETARY, now=NOW)


async def by_telephone(centre: Centre) -> tuple[Session, UUID]:
    """An intern's session, and the call of the supervisor that alone covers it."""
    supervisor = await centre.doctor()
    session = await centre.session(await centre.intern_of(supervisor))
    return session, await reach(centre, supervisor, "08:00", "13:00")


async def hang_up(centre: Centre, call: UUID) -> None:
    async with centre.transaction() as tx:
        await withdraw_reachability(tx, call, actor=SECRETARY, now=NOW)


class TestAHold:
    async def test_is_not_confirmed_when_the_supervisor_does_not_answer_any_more(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session, call = await by_telephone(centre)
        patient = await centre.patient()
        hold = await centre.hold(session, "09:20", patient)
        await hang_up(centre, call)
        await centre.session(await centre.doctor(), "10:00", "11:00")
        refused = await refusal(confirm(centre, hold.id, patient))
        assert refused.problem is problems.NO_SUPERVISOR
        assert starts(refused) == at("10:00", "10:20", "10:40")
        assert await events_of(booking_database, hold.id) == [("SlotHeld", 1)]

    async def test_is_confirmed_once_somebody_answers_again(self, centre: Centre) -> None:
        supervisor = await centre.doctor()
        session = await centre.session(await centre.intern_of(supervisor))
        call = await reach(centre, supervisor, "08:00", "13:00")
        hold, patient = await centre.hold(session, "09:20"), await centre.patient()
        await hang_up(centre, call)
        await refusal(confirm(centre, hold.id, patient))
        await reach(centre, supervisor, "09:00", "10:00")
        assert (await confirm(centre, hold.id, patient)).appointment.state is State.BOOKED

    async def test_is_not_confirmed_when_nobody_supervises_the_intern_any_more(self, centre: Centre) -> None:
        supervisor = await centre.doctor()
        await centre.session(supervisor)
        session = await centre.session(await centre.intern_of(supervisor))
        hold, intern = await centre.hold(session, "09:20"), session.professional
        ended = SupervisionEnded(professional=intern, supervisor=supervisor, until_date=date(2027, 1, 5))
        await centre.hear(intern, ended)
        refused = await refusal(confirm(centre, hold.id, await centre.patient()))
        assert refused.problem is problems.NO_SUPERVISOR

    async def test_is_not_confirmed_beyond_the_ratio(self, centre: Centre) -> None:
        supervisor = await centre.doctor()
        await centre.session(supervisor)
        one, other = [await centre.session(await centre.intern_of(supervisor)) for _ in range(2)]
        await book(centre, one, "10:00")
        hold = await centre.hold(other, "10:00")
        refused = await refusal(confirm(centre, hold.id, await centre.patient(), ONE_INTERN))
        assert refused.problem is problems.TOO_MANY_INTERNS

    async def test_counts_once_among_the_acts_of_its_half_day(self, centre: Centre) -> None:
        session, _ = await by_telephone(centre)
        hours = ("09:00", "09:20", "09:40", "10:00", "10:20", "10:40")
        holds = [await centre.hold(session, hour) for hour in hours]
        *_, last = [(await confirm(centre, each.id, await centre.patient(), SIX_ACTS)).appointment for each in holds]
        assert last.state is State.BOOKED
        seventh = await centre.hold(session, "11:00")
        refused = await refusal(confirm(centre, seventh.id, await centre.patient(), SIX_ACTS))
        assert refused.problem is problems.TOO_MANY_ACTS


class TestAnOffer:
    async def offered(self, centre: Centre) -> tuple[Entry, Offer, UUID]:
        """Somebody who may answer for hours, and the call that covers the place."""
        entry = await join(centre)
        _, call = await by_telephone(centre)
        await run_jobs(centre)
        return entry, await offer_to(centre, entry), call

    async def test_is_not_accepted_and_gives_nothing_back_for_it(self, centre: Centre) -> None:
        entry, offer, call = await self.offered(centre)
        after = await centre.session(await centre.doctor(), day=MONDAY + timedelta(days=1))
        later = (await centre.book(after, "11:00", entry.patient)).appointment
        await hang_up(centre, call)
        assert (await refusal(accept(centre, offer))).problem is problems.NO_SUPERVISOR
        assert (await appointment_now(centre, later.id)).state is State.BOOKED
        assert (await offer_to(centre, entry)).state is OfferState.RUNNING

    async def test_is_withdrawn_within_seconds_and_its_patient_goes_on_waiting(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        entry, offer, call = await self.offered(centre)
        await hang_up(centre, call)
        await recheck_supervision(centre.database, RULES, SOON)
        await run_jobs(centre, SOON)
        assert (await offer_to(centre, entry)).state is OfferState.WITHDRAWN
        assert (await entry_now(centre, entry)).state is EntryState.WAITING
        assert await events_of(booking_database, offer.appointment) == [("SlotHeld", 1), ("SlotCancelled", 2)]
        assert await events_of(booking_database, entry.id) == [
            ("WaitingListJoined", 1), ("SlotOffered", 2), ("OfferExpired", 3),
        ]  # fmt: skip
        assert await unsupported(centre) == []

    async def test_that_somebody_is_busy_with_is_withdrawn_at_the_next_look(self, centre: Centre) -> None:
        _, offer, call = await self.offered(centre)
        await hang_up(centre, call)
        async with centre.transaction() as tx:
            await appointments.lock(tx, offer.appointment)
            await recheck_supervision(centre.database, RULES, SOON)
        assert (await appointment_now(centre, offer.appointment)).state is State.HELD
        await recheck_supervision(centre.database, RULES, SOON)
        assert (await appointment_now(centre, offer.appointment)).state is State.CANCELLED

    async def test_gives_way_to_whoever_is_booked_however_long_its_patient_has_waited(self, centre: Centre) -> None:
        entry = await join(centre)
        supervisor = await centre.doctor()
        await centre.session(supervisor, kinds=("minor_emergency",))
        sessions = [await centre.session(await centre.intern_of(supervisor), "10:00", "10:20") for _ in range(2)]
        await run_jobs(centre)
        offer = await offer_to(centre, entry)
        (other,) = [each for each in sessions if each.id != offer.session]
        await book(centre, other, "10:00")
        await recheck_supervision(centre.database, ONE_INTERN, SOON)
        assert await unsupported(centre) == []
        assert (await appointment_now(centre, offer.appointment)).state is State.CANCELLED
