"""The judge of `make chaos` is judged: each fault that is planted is named, and an honest world has none."""

from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from smp_local.worlds.history import Entry, History
from tests.chaos.checker import check
from tests.chaos.findings import Appointment, Finding, Occupied, Owed, Projection, Said, Snapshot, Text
from tests.chaos.hunter import Kill
from tests.chaos.report import Report
from tests.chaos.schedule import PROGRAMS, TARGETS, booking_alone, mixed, schedule

NOW = datetime(2026, 11, 26, 20, tzinfo=UTC)
NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)
SLOT = timedelta(minutes=20)
APPOINTMENT, PATIENT, SITE = uuid4(), uuid4(), uuid4()
TEXT = Text(uuid4(), APPOINTMENT, 1, "confirmation", "delivered", "tag-1", NINE, sent=True, ends=1)
APPOINTMENTS, PATIENTS = "smp.booking.appointments", "smp.registry.patients"


def accepted(key: str, **answer: object) -> Entry:
    return Entry(key, "booking", "/v1", outcome="ok", attempts=1, status=201, answer=answer)


def honest() -> Snapshot:
    """One patient registered, booked, arrived and told of it; both commands were acknowledged."""
    events = [
        Said(uuid4(), PATIENTS, PATIENT, 1),
        Said(uuid4(), APPOINTMENTS, APPOINTMENT, 1),
        Said(uuid4(), APPOINTMENTS, APPOINTMENT, 2),
    ]
    facts: dict[Hashable, tuple[object, ...]] = {APPOINTMENT: ("arrived", 2), PATIENT: ("registered", 1)}
    return Snapshot(
        now=NOW,
        entries=[
            accepted("register", id=str(PATIENT), version=1),
            accepted("book", appointment=str(APPOINTMENT), version=1, state="booked"),
            accepted("arrive", appointment=str(APPOINTMENT), version=2, state="arrived"),
            Entry("too-late", "booking", "/v1", outcome="refused", attempts=1, status=409, slug="slot-taken"),
        ],
        known=frozenset({PATIENT}),
        patients=frozenset({PATIENT}),
        appointments={APPOINTMENT: Appointment(APPOINTMENT, "arrived", ("booked", "arrived"))},
        occupied=[
            Occupied(APPOINTMENT, "doctor", NINE, NINE + SLOT),
            Occupied(APPOINTMENT, "patient", NINE, NINE + SLOT),
            Occupied(uuid4(), "doctor", NINE + SLOT, NINE + 2 * SLOT),
        ],
        outbox=events,
        kafka=[*events, events[1]],  # a relay that died sent it again: the inbox knows it
        texts=[TEXT],
        owed=[Owed(APPOINTMENT, 1)],
        accepted=["tag-1"],
        projections=[Projection("Fait", facts, facts)],
    )


def test_an_honest_world_has_no_finding() -> None:
    assert check(honest()) == ()


Plant = Callable[[Snapshot], Snapshot]


def lose_the_appointment(world: Snapshot) -> Snapshot:
    return replace(world, appointments={})


def lose_the_arrival(world: Snapshot) -> Snapshot:
    return replace(world, appointments={APPOINTMENT: Appointment(APPOINTMENT, "booked", ("booked",))})


def lose_the_patient(world: Snapshot) -> Snapshot:
    return replace(world, patients=frozenset(), known=frozenset())


def leave_without_an_answer(world: Snapshot) -> Snapshot:
    return replace(world, entries=[*world.entries, Entry("book-2", "booking", "/v1", outcome="unknown", doubts=1)])


def keep_an_event_from_kafka(world: Snapshot) -> Snapshot:
    return replace(world, kafka=world.kafka[:2])


def forget_the_event_of_the_registration(world: Snapshot) -> Snapshot:
    return replace(world, outbox=world.outbox[1:], kafka=world.kafka[1:])


def book_twice(world: Snapshot) -> Snapshot:
    twin = uuid4()
    return replace(world, appointments={**world.appointments, twin: Appointment(twin, "booked", ("booked",))})


def register_twice(world: Snapshot) -> Snapshot:
    return replace(world, patients=world.patients | {uuid4()})


def say_the_same_under_another_id(world: Snapshot) -> Snapshot:
    twin = replace(world.outbox[1], id=uuid4())
    return replace(world, outbox=[*world.outbox, twin], kafka=[*world.kafka, twin])


def invent_an_event(world: Snapshot) -> Snapshot:
    return replace(world, kafka=[*world.kafka, Said(uuid4(), PATIENTS, uuid4(), 1)])


def overlap_by_a_second(world: Snapshot) -> Snapshot:
    start = NINE + SLOT - timedelta(seconds=1)
    return replace(world, occupied=[*world.occupied, Occupied(uuid4(), "patient", start, start + SLOT)])


def overlap_behind_a_long_one(world: Snapshot) -> Snapshot:
    long_ = [Occupied(uuid4(), "room", NINE, NINE + 9 * SLOT), Occupied(uuid4(), "room", NINE + SLOT, NINE + 2 * SLOT)]
    return replace(world, occupied=long_)


def hide_an_overlap_behind_a_short_one(world: Snapshot) -> Snapshot:
    first = Occupied(uuid4(), "room", NINE, NINE + 9 * SLOT)
    others = [Occupied(uuid4(), "room", NINE + n * SLOT, NINE + (n + 1) * SLOT) for n in (1, 5)]
    return replace(world, occupied=[first, *others])


def leave_a_text_without_a_fate(world: Snapshot) -> Snapshot:
    return replace(world, texts=[replace(TEXT, state="accepted", ends=0)])


def never_publish_the_fate(world: Snapshot) -> Snapshot:
    return replace(world, texts=[replace(TEXT, ends=0)])


def publish_two_fates(world: Snapshot) -> Snapshot:
    return replace(world, texts=[replace(TEXT, ends=2)])


def tell_nobody(world: Snapshot) -> Snapshot:
    return replace(world, texts=[], accepted=[])


def claim_that_it_left(world: Snapshot) -> Snapshot:
    return replace(world, accepted=[])


def send_it_twice(world: Snapshot) -> Snapshot:
    return replace(world, accepted=["tag-1", "tag-1"])


def send_what_was_given_up(world: Snapshot) -> Snapshot:
    return replace(world, texts=[replace(TEXT, state="cancelled", sent=False)])


def send_what_nobody_planned(world: Snapshot) -> Snapshot:
    return replace(world, accepted=["tag-1", "tag-2"])


def plan_two_texts_for_one_state(world: Snapshot) -> Snapshot:
    twin = replace(TEXT, id=uuid4(), tag="tag-2")
    return replace(world, texts=[TEXT, twin], accepted=["tag-1", "tag-2"])


def tell_a_history_backwards(world: Snapshot) -> Snapshot:
    registered, booked, arrived = world.outbox
    return replace(world, kafka=[registered, arrived, booked])


def with_facts(world: Snapshot, facts: dict[Hashable, tuple[object, ...]]) -> Snapshot:
    return replace(world, projections=[Projection("Fait", world.projections[0].owner, facts)])


def count_an_old_state(world: Snapshot) -> Snapshot:
    return with_facts(world, {APPOINTMENT: ("booked", 1), PATIENT: ("registered", 1)})


def forget_a_fact(world: Snapshot) -> Snapshot:
    return with_facts(world, {PATIENT: ("registered", 1)})


def invent_a_fact(world: Snapshot) -> Snapshot:
    facts: dict[Hashable, tuple[object, ...]] = {
        APPOINTMENT: ("arrived", 2),
        PATIENT: ("registered", 1),
        SITE: ("arrived", 2),
    }
    return with_facts(world, facts)


def go_on_writing_to_the_erased(world: Snapshot) -> Snapshot:
    return replace(world, kept_of_erased=[f"un texto {uuid4()}"])


PLANTED: list[tuple[str, Plant]] = [
    ("lost", lose_the_appointment),
    ("lost", lose_the_arrival),
    ("lost", lose_the_patient),
    ("lost", leave_without_an_answer),
    ("lost", keep_an_event_from_kafka),
    ("lost", forget_the_event_of_the_registration),
    ("doubled", book_twice),
    ("doubled", register_twice),
    ("doubled", say_the_same_under_another_id),
    ("doubled", invent_an_event),
    ("overlapping", overlap_by_a_second),
    ("overlapping", overlap_behind_a_long_one),
    ("overlapping", hide_an_overlap_behind_a_short_one),
    ("texts_missing", leave_a_text_without_a_fate),
    ("texts_missing", never_publish_the_fate),
    ("texts_missing", tell_nobody),
    ("texts_missing", claim_that_it_left),
    ("texts_twice", publish_two_fates),
    ("texts_twice", send_it_twice),
    ("texts_twice", send_what_was_given_up),
    ("texts_twice", send_what_nobody_planned),
    ("texts_twice", plan_two_texts_for_one_state),
    ("facts_wrong", tell_a_history_backwards),
    ("facts_wrong", count_an_old_state),
    ("facts_wrong", forget_a_fact),
    ("facts_wrong", invent_a_fact),
    ("facts_wrong", go_on_writing_to_the_erased),
]


@pytest.mark.parametrize(("kind", "plant"), PLANTED, ids=[plant.__name__ for _, plant in PLANTED])
def test_a_planted_fault_is_named(kind: str, plant: Plant) -> None:
    assert kind in {finding.kind for finding in check(plant(honest()))}


def test_a_text_whose_hour_has_not_come_needs_no_fate() -> None:
    later = replace(TEXT, state="planned", due_at=NOW + SLOT, sent=False, ends=0)
    assert check(replace(honest(), texts=[later], accepted=[])) == ()


def test_a_call_tells_the_patient_as_well_as_a_text() -> None:
    assert check(replace(honest(), texts=[], accepted=[], calls=[Owed(APPOINTMENT, 1)])) == ()


# --- the verdict ------------------------------------------------------------------------------------------------


def finished() -> Report:
    report = Report(seed=1, asked=1, kills=[Kill(1, "booking", NOW, together=False, seconds=2.0)])
    history = History()
    history.of("book", "booking", "/v1").outcome = "ok"
    moved = history.of("move", "booking", "/v1")
    moved.outcome, moved.doubts = "refused", 1
    report.histories.append(history)
    return report


def test_a_run_is_clean_when_all_kills_fell_and_all_doubts_were_settled() -> None:
    report = finished()
    assert report.is_clean
    assert report.as_dict()["unknown"] == report.as_dict()["unknown_resolved"] == 1


def test_one_finding_of_any_kind_spoils_the_run() -> None:
    report = finished()
    report.findings[Finding("texts_twice", "…")] = None
    assert not report.is_clean
    assert report.as_dict()["texts_twice"] == 1


def test_an_unsettled_doubt_spoils_the_run() -> None:
    report = finished()
    cancelled = report.histories[0].of("cancel", "booking", "/v1")
    cancelled.outcome, cancelled.doubts = "unknown", 1
    assert not report.is_clean
    assert (report.as_dict()["unknown"], report.as_dict()["unknown_resolved"]) == (2, 1)


def test_a_run_that_ended_early_proves_nothing() -> None:
    short, troubled = finished(), finished()
    short.asked = 2
    troubled.trouble = "Kafka n'est pas revenu."
    assert not short.is_clean
    assert not troubled.is_clean


# --- the schedule -----------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_strikes_and_another_seed_others() -> None:
    assert list(schedule(50, 7, gap=10)) == list(schedule(50, 7, gap=10))
    assert list(schedule(50, 7, gap=10)) != list(schedule(50, 8, gap=10))


@pytest.mark.parametrize("kills", [1, 2, 12, 200])
def test_a_schedule_has_exactly_as_many_kills_as_asked(kills: int) -> None:
    assert sum(len(strike.targets) for strike in schedule(kills, 1, gap=10)) == kills


def test_twelve_kills_reach_every_target_and_two_hundred_some_at_once_and_some_in_a_recovery() -> None:
    assert {target for strike in schedule(12, 1, gap=10) for target in strike.targets} == set(TARGETS)
    strikes = list(schedule(200, 1, gap=10))
    assert any(len(strike.targets) == 2 for strike in strikes)
    assert any(not strike.patient for strike in strikes)
    assert all({"postgres", "backend"} != set(strike.targets) for strike in strikes)


def test_a_mixed_schedule_has_its_share_of_failpoints_and_reaches_every_program_there() -> None:
    strikes = list(mixed(200, 120, 1, gap=10))
    swept = [target for strike in strikes if strike.at_failpoints for target in strike.targets]
    assert sum(len(strike.targets) for strike in strikes) == 200
    assert len(swept) == 120
    assert set(swept) == set(PROGRAMS)


def test_booking_is_sent_over_its_failpoints_alone_and_as_often_as_asked() -> None:
    strikes = list(booking_alone(50, 1))
    assert {strike.targets for strike in strikes} == {("booking",)}
    assert len(strikes) == 50
    assert "booking" not in PROGRAMS
