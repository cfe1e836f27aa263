"""Settings of the registry, besides those of every service."""

from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from registry.domain.eligibility import RecheckPolicy
from smp.sealing import Compartment, KeyEncryptionKeys
from smp.settings import BaseSettings


def _least_grants() -> dict[str, tuple[Compartment, ...]]:
    return {"notifications": ("contact",), "reporting": ("statistics",)}


class Settings(BaseSettings):
    """Days are calendar days; the key-encryption keys are `id:base64` (32 bytes each), the first one wraps.

    `compartment_grants` says which client may ask for the keys of which compartments, as JSON.
    """

    key_encryption_keys: SecretStr
    compartment_grants: Annotated[dict[str, tuple[Compartment, ...]], Field(default_factory=_least_grants)]
    key_rotation_batch: Annotated[int, Field(ge=1, le=10_000)] = 500
    eligibility_recheck_days: Annotated[int, Field(ge=1, le=3660)] = 365
    unverified_recheck_days: Annotated[int, Field(ge=1, le=3660)] = 30

    @model_validator(mode="after")
    def _keys_can_be_read(self) -> Self:
        self.encryption_keys()
        return self

    def encryption_keys(self) -> KeyEncryptionKeys:
        """The key-encryption keys. Raises ValueError, which never shows a key."""
        return KeyEncryptionKeys.parse(self.key_encryption_keys.get_secret_value())

    @property
    def recheck(self) -> RecheckPolicy:
        return RecheckPolicy(self.eligibility_recheck_days, self.unverified_recheck_days)
