"""Invented people. The same index always gives the same person, so that a world opened twice holds nobody twice.

Mobile numbers are 06 00 0x xx xx: the block that ARCEP keeps for fiction (06 39 98) is refused by the numbering plan
that registry checks against, and nothing is ever sent from here: the SMS sink is the only operator of a local world.
Landlines are of ARCEP's fiction block 02 61 91.
"""

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


WOMEN = _words(
    "Aline Béatrice Camille Chloé Claire Denise Élodie Fatima Ghislaine Hélène Inès Jeanne Josette Karine Léa Lucette "
    "Maëlle Manon Martine Nadia Odile Océane Pauline Raymonde Sandrine Simone Solène Thérèse Véronique Yvette"
)
MEN = _words(
    "Alain Amine Antoine Bernard Baptiste Cédric Daniel Denis Émile Étienne Fabrice François Gaël Gérard Hugo Jean-Luc "
    "Joël Karim Loïc Lucien Marcel Mathéo Maurice Nicolas Noël Olivier Pascal Rémi René Théo"
)
NAMES = _words(
    "Aubrière Baudouin Bellanger Besnardeau Bouvetier Brillet Chauvelin Chevreau Coquereau Cormery Dalibard "
    "Desmoulières Duchêneau Érambert Fouassier Fourmondière Gandonnière Garnelais Gaudichet Grandin Guesdonnet "
    "Hamonnais Hérissonneau Houdayer Jarossay Lambertin Landelle Le_Bihannic Lemercerie L'Hermeteau Loriotais "
    "Mauboussinière Mézangère Moncéau Nourrissonnet Oudinelle Péculier Pichardais Quentinois Ravaudelle Renaudineau "
    "Rocheboeuf Salmonière Thébaudin Tribondeau Trottignon Vallaisière Vaugeoisin Viauderie Yvardel"
)
REASONS = ("DEPART_RETRAITE",) * 6 + ("NOUVEL_ARRIVANT",) * 3 + ("DECES_OU_ARRET_MEDECIN", "JAMAIS_DECLARE")
EVIDENCES = ("patient_word", "patient_word", "rights_certificate", "teleservice")
WITHOUT_DOCTOR_SINCE = date(2016, 9, 1)  # before the first centre opened: true on any day that is played

INVALID, BARRED, PHONE_OFF, NO_RECEIPT, EARLY, DISORDER, STOP = 9901, 9902, 9903, 9904, 9905, 9906, 9907
BUSY_ONCE, BROKEN_ONCE, SILENT_ONCE = 9909, 9910, 9911
"""Ends of numbers by which the SMS sink chooses what it plays (sms_sink/README.md)."""


@dataclass(frozen=True, slots=True)
class Town:
    """Where the patients of a centre live, and which tens of thousands of invented numbers are theirs."""

    communes: tuple[str, ...]
    series: int  # 0 to 9


@dataclass(frozen=True, slots=True)
class Person:
    """An invented patient. `scenario` is the end of a number that the SMS sink treats in a special way."""

    index: int
    birth_name: str
    given_names: tuple[str, ...]
    birth_date: date
    sex: str
    commune_code: str
    mobile: str | None
    landline: str | None
    text_consent: bool
    eligible: bool
    reason: str
    evidence: str
    used_name: str | None = None

    def phones(self) -> list[dict[str, Any]]:
        """As registry takes them."""
        mobile = [{"number": self.mobile, "text_consent": self.text_consent}] if self.mobile else []
        landline = [{"number": self.landline, "label": "domicile"}] if self.landline else []
        return mobile + landline

    def body(self, site: str) -> dict[str, Any]:
        """The registration, as a secretary types it."""
        with_reason = {"status": "eligible", "reason": self.reason, "evidence": self.evidence}
        status = with_reason if self.eligible else {"status": "not_eligible", "evidence": "teleservice"}
        return {
            "birth_name": self.birth_name,
            "given_names": list(self.given_names),
            "used_name": self.used_name,
            "birth_date": self.birth_date.isoformat(),
            "sex": self.sex,
            "commune_code": self.commune_code,
            "home_site": site,
            "phones": self.phones(),
            "eligibility": {**status, "from_date": WITHOUT_DOCTOR_SINCE.isoformat()},
        }


def person(town: Town, index: int, *, eligible: bool = True) -> Person:
    """The patient of this index (0 to 8 999) in a town: almost always reached by a text."""
    dice = random.Random(f"{town.series}/{index}")  # noqa: S311 - invented people are no secret
    sex, names = dice.choice((("female", WOMEN), ("male", MEN)))
    name = NAMES[(index * 7 + town.series) % len(NAMES)]
    age = dice.choices((dice.randint(1, 15), dice.randint(16, 64), dice.randint(65, 97)), (15, 50, 35))[0]
    return Person(
        index=index,
        birth_name=name,
        given_names=tuple(dice.sample(names, dice.randint(1, 3))),
        birth_date=date(2026, 1, 1) - timedelta(days=365 * age + dice.randint(0, 364)),
        sex=sex,
        commune_code=dice.choice(town.communes),
        mobile=_mobile(town, index),
        landline=None,
        text_consent=True,
        eligible=eligible,
        reason=dice.choice(REASONS),
        evidence=dice.choice(EVIDENCES),
        used_name=dice.choice(NAMES) if sex == "female" and age > 25 and index % 4 == 0 else None,
    )


def with_landline_only(one: Person) -> Person:
    return replace(one, mobile=None, landline=f"02 61 91 {one.index // 100:02} {one.index % 100:02}")


def _mobile(town: Town, end: int) -> str:
    return f"06 00 0{town.series} {end // 100:02} {end % 100:02}"


def rpps(number: int) -> str:
    """A synthetic RPPS number with a valid Luhn key (DOMAIN §1.3: 10999 begins no real one)."""
    body = f"10999{number:05}"
    return body + str(-_luhn(body + "0") % 10)


def _luhn(digits: str) -> int:
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled)
