"""Refusals that help: RFC 9457 problem details with a stable type, in French or English."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

Language = Literal["fr", "en"]

TYPE_BASE = "urn:smp:problem:"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of refusal. `slug` never changes once published; details may hold `{placeholders}`."""

    slug: str
    status: int
    title_fr: str
    title_en: str
    detail_fr: str = ""
    detail_en: str = ""

    @property
    def type(self) -> str:
        return TYPE_BASE + self.slug


class Refusal(Exception):
    """Raised anywhere below the HTTP edge to refuse; nothing of the command is kept.

    `extensions` become members of the problem document (alternatives, candidates, …) and fill the placeholders.
    """

    def __init__(self, problem: ProblemType, **extensions: Any) -> None:
        super().__init__(problem.slug)
        self.problem = problem
        self.extensions = extensions

    def document(self, language: Language, instance: str | None = None) -> dict[str, Any]:
        """The RFC 9457 document, as plain JSON values."""
        french = language == "fr"
        detail = self.problem.detail_fr if french else self.problem.detail_en
        document: dict[str, Any] = {
            "type": self.problem.type,
            "title": self.problem.title_fr if french else self.problem.title_en,
            "status": self.problem.status,
        }
        if detail:
            document["detail"] = detail.format_map(_Placeholders(self.extensions))
        if instance:
            document["instance"] = instance
        return document | self.extensions


class _Placeholders(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


@lru_cache(maxsize=256)
def preferred_language(accept_language: str | None) -> Language:
    """French unless English is asked for with a higher weight (RFC 9110 §12.5.4)."""
    best: dict[str, float] = {"fr": 0.0, "en": 0.0}
    for part in (accept_language or "").split(","):
        tag, _, parameters = part.strip().partition(";")
        weight = parameters.strip().removeprefix("q=") if parameters else "1"
        language = tag.strip()[:2].lower()
        if language not in best:
            continue
        try:
            best[language] = max(best[language], float(weight))
        except ValueError:
            continue
    return "en" if best["en"] > best["fr"] else "fr"


UNAUTHENTICATED = ProblemType(
    "unauthenticated", 401, "Identification nécessaire", "Authentication needed",
    "Le jeton est absent, expiré ou refusé ({reason}). Demandez-en un nouveau.",
    "The token is missing, expired or refused ({reason}). Ask for a new one.",
)  # fmt: skip
FORBIDDEN = ProblemType(
    "forbidden", 403, "Action non autorisée", "Not allowed",
    "Votre rôle, votre site ou votre territoire ne permet pas cette action.",
    "Your role, site or territory does not allow this action.",
)  # fmt: skip
NOT_FOUND = ProblemType("not-found", 404, "Introuvable", "Not found")
CONFLICT = ProblemType("conflict", 409, "Conflit avec l'état actuel", "Conflict with the current state")
INVALID_BODY = ProblemType(
    "invalid-body", 422, "Saisie invalide", "Invalid input",
    "La demande contient {count} erreur(s) ; rien n'a été enregistré.",
    "The request has {count} error(s); nothing was saved.",
)  # fmt: skip
MALFORMED_JSON = ProblemType(
    "malformed-json", 400, "JSON illisible", "Malformed JSON",
    "Le corps de la demande n'est pas du JSON valide ; rien n'a été enregistré.",
    "The body of the request is not valid JSON; nothing was saved.",
)  # fmt: skip
IDEMPOTENCY_KEY_MISSING = ProblemType(
    "idempotency-key-missing", 400, "En-tête Idempotency-Key manquant", "Idempotency-Key header missing",
    "Ajoutez un en-tête Idempotency-Key de 8 à 200 caractères imprimables, différent pour chaque commande.",
    "Add an Idempotency-Key header of 8 to 200 printable characters, different for each command.",
)  # fmt: skip
IDEMPOTENCY_KEY_REUSED = ProblemType(
    "idempotency-key-reused", 422, "Clé d'idempotence déjà utilisée", "Idempotency key already used",
    "Cette clé a servi à une autre demande. Prenez une nouvelle clé.",
    "This key was used for another request. Use a new key.",
)  # fmt: skip
TOO_LARGE = ProblemType(
    "too-large", 413, "Demande trop volumineuse", "Request too large",
    "Le corps dépasse {limit_bytes} octets ; rien n'a été enregistré.",
    "The body exceeds {limit_bytes} bytes; nothing was saved.",
)  # fmt: skip
TIMEOUT = ProblemType(
    "timeout", 503, "Délai dépassé", "Timed out",
    "La réponse a pris trop de temps. Renvoyez la même demande avec la même clé d'idempotence.",
    "The answer took too long. Send the same request again with the same idempotency key.",
)  # fmt: skip
UNAVAILABLE = ProblemType(
    "unavailable", 503, "Service momentanément indisponible", "Service unavailable for the moment",
    "Renvoyez la même demande avec la même clé d'idempotence dans quelques secondes.",
    "Send the same request again with the same idempotency key in a few seconds.",
)  # fmt: skip
INTERNAL = ProblemType(
    "internal", 500, "Erreur interne", "Internal error",
    "L'erreur est enregistrée. Rien n'a été modifié, sauf réponse déjà reçue.",
    "The error has been recorded. Nothing was changed unless an answer was received.",
)  # fmt: skip
NO_SUCH_ROUTE = ProblemType("no-such-route", 404, "Adresse inconnue", "No such route")
METHOD_NOT_ALLOWED = ProblemType("method-not-allowed", 405, "Méthode non prévue", "Method not allowed")
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    "unsupported-media-type", 415, "Type de contenu non prévu", "Unsupported media type",
    "Envoyez du JSON en UTF-8 (Content-Type: application/json).",
    "Send JSON in UTF-8 (Content-Type: application/json).",
)  # fmt: skip
