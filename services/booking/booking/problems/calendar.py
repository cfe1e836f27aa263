"""What does not go with rules, closures and absences."""

from smp.problems import ProblemType

# fmt: off
DAY_ALREADY_CLOSED = ProblemType(
    "day-already-closed", 409, "Jour déjà fermé", "Day already closed",
    "Le centre est déjà fermé le {day}.",
    "The site is already closed on {day}.",
)
ALREADY_ABSENT = ProblemType(
    "already-absent", 409, "Absence déjà notée", "Absence already noted",
    "Ce professionnel est déjà noté absent pendant toute cette période.",
    "This professional is already noted as away for the whole of this time.",
)
ABSENCE_UNKNOWN = ProblemType(
    "absence-unknown", 404, "Absence inconnue", "Absence unknown",
    "Cette absence n'existe pas, ou elle a été retirée.",
    "This absence does not exist, or it was withdrawn.",
)
CLOSURE_UNKNOWN = ProblemType(
    "closure-unknown", 404, "Fermeture inconnue", "Closure unknown",
    "Cette fermeture n'existe pas, ou elle a été retirée.",
    "This closure does not exist, or it was withdrawn.",
)
CLOSURE_OVER = ProblemType(
    "closure-over", 409, "Déjà terminée", "Already over",
    "Cette fermeture ou cette absence est terminée à cette date.",
    "This closure or absence is over by that day.",
)
RULE_UNKNOWN = ProblemType("rule-unknown", 404, "Règle inconnue", "Rule unknown")
RULE_ENDED = ProblemType(
    "rule-ended", 409, "Règle terminée", "Rule ended",
    "Cette règle n'a plus cours à cette date. Ouvrez-en une nouvelle.",
    "This rule is no longer in force on that day. Open another one.",
)
LATER_CHANGE_PLANNED = ProblemType(
    "later-change-planned", 409, "Changement déjà prévu", "Change already planned",
    "Un changement de cette règle est déjà prévu le {day} et ne s'accorde pas avec celui-ci. Modifiez d'abord la règle "
    "à partir de ce jour-là.",
    "A change of this rule is already planned on {day} and does not go with this one. First change the rule from that "
    "day on.",
)
RULE_WITHOUT_OCCURRENCE = ProblemType(
    "rule-without-occurrence", 422, "Aucune vacation possible", "No session possible",
    "Cette règle ne tombe sur aucun jour à venir de sa période de validité.",
    "This rule falls on no coming day of its validity.",
)
CHANGE_PAST = ProblemType(
    "change-past", 422, "Date déjà passée", "Date already past",
    "Une règle change à partir d'aujourd'hui ou plus tard.",
    "A rule changes from today on or later.",
)
END_BEFORE_START = ProblemType(
    "end-before-start", 422, "La fin précède le début", "The end comes before the start",
    "La fin suit le début, et une vacation se termine le jour même.",
    "The end comes after the start, and a session ends on the same day.",
)
PERIOD_TOO_LONG = ProblemType(
    "period-too-long", 422, "Période trop longue", "Period too long",
    "Indiquez {days} jours au plus, la fin après le début.",
    "Give {days} days at most, the end after the start.",
)
# fmt: on
