"""The words a patient reads: place, day, hour, telephone. Never the reason, the profession, the name
or the nature of the appointment (DOMAIN 5.2). Written in GSM-7 and in one segment wherever possible."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from notifications.domain.appointments import Mode
from notifications.domain.gsm import Size, measure, transliterate
from notifications.domain.messages import Purpose
from notifications.domain.sites import Address, Site

DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
SHORT_DAYS = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip

TEMPLATES: dict[Purpose, tuple[str, ...]] = {
    Purpose.CONFIRMATION: (
        "{site} : rendez-vous confirmé {when}, {where}. Un imprévu ? Appelez le {phone}.",
        "{site} : RDV confirmé {when}, {where}. Un imprévu ? {phone}",
        "{site} : RDV {when}, {where}. Tél. {phone}",
    ),
    Purpose.REMINDER: (
        "Rappel : rendez-vous {when}, {site}, {where}. Un imprévu ? Appelez le {phone}.",
        "Rappel : RDV {when}, {site}, {where}. Un imprévu ? {phone}",
        "Rappel RDV {when}, {site}, {where}. Tél. {phone}",
    ),
    Purpose.CHANGE: (
        "{site} : votre rendez-vous est déplacé au {when}, {where}. Un imprévu ? Appelez le {phone}.",
        "{site} : RDV déplacé au {when}, {where}. Un imprévu ? {phone}",
        "{site} : RDV déplacé {when}, {where}. Tél. {phone}",
    ),
    Purpose.CANCELLATION: (
        "{site} : votre rendez-vous du {when} est annulé. Pour en reprendre un : {phone}.",
        "{site} : RDV du {when} annulé. Pour en reprendre un : {phone}",
        "{site} : RDV du {when} annulé. Tél. {phone}",
    ),
    Purpose.OFFER: (
        "{site} : une place se libère {when}, {where}. Pour la prendre, appelez avant {deadline} le {phone}.",
        "{site} : place libre {when}, {where}. Réponse avant {deadline} au {phone}",
        "{site} : place libre {when}. Réponse avant {deadline} : {phone}",
    ),
    Purpose.OFFER_WITHDRAWN: (
        "{site} : la place proposée {when} n'est plus disponible. Vous restez sur la liste. Tél. {phone}.",
        "{site} : la place proposée {when} n'est plus disponible. Tél. {phone}",
        "{site} : place du {when} retirée. Tél. {phone}",
    ),
    Purpose.ADDRESS: (
        "{site} déménage : votre rendez-vous {when} est au {where}. Un imprévu ? Appelez le {phone}.",
        "{site} déménage : RDV {when}, {where}. Un imprévu ? {phone}",
        "{site} déménage : RDV {when}, {where}. Tél. {phone}",
    ),
}
"""For each purpose, the same text from the fullest to the shortest; the first that fits one segment is sent."""

NEUTRAL: dict[Purpose, tuple[str, ...]] = {
    Purpose.CONFIRMATION: ("Rendez-vous confirmé {when}. Un imprévu ? Appelez le {phone}.",),
    Purpose.REMINDER: ("Rappel : rendez-vous {when}. Un imprévu ? Appelez le {phone}.",),
    Purpose.CHANGE: ("Votre rendez-vous est déplacé au {when}. Un imprévu ? Appelez le {phone}.",),
    Purpose.CANCELLATION: ("Votre rendez-vous du {when} est annulé. Pour en reprendre un : {phone}.",),
    Purpose.OFFER: ("Une place se libère {when}. Pour la prendre, appelez avant {deadline} le {phone}.",),
    Purpose.OFFER_WITHDRAWN: ("La place proposée {when} n'est plus disponible. Tél. {phone}.",),
    Purpose.ADDRESS: ("Votre rendez-vous {when} a lieu ailleurs. Appelez le {phone}.",),
}
"""The same when the kind of appointment wants neutral wording: nobody who reads it learns where or with whom."""

_STREETS = (
    ("avenue", "av."), ("boulevard", "bd"), ("place", "pl."), ("route", "rte"), ("chemin", "ch."),
    ("impasse", "imp."), ("square", "sq."), ("faubourg", "fg"), ("allée", "all."), ("bâtiment", "bât."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """What would leave: `body` is GSM-7."""

    body: str
    size: Size


def write(purpose: Purpose, site: Site, start: datetime, mode: Mode, answer_by: datetime | None = None) -> Text:
    """The text for an appointment that starts at `start` (aware), with the site's address of that day; an offer also
    says until when it may be answered."""
    zone = ZoneInfo(site.zone)
    local = start.astimezone(zone)
    by = (answer_by or start).astimezone(zone)
    address = site.address_on(local.date())
    templates = (NEUTRAL if mode is Mode.UNSAID else TEMPLATES)[purpose]
    texts = [
        _text(template, site, local, by, address, mode, short) for template in templates for short in (False, True)
    ]
    fitting = (text for text in texts if text.size.segments == 1)
    return next(fitting, None) or min(texts, key=lambda text: text.size.units)


def spoken_day(local: datetime) -> str:
    """`lundi 3 février à 10h30`, from a local time."""
    day = "1er" if local.day == 1 else str(local.day)
    return f"{DAYS[local.weekday()]} {day} {MONTHS[local.month - 1]} à {_hour(local)}"


def short_day(local: datetime) -> str:
    """`lun. 03/02 à 10h30`, from a local time."""
    return f"{SHORT_DAYS[local.weekday()]} {local:%d/%m} à {_hour(local)}"


def near_day(local: datetime) -> str:
    """`mardi 3 à 10h30`, for a moment within a month of the reader's day."""
    return f"{DAYS[local.weekday()]} {'1er' if local.day == 1 else local.day} à {_hour(local)}"


def french_phone(e164: str) -> str:
    """`02 49 49 07 36` from `+33249490736`; other numbers stay as they are."""
    national = re.fullmatch(r"\+33([1-9]\d{8})", e164)
    if national is None:
        return e164
    digits = "0" + national[1]
    return " ".join(digits[at : at + 2] for at in range(0, 10, 2))


def _text(template: str, site: Site, local: datetime, by: datetime, address: Address, mode: Mode, short: bool) -> Text:
    body = transliterate(
        template.format(
            site=site.name,
            when=short_day(local) if short else spoken_day(local),
            deadline=near_day(by),
            where=_where(address, mode, short),
            phone=french_phone(address.phone).replace(" ", "") if short else french_phone(address.phone),
        )
    )
    return Text(body, measure(body))


def _where(address: Address, mode: Mode, short: bool) -> str:
    if mode is Mode.AT_HOME:
        return "chez vous"
    if mode is Mode.BY_VIDEO:
        return "en vidéo"
    if mode is Mode.BY_TELEPHONE:
        return "par téléphone"
    if not short:
        return f"{address.line}, {address.postal_code} {address.city}"
    return f"{_abbreviate(address.line)}, {address.city}"


def _abbreviate(line: str) -> str:
    for word, short in _STREETS:
        line = re.sub(rf"\b{word}\b", short, line, flags=re.IGNORECASE)
    return line


def _hour(local: datetime) -> str:
    return f"{local.hour}h{local.minute:02}" if local.minute else f"{local.hour}h"
