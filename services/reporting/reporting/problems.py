"""What reporting refuses, in words."""

from smp.problems import ProblemType

INVALID_PERIOD = ProblemType(
    "invalid-period", 422, "Période non valide", "Invalid period",
    "La période va de « from » (compris) à « to » (exclu), entre 2000 et 2100, sur cinq ans au plus.",
    "The period goes from `from` (included) to `to` (excluded), between 2000 and 2100, over five years at most.",
)  # fmt: skip
PERIOD_TOO_FINE = ProblemType(
    "period-too-fine", 422, "Période trop fine pour un financeur", "Period too fine for a funder",
    "Un financeur demande des mois entiers : deux périodes presque égales révéleraient, par différence, "
    "les activités de quelques personnes. Prenez le premier jour d'un mois pour « from » et pour « to ».",
    "A funder asks for whole months: two nearly equal periods would tell, by subtraction, the activity of a few "
    "people. Use the first day of a month for both `from` and `to`.",
)  # fmt: skip
UNKNOWN_SITE = ProblemType(
    "unknown-site", 404, "Site inconnu", "Unknown site",
    "Aucun site de vos territoires ne porte cet identifiant.",
    "No site of your territories has this identifier.",
)  # fmt: skip
