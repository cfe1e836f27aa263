"""The judge of a chaos run: pure, and itself judged by planted faults (tests/house/test_chaos_checker.py)."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import pairwise
from typing import Any
from uuid import UUID

from smp_local.worlds.history import Entry
from tests.chaos.findings import Finding, Occupied, Said, Snapshot, Text

ENDED = frozenset({"delivered", "failed", "expired", "unknown", "cancelled"})


def check(found: Snapshot) -> tuple[Finding, ...]:
    """Everything that is wrong; nothing when the platform kept its promises."""
    return tuple(dict.fromkeys(finding for rule in RULES for finding in rule(found)))


# --- what was promised to those who asked -----------------------------------------------------------------------


def acknowledged_is_kept(found: Snapshot) -> Iterator[Finding]:
    """What was answered with success is there, in the state that the answer told, and was said."""
    said = {(event.subject, event.sequence) for event in found.outbox}
    for entry in found.entries:
        if entry.outcome == "ok":
            missing = [what for what in _promises(entry) if not _is_kept(found, said, what)]
            if missing:
                yield Finding("lost", f"« {entry.key} » a été accepté et il n'en reste rien ({missing[0][0]}).")


def nobody_waits_for_an_answer(found: Snapshot) -> Iterator[Finding]:
    for entry in found.entries:
        if entry.outcome in ("invoked", "unknown"):
            yield Finding("lost", f"« {entry.key} » est resté sans réponse.")


def nothing_was_done_unasked(found: Snapshot) -> Iterator[Finding]:
    """This world began empty: what no answer tells of is a command done twice."""
    told = {UUID(id) for entry in found.entries if entry.outcome == "ok" for id in _ids(entry)} | found.offered
    for id in found.appointments.keys() - told:
        yield Finding("doubled", f"Le rendez-vous {id} a été pris sans que personne ne l'ait appris.")
    for id in found.patients - told:
        yield Finding("doubled", f"Le dossier {id} a été ouvert sans que personne ne l'ait appris.")


Promise = tuple[str, UUID, int | None, str | None]  # what, whose id, at which version, in which state


def _promises(entry: Entry) -> Iterator[Promise]:
    answer, version = entry.answer, entry.answer.get("version")
    if placed := _appointments(entry):
        for each in placed:
            yield "rendez-vous", UUID(each["appointment"]), each.get("version"), each.get("state")
    elif "rule" in answer:
        yield "règle", UUID(answer["rule"]), None, None
        for session in answer.get("sessions", ()):
            yield "vacation", UUID(session["session"]), None, None
    elif "session" in answer:
        yield "vacation", UUID(answer["session"]), None, None
    elif "id" in answer:
        yield "dossier", UUID(answer["id"]), version, None


def _ids(entry: Entry) -> Iterator[str]:
    yield from (each["appointment"] for each in _appointments(entry))
    if "id" in entry.answer:
        yield entry.answer["id"]


def _appointments(entry: Entry) -> list[dict[str, Any]]:
    """Those that an answer tells of: itself, a family, what came of an offer."""
    answer = entry.answer
    told = [answer, answer.get("appointment"), *answer.get("appointments", ())]
    return [
        each
        for each in told
        if isinstance(each, dict) and isinstance(each.get("appointment"), str) and "version" in each
    ]


def _is_kept(found: Snapshot, said: set[tuple[UUID, int]], promise: Promise) -> bool:
    what, id, version, state = promise
    if version is not None and (id, version) not in said:
        return False
    if what != "rendez-vous":
        return id in found.known
    trail = found.appointments[id].trail if id in found.appointments else ()
    return version is not None and version <= len(trail) and trail[version - 1] == state


# --- one practitioner, one room, one patient at a time ----------------------------------------------------------


def timelines_do_not_overlap(found: Snapshot) -> Iterator[Finding]:
    """Each resource has its own line of time, on which an occupancy ends before the next one starts."""
    lines: defaultdict[Hashable, list[Occupied]] = defaultdict(list)
    for each in found.occupied:
        lines[each.resource].append(each)
    for line in lines.values():
        latest: Occupied | None = None
        for each in sorted(line, key=lambda occupied: (occupied.start, occupied.end)):
            if latest and each.start < latest.end:
                yield Finding(
                    "overlapping", f"{latest.appointment} et {each.appointment} se disputent {each.resource}."
                )
            latest = each if latest is None or each.end > latest.end else latest


# --- what was said ----------------------------------------------------------------------------------------------


def events_reach_kafka(found: Snapshot) -> Iterator[Finding]:
    said, heard = {event.id for event in found.outbox}, {event.id for event in found.kafka}
    for id in said - heard:
        yield Finding("lost", f"L'événement {id} n'est pas dans Kafka.")
    for id in heard - said:
        yield Finding("doubled", f"L'événement {id} de Kafka n'est dans aucune boîte d'envoi.")


def each_event_has_one_id(found: Snapshot) -> Iterator[Finding]:
    ids: defaultdict[tuple[str, UUID, int], set[UUID]] = defaultdict(set)
    for event in (*found.outbox, *found.kafka):
        ids[event.topic, event.subject, event.sequence].add(event.id)
    for (_, subject, sequence), different in ids.items():
        if len(different) > 1:
            yield Finding("doubled", f"L'événement n° {sequence} de {subject} existe sous {len(different)} identités.")


def histories_are_in_order(found: Snapshot) -> Iterator[Finding]:
    """A reader of Kafka that knows repeated records hears 1, 2, 3… of each aggregate, in this order."""
    for (_, subject), sequences in _heard(found.kafka).items():
        if sorted(sequences) != list(range(1, len(sequences) + 1)):
            yield Finding("lost", f"De l'histoire de {subject}, Kafka n'a que {sorted(sequences)}.")
        elif any(after < before for before, after in pairwise(sequences)):
            yield Finding("facts_wrong", f"L'histoire de {subject} se lit dans le désordre : {sequences}.")


def _heard(events: Iterable[Said]) -> dict[tuple[str, UUID], list[int]]:
    seen: set[UUID] = set()
    found: dict[tuple[str, UUID], list[int]] = {}
    for event in events:
        if event.id not in seen:
            seen.add(event.id)
            found.setdefault((event.topic, event.subject), []).append(event.sequence)
    return found


# --- what patients received -------------------------------------------------------------------------------------


def each_text_has_one_fate(found: Snapshot) -> Iterator[Finding]:
    """Once its hour has come; its fate is published once."""
    for text in found.texts:
        wanted = 0 if _is_to_come(found, text) else 1
        if wanted and text.state not in ENDED:
            yield Finding("texts_missing", f"Le texto {text.id} n'a pas de sort : {text.state}.")
        elif text.ends < wanted:
            yield Finding("texts_missing", f"Le sort du texto {text.id} ({text.state}) n'a pas été publié.")
        elif text.ends > wanted:
            yield Finding("texts_twice", f"Le texto {text.id} a eu {text.ends} sorts.")


def who_had_to_be_told_was(found: Snapshot) -> Iterator[Finding]:
    told = {(text.appointment, text.version) for text in found.texts}
    told |= {(call.appointment, call.version) for call in found.calls}
    for each in found.owed:
        if (each.appointment, each.version) not in told:
            yield Finding("texts_missing", f"Ni texto ni appel pour {each.appointment} (version {each.version}).")


def each_text_leaves_once(found: Snapshot) -> Iterator[Finding]:
    """The provider took each text that is said to have left, once, and no other."""
    taken = Counter(found.accepted)
    for text in found.texts:
        times = taken.pop(text.tag, 0)
        if times > 1:
            yield Finding("texts_twice", f"Le texto {text.id} est parti {times} fois.")
        if times and not text.sent:
            yield Finding("texts_twice", f"Le texto {text.id} est parti sans que nous le sachions.")
        if text.sent and not times:
            yield Finding("texts_missing", f"Le texto {text.id} est dit parti et l'opérateur ne le connaît pas.")
    for tag in taken:
        yield Finding("texts_twice", f"L'opérateur a envoyé un texto que personne n'a prévu ({tag}).")


def one_text_for_one_state(found: Snapshot) -> Iterator[Finding]:
    for (id, purpose, _), times in Counter((t.appointment, t.purpose, t.version) for t in found.texts).items():
        if times > 1:
            yield Finding("texts_twice", f"{times} textos {purpose} pour le même état de {id}.")


def _is_to_come(found: Snapshot, text: Text) -> bool:
    return text.state == "planned" and text.due_at > found.now


# --- what others know of it -------------------------------------------------------------------------------------


def copies_agree_with_owners(found: Snapshot) -> Iterator[Finding]:
    for each in found.projections:
        for id in each.owner.keys() | each.copy.keys():
            truth, known = each.owner.get(id), each.copy.get(id)
            if truth is None or known is None:
                yield Finding("facts_wrong", f"{each.name} {id} : {'absent' if known is None else 'de trop'}.")
            elif truth != known:
                different = [f"{mine} au lieu de {his}" for his, mine in zip(truth, known, strict=True) if his != mine]
                yield Finding("facts_wrong", f"{each.name} {id} : {', '.join(different)}.")


def the_erased_are_forgotten(found: Snapshot) -> Iterator[Finding]:
    """Nobody expects them, and nothing more is to be said to them."""
    for what in found.kept_of_erased:
        yield Finding("facts_wrong", f"D'un patient effacé il reste {what}.")


RULES: tuple[Callable[[Snapshot], Iterable[Finding]], ...] = (
    acknowledged_is_kept,
    nobody_waits_for_an_answer,
    nothing_was_done_unasked,
    timelines_do_not_overlap,
    events_reach_kafka,
    each_event_has_one_id,
    histories_are_in_order,
    each_text_has_one_fate,
    who_had_to_be_told_was,
    each_text_leaves_once,
    one_text_for_one_state,
    copies_agree_with_owners,
    the_erased_are_forgotten,
)
