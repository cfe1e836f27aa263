"""Who waits for a call since their place was lost: when they have a place again, and what is said of it."""

from datetime import timedelta
from uuid import UUID

from booking.domain.appointments import Appointment
from booking.domain.impact import DefaultPolicy
from booking.domain.sessions import Session
from booking.store import supervision
from booking.use_cases.appointments.cancel_appointment import CancelRequest, cancel_appointment
from booking.use_cases.appointments.correct_status import CorrectionRequest, correct_status
from booking.use_cases.appointments.move_appointment import MoveRequest, move_appointment
from booking.use_cases.impact.apply_impact import Application
from booking.use_cases.supervision.list_unsupported import list_unsupported
from tests.booking.agenda import Planner
from tests.booking.impact import AT_DAWN, apply, away, plan
from tests.booking.world import MONDAY, RULES, SECRETARY, Centre, blocking, monday
from tests.support.databases import ServiceDatabase

CALL = Application(DefaultPolicy.CALL)
SOON = AT_DAWN + timedelta(minutes=1)


async def called(centre: Centre, session: Session, hour: str = "11:20", from_hour: str = "11:00") -> Appointment:
    """Somebody of a session whose practitioner goes earlier: they wait for a call."""
    booked = (await centre.book(session, hour)).appointment
    done = await apply(centre, await plan(centre, away(session.professional, from_hour)), CALL)
    assert done.done == {"call": 1}
    return booked


async def back(centre: Centre, who: UUID) -> None:
    """The only absence of somebody ends."""
    async with centre.transaction() as tx:
        absence = await tx.fetchval("SELECT id FROM absence WHERE professional = $1 AND withdrawn_at IS NULL", who)
    await Planner(centre, now=SOON).back(absence)


async def move(centre: Centre, it: Appointment, session: Session, hour: str) -> None:
    async with centre.transaction() as tx:
        request = MoveRequest(session.id, monday(hour))
        await move_appointment(tx, it.id, request, RULES, actor=SECRETARY, now=SOON)


async def listed(centre: Centre) -> list[UUID]:
    """Who is on the list of those without a place."""
    async with centre.transaction() as tx:
        found = await list_unsupported(tx, centre.site, reader=SECRETARY, now=SOON)
    return [each.unsupported.it.id for each in found]


async def acts(centre: Centre) -> list[UUID]:
    """What interns do on the day, as their acts and the ratio are counted."""
    async with centre.transaction() as tx:
        return [each.id for each in await supervision.acts_of_day(tx, centre.territory, MONDAY, SOON)]


class TestAPlaceHadAgain:
    async def test_a_move_away_and_back_ends_the_list_and_the_act_of_the_intern_counts(self, centre: Centre) -> None:
        supervisor = await centre.doctor()
        await centre.session(supervisor, kinds=("minor_emergency",))
        session = await centre.session(await centre.intern_of(supervisor))
        booked = await called(centre, session)
        assert (await listed(centre), booked.id in await acts(centre)) == ([booked.id], False)
        await move(centre, booked, session, "10:00")
        await back(centre, session.professional)
        await move(centre, booked, session, "11:20")
        assert (await listed(centre), booked.id in await acts(centre)) == ([], True)

    async def test_a_move_to_the_same_place_does_too(self, centre: Centre, booking_database: ServiceDatabase) -> None:
        session = await centre.session(await centre.doctor())
        booked = await called(centre, session)
        await back(centre, session.professional)
        await move(centre, booked, session, "11:20")
        assert (await listed(centre), await blocking(booking_database, booked.id)) == ([], 2)

    async def test_a_cancellation_taken_back_does_too(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        booked = await called(centre, session)
        async with centre.transaction() as tx:
            await cancel_appointment(tx, booked.id, CancelRequest("patient"), RULES, actor=SECRETARY, now=SOON)
        await back(centre, session.professional)
        async with centre.transaction() as tx:
            await correct_status(tx, booked.id, CorrectionRequest("mistake"), RULES, actor=SECRETARY, now=SOON)
        assert await listed(centre) == []
