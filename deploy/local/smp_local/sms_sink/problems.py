"""How the provider says no."""

from http import HTTPStatus
from typing import Any


class Refused(Exception):
    """A refusal in OVHcloud's shape. The message never repeats a number or a text."""

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = None if retry_after is None else {"Retry-After": str(retry_after)}

    @property
    def body(self) -> dict[str, Any]:
        """The JSON answer."""
        phrase = HTTPStatus(self.status).phrase
        return {"message": self.message, "httpCode": f"{self.status} {phrase}", "errorCode": self.code}
