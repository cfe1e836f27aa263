"""What is no kind of appointment, or cannot become one."""

from smp.problems import ProblemType

# fmt: off
KIND_UNKNOWN = ProblemType(
    "kind-unknown", 422, "Type de rendez-vous inconnu", "Kind of appointment unknown",
    "Ce territoire n'a pas ce type de rendez-vous à cette date ; la liste est à l'adresse /v1/kinds.",
    "This territory has no such kind of appointment on that day; the list is at /v1/kinds.",
)
KIND_TOO_SOON = ProblemType(
    "kind-change-too-soon", 422, "Changement trop proche", "Change too soon",
    "Un type de rendez-vous change au plus tôt le {earliest}.",
    "A kind of appointment changes on {earliest} at the earliest.",
)
KIND_INCOMPLETE = ProblemType(
    "kind-incomplete", 422, "Type de rendez-vous incomplet", "Kind of appointment incomplete",
    "Un nouveau type de rendez-vous a au moins une durée (duration_minutes) et des métiers (roles).",
    "A new kind of appointment has at least a duration (duration_minutes) and roles.",
)
KIND_CONTRADICTORY = ProblemType(
    "kind-contradictory", 422, "Réglages impossibles à tenir", "Settings that cannot be kept",
    "Ces réglages ne peuvent pas être tenus ensemble : {fault}.",
    "These settings cannot be kept together: {fault}.",
)
KIND_TOO_LONG = ProblemType(
    "kind-too-long", 422, "Vacation trop courte", "Session too short",
    "La vacation est plus courte que l'un des rendez-vous qu'elle propose.",
    "The session is shorter than one of the appointments it offers.",
)
# fmt: on
