"""Why one person on the waiting list comes before another, in plain French. No name, no reason of care."""

from dataclasses import dataclass
from datetime import date

from booking.domain.waiting_list import Criterion, Entry, Priority, deciding

_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_PRIORITIES = {Priority.HIGH: "haute", Priority.RAISED: "relevée", Priority.ORDINARY: "ordinaire"}
_RULE = (
    "Une place libérée est proposée à une seule personne à la fois : la première dans cet ordre dont les souhaits "
    "conviennent à la place."
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Who comes first, what decides, and the sentences to read to whoever asks."""

    first_comes_first: bool
    criterion: Criterion
    sentences: tuple[str, ...]


def explain(first: Entry, second: Entry) -> Explanation:
    """Compare two entries, first and second as the reader named them."""
    criterion = deciding(first, second)
    ahead = first.key <= second.key
    before, after = (first, second) if ahead else (second, first)
    return Explanation(ahead, criterion, (_verdict(criterion, ahead), *_reasons(before, after, criterion), _RULE))


def _verdict(criterion: Criterion, ahead: bool) -> str:
    if criterion is Criterion.SAME:
        return "C'est deux fois la même inscription."
    one, other = ("première", "seconde") if ahead else ("seconde", "première")
    return f"La {one} inscription passe avant la {other}."


def _reasons(before: Entry, after: Entry, criterion: Criterion) -> list[str]:
    """One sentence for each criterion up to the one that decides."""
    if criterion is Criterion.SAME:
        return []
    sentences = [_priority(before, after)]
    if criterion is Criterion.PRIORITY:
        return sentences
    sentences.append(_waiting(before, after))
    if criterion is Criterion.WAITING_SINCE:
        return sentences
    sentences.append(_doctor(before, after))
    if criterion is Criterion.WITHOUT_DOCTOR:
        return sentences
    return [*sentences, _joined(before, after)]


def _priority(before: Entry, after: Entry) -> str:
    high, low = _PRIORITIES[before.priority], _PRIORITIES[after.priority]
    if before.priority is after.priority:
        return f"Les deux ont la même priorité ({high})."
    when = f" le {_day(before.priority_set_at.date())}" if before.priority_set_at else ""
    return f"Sa priorité, fixée par un professionnel{when}, est {high} ; celle de l'autre est {low}."


def _waiting(before: Entry, after: Entry) -> str:
    if before.waiting_since == after.waiting_since:
        return f"Les deux attendent depuis le {_day(before.waiting_since)}."
    return f"Elle attend depuis le {_day(before.waiting_since)}, l'autre depuis le {_day(after.waiting_since)}."


def _doctor(before: Entry, after: Entry) -> str:
    mine, theirs = before.without_doctor_since, after.without_doctor_since
    if mine is None:
        return "Pour aucune des deux, on ne sait depuis quand la personne est sans médecin traitant."
    if mine == theirs:
        return f"Les deux personnes sont sans médecin traitant depuis le {_day(mine)}."
    other = f"l'autre depuis le {_day(theirs)}" if theirs else "pour l'autre, cette date n'est pas connue"
    return f"La personne est sans médecin traitant depuis le {_day(mine)}, {other}."


def _joined(before: Entry, after: Entry) -> str:
    if before.joined_at == after.joined_at:
        return "Enregistrées au même instant, elles sont départagées par leur numéro d'inscription."
    return "Elle a été enregistrée avant l'autre."


def _day(day: date) -> str:
    return f"{'1er' if day.day == 1 else day.day} {_MONTHS[day.month - 1]} {day.year}"
