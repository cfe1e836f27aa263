"""Any commands in any order: after each one the database holds what a small model says, and nothing else."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from booking.use_cases.appointments.expire_holds import end_rests, expire_holds
from booking.use_cases.capacity.release_capacity import release_capacity
from tests.booking.machine import World, courses, examples, world_at
from tests.booking.model import Model
from tests.booking.model_parts import FLOAT_NOTICE, GRID, HOLD, MINUTE, Presence, Problems, Visit
from tests.booking.world import MONDAY, PARIS, Centre, paris
from tests.support.api import bearer, command_headers

MORNING = paris(MONDAY, "08:00")
DAYS = (MONDAY, MONDAY + timedelta(days=1))
EXAMPLES, LENGTH, MANY = 20, 40, 300  # so many courses meet everything that there is

# What each route does to the model, what it is sent, and who sends it.
STEPS: dict[str, Callable[[Model, Visit], tuple[Problems, Any, str]]] = {
    "arrival": lambda model, visit: (model.arrive(visit), None, "secretary"),
    "preparation": lambda model, visit: (
        model.step(visit, "arrived", "in_preparation", "ConsultationPrepared"), None, "nurse"
    ),
    "start": lambda model, visit: (
        model.step(visit, "arrived in_preparation", "in_consultation", "ConsultationStarted"), None, "gp"
    ),
    "completion": lambda model, visit: (
        model.step(visit, "in_consultation", "done", "ConsultationDone"), {"outcome": "none"}, "gp"
    ),
    "departure": lambda model, visit: (
        model.leave(visit), {}, "secretary"
    ),
    "no-show": lambda model, visit: (model.no_show(visit), None, "secretary"),
    "cancellation": lambda model, visit: (model.excuse(visit), {"by": "patient", "excused": True}, "secretary"),
    "correction": lambda model, visit: (model.correct(visit), {"reason": "wrong_line"}, "secretary"),
}  # fmt: skip
EVENTS = {
    "SessionOpened", "SessionChanged", "SessionCancelled", "CapacityReleased",
    "SlotHeld", "HoldExpired", "SlotBooked", "SlotMoved", "SlotCancelled",
    "PatientArrived", "ConsultationPrepared", "ConsultationStarted", "ConsultationDone", "PatientNoShow",
    "PatientLeftUnseen", "StatusCorrected", "CallRequested",
}  # fmt: skip
ENDS = {
    "a float", "a family", "a family that is given way", "family-does-not-fit", "class-not-released", "slot-taken",
    "slot-resting", "no-supervisor", "patient-already-booked", "hold-expired", "session-has-appointments", "place-lost",
}  # fmt: skip
LIKELY = {
    "booked": ("arrival", "arrival", "arrival", "no-show", "cancellation"),
    "arrived": ("start", "start", "preparation", "departure", "correction"),
    "in_preparation": ("start", "start", "departure", "correction"),
    "in_consultation": ("completion", "completion", "correction"),
    "no_show": ("cancellation", "correction"),
}


@pytest.fixture
def world(postgres_url: str) -> Iterator[World]:
    """With less notice before somebody floats than in life, so that Tuesday is on both sides of it."""
    notice = FLOAT_NOTICE // timedelta(hours=1)
    with world_at(postgres_url, MORNING, float_notice_hours=notice) as world:
        yield world


class Agenda(RuleBasedStateMachine):
    """One centre: two doctors, the intern of the first, one room that two of them share, four patients. On Tuesday two
    more doctors, between whom those float who asked for nobody, and a session of which a part is kept for online."""

    world: World
    met: Counter[str]  # events and ends of all examples

    def __init__(self) -> None:
        super().__init__()
        self.world.clock.time = MORNING
        self.model = Model(MORNING)
        self.keys = count(1)
        self.last: tuple[str, Any, str, Any] | None = None

    @initialize()
    def open_the_centre(self) -> None:
        self.centre = self.world.wait(Centre(self.world.database.database).open())
        doctors = [self.world.wait(self.centre.doctor()) for _ in range(4)]
        intern = self.world.wait(self.centre.intern_of(doctors[0]))
        self.people = [str(each) for each in (*doctors[:2], intern, *doctors[2:])]
        self.patients = [str(self.world.wait(self.centre.patient())) for _ in range(4)]
        for who, hours, room in (
            (0, ("09:00", "10:20"), None),
            (1, ("09:00", "11:00"), "1"),
            (2, ("09:20", "11:00"), None),
        ):
            self._open(who, MONDAY, *hours, room)
        for who in (3, 4):
            self._open(who, DAYS[1], "09:00", "09:40", None)
        self._open(0, DAYS[1], "10:00", "11:00", None, online=2)

    # --- sessions -------------------------------------------------------------------------------------------

    @rule(
        who=st.integers(0, 2),
        day=st.sampled_from(DAYS),
        hour=st.integers(0, 7),
        length=st.integers(1, 6),
        room=st.sampled_from((None, "1")),
        online=st.sampled_from((0, 0, 1)),
    )
    def open_session(self, who: int, day: date, hour: int, length: int, room: str | None, online: int) -> None:
        start = datetime.combine(day, datetime.min.time(), PARIS) + timedelta(hours=8) + hour * GRID
        self._open(who, day, f"{start:%H:%M}", f"{start + length * GRID:%H:%M}", room, online)

    @rule(which=st.integers(0, 20), with_visits=st.booleans(), meant=st.sampled_from((False, False, True)))
    def cancel_session(self, which: int, with_visits: bool, meant: bool) -> None:
        """Less often than the rest, or nothing would live long."""
        if not meant:
            return
        gone = self._presence(which)
        expected = self.model.cancel_presence(gone, with_visits)
        body = {"reason": "practitioner_away", "cancel_appointments": with_visits}
        self._send(f"/sessions/{gone.id}/cancellation", body, expected)

    @rule(which=st.integers(0, 20), length=st.integers(1, 8), with_visits=st.booleans())
    def change_session(self, which: int, length: int, with_visits: bool) -> None:
        changed = self._presence(which)
        end = changed.start + length * GRID
        expected = self.model.change_end(changed, end, with_visits)
        body = {"end": f"{end.astimezone(PARIS):%H:%M}", "reason": "meeting", "cancel_appointments": with_visits}
        self._send(f"/sessions/{changed.id}/change", body, expected)

    # --- appointments ---------------------------------------------------------------------------------------

    @rule(
        which=st.integers(0, 20),
        place=st.integers(-1, 7),
        off=st.sampled_from((0, 0, 0, 7)),
        patient=st.integers(-2, 3),
    )
    def hold(self, which: int, place: int, off: int, patient: int) -> None:
        who = self.patients[patient] if patient >= 0 else None
        new = self._new_visit(which, place, off, who)
        expected = self.model.hold(new)
        self._place("/holds", new, {"patient": new.patient}, expected)

    @rule(
        which=st.integers(0, 20),
        place=st.integers(-1, 7),
        off=st.sampled_from((0, 0, 0, 7)),
        patient=st.integers(0, 3),
        named=st.booleans(),
        channel=st.sampled_from(("phone", "phone", "online")),
    )
    def book(self, which: int, place: int, off: int, patient: int, named: bool, channel: str) -> None:
        new = self._new_visit(which, place, off, self.patients[patient])
        new.named, new.channel = named, channel
        expected = self.model.book(new)
        body = {"patient": new.patient, "named": named, "channel": channel}
        self._place("/appointments", new, body, expected)

    @rule(
        place=st.integers(0, 1),
        who=st.lists(st.integers(0, 3), min_size=2, max_size=4),
        family=st.none() | st.permutations(range(4)),
    )
    def ask_for_the_same_hour(self, place: int, who: list[int], family: list[int] | None) -> None:
        """Somebody for whom anybody will do, then those who ask for the practitioner they were given, perhaps a
        family."""
        for patient, named in zip(who, (False, True, False, True), strict=False):
            new = Visit(
                "", self.model.presences[3], self.model.presences[3].start + place * GRID, self.patients[patient], ""
            )
            new.named = named
            expected = self.model.book(new)
            self._place("/appointments", new, {"patient": new.patient, "named": named}, expected)
            if family:
                self._book_family(DAYS[1], family[:2], 3)
                return

    @rule(place=st.integers(0, 7), patient=st.integers(0, 3))
    def confirm_too_late(self, place: int, patient: int) -> None:
        """What was held is over, whether or not a job has written it down."""
        new = self._new_visit(0, place, 0, self.patients[patient])
        expected = self.model.hold(new)
        self._place("/holds", new, {"patient": new.patient}, expected)
        if not expected:
            self._set_clock(self.model.now + HOLD + MINUTE)
            expected = self.model.confirm(new, self.patients[patient])
            self._send("/appointments", {"hold": new.id, "patient": self.patients[patient]}, expected)

    @rule(who=st.permutations(range(4)))
    def ask_for_what_is_kept(self, who: list[int]) -> None:
        """By telephone, for all places of the session of which two are kept for online."""
        for place, patient in enumerate(who[:3]):
            there = self.model.presences[5]
            new = Visit("", there, there.start + place * GRID, self.patients[patient], "")
            expected = self.model.book(new)
            self._place("/appointments", new, {"patient": new.patient}, expected)

    @precondition(lambda self: any(each.state == "arrived" for each in self.model.visits))
    @rule(meant=st.booleans())
    def the_doctor_of_who_waits_leaves(self, meant: bool) -> None:
        if not meant:
            return
        waiting = next(each for each in reversed(self.model.visits) if each.state == "arrived")
        expected = self.model.cancel_presence(waiting.presence, with_visits=True)
        body = {"reason": "practitioner_away", "cancel_appointments": True}
        self._send(f"/sessions/{waiting.presence.id}/cancellation", body, expected)
        self._step(waiting, "departure")

    @rule(
        day=st.sampled_from(DAYS),
        who=st.lists(st.integers(0, 3), min_size=2, max_size=3, unique=True),
        whom=st.sampled_from((None, None, 3, 4)),
    )
    def book_a_family(self, day: date, who: list[int], whom: int | None) -> None:
        self._book_family(day, who, whom)

    def _book_family(self, day: date, who: list[int], whom: int | None) -> None:
        """Which places is up to the service; that they are places, for all or for nobody, is not."""
        asked = None if whom is None else self.people[whom]
        opens, closes = paris(day, "08:00"), paris(day, "13:00")
        patients = [self.patients[each] for each in who]
        has_room = self.model.must_seat(patients, opens, closes, asked)
        must = has_room or self.model.must_seat(patients, opens, closes, asked, others_float=True)
        body = {
            "site": str(self.centre.site), "kind": "consultation", "patients": patients,
            "start": opens.isoformat(), "end": closes.isoformat(), "professional": asked,
        }  # fmt: skip
        answer = self._post("/appointments/family", body)
        if answer.status_code != 201:
            assert self._problem(answer) == "family-does-not-fit"
            assert not must, "there was room for them"
            return
        self.met["a family"] += 1
        told = answer.json()
        self.model.drift()
        gave_way = self.model.adopt(self.world.wait(self._where(self.model.adrift)))
        assert not (gave_way and has_room), "nobody is moved as long as there is room without"
        self.met["a family that is given way"] += gave_way
        by_id = {each.id: each for each in self.model.presences}
        for it in told["appointments"]:
            new = Visit(it["appointment"], by_id[it["session"]], datetime.fromisoformat(it["start"]), it["patient"], "")
            new.party = told["party"]
            assert self.model.book(new) == frozenset(), "no place"
            assert not self.model.adrift, "those who gave way stand elsewhere by now"
            self.model.visits.append(new)
        assert [it["patient"] for it in told["appointments"]] == patients
        starts = {datetime.fromisoformat(it["start"]) for it in told["appointments"]}
        assert max(starts) - min(starts) == (len(starts) - 1) * GRID, "one after the other"
        self.the_jobs_run()  # a family that met what was over may have written down more of it than it needed

    @precondition(lambda self: self.model.visits)
    @rule(which=st.integers(0, 50), patient=st.integers(0, 3))
    def confirm(self, which: int, patient: int) -> None:
        hold, who = self._visit(which), self.patients[patient]
        expected = self.model.confirm(hold, who)
        self._send("/appointments", {"hold": hold.id, "patient": who}, expected)

    @precondition(lambda self: self.model.visits)
    @rule(which=st.integers(0, 50), where=st.integers(0, 20), place=st.integers(-1, 7))
    def move(self, which: int, where: int, place: int) -> None:
        visit, presence = self._visit(which), self._presence(where)
        start = presence.start + place * GRID
        expected = self.model.move(visit, presence, start)
        if self._send(f"/appointments/{visit.id}/move", {"session": presence.id, "start": start.isoformat()}, expected):
            self._adopt()
        self.model.adrift = []

    @precondition(lambda self: self.model.visits)
    @rule(which=st.integers(0, 50), by=st.sampled_from(("patient", "centre")))
    def cancel(self, which: int, by: str) -> None:
        visit = self._visit(which)
        expected = self.model.cancel(visit)
        self._send(f"/appointments/{visit.id}/cancellation", {"by": by}, expected)

    @precondition(lambda self: self.model.visits)
    @rule(which=st.integers(0, 50), step=st.sampled_from(sorted(STEPS)))
    def take_a_step(self, which: int, step: str) -> None:
        self._step(self._visit(which), step)

    @precondition(lambda self: self.model.visits)
    @rule(which=st.integers(0, 50), choices=st.lists(st.integers(0, 59), min_size=1, max_size=6))
    def live_on(self, which: int, choices: list[int]) -> None:
        """Steps that the state allows, so that long lives are met too; the hour comes first where it must."""
        visit = self._visit(which)
        for choice in choices:
            likely = LIKELY.get(visit.state, ("correction",))
            step = likely[choice % len(likely)]
            if step == "no-show" and self.model.now < visit.start:
                self._set_clock(visit.start)
            self._step(visit, step)

    # --- time and repetition --------------------------------------------------------------------------------

    @rule(minutes=st.integers(1, 40))
    def time_passes(self, minutes: int) -> None:
        self._set_clock(self.model.now + timedelta(minutes=minutes))

    @rule(meant=st.sampled_from((False, False, False, True)))
    def the_evening_comes(self, meant: bool) -> None:
        """Now and then: what is kept of Tuesday is everybody's from six o'clock on."""
        if meant:
            self._set_clock(max(self.model.now, paris(MONDAY, "18:00")))

    @rule()
    def the_jobs_run(self) -> None:
        self.model.expire_holds()
        self.model.release_shares()
        self.world.wait(expire_holds(self.world.database.database, self.model.now))
        self.world.wait(end_rests(self.world.database.database, self.model.now))
        self.world.wait(release_capacity(self.world.database.database, self.model.now))

    @precondition(lambda self: self.last is not None)
    @rule()
    def the_same_command_comes_again(self) -> None:
        assert self.last is not None
        path, headers, body, answer = self.last
        again = self.world.wait(self.world.client.post(f"/v1{path}", json=body, headers=headers))
        assert (again.status_code, again.content) == (answer.status_code, answer.content)

    # --- what must always be so -----------------------------------------------------------------------------

    @invariant()
    def the_database_is_the_model(self) -> None:
        if not self.model.presences:
            return
        rows, occupied, said = self.world.wait(self._look())
        assert rows == self.model.rows()
        assert occupied == sorted(self.model.occupancies())
        assert said == self.model.events()

    async def _look(self) -> tuple[Any, Any, Any]:
        site, fetch = self.centre.site, self.world.admin.fetch
        rows = {
            str(row["id"]): (
                row["state"],
                row["version"],
                *_texts(row["session"], row["patient"]),
                row["starts_at"],
                row["ends_at"],
            )
            for row in await fetch("SELECT * FROM appointment WHERE site = $1", site)
        }
        occupied = await fetch(
            "SELECT appointment::text, resource_kind, lower(period), upper(period) FROM occupancy"
            " WHERE blocking AND appointment = ANY ($1::uuid[]) ORDER BY 1, 2",
            list(rows),
        )
        said: defaultdict[str, list[str]] = defaultdict(list)
        for row in await fetch(
            "SELECT aggregateid::text AS id, split_part(type, '.', 4) AS event, sequence FROM smp.outbox"
            " WHERE site = $1 ORDER BY position",
            site,
        ):
            said[row["id"]].append(row["event"])
            assert row["sequence"] == len(said[row["id"]]), "a gap, or a number used twice"
        said.pop(str(site), None)  # needs without a place: the model knows what was had
        return rows, [tuple(row) for row in occupied], dict(said)

    def teardown(self) -> None:
        self.met.update(event for events in self.model.events().values() for event in events)

    # --- how --------------------------------------------------------------------------------------------------

    def _open(self, who: int, day: date, start: str, end: str, room: str | None, online: int = 0) -> None:
        supervisor = self.people[0] if who == 2 else None
        new = Presence("", self.people[who], paris(day, start), paris(day, end), room, supervisor, online)
        new.is_told = new.release_at <= self.model.now
        expected = self.model.may_open(new)
        body = {
            "site": str(self.centre.site), "professional": new.professional, "kinds": ["consultation"], "room": room,
            "day": day.isoformat(), "start": start, "end": end, "slot_minutes": GRID // timedelta(minutes=1),
            "shares": [{"capacity_class": "online", "slots": online}] if online else [],
        }  # fmt: skip
        if answer := self._send("/sessions", body, expected):
            new.id = answer["session"]
            self.model.open(new)

    def _place(self, path: str, new: Visit, body: dict[str, Any], expected: Problems) -> None:
        where = {"session": new.presence.id, "start": new.start.isoformat(), "kind": "consultation"}
        if answer := self._send(path, {**where, **body}, expected):
            new.id = answer["appointment"]
            self.model.visits.append(new)
            self._adopt()
        self.model.adrift = []

    def _adopt(self) -> None:
        """Who of those that may have changed practitioner stands where."""
        if self.model.adrift:
            self.met["a float"] += 1
            self.model.adopt(self.world.wait(self._where(self.model.adrift)))

    async def _where(self, visits: list[Visit]) -> dict[str, Presence]:
        """In which session each of them stands now."""
        by_id = {each.id: each for each in self.model.presences}
        ids = [each.id for each in visits]
        rows = await self.world.admin.fetch("SELECT id, session FROM appointment WHERE id = ANY ($1::uuid[])", ids)
        return {str(row["id"]): by_id[str(row["session"])] for row in rows}

    def _step(self, visit: Visit, step: str) -> None:
        expected, body, role = STEPS[step](self.model, visit)
        self._send(f"/appointments/{visit.id}/{step}", body, expected, role)

    def _set_clock(self, now: datetime) -> None:
        self.model.now = self.world.clock.time = now

    def _send(self, path: str, body: Any, expected: Problems, role: str = "secretary") -> Any:
        """The answer of a command that was accepted, as the model says; nothing when both refuse."""
        answer = self._post(path, body, role)
        told = answer.json()
        if expected:
            assert answer.status_code >= 400, f"accepted although {sorted(expected)}"
            assert self._problem(answer) in expected
            return None
        assert answer.status_code < 300, told
        return told

    def _post(self, path: str, body: Any, role: str = "secretary") -> Any:
        headers = command_headers(bearer(role, site=self.centre.site), f"{self.centre.site}-{next(self.keys)}")
        answer = self.world.wait(self.world.client.post(f"/v1{path}", json=body, headers=headers))
        if answer.status_code < 300:
            self.last = (path, headers, body, answer)
        return answer

    def _problem(self, answer: Any) -> str:
        name: str = answer.json()["type"].rpartition(":")[2]
        self.met[name] += 1
        return name

    def _new_visit(self, which: int, place: int, off: int, patient: str | None) -> Visit:
        presence = self._presence(which)
        return Visit("", presence, presence.start + place * GRID + timedelta(minutes=off), patient, "")

    def _presence(self, which: int) -> Presence:
        return self.model.presences[which % len(self.model.presences)]

    def _visit(self, which: int) -> Visit:
        """The latest ones most often: there is most to happen to them."""
        return self.model.visits[-1 - which % len(self.model.visits)]


def _texts(*ids: UUID | None) -> list[str | None]:
    return [None if id is None else str(id) for id in ids]


def test_after_any_commands_the_database_holds_what_the_model_says(world: World) -> None:
    met: Counter[str] = Counter()
    machine = type("AgendaInThisWorld", (Agenda,), {"world": world, "met": met})
    run_state_machine_as_test(machine, settings=courses(EXAMPLES, LENGTH))
    never = (EVENTS | ENDS) - met.keys() if examples(EXAMPLES) >= MANY else set()
    assert not never, "what was never met is not proven"
