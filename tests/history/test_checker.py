"""The judge finds each planted fault, and nothing in a sound history."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.history.checker import check
from tests.history.findings import Answer, Evidence, Kind, Operation, Place, Row, Said

NINE = datetime(2027, 1, 11, 9, tzinfo=UTC)
TWENTY = timedelta(minutes=20)


def place(slot: int = 0, patient: str = "anna") -> Place:
    start = NINE + slot * TWENTY
    return Place("morning", start, start + TWENTY, frozenset({"practitioner ines", f"patient {patient}"}))


def ok(key: str, what: str, at: float, *answers: Answer) -> Operation:
    return Operation(key, what, at, "ok", at + 0.5, answers)


def row(state: str, version: int, where: Place, *, holds: bool = True) -> Row:
    return Row(state, version, where.session, where.start, where.resources if holds else frozenset())


BOOKED = Answer("a", 1, "booked")
MOVED = Answer("a", 2, "booked")
SOUND = Evidence(
    operations=(
        ok("k1", "book", 0, BOOKED),
        ok("k2", "move", 1, MOVED),
        ok("k3", "book", 2, Answer("b", 1, "booked")),
        Operation("k4", "book", 3, "fail", 3.5, (), "slot-taken", "morning", NINE, "carl"),
        Operation("k5", "cancel", 4, "unknown"),
        Operation("k6", "book", 4, "unknown"),
    ),
    said=(
        Said(1, "a", 1, "SlotBooked", place()),
        Said(2, "a", 2, "SlotMoved", place(3)),
        Said(3, "b", 1, "SlotBooked", place(patient="bea")),
        Said(4, "b", 2, "SlotCancelled"),
    ),
    rows={"a": row("booked", 2, place(3)), "b": row("cancelled", 2, place(patient="bea"), holds=False)},
    settled={"k5": (Answer("b", 2, "cancelled"),), "k6": ()},
)


def kinds(evidence: Evidence) -> set[Kind]:
    return {finding.kind for finding in check(evidence)}


def without_operation(key: str) -> tuple[Operation, ...]:
    return tuple(each for each in SOUND.operations if each.key != key)


def test_a_sound_history_is_sound() -> None:
    assert check(SOUND) == ()


def test_a_booking_that_was_accepted_and_is_not_there_is_lost() -> None:
    gone = replace(SOUND, said=SOUND.said[:2], rows={"a": SOUND.rows["a"]}, settled={"k5": (), "k6": ()})
    assert "lost" in kinds(gone)


def test_a_row_without_events_is_lost() -> None:
    assert "lost" in kinds(replace(SOUND, rows={**SOUND.rows, "c": row("booked", 1, place(5))}))


def test_a_command_told_another_state_than_was_said_is_lost() -> None:
    told = (replace(SOUND.operations[0], answers=(Answer("a", 1, "held"),)), *SOUND.operations[1:])
    assert kinds(replace(SOUND, operations=told)) == {"lost"}


def test_one_effect_that_answers_two_commands_is_doubled() -> None:
    twice = (*SOUND.operations, ok("k7", "book", 0.1, BOOKED))
    assert kinds(replace(SOUND, operations=twice)) == {"doubled"}


def test_an_effect_that_nobody_asked_for_is_doubled() -> None:
    assert "doubled" in kinds(replace(SOUND, operations=without_operation("k3")))


def test_an_expiry_that_nobody_asked_for_is_no_fault() -> None:
    held = Evidence(
        (ok("k1", "hold", 0, Answer("a", 1, "held")),),
        (Said(1, "a", 1, "SlotHeld", place()), Said(2, "a", 2, "HoldExpired")),
        {"a": row("expired", 2, place(), holds=False)},
    )
    assert check(held) == ()


def test_two_appointments_of_one_practitioner_at_one_time_overlap() -> None:
    met = (*SOUND.said[:2], Said(3, "b", 1, "SlotBooked", place(3, "bea")), SOUND.said[3])
    assert "overlapping" in kinds(replace(SOUND, said=met))


def test_an_overlap_that_was_over_in_the_end_is_found_all_the_same() -> None:
    """The second has the place before the first has moved away."""
    early = (SOUND.said[0], replace(SOUND.said[2], position=2), replace(SOUND.said[1], position=3), SOUND.said[3])
    assert "overlapping" in kinds(replace(SOUND, said=early))


def test_a_patient_at_two_places_at_once_overlaps() -> None:
    elsewhere = Place("afternoon", NINE, NINE + TWENTY, frozenset({"practitioner omar", "patient anna"}))
    both = Evidence(
        (ok("k1", "book", 0, BOOKED), ok("k2", "book", 1, Answer("b", 1, "booked"))),
        (Said(1, "a", 1, "SlotBooked", place()), Said(2, "b", 1, "SlotBooked", elsewhere)),
        {"a": row("booked", 1, place()), "b": row("booked", 1, elsewhere)},
    )
    assert kinds(both) == {"overlapping"}


def test_an_unknown_that_nobody_settled_is_unresolved() -> None:
    assert "unresolved" in kinds(replace(SOUND, settled={"k5": SOUND.settled["k5"]}))


def test_an_unknown_settled_as_absent_whose_effect_is_there_is_doubled() -> None:
    assert "doubled" in kinds(replace(SOUND, settled={"k5": (), "k6": ()}))


def test_an_unknown_settled_as_present_whose_effect_is_not_there_is_lost() -> None:
    assert "lost" in kinds(replace(SOUND, settled={**SOUND.settled, "k6": (Answer("c", 1, "booked"),)}))


def test_a_move_that_took_effect_after_a_later_cancellation_is_out_of_order() -> None:
    late = Evidence(
        (ok("k1", "book", 0, BOOKED), ok("k2", "move", 1, MOVED), ok("k3", "cancel", 2, Answer("a", 3, "cancelled"))),
        (
            Said(1, "a", 1, "SlotBooked", place()),
            Said(3, "a", 2, "SlotMoved", place(3)),
            Said(2, "a", 3, "SlotCancelled"),
        ),
        {"a": row("cancelled", 3, place(3), holds=False)},
    )
    assert "out_of_order" in kinds(late)


def test_commands_that_ran_at_once_may_take_effect_in_any_order() -> None:
    together = tuple(replace(each, invoked=0.0, returned=9.0 if each.returned else None) for each in SOUND.operations)
    assert check(replace(SOUND, operations=together)) == ()


def test_an_appointment_that_lies_where_a_move_had_taken_it_away_is_stale() -> None:
    back = {**SOUND.rows, "a": replace(SOUND.rows["a"], start=NINE)}
    assert kinds(replace(SOUND, rows=back)) == {"stale"}


def test_a_cancelled_appointment_that_still_takes_its_place_is_stale() -> None:
    kept = {**SOUND.rows, "b": row("cancelled", 2, place(patient="bea"))}
    assert kinds(replace(SOUND, rows=kept)) == {"stale"}


def test_a_version_used_twice_or_left_out_is_out_of_order() -> None:
    gap = (*SOUND.said[:3], replace(SOUND.said[3], version=3))
    rows = {**SOUND.rows, "b": replace(SOUND.rows["b"], version=3)}
    settled = {**SOUND.settled, "k5": (Answer("b", 3, "cancelled"),)}
    assert kinds(replace(SOUND, said=gap, rows=rows, settled=settled)) == {"out_of_order"}


def test_a_place_refused_although_nobody_could_have_had_it_is_refused_wrongly() -> None:
    """Slot 3 was taken from the first second on; slot 7 never was."""
    asked = replace(SOUND.operations[3], start=NINE + 7 * TWENTY)
    wrongly = (*without_operation("k4"), asked)
    assert kinds(replace(SOUND, operations=wrongly)) == {"refused_wrongly"}


def test_a_place_refused_after_it_was_surely_free_again_is_refused_wrongly() -> None:
    """The move away from slot 0 had returned, and the next booking of it was not yet sent."""
    asked = replace(SOUND.operations[3], invoked=1.6, returned=1.9)
    assert kinds(replace(SOUND, operations=(*without_operation("k4"), asked))) == {"refused_wrongly"}


FAMILY = Evidence(
    (ok("k1", "family", 0, Answer("a", 1, "booked"), Answer("b", 1, "booked")),),
    (Said(1, "a", 1, "SlotBooked", place()), Said(2, "b", 1, "SlotBooked", place(1, "bea"))),
    {"a": row("booked", 1, place()), "b": row("booked", 1, place(1, "bea"))},
)


def test_a_family_is_there_whole_or_lost() -> None:
    assert check(FAMILY) == ()
    assert kinds(replace(FAMILY, said=FAMILY.said[:1], rows={"a": FAMILY.rows["a"]})) == {"lost"}


def test_a_member_that_the_family_was_not_told_of_is_doubled() -> None:
    told = (ok("k1", "family", 0, Answer("a", 1, "booked")),)
    assert kinds(replace(FAMILY, operations=told)) == {"doubled"}


CORRECTED = Evidence(
    (
        ok("k1", "book", 0, BOOKED),
        ok("k2", "cancel", 1, Answer("a", 2, "cancelled")),
        ok("k3", "correct", 2, Answer("a", 3, "booked")),
    ),
    (
        Said(1, "a", 1, "SlotBooked", place()),
        Said(2, "a", 2, "SlotCancelled"),
        Said(3, "a", 3, "StatusCorrected", place(), state="booked"),
    ),
    {"a": row("booked", 3, place())},
)


def test_a_correction_has_the_place_again_or_is_stale() -> None:
    assert check(CORRECTED) == ()
    assert kinds(replace(CORRECTED, rows={"a": row("booked", 3, place(), holds=False)})) == {"stale"}


def test_a_correction_told_another_state_than_it_said_is_lost() -> None:
    told = (*CORRECTED.operations[:2], ok("k3", "correct", 2, Answer("a", 3, "arrived")))
    assert kinds(replace(CORRECTED, operations=told)) == {"lost"}


def test_a_correction_of_a_place_that_somebody_else_has_overlaps() -> None:
    between = (*CORRECTED.said[:2], Said(3, "b", 1, "SlotBooked", place(patient="bea")))
    met = Evidence(
        (*CORRECTED.operations, ok("k4", "book", 1.6, Answer("b", 1, "booked"))),
        (*between, replace(CORRECTED.said[2], position=4)),
        {**CORRECTED.rows, "b": row("booked", 1, place(patient="bea"))},
    )
    assert "overlapping" in kinds(met)


ALL, LOST, NOTHING = place().resources, frozenset({"practitioner ines"}), frozenset[str]()


def came(event: str, state: str, taken: frozenset[str], *, gives_back: bool = False) -> Evidence:
    """Somebody who arrived, what became of it, and what the row takes then."""
    return Evidence(
        (
            ok("k1", "book", 0, BOOKED),
            ok("k2", "arrive", 1, Answer("a", 2, "arrived")),
            ok("k3", "leave", 2, Answer("a", 3, state)),
        ),
        (
            Said(1, "a", 1, "SlotBooked", place()),
            Said(2, "a", 2, "PatientArrived"),
            Said(3, "a", 3, event, gives_back=gives_back),
        ),
        {"a": replace(row(state, 3, place()), taken=taken)},
    )


def test_whoever_leaves_before_the_hour_gives_the_place_back_and_nobody_else() -> None:
    assert check(came("PatientLeftUnseen", "left_unseen", NOTHING, gives_back=True)) == ()
    assert check(came("PatientLeftUnseen", "left_unseen", LOST)) == ()
    assert kinds(came("PatientLeftUnseen", "left_unseen", LOST, gives_back=True)) == {"stale"}
    assert kinds(came("PatientLeftUnseen", "left_unseen", NOTHING)) == {"stale"}


def test_of_a_no_show_the_time_stays_taken_but_for_the_patients() -> None:
    assert check(came("PatientNoShow", "no_show", LOST)) == ()
    assert kinds(came("PatientNoShow", "no_show", NOTHING)) == {"stale"}
    assert kinds(came("PatientNoShow", "no_show", ALL)) == {"stale"}
    assert kinds(came("PatientNoShow", "left_unseen", LOST)) == {"lost", "stale"}


def test_a_no_show_is_expected_elsewhere_and_overlaps_once_it_is_taken_back() -> None:
    elsewhere = Place("afternoon", NINE, NINE + TWENTY, frozenset({"practitioner omar", "patient anna"}))
    late = Evidence(
        (
            ok("k1", "book", 0, BOOKED),
            ok("k2", "miss", 1, Answer("a", 2, "no_show")),
            ok("k3", "book", 2, Answer("b", 1, "booked")),
        ),
        (
            Said(1, "a", 1, "SlotBooked", place()),
            Said(2, "a", 2, "PatientNoShow"),
            Said(3, "b", 1, "SlotBooked", elsewhere),
        ),
        {"a": replace(row("no_show", 2, place()), taken=LOST), "b": row("booked", 1, elsewhere)},
    )
    assert check(late) == ()
    undone = replace(
        late,
        operations=(*late.operations, ok("k4", "correct", 3, Answer("a", 3, "booked"))),
        said=(*late.said, Said(4, "a", 3, "StatusCorrected", place(), state="booked")),
        rows={**late.rows, "a": row("booked", 3, place())},
    )
    assert kinds(undone) == {"overlapping"}


FLOATED = Evidence(
    (ok("k1", "book", 0, BOOKED), ok("k2", "book", 1, Answer("b", 1, "booked"))),
    (
        Said(1, "a", 1, "SlotBooked", place()),
        Said(2, "a", 2, "SlotFloated", replace(place(), resources=frozenset({"practitioner omar", "patient anna"}))),
        Said(3, "b", 1, "SlotBooked", place(patient="bea")),
    ),
    {
        "a": Row("booked", 2, "morning", NINE, frozenset({"practitioner omar", "patient anna"})),
        "b": row("booked", 1, place(patient="bea")),
    },
)


def test_somebody_given_to_a_colleague_was_asked_for_by_nobody_and_makes_room() -> None:
    assert check(FLOATED) == ()
    late = tuple(replace(each, position={1: 1, 2: 3, 3: 2}[each.position]) for each in FLOATED.said)
    assert kinds(replace(FLOATED, said=late)) == {"overlapping"}
    assert kinds(replace(FLOATED, said=(FLOATED.said[0], FLOATED.said[2]))) == {"overlapping", "stale"}


def test_two_who_change_places_in_one_transaction_do_not_meet() -> None:
    """Anna moves to the place of Bea, who named nobody and gets Anna's."""
    omar = replace(place(patient="anna"), session="other", resources=frozenset({"practitioner omar", "patient anna"}))
    bea = replace(omar, resources=frozenset({"practitioner omar", "patient bea"}))
    changed = Evidence(
        (
            ok("k1", "book", 0, BOOKED),
            ok("k2", "book", 1, Answer("b", 1, "booked")),
            ok("k3", "move", 2, MOVED),
        ),
        (
            Said(1, "a", 1, "SlotBooked", omar),
            Said(2, "b", 1, "SlotBooked", place(patient="bea")),
            Said(3, "b", 2, "SlotFloated", bea, transaction="7"),
            Said(4, "a", 2, "SlotMoved", place(), transaction="7"),
        ),
        {"a": row("booked", 2, place()), "b": row("booked", 2, bea)},
    )
    assert check(changed) == ()
    apart = tuple(replace(each, transaction=None) for each in changed.said)
    assert kinds(replace(changed, said=apart)) == {"overlapping"}


def test_two_who_get_one_place_in_one_transaction_overlap() -> None:
    both = Evidence(
        (ok("k1", "family", 0, BOOKED, Answer("b", 1, "booked")),),
        (
            Said(1, "a", 1, "SlotBooked", place(), transaction="7"),
            Said(2, "b", 1, "SlotBooked", place(patient="bea"), transaction="7"),
        ),
        {"a": row("booked", 1, place()), "b": row("booked", 1, place(patient="bea"))},
    )
    assert kinds(both) == {"overlapping"}


SHUT = Evidence(
    (ok("k1", "book", 0, BOOKED), ok("crowd-7", "shut", 1, Answer("a", None, "cancelled"))),
    (Said(1, "a", 1, "SlotBooked", place()), Said(2, "a", 2, "SlotCancelled", cause="crowd-7")),
    {"a": row("cancelled", 2, place(), holds=False)},
)


def test_those_who_go_with_a_session_are_those_that_were_told() -> None:
    assert check(SHUT) == ()
    untold = (SHUT.operations[0], replace(SHUT.operations[1], answers=()))
    assert kinds(replace(SHUT, operations=untold)) == {"doubled"}
    by_another = (SHUT.said[0], replace(SHUT.said[1], cause="crowd-8"))
    assert kinds(replace(SHUT, said=by_another)) == {"lost", "doubled"}


def test_a_session_cancelled_by_a_command_that_was_refused_is_doubled() -> None:
    refused = (SHUT.operations[0], Operation("crowd-7", "shut", 1, "fail", 1.5, (), "session-cancelled"))
    assert kinds(replace(SHUT, operations=refused)) == {"doubled"}


def test_whoever_waited_when_their_session_was_cancelled_has_lost_the_place_and_may_be_seen_all_the_same() -> None:
    anna = replace(place(), resources=frozenset({"patient anna"}))
    waited = Evidence(
        (ok("k1", "book", 0, BOOKED), ok("k2", "arrive", 1, Answer("a", 2, "arrived")), ok("crowd-7", "shut", 2)),
        (
            Said(1, "a", 1, "SlotBooked", place()),
            Said(2, "a", 2, "PatientArrived"),
            Said(3, "a", 3, "CallRequested", anna),
        ),
        {"a": row("arrived", 3, anna)},
    )
    assert check(waited) == ()
    assert kinds(replace(waited, rows={"a": row("arrived", 3, place())})) == {"stale"}
    seen = replace(
        waited,
        operations=(*waited.operations, ok("k3", "finish", 3, Answer("a", 4, "done"))),
        said=(*waited.said, Said(4, "a", 4, "ConsultationDone")),
        rows={"a": row("done", 4, anna, holds=False)},
    )
    assert check(seen) == ()
