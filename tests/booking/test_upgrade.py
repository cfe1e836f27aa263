"""What an upgrade does to rows that are there already."""

from datetime import timedelta

from booking.store import impacts
from booking.use_cases.appointments.mark_no_show import mark_no_show
from smp.migrations import migrate
from tests.booking.agenda import Planner
from tests.booking.test_corrections_and_closing import step
from tests.booking.test_holds_and_steps import cancel
from tests.booking.test_unsupported_sessions import expected, leaves
from tests.booking.world import NOW, Centre, events_of
from tests.support.databases import ServiceDatabase


async def test_social_appointments_of_before_kinds_had_versions_are_nobody_elses_to_read(
    booking_database: ServiceDatabase,
) -> None:
    centre = await Centre(booking_database.database).open()
    doctor, worker = await centre.doctor(), await centre.doctor("social_worker")
    medical = (await centre.book(await centre.session(doctor), "09:00")).appointment.id
    other = await centre.session(worker, kinds=("social",))
    social = (await centre.book(other, "09:00", kind="social")).appointment.id
    async with booking_database.admin() as admin:
        await admin.execute("UPDATE appointment SET compartment = 'medical' WHERE site = $1", centre.site)
        await admin.execute("DELETE FROM smp_migrations WHERE version = '00142'")
        migrate(booking_database.migrator_url, "booking")
        rows = await admin.fetch("SELECT id, compartment FROM appointment WHERE site = $1", centre.site)
    assert {row["id"]: row["compartment"] for row in rows} == {
        medical: "medical",
        social: "medico_social",
    }


async def test_the_patients_of_no_shows_of_before_may_be_expected_elsewhere(booking_database: ServiceDatabase) -> None:
    centre = await Centre(booking_database.database).open()
    session = await centre.session(await centre.doctor())
    missed, expected = [(await centre.book(session, hour)).appointment.id for hour in ("09:00", "09:20")]
    await step(centre, mark_no_show, missed, "09:10")
    async with booking_database.admin() as admin:
        await admin.execute("UPDATE occupancy SET blocking = true WHERE appointment = $1", missed)
        await admin.execute("DELETE FROM smp_migrations WHERE version = '00185'")
        migrate(booking_database.migrator_url, "booking")
        rows = await admin.fetch(
            "SELECT appointment, resource_kind FROM occupancy WHERE blocking AND appointment = ANY ($1)",
            [missed, expected],
        )
    assert {(row["appointment"], row["resource_kind"]) for row in rows} == {
        (missed, "practitioner"), (expected, "practitioner"), (expected, "patient"),
    }  # fmt: skip


async def test_whoever_was_seen_before_the_agreed_end_may_be_expected_elsewhere(
    booking_database: ServiceDatabase,
) -> None:
    centre = await Centre(booking_database.database).open()
    session = await centre.session(await centre.doctor())
    seen, over = [(await centre.book(session, hour)).appointment.id for hour in ("09:00", "09:20")]
    async with booking_database.admin() as admin:
        for id, end in ((seen, timedelta(minutes=5)), (over, -timedelta(minutes=5))):
            await admin.execute(
                "UPDATE appointment SET state = 'done', ends_at = now() + $2, starts_at = now() - interval '1 hour'"
                " WHERE id = $1",
                id,
                end,
            )
        await admin.execute("DELETE FROM smp_migrations WHERE version = '00200'")
        migrate(booking_database.migrator_url, "booking")
        rows = await admin.fetch(
            "SELECT appointment FROM occupancy WHERE resource_kind = 'patient' AND blocking AND appointment = ANY ($1)",
            [seen, over],
        )
    assert [row["appointment"] for row in rows] == [over]


async def test_whoever_had_the_lost_place_again_before_is_no_more_on_the_list(
    booking_database: ServiceDatabase,
) -> None:
    centre = await Centre(booking_database.database).open()
    session = await centre.session(await centre.doctor())
    again, lost = [(await centre.book(session, hour)).appointment.id for hour in ("09:00", "09:20")]
    async with centre.transaction() as tx:
        for id in (again, lost):
            await impacts.lose_place(tx, id, NOW, for_sure=True)
    async with booking_database.admin() as admin:
        await admin.execute("UPDATE occupancy SET blocking = true WHERE appointment = $1", again)
        await admin.execute("DELETE FROM smp_migrations WHERE version = '00205'")
        migrate(booking_database.migrator_url, "booking")
        rows = await admin.fetch("SELECT appointment FROM unsupported WHERE appointment = ANY ($1)", [again, lost])
    assert [row["appointment"] for row in rows] == [lost]


async def test_unsupported_sessions_that_everybody_has_left_before_end_too(booking_database: ServiceDatabase) -> None:
    planner = Planner(await Centre(booking_database.database).open())
    session, last = await expected(planner)
    await leaves(planner, session)
    await cancel(planner.centre, last.id)
    async with booking_database.admin() as admin:
        await admin.execute("DELETE FROM agenda_follow_again")
        await planner.follow()
        assert (await events_of(booking_database, session.id))[-1] == ("SessionUnsupported", 2)
        await admin.execute("DELETE FROM smp_migrations WHERE version = '00151'")
        migrate(booking_database.migrator_url, "booking")
    await planner.follow()
    assert (await events_of(booking_database, session.id))[-1] == ("SessionCancelled", 3)
