"""Settings of a process, from `SMP_*` environment variables; all faults are told at once, at start."""

import sys
from pathlib import Path
from typing import Annotated, Literal, NoReturn, Self, TypeVar

import pydantic_settings
from pydantic import AnyHttpUrl, Field, SecretStr, ValidationError, model_validator

from smp.auth import refuse_local_issuer_in_production

Port = Annotated[int, Field(ge=1, le=65535)]
S = TypeVar("S", bound="BaseSettings")


class BaseSettings(pydantic_settings.BaseSettings):
    """What every service needs. A service adds its own fields in a subclass; each accepted setting is enforced."""

    model_config = pydantic_settings.SettingsConfigDict(env_prefix="SMP_", extra="ignore", frozen=True)

    environment: Literal["local", "test", "production"] = "production"
    database_url: SecretStr
    migration_database_url: SecretStr | None = None
    kafka_bootstrap: str
    http_host: str = "127.0.0.1"
    http_port: Port
    oidc_issuer: AnyHttpUrl
    oidc_jwks_url: AnyHttpUrl
    oidc_audience: str = "smp"
    token_url: AnyHttpUrl | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    registry_url: AnyHttpUrl | None = None
    clock_file: Path | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    instance: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] = "1"
    pool_size: Annotated[int, Field(ge=2, le=100)] = 10
    body_limit_bytes: Annotated[int, Field(ge=1024)] = 256 * 1024
    request_seconds: Annotated[float, Field(gt=0, le=60)] = 10.0
    outbox_retention_days: Annotated[int, Field(ge=1)] = 30
    inbox_retention_days: Annotated[int, Field(ge=1)] = 400

    @model_validator(mode="after")
    def _refuse_a_toy_in_production(self) -> Self:
        if self.environment != "production":
            return self
        if self.clock_file is not None:
            raise ValueError("SMP_CLOCK_FILE is for local worlds: a production process uses the machine's clock")
        refuse_local_issuer_in_production(self.environment, str(self.oidc_issuer))
        return self


def _sentence(error: ValidationError) -> str:
    lines = []
    for fault in error.errors(include_url=False, include_input=False):
        name = f"SMP_{str(fault['loc'][0]).upper()}: " if fault["loc"] else ""
        words = "is missing" if fault["type"] == "missing" else fault["msg"].removeprefix("Value error, ")
        lines.append(f"  {name}{words}")
    return "\n".join(lines)


def load(settings: type[S]) -> S:
    """Read the settings, or end the process (status 2) with all that is missing or wrong; values are never shown."""
    try:
        return settings()
    except ValidationError as error:
        _refuse(_sentence(error))


def _refuse(sentence: str) -> NoReturn:
    sys.stderr.write(f"This process cannot start, its settings are incomplete or wrong:\n{sentence}\n")
    raise SystemExit(2)
