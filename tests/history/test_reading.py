"""What is read of a real agenda is what the judge expects."""

from booking.use_cases.appointments.finish_consultation import Conclusion, finish_consultation
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.appointments.start_consultation import start_consultation
from tests.booking.agenda import AND_CANCEL, Planner
from tests.booking.world import RULES, SECRETARY, Centre, monday
from tests.history.checker import check
from tests.history.findings import Answer, Operation
from tests.history.reading import read
from tests.support.databases import ServiceDatabase


async def test_of_somebody_who_waits_while_their_session_is_cancelled_and_is_seen_all_the_same(
    booking_database: ServiceDatabase,
) -> None:
    centre = await Centre(booking_database.database).open()
    session, patient = await centre.session(await centre.doctor(), "10:00", "11:00", room="1"), await centre.patient()
    it = (await centre.book(session, "10:00", patient)).appointment
    async with centre.transaction() as tx:
        await mark_arrived(tx, it.id, actor=SECRETARY, now=monday("09:50"))
    await Planner(centre).cancel(session.id, AND_CANCEL)
    async with centre.transaction() as tx:
        await start_consultation(tx, it.id, actor=SECRETARY, now=monday("10:00"))
        await finish_consultation(tx, it.id, Conclusion("none"), RULES, actor=SECRETARY, now=monday("10:10"))
    told = [(1, "book", "booked"), (2, "arrive", "arrived"), (4, "start", "in_consultation"), (5, "finish", "done")]
    operations = [
        Operation(what, what, version, "ok", version + 0.5, (Answer(str(it.id), version, state),))
        for version, what, state in told
    ]
    evidence = await read(booking_database, [centre.site], [session], [str(patient)], operations)
    assert [each.event for each in evidence.said][2] == "CallRequested"
    assert check(evidence) == ()
