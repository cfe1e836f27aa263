"""Why an intern may not receive then, and who may answer for interns."""

from smp.problems import ProblemType

# fmt: off
NO_SUPERVISOR = ProblemType(
    "no-supervisor", 409, "Aucun maître de stage présent", "No supervisor present",
    "Un interne ne reçoit que si un maître de stage est présent dans le centre. D'autres créneaux sont proposés.",
    "An intern receives only while one of their supervisors is present at the site. Other slots are proposed.",
)
TOO_MANY_INTERNS = ProblemType(
    "too-many-interns", 409, "Trop d'internes pour les maîtres de stage présents", "Too many interns at once",
    "À cette heure, les maîtres de stage de cet interne en encadrent déjà autant que permis. "
    "D'autres créneaux sont proposés.",
    "At that hour the supervisors of this intern answer for as many interns as they may. Other slots are proposed.",
)
TOO_MANY_ACTS = ProblemType(
    "too-many-acts", 409, "Demi-journée complète pour cet interne", "Half-day full for this intern",
    "Cet interne a déjà, sur cette demi-journée, autant d'actes que permis. D'autres créneaux sont proposés.",
    "This intern already has as many acts as allowed in this half-day. Other slots are proposed.",
)
NOT_A_SUPERVISOR = ProblemType(
    "not-a-supervisor", 422, "Pas un maître de stage", "Not a supervisor",
    "Seul un médecin peut être joignable pour des internes.",
    "Only a doctor can be reachable for interns.",
)
REACHABILITY_UNKNOWN = ProblemType("reachability-unknown", 404, "Déclaration inconnue", "Declaration unknown")
REACHABILITY_WITHDRAWN = ProblemType(
    "reachability-withdrawn", 409, "Déclaration déjà retirée", "Declaration already withdrawn",
    "Ce médecin n'est déjà plus déclaré joignable sur cette période.",
    "This doctor is no longer declared reachable over this period.",
)
# fmt: on
