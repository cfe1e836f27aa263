"""Settings of the SMS sink."""

from pathlib import Path
from typing import Annotated

import pydantic_settings
from pydantic import AfterValidator, AnyHttpUrl, Field, SecretStr

from smp_local.loopback import check_environment, check_loopback


class Settings(pydantic_settings.BaseSettings):
    """`SMP_*` environment variables; anything but a local or test environment is refused."""

    model_config = pydantic_settings.SettingsConfigDict(env_prefix="SMP_", extra="ignore", frozen=True)

    environment: Annotated[str, AfterValidator(check_environment)]
    http_host: Annotated[str, AfterValidator(check_loopback)] = "127.0.0.1"
    http_port: Annotated[int, Field(ge=1, le=65_535)]
    clock_file: Path | None = None

    sms_home: Path
    sms_service: Annotated[str, Field(pattern=r"^[\w-]{1,40}$")] = "sms-local-1"
    sms_application_key: SecretStr
    sms_application_secret: SecretStr
    sms_consumer_key: SecretStr
    sms_senders: Annotated[str, Field(pattern=r"^[A-Za-z0-9 ]{1,11}(,[A-Za-z0-9 ]{1,11})*$")] = "SMP"
    sms_callback_url: AnyHttpUrl | None = None
    sms_step_seconds: Annotated[float, Field(ge=0, le=3_600)] = 0.2
    """Real seconds before each delivery receipt of a text."""
    sms_silence_seconds: Annotated[float, Field(ge=0, le=600)] = 30.0
    """Real seconds during which the scenario `silent_once` does not answer."""

    @property
    def senders(self) -> frozenset[str]:
        """Alphanumeric senders that the provider has validated."""
        return frozenset(self.sms_senders.split(","))
