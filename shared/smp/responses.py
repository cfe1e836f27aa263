"""Problem documents as HTTP answers."""

from typing import Any

import orjson
from starlette.responses import Response

from smp.problems import Language, Refusal


def problem_response(refusal: Refusal, language: Language) -> Response:
    """The RFC 9457 answer to a refusal."""
    headers: dict[str, str] = {"content-language": language}
    if refusal.problem.status == 503:
        headers["retry-after"] = "2"
    if refusal.problem.status == 401:
        headers["www-authenticate"] = "Bearer"
    return Response(
        orjson.dumps(refusal.document(language), default=str),
        refusal.problem.status,
        headers,
        media_type="application/problem+json",
    )


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:smp:problem:slot-taken"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
    },
}
