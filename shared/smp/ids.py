"""Identifiers of the platform: UUID version 7 (RFC 9562), ordered by time so that indexes grow at their end."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    return uuid7()
