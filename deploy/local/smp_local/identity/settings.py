"""Settings of the local identity issuer."""

from pathlib import Path
from typing import Annotated, Self

import pydantic_settings
from pydantic import AfterValidator, Field, SecretStr, model_validator

from smp_local.loopback import check_environment, check_loopback

Seconds = Annotated[int, Field(ge=60, le=86_400)]


class Settings(pydantic_settings.BaseSettings):
    """`SMP_*` environment variables; anything but a local or test environment is refused."""

    model_config = pydantic_settings.SettingsConfigDict(env_prefix="SMP_", extra="ignore", frozen=True)

    environment: Annotated[str, AfterValidator(check_environment)]
    http_host: Annotated[str, AfterValidator(check_loopback)] = "127.0.0.1"
    http_port: Annotated[int, Field(ge=1, le=65_535)]
    oidc_issuer: str = ""
    oidc_audience: str = "smp"
    identity_home: Path
    identity_clients: SecretStr = SecretStr("")
    identity_territories: str = ""
    identity_token_seconds: Seconds = 3_600

    @model_validator(mode="after")
    def _read_lists_now(self) -> Self:
        _ = self.clients, self.territories
        return self

    @property
    def issuer(self) -> str:
        """The `iss` of every token: SMP_OIDC_ISSUER, else the address this process listens on."""
        return (self.oidc_issuer or f"http://{self.http_host}:{self.http_port}").rstrip("/")

    @property
    def clients(self) -> dict[str, str]:
        """Secrets of the services by client id, from "registry:secret,booking:secret"."""
        entries = [entry.strip().partition(":") for entry in self.identity_clients.get_secret_value().split(",")]
        clients = {name: secret for name, _, secret in entries if name}
        if not all(clients.values()) or len(clients) != sum(1 for name, *_ in entries if name):
            raise ValueError("SMP_IDENTITY_CLIENTS must read client:secret,client:secret with each client once")
        return clients

    @property
    def territories(self) -> list[str]:
        """Territories of every service token, from "53,72"."""
        return [code for code in map(str.strip, self.identity_territories.split(",")) if code]
