"""The refusals of notifications."""

from smp.problems import ProblemType

CALL_ENDED = ProblemType(
    "call-ended",
    409,
    "Appel déjà traité",
    "Call already ended",
    "Cet appel n'est plus à faire ({state}). Rechargez la liste des appels.",
    "This call no longer has to be made ({state}). Reload the call list.",
)
SITE_UNKNOWN = ProblemType(
    "site-unknown",
    404,
    "Centre inconnu",
    "Unknown site",
    "Ce centre n'est pas encore connu ici. Vérifiez son identifiant ou réessayez dans quelques secondes.",
    "This site is not known here yet. Check its identifier or try again in a few seconds.",
)
