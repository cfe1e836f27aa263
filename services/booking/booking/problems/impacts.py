"""Why a plan is not carried out."""

from smp.problems import ProblemType

# fmt: off
IMPACT_UNKNOWN = ProblemType(
    "impact-unknown", 404, "Simulation inconnue", "Impact plan unknown",
    "Demandez une nouvelle simulation.",
    "Ask for a new dry run.",
)
IMPACT_CHANGED = ProblemType(
    "impact-changed", 409, "L'agenda a changé depuis la simulation", "The agenda has changed since the dry run",
    "Rien n'a été modifié. Les différences sont indiquées ; demandez une nouvelle simulation.",
    "Nothing was changed. The differences are listed; ask for a new dry run.",
)
IMPACT_DECISION = ProblemType(
    "impact-decision-impossible", 422, "Décision impossible", "Decision not possible",
    "Une décision porte sur un rendez-vous qui n'est pas touché, ou sur une place qui ne lui est pas proposée.",
    "A decision concerns an appointment that is not hit, or a place that is not proposed to it.",
)
# fmt: on
