"""The judge of a concurrent history: pure, linear in its length but for sorting, and itself judged by planted faults.

Conflicting commands wait for one another inside PostgreSQL, so the outbox numbers their events in the order in which
they took effect. Replaying the events by that number must therefore never meet an overlap, must end in the rows that
are there, and must agree with what each caller saw happen before or after what else.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from tests.history.findings import Evidence, Finding, Operation, Place, Said

# No command asks for it, of that appointment. A session that is cancelled leaves who waits for somebody to speak with.
BY_ITSELF = frozenset({"HoldExpired", "SlotFloated", "CallRequested"})
RELEASING = frozenset({"SlotCancelled", "HoldExpired"})
# The practitioner's time stays taken, the patient may be expected elsewhere.
GONE = frozenset({"done", "no_show", "left_unseen"})
STATES = {
    "SlotHeld": "held",
    "SlotBooked": "booked",
    "SlotMoved": "booked",
    "SlotFloated": "booked",
    "SlotCancelled": "cancelled",
    "HoldExpired": "expired",
    "PatientArrived": "arrived",
    "ConsultationStarted": "in_consultation",
    "ConsultationDone": "done",
    "PatientNoShow": "no_show",
    "PatientLeftUnseen": "left_unseen",
}
TAKEN = frozenset({"slot-taken", "patient-already-booked"})


class Effect(NamedTuple):
    """What a command did to one appointment; version 0 when no event tells of it."""

    appointment: str
    version: int
    state: str


def check(evidence: Evidence) -> tuple[Finding, ...]:
    """Everything that is wrong; nothing when the history is sound."""
    return tuple(dict.fromkeys(finding for rule in RULES for finding in rule(evidence)))


def unknown_is_settled(evidence: Evidence) -> Iterator[Finding]:
    for each in evidence.operations:
        if each.outcome == "unknown" and each.key not in evidence.settled:
            yield Finding("unresolved", f"nobody knows what became of {each.key}")


def accepted_is_there_once(evidence: Evidence) -> Iterator[Finding]:
    """Each accepted command has its one event, each event its one command or none where it comes by itself."""
    said = {(each.appointment, each.version): each for each in evidence.said}
    claims: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for operation, answer in _effects(evidence):
        claims[answer.appointment, answer.version].append(operation.key)
        event = said.get((answer.appointment, answer.version))
        if event is None:
            yield Finding("lost", f"{operation.key} was accepted and nothing says so")
        elif _state_after(event, answer.state) != answer.state:
            yield Finding("lost", f"{operation.key} was told {answer.state}, the event is {event.event}")
    for (appointment, version), keys in claims.items():
        if len(keys) > 1:
            yield Finding("doubled", f"version {version} of {appointment} answers {', '.join(sorted(keys))}")
    for each in evidence.said:
        if each.event not in BY_ITSELF and not claims[each.appointment, each.version]:
            yield Finding("doubled", f"{each.event} of {each.appointment} was asked by nobody")


def versions_have_no_gap(evidence: Evidence) -> Iterator[Finding]:
    heard: defaultdict[str, list[int]] = defaultdict(list)
    for each in _in_order(evidence):
        heard[each.appointment].append(each.version)
    for appointment, versions in heard.items():
        if versions != list(range(1, len(versions) + 1)):
            yield Finding("out_of_order", f"the versions of {appointment} are {versions}")


def nothing_overlaps_at_any_time(evidence: Evidence) -> Iterator[Finding]:
    """Replay: whatever is taken was free. Two that change places in one transaction never meet."""
    standing: dict[str, Place] = {}
    lines: defaultdict[str, dict[str, Place]] = defaultdict(dict)  # resource → appointment → place
    for together in _transactions(evidence):
        taken: dict[str, Place] = {}
        for each in together:
            left = standing.pop(each.appointment, None)
            for resource in left.resources if left else ():
                del lines[resource][each.appointment]
            if at := each.place or taken.get(each.appointment) or left:
                taken[each.appointment] = replace(at, resources=_kept(each, at))
        for appointment, at in taken.items():
            for resource in at.resources:
                for other, place in lines[resource].items():
                    if place.start < at.end and at.start < place.end:
                        yield Finding("overlapping", f"{appointment} and {other} both have {resource}")
                lines[resource][appointment] = at
            standing[appointment] = at


def rows_are_what_was_said_last(evidence: Evidence) -> Iterator[Finding]:
    last: dict[str, Said] = {}
    places: dict[str, Place] = {}
    for each in _in_order(evidence):
        last[each.appointment] = each
        if each.place is not None:
            places[each.appointment] = each.place
    for appointment in last.keys() | evidence.rows.keys():
        event, row, place = last.get(appointment), evidence.rows.get(appointment), places.get(appointment)
        if event is None or row is None or place is None:
            yield Finding("lost", f"{appointment} has {'no row' if row is None else 'no event that places it'}")
        elif (row.state, row.version) != (_state_after(event, row.state), event.version):
            yield Finding(
                "stale", f"{appointment} is {row.state} {row.version}, was said {event.event} {event.version}"
            )
        elif (row.session, row.start) != (place.session, place.start):
            yield Finding("stale", f"{appointment} does not lie where its last event put it")
        elif row.taken != _kept(event, place):
            yield Finding("stale", f"{appointment} takes {sorted(row.taken)} after {event.event}")


def real_time_is_respected(evidence: Evidence) -> Iterator[Finding]:
    """What had returned before another command was sent took effect before it."""
    positions = {(each.appointment, each.version): each.position for each in evidence.said}
    done = [(positions.get((answer.appointment, answer.version)), each) for each, answer in _effects(evidence)]
    latest_sent, whose = float("-inf"), ""
    for _, each in sorted(((position, each) for position, each in done if position is not None), key=lambda it: it[0]):
        if each.returned is not None and each.returned < latest_sent:
            yield Finding("out_of_order", f"{each.key} had returned before {whose} was sent and took effect after it")
        if each.invoked > latest_sent:
            latest_sent, whose = each.invoked, each.key


def refusals_had_a_reason(evidence: Evidence) -> Iterator[Finding]:
    """Whoever was told that a place is taken could have met somebody there, at some instant of the call."""
    lines = _possible_tenancies(evidence)
    for each in evidence.operations:
        if each.outcome != "fail" or each.problem not in TAKEN or each.start is None:
            continue
        if each.problem == "patient-already-booked" and each.patient is None:
            continue  # a move: its caller does not say who is moved
        sent, back = each.invoked, each.returned if each.returned is not None else float("inf")
        places = lines.get(each.session or "", []) + lines.get(f"patient {each.patient}", [])
        if not any(
            place.start <= each.start < place.end and since <= back and sent <= until for place, since, until in places
        ):
            yield Finding("refused_wrongly", f"{each.key} was refused a place that nobody had")


Tenancy = tuple[Place, float, float]  # what was taken, the earliest and the latest instant at which it may have been


def _possible_tenancies(evidence: Evidence) -> dict[str, list[Tenancy]]:
    """By session and by patient. From the sending of the command that took a place to the return of the next one on
    that appointment; what comes by itself may have come at any instant."""
    by = {(answer.appointment, answer.version): each for each, answer in _effects(evidence)}
    trails: defaultdict[str, list[Said]] = defaultdict(list)
    for said in _in_order(evidence):
        trails[said.appointment].append(said)
    lines: defaultdict[str, list[Tenancy]] = defaultdict(list)
    for trail in trails.values():
        since, place = float("-inf"), None
        for said in trail:
            operation = by.get((said.appointment, said.version))
            if place is not None and (said.place is not None or _gives_back(said)):
                until = operation.returned if operation and operation.returned is not None else float("inf")
                _add(lines, place, since, until)
                place = None
            if said.place is not None and not _gives_back(said):
                since, place = operation.invoked if operation else float("-inf"), said.place
        if place is not None:
            _add(lines, place, since, float("inf"))
    return lines


def _add(lines: defaultdict[str, list[Tenancy]], place: Place, since: float, until: float) -> None:
    lines[place.session].append((place, since, until))
    for resource in place.resources:
        if resource.startswith("patient "):
            lines[resource].append((place, since, until))


def _effects(evidence: Evidence) -> Iterator[tuple[Operation, Effect]]:
    """The commands that took effect, with each thing they did; an unknown one as it was settled."""
    named = {(each.cause, each.appointment): each.version for each in evidence.said if each.cause is not None}
    for each in evidence.operations:
        if each.outcome == "fail":
            continue
        for it in each.answers if each.outcome == "ok" else evidence.settled.get(each.key, ()):
            version = named.get((each.key, it.appointment), 0) if it.version is None else it.version
            yield each, Effect(it.appointment, version, it.state)


def _state_after(said: Said, otherwise: str) -> str:
    return said.state or STATES.get(said.event, otherwise)


def _kept(said: Said, place: Place) -> frozenset[str]:
    """What of its place is still taken once that was said."""
    if _gives_back(said):
        return frozenset()
    is_gone = _state_after(said, "") in GONE
    return frozenset(each for each in place.resources if not (is_gone and each.startswith("patient ")))


def _gives_back(said: Said) -> bool:
    return said.event in RELEASING or said.gives_back


def _transactions(evidence: Evidence) -> Iterable[list[Said]]:
    """What was said in one transaction, by the first position of each: one that waited for another comes after it."""
    told: dict[str, list[Said]] = {}
    for each in _in_order(evidence):
        told.setdefault(each.transaction or f"position {each.position}", []).append(each)
    return told.values()


def _in_order(evidence: Evidence) -> list[Said]:
    return sorted(evidence.said, key=lambda each: each.position)


RULES: tuple[Callable[[Evidence], Iterable[Finding]], ...] = (
    unknown_is_settled,
    accepted_is_there_once,
    versions_have_no_gap,
    nothing_overlaps_at_any_time,
    rows_are_what_was_said_last,
    real_time_is_respected,
    refusals_had_a_reason,
)
