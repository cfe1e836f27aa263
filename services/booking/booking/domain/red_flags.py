"""The short form of a minor emergency: signs that send to 15 whatever else is said.

The list is closed and dated: a form counts from a day on, and a request keeps the one it was asked with. It sorts
nobody: one sign is enough, none means that staff go on as usual. Severity is noted by staff (CCMU, at the end of the
visit), never guessed here. The coordinating doctor answers for the list.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

CALL = "15"


@dataclass(frozen=True, slots=True)
class RedFlag:
    """One question of the form; yes raises the flag."""

    code: str
    question_fr: str
    question_en: str


@dataclass(frozen=True, slots=True)
class Form:
    """The questions that are asked from a day on."""

    valid_from: date
    flags: tuple[RedFlag, ...]

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(flag.code for flag in self.flags)

    def missing(self, answers: Mapping[str, bool]) -> tuple[str, ...]:
        """Questions that were not answered, in the order of the form."""
        return tuple(flag.code for flag in self.flags if flag.code not in answers)


FORMS = (
    Form(
        date(2026, 1, 1),
        (
            RedFlag("chest_pain", "Douleur dans la poitrine ?", "Pain in the chest?"),
            RedFlag("breathing", "Difficulté à respirer ou à finir ses phrases ?", "Trouble breathing or speaking?"),
            RedFlag(
                "consciousness",
                "Perte de connaissance, confusion, somnolence inhabituelle ou convulsions ?",
                "Loss of consciousness, confusion, unusual drowsiness or seizures?",
            ),
            RedFlag(
                "stroke_signs",
                "Visage déformé, bras ou jambe faible, trouble de la parole ou de la vue, apparus d'un coup ?",
                "Drooping face, weak arm or leg, trouble speaking or seeing, all of a sudden?",
            ),
            RedFlag("bleeding", "Saignement abondant qui ne s'arrête pas ?", "Heavy bleeding that does not stop?"),
            RedFlag(
                "allergy",
                "Gonflement du visage ou de la gorge, ou malaise, après une piqûre, un aliment, un médicament ?",
                "Swelling of face or throat, or feeling faint, after a sting, a food or a medicine?",
            ),
            RedFlag(
                "major_injury",
                "Accident grave, chute de haut, brûlure étendue, coup violent à la tête ?",
                "Serious accident, fall from a height, large burn, hard blow to the head?",
            ),
            RedFlag(
                "fever_with_signs",
                "Fièvre avec nuque raide ou taches rouges ou violettes sur la peau ?",
                "Fever with a stiff neck, or with red or purple spots on the skin?",
            ),
            RedFlag("infant_fever", "Fièvre chez un bébé de moins de trois mois ?", "Fever in a baby under 3 months?"),
            RedFlag(
                "pregnancy",
                "Grossesse avec saignement, forte douleur ou perte de liquide ?",
                "Pregnancy with bleeding, strong pain or loss of fluid?",
            ),
            RedFlag("poisoning", "Intoxication, surdose, produit avalé ?", "Poisoning, overdose, something swallowed?"),
            RedFlag("suicide", "Idées de suicide ou danger immédiat ?", "Thoughts of suicide, or immediate danger?"),
            RedFlag("sudden_pain", "Douleur brutale et insupportable ?", "Sudden, unbearable pain?"),
        ),
    ),
)

EVERY_CODE = frozenset(code for form in FORMS for code in form.codes)


def form_on(day: date, forms: Iterable[Form] = FORMS) -> Form:
    """The form in force on that day; the first one ever when the day is before all of them."""
    ordered = sorted(forms, key=lambda form: form.valid_from)
    return next((form for form in reversed(ordered) if form.valid_from <= day), ordered[0])
