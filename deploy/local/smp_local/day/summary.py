"""What a day gave, in French: the patients, the texts, the funders' figures, the refusals, the ledger's verdict."""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from smp_local.day.agenda import Agenda
from smp_local.day.calendar import spoken
from smp_local.day.ledger import Ledger
from smp_local.day.plan import CentreDay
from smp_local.day.rubs import Rub
from smp_local.worlds.platform import Json, Platform, Staff

FATES = {
    "delivered": "remis", "failed": "refusés ou perdus", "expired": "jamais remis", "unknown": "sans nouvelles",
    "cancelled": "abandonnés avant de partir", "to_come": "à venir",
}  # fmt: skip
CALLS = {
    "no_mobile": "pas de mobile", "no_consent": "ne veut pas de textos", "refused": "a répondu STOP",
    "invalid_number": "numéro refusé", "undelivered": "non remis", "key_missing": "coordonnées illisibles",
}  # fmt: skip
STATES = {
    "done": "vus", "no_show": "absents", "cancelled": "annulés", "expired": "non confirmés", "booked": "attendus",
    "arrived": "en salle d'attente", "in_consultation": "en consultation", "held": "gardés",
    "in_preparation": "en préparation", "left_unseen": "partis sans être vus", "excused": "excusés",
}  # fmt: skip
REFUSALS = {
    "slot-taken": "créneau déjà pris (d'autres ont été proposés)",
    "slot-resting": "créneau libéré, gardé d'abord pour la liste d'attente (d'autres ont été proposés)",
    "patient-already-waiting": "patient déjà dans la file",
    "patient-already-booked": "patient déjà attendu à cette heure",
    "patient-not-eligible": "a un médecin traitant : consultation ordinaire refusée, petite urgence acceptée",
    "wrong-transition": "étape impossible",
    "too-early": "absence notée avant l'heure",
    "place-lost": "patient à rappeler : le centre a repris sa place",
    "forbidden": "rôle, site ou territoire sans droit",
    "slot-past": "créneau déjà passé (d'autres ont été proposés)",
    "no-place-today": "plus de place aujourd'hui",
}
TEXTS = "SMS1"
UNITS = {"actes": "", "minutes": " min", "%": " %"}


@dataclass(frozen=True, slots=True)
class Room:
    """One centre's day as its own list tells it."""

    label: str
    states: Counter[str]
    social: int
    waits: list[float]  # minutes, of those who were seen by a doctor

    @property
    def seen(self) -> int:
        return self.states["done"] - self.social


async def read_rooms(platform: Platform, plans: Sequence[CentreDay]) -> list[Room]:
    """From the day's list of each centre."""
    rooms = []
    for each in plans:
        lines = await Agenda(platform, each).lines()
        done = [line for line in lines if line["state"] == "done"]
        waits = [
            line["waited_minutes"] for line in done if line["kind"] != "social" and line["waited_minutes"] is not None
        ]
        social = sum(line["kind"] == "social" for line in done)
        rooms.append(Room(each.centre.label, Counter(line["state"] for line in lines), social, waits))
    return rooms


async def summary(
    platform: Platform, plans: Sequence[CentreDay], ledger: Ledger, rubs: Iterable[Rub], refusals: Counter[str]
) -> list[str]:
    """The lines of the whole account."""
    rooms = await read_rooms(platform, plans)
    lines = ["", f"── {spoken(ledger.day).capitalize()} ──"]
    lines += [line for room in rooms for line in _patients(room)]
    lines += ["", "Textos"]
    for each in plans:
        site = each.centre.site
        lines += _texts(each.centre.label, ledger.texts[site], ledger.calls[site])
    for each in plans:
        lines += await _figures(platform, each)
    if ledger.acknowledged:
        lines += _refusals(refusals, rubs)
    lines += _verdict(ledger, plans)
    return lines


def is_over(rooms: Iterable[Room]) -> bool:
    """Whether this day has been played to its end: somebody was seen, nobody is still expected."""
    states: Counter[str] = sum((room.states for room in rooms), Counter())
    return states["done"] > 0 and not any(
        states[open_] for open_ in ("booked", "arrived", "in_preparation", "in_consultation", "held")
    )


def _patients(room: Room) -> list[str]:
    others = _list((STATES[state], count) for state, count in room.states.most_common() if state != "done")
    social = f", {room.social} à la permanence sociale" if room.social else ""
    lines = [f"{room.label} : {room.seen} patients vus par un médecin{social} ({others})."]
    if room.waits:
        median, longest = statistics.median(room.waits), max(room.waits)
        lines.append(f"  Attente sur place : {median:.0f} min (médiane), {longest:.0f} min au plus.")
    return lines


def _texts(label: str, fates: Counter[str], calls: Counter[str]) -> list[str]:
    told = _list((FATES[fate], count) for fate, count in fates.most_common())
    lines = [f"  {label} : {sum(fates.values())} prévus ({told})."]
    if calls:
        why = _list((CALLS[reason], count) for reason, count in calls.most_common())
        lines.append(f"    Appels confiés au secrétariat : {sum(calls.values())} ({why}).")
    return lines


def _list(counted: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{what} : {count}" for what, count in counted)


async def _figures(platform: Platform, each: CentreDay) -> list[str]:
    """The indicators of the day as the centre's manager reads them, with the version of each definition.

    Texts are those of the whole play: most leave on the day of the call and two days before the appointment.
    """
    manager = Staff(f"manager-{each.centre.key}", "manager", each.centre.territory, str(each.centre.site))
    answer = await platform.read(manager, "reporting", "/v1/indicators/definitions")
    meaning = {one["code"]: one for one in answer.body} if answer.ok else {}
    codes = [code for code in meaning if code != TEXTS]
    figures = [
        *await _read_figures(platform, manager, each, each.day, codes),
        *await _read_figures(platform, manager, each, each.called_on, [TEXTS]),
    ]
    return ["", f"Pour les financeurs, {each.centre.label}", *(_figure(figure, meaning) for figure in figures)]


async def _read_figures(
    platform: Platform, who: Staff, each: CentreDay, first: date, codes: Sequence[str]
) -> list[Json]:
    """Figures of the site from a day to the end of the played one."""
    site, end = str(each.centre.site), (each.day + timedelta(days=1)).isoformat()
    answer = await platform.read(
        who, "reporting", "/v1/indicators", site=site, from_=first.isoformat(), to=end, code=list(codes)
    )
    return [figure for figure in answer.body["figures"] if figure["site"] == site] if answer.ok else []


def _figure(figure: Json, meaning: dict[str, Json]) -> str:
    code, unit = figure["code"], UNITS.get(figure["unit"], f" {figure['unit']}")
    of = "" if figure["denominator"] is None else f" ({figure['numerator']} sur {figure['denominator']})"
    what = f"  {code} v{figure['definition_version']}  {figure['label']} : "
    return f"{what}{_number(figure['value'])}{unit}{of}{_more(figure)}. {meaning[code]['numerator']}"


def _number(value: object) -> str:
    """As French people write it; — when there is none."""
    return f"{value:g}".replace(".", ",") if isinstance(value, int | float) else str(value or "—")


def _more(figure: Json) -> str:
    split = figure["breakdowns"].get("programming")
    if split:
        return f" dont {split.get('unscheduled', 0)} non programmées"
    high = figure["measures"].get("high")
    return f", au plus {_number(high['value'])}" if high else ""


def _refusals(refusals: Counter[str], rubs: Iterable[Rub]) -> list[str]:
    lines = ["", f"Refus rencontrés : {sum(refusals.values())}"]
    lines += [f"  {count} × {REFUSALS.get(slug, slug)}" for slug, count in refusals.most_common()]
    lines += [f"  INATTENDU : {rub.what} a donné {rub.met or 'un accord'}." for rub in rubs if not rub.is_right]
    return lines


def _verdict(ledger: Ledger, plans: Sequence[CentreDay]) -> list[str]:
    lines = ["", "Le grand livre"]
    for each in plans:
        chain = ledger.chains[each.centre.site]
        sign = "=" if chain.agrees else "≠"
        places = ("rendez-vous", "occupations", "en boîte d'envoi", "dans Kafka", "faits")
        row = f" {sign} ".join(f"{count} {place}" for count, place in zip(chain.counts, places, strict=True))
        lines.append(f"  {each.centre.label} : {row}")
    again = ledger.records - ledger.distinct
    lines.append(
        f"  {ledger.events} événements écrits, {ledger.distinct} distincts dans Kafka"
        + (f" (dont {again} enregistrés deux fois et entendus une)" if again else "")
        + "."
    )
    lines.append(f"  {ledger.texts_accepted} textos acceptés par l'opérateur, chacun une seule fois.")
    if ledger.acknowledged:
        lines.append(
            f"  {ledger.acknowledged} commandes acceptées ; {ledger.unknown} restées un moment sans réponse, "
            f"{ledger.unknown_resolved} éclaircies par leur clé."
        )
        crossed = ledger.count("seen_across")
        lines.append(
            f"  {ledger.crossings} tentatives d'un territoire à l'autre : "
            + (f"{crossed} ONT ABOUTI." if crossed else "aucune n'a rien vu ni rien changé.")
        )
    if ledger.balanced:
        return [*lines, "  Tout concorde."]
    shown = [f"  FAUTE ({fault.kind}) {fault.what}" for fault in ledger.faults[:20]]
    return [*lines, *shown, f"  {len(ledger.faults)} fautes : le grand livre ne concorde pas."]
