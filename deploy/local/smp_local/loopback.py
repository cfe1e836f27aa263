"""What the local stand-ins (identity issuer, SMS sink) share: they are toys and must never face a network."""

import ipaddress
import sys
from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

S = TypeVar("S")


def check_environment(environment: str) -> str:
    """Return the environment if a local stand-in may run there, else raise `ValueError`."""
    if environment not in ("local", "test"):
        raise ValueError("must be local or test: this program is a stand-in for development and runs nowhere else")
    return environment


def check_loopback(host: str) -> str:
    """Return the host if only this machine can reach it, else raise `ValueError`."""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError("must be a loopback address such as 127.0.0.1: this program trusts whoever reaches it")
    return host


def load_or_exit(settings: Callable[[], S], program: str) -> S:
    """Read settings, or end the process (status 2) with one line per fault; values are never shown."""
    try:
        return settings()
    except ValidationError as error:
        sys.stderr.write(f"{program} cannot start:\n")
        for fault in error.errors(include_url=False, include_input=False):
            name = "SMP_" + str(fault["loc"][0]).upper() if fault["loc"] else "settings"
            message = "is missing" if fault["type"] == "missing" else fault["msg"].removeprefix("Value error, ")
            sys.stderr.write(f"  {name} {message}\n")
        raise SystemExit(2) from None


async def read_body(request: Request, limit: int) -> bytes:
    """Read a body of at most `limit` bytes; a longer one is refused (413) before it is all received."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(413, f"The body is larger than {limit} bytes.")
    return bytes(body)
