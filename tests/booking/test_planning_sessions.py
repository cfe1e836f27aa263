"""Rules, sessions, cancellations and closures, on a real database."""

from dataclasses import replace
from datetime import date, time, timedelta
from uuid import UUID

from booking import problems
from booking.domain.appointments import State
from booking.domain.planning import Skip
from booking.domain.recurrence import Listed, Rule, Weekly
from booking.store.sessions import Author
from booking.use_cases.appointments.mark_arrived import mark_arrived
from booking.use_cases.appointments.prepare_consultation import prepare_consultation
from booking.use_cases.calendar.cancel_session import SessionsCancelled, cancel_session
from booking.use_cases.calendar.close_site import ClosureRequest, close_site
from booking.use_cases.calendar.materialise_sessions import materialise, materialise_rules
from booking.use_cases.calendar.open_session_rule import RuleOpened, RuleRequest, open_session_rule
from booking.use_cases.calendar.planning import OUTSIDE_OPENING_HOURS
from booking.use_cases.calendar.reshaping import Consent
from booking.use_cases.calendar.shutting import Days, Shut
from booking.use_cases.supervision.list_unsupported import list_unsupported
from smp.contracts import ProfessionalLeft, ProfessionalRoleChanged, SiteClosed
from smp.ids import new_id
from tests.booking.test_corrections_and_closing import step
from tests.booking.world import (
    MONDAY,
    NOW,
    RULES,
    SECRETARY,
    Centre,
    actor,
    blocking,
    events_of,
    joined,
    monday,
    refusal,
)
from tests.support.databases import ServiceDatabase

AWAY = Consent("practitioner_away")
AWAY_AND_CANCEL = Consent("practitioner_away", cancel_appointments=True)


async def open_rule(
    centre: Centre,
    who: UUID,
    weekdays: set[int] | None = None,
    start: str = "09:00",
    end: str = "12:00",
    dates: set[date] | None = None,
    kinds: tuple[str, ...] = ("consultation",),
    valid_from: date = date(2027, 1, 4),
    valid_until: date | None = None,
) -> RuleOpened:
    recurrence = Listed(frozenset(dates)) if dates else Weekly(frozenset(weekdays or {1}), valid_from)
    rule = Rule(recurrence, time.fromisoformat(start), time.fromisoformat(end), valid_from, valid_until)
    request = RuleRequest(centre.site, who, frozenset(kinds), rule, timedelta(minutes=20))
    async with centre.transaction() as tx:
        return await open_session_rule(tx, request, RULES, actor=SECRETARY, now=NOW)


async def cancel(centre: Centre, session: UUID, how: Consent = AWAY) -> SessionsCancelled:
    async with centre.transaction() as tx:
        return await cancel_session(tx, session, how, RULES, actor=SECRETARY, now=NOW)


async def close(centre: Centre, day: date, how: Consent = AWAY) -> Shut:
    async with centre.transaction() as tx:
        return await close_site(tx, ClosureRequest(centre.site, Days(day), how), RULES, actor=SECRETARY, now=NOW)


class TestRules:
    async def test_a_rule_has_its_sessions_over_the_horizon_at_once(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        opened = await open_rule(centre, await centre.doctor(), {1, 3})
        sessions = opened.materialised.opened
        assert sessions[0].day == date(2027, 1, 4), "today counts while it is not over"
        assert sessions[-1].day == date(2027, 3, 1)
        assert len(sessions) == 17
        assert opened.warnings == ()
        assert await events_of(booking_database, sessions[0].id) == [("SessionOpened", 1)]

    async def test_materialising_again_changes_nothing_and_later_only_adds(self, centre: Centre) -> None:
        rule = (await open_rule(centre, await centre.doctor())).id

        async def again(now: object) -> list[date]:
            async with centre.transaction() as tx:
                return [each.day for each in (await materialise(tx, rule, RULES, Author("job", now))).opened]  # type: ignore[arg-type]

        assert await again(NOW) == []
        assert await again(NOW + timedelta(weeks=2)) == [date(2027, 3, 8), date(2027, 3, 15)]

    async def test_the_job_carries_every_rule_that_is_behind(self, centre: Centre) -> None:
        rule = (await open_rule(centre, await centre.doctor())).id
        assert await materialise_rules(centre.database, RULES, NOW + timedelta(weeks=1)) >= 1
        async with centre.transaction() as tx:
            done = await materialise(tx, rule, RULES, Author("test", NOW + timedelta(weeks=1)))
        assert done.opened == []

    async def test_a_cancelled_occurrence_does_not_come_back(self, centre: Centre) -> None:
        opened = await open_rule(centre, await centre.doctor())
        await cancel(centre, opened.materialised.opened[0].id)
        async with centre.transaction() as tx:
            await tx.execute("UPDATE session_rule SET materialised_until = NULL WHERE id = $1", opened.id)
            assert (await materialise(tx, opened.id, RULES, Author("test", NOW))).opened == []

    async def test_days_without_session_are_told_with_their_reason(self, centre: Centre) -> None:
        who = await centre.doctor()
        await close(centre, date(2027, 1, 11))
        await centre.session(who, day=date(2027, 1, 18), start="11:00", end="13:00")
        await centre.hear(who, ProfessionalLeft(professional=who, from_date=date(2027, 2, 8)))
        opened = await open_rule(centre, who)
        assert [(each.day, each.reason) for each in opened.materialised.skipped[:3]] == [
            (date(2027, 1, 11), Skip.CLOSURE),
            (date(2027, 1, 18), Skip.OVERLAP),
            (date(2027, 2, 8), Skip.OUT_OF_CONTRACT),
        ]
        assert [each.day.day for each in opened.materialised.opened] == [4, 25, 1]

    async def test_a_public_holiday_of_the_sites_subdivision_has_no_session(
        self, booking_database: ServiceDatabase
    ) -> None:
        metz = await Centre(booking_database.database, territory="57").open(subdivision="Moselle")
        friday = date(2027, 3, 26)  # Good Friday
        rules = replace(RULES, horizon=timedelta(weeks=13))
        who = await metz.doctor()
        rule = Rule(Listed(frozenset({friday})), time(9), time(12), date(2027, 1, 4))
        request = RuleRequest(metz.site, who, frozenset({"consultation"}), rule, timedelta(minutes=20))
        async with metz.transaction() as tx:
            opened = await open_session_rule(tx, request, rules, actor=actor(territory="57"), now=NOW)
        assert [(each.day, each.reason) for each in opened.materialised.skipped] == [(friday, Skip.PUBLIC_HOLIDAY)]

    async def test_the_role_of_the_day_decides(self, centre: Centre) -> None:
        who = await centre.doctor()
        changed = ProfessionalRoleChanged(professional=who, role="secretary", from_date=date(2027, 1, 18))
        await centre.hear(who, changed)
        opened = await open_rule(centre, who)
        assert [each.day.day for each in opened.materialised.opened] == [4, 11]
        assert {each.reason for each in opened.materialised.skipped} == {Skip.ROLE}

    async def test_hours_outside_those_of_the_site_are_told(self, centre: Centre) -> None:
        assert (await open_rule(centre, await centre.doctor(), start="19:00", end="21:00")).warnings == (
            OUTSIDE_OPENING_HOURS,
        )

    async def test_what_cannot_be_a_rule_is_refused(self, centre: Centre) -> None:
        doctor, secretary = await centre.doctor(), await centre.doctor("secretary")
        elsewhere = new_id()
        await centre.hear(elsewhere, joined(elsewhere, new_id()))
        expected = {
            problems.PROFESSIONAL_UNKNOWN: open_rule(centre, new_id()),
            problems.PROFESSIONAL_ELSEWHERE: open_rule(centre, elsewhere),
            problems.KIND_NOT_FOR_ROLE: open_rule(centre, secretary),
            problems.KIND_TOO_LONG: open_rule(centre, doctor, start="09:00", end="09:15"),
            problems.OUT_OF_CONTRACT: open_rule(
                centre, doctor, valid_from=date(2025, 1, 1), valid_until=date(2025, 2, 1)
            ),
        }
        for problem, command in expected.items():
            assert (await refusal(command)).problem is problem


class TestSessions:
    async def test_a_professional_is_in_one_place_only(self, centre: Centre) -> None:
        doctor = await centre.doctor()
        await centre.session(doctor, "09:00", "12:00")
        refused = await refusal(centre.session(doctor, "11:40", "13:00"))
        assert refused.problem is problems.SESSION_OVERLAP
        await centre.session(doctor, "12:00", "13:00")

    async def test_the_missing_hour_of_march_is_refused_when_typed_for_that_day(self, centre: Centre) -> None:
        doctor = await centre.doctor()
        refused = await refusal(centre.session(doctor, "02:30", "05:00", day=date(2027, 3, 28)))
        assert refused.problem is problems.HOUR_MISSING

    async def test_a_session_that_is_over_is_not_opened(self, centre: Centre) -> None:
        refused = await refusal(centre.session(await centre.doctor(), day=date(2027, 1, 1)))
        assert refused.problem is problems.SESSION_PAST

    async def test_a_site_that_closed_for_good_opens_nothing(self, centre: Centre) -> None:
        doctor = await centre.doctor()
        await centre.hear(centre.site, SiteClosed(site=centre.site, from_date=MONDAY))
        assert (await refusal(centre.session(doctor))).problem is problems.SITE_CLOSED
        await centre.session(doctor, day=MONDAY - timedelta(days=3))


class TestCancellingASession:
    async def test_it_is_refused_with_the_list_while_patients_are_expected(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor())
        late, early = [(await centre.book(session, hour)).appointment for hour in ("10:00", "09:00")]
        refused = await refusal(cancel(centre, session.id))
        assert refused.problem is problems.HAS_APPOINTMENTS
        assert [each["appointment"] for each in refused.extensions["appointments"]] == [str(early.id), str(late.id)]
        assert await blocking(booking_database, late.id, early.id) == 4

    async def test_its_appointments_go_with_it_when_asked_each_with_an_event(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor())
        booked = (await centre.book(session, "10:00")).appointment
        hold = await centre.hold(session, "09:00")
        done = await cancel(centre, session.id, AWAY_AND_CANCEL)
        assert set(done.appointments) == {booked.id, hold.id}
        assert await blocking(booking_database, booked.id, hold.id) == 0
        assert (await events_of(booking_database, booked.id))[-1] == ("SlotCancelled", 2)
        assert await events_of(booking_database, session.id) == [("SessionOpened", 1), ("SessionCancelled", 2)]
        refused = await refusal(centre.book(session, "10:00"))
        assert refused.problem is problems.SESSION_CANCELLED

    async def test_a_silent_appointment_is_not_cancelled_behind_its_patient_s_back(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        doctor = await centre.doctor()
        session = await centre.session(doctor, kinds=("consultation", "protected"))
        told = (await centre.book(session, "09:00")).appointment
        silent = (await centre.book(session, "10:00", kind="protected")).appointment
        hold = await centre.hold(session, "11:00", kind="protected")
        done = await cancel(centre, session.id, AWAY_AND_CANCEL)
        assert (set(done.appointments), done.without_place) == ({told.id, hold.id}, 1)
        assert (await events_of(booking_database, silent.id))[-1] == ("CallRequested", 2)
        assert await blocking(booking_database, silent.id) == 1, "the patient's own time"
        async with centre.transaction() as tx:
            by_the_desk = await list_unsupported(tx, centre.site, reader=actor(subject="another"), now=NOW)
            (by_the_doctor,) = await list_unsupported(tx, centre.site, reader=actor("gp", subject=str(doctor)), now=NOW)
        assert by_the_desk == []
        lost = by_the_doctor.unsupported
        assert (lost.it.id, lost.it.state, lost.reason) == (silent.id, State.BOOKED, "place_lost")

    async def test_whoever_sits_in_the_waiting_room_is_not_sent_home_by_a_text(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        session = await centre.session(await centre.doctor())
        hours = ("11:00", "09:00", "09:20")
        told, here, prepared = [(await centre.book(session, hour)).appointment.id for hour in hours]
        for each in (here, prepared):
            await step(centre, mark_arrived, each, "08:50")
        await step(centre, prepare_consultation, prepared, "08:55")
        async with centre.transaction() as tx:
            done = await cancel_session(tx, session.id, AWAY_AND_CANCEL, RULES, actor=SECRETARY, now=monday("09:00"))
        assert (done.appointments, done.without_place) == ((told,), 2)
        assert await blocking(booking_database, here, prepared) == 2, "the patients' own time"
        for each in (here, prepared):
            assert (await events_of(booking_database, each))[-1][0] == "CallRequested"
        async with centre.transaction() as tx:
            listed = await list_unsupported(tx, centre.site, reader=SECRETARY, now=monday("09:00"))
        assert {(each.unsupported.it.id, each.unsupported.reason) for each in listed} == {
            (here, "place_lost"),
            (prepared, "place_lost"),
        }

    async def test_nobody_finds_room_in_a_cancelled_session(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        assert len((await centre.find(monday("00:00"), monday("23:00"))).slots) == 9
        await cancel(centre, session.id)
        assert (await centre.find(monday("00:00"), monday("23:00"))).slots == []

    async def test_an_expired_hold_does_not_keep_a_session(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())
        await centre.hold(session, "09:00", now=NOW - timedelta(minutes=10))
        assert (await cancel(centre, session.id)).appointments == ()

    async def test_a_supervisor_who_leaves_uncovers_the_interns_appointments(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        one, other = await centre.doctor(), await centre.doctor()
        leaving = await centre.session(one, "09:00", "12:00")
        await centre.session(other, "09:00", "10:00")
        session = await centre.session(await centre.intern_of(one, other))
        covered = (await centre.book(session, "09:20")).appointment
        uncovered = (await centre.book(session, "10:20")).appointment
        refused = await refusal(cancel(centre, leaving.id))
        assert refused.problem is problems.HAS_APPOINTMENTS
        assert [each["appointment"] for each in refused.extensions["appointments"]] == [str(uncovered.id)]
        assert (await cancel(centre, leaving.id, AWAY_AND_CANCEL)).appointments == (uncovered.id,)
        assert await blocking(booking_database, covered.id) == 2

    async def test_a_cancelled_session_leaves_its_hours_to_another(self, centre: Centre) -> None:
        doctor = await centre.doctor()
        session = await centre.session(doctor)
        await cancel(centre, session.id)
        await centre.session(doctor)
        assert (await refusal(cancel(centre, session.id))).problem is problems.SESSION_CANCELLED

    async def test_somebody_of_another_site_cannot(self, centre: Centre) -> None:
        session = await centre.session(await centre.doctor())

        async def stranger() -> None:
            async with centre.transaction() as tx:
                await cancel_session(tx, session.id, AWAY, RULES, actor=actor(site=new_id()), now=NOW)

        assert (await refusal(stranger())).problem.slug == "forbidden"


class TestClosures:
    async def test_a_closed_day_loses_its_sessions_and_gets_no_new_one(
        self, centre: Centre, booking_database: ServiceDatabase
    ) -> None:
        doctor = await centre.doctor()
        session = await centre.session(doctor)
        booked = (await centre.book(session, "09:00")).appointment
        assert (await refusal(close(centre, MONDAY))).problem is problems.HAS_APPOINTMENTS
        assert (await close(centre, MONDAY, AWAY_AND_CANCEL)).done.appointments == (booked.id,)
        assert await events_of(booking_database, session.id) == [("SessionOpened", 1), ("SessionCancelled", 2)]
        assert (await refusal(centre.session(doctor))).problem is problems.SITE_CLOSED
        assert (await refusal(close(centre, MONDAY))).problem is problems.DAY_ALREADY_CLOSED

    async def test_a_refused_closure_closes_nothing(self, centre: Centre) -> None:
        doctor = await centre.doctor()
        await centre.book(await centre.session(doctor), "09:00")
        await refusal(close(centre, MONDAY))
        await centre.session(doctor, "14:00", "15:00")

    async def test_other_sites_stay_open(self, centre: Centre, booking_database: ServiceDatabase) -> None:
        other = await Centre(booking_database.database).open()
        session = await other.session(await other.doctor())
        await close(centre, MONDAY)
        assert (await other.book(session, "09:00")).appointment.period.start == monday("09:00")
