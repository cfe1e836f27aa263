"""Settings of notifications, `SMP_*` in the environment; each is enforced (README has the table)."""

from datetime import time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AnyHttpUrl, Field, SecretStr, model_validator

from notifications.domain.messages import Patience, Retry
from notifications.providers.ovh import Account
from notifications.use_cases.policy import Policy
from smp.settings import BaseSettings

_BEGIN_WITHIN = timedelta(seconds=10)  # from the claim of a text to its turn on a line to the provider


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("is not an IANA time zone") from None
    return name


class Settings(BaseSettings):
    """What notifications needs besides the floor's settings."""

    registry_url: AnyHttpUrl
    token_url: AnyHttpUrl
    client_id: str
    client_secret: SecretStr

    sms_url: AnyHttpUrl
    sms_service: Annotated[str, Field(pattern=r"^[\w-]{1,40}$")]
    sms_application_key: SecretStr
    sms_application_secret: SecretStr
    sms_consumer_key: SecretStr
    sms_callback_secret: Annotated[SecretStr, Field(min_length=16)]
    sms_sender: Annotated[str, Field(pattern=r"^[A-Za-z0-9 ]{1,11}$")] = "SMP"
    sms_timeout_seconds: Annotated[float, Field(gt=0, le=30)] = 5.0
    sms_doubt_seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    sms_retry_first_seconds: Annotated[float, Field(gt=0, le=60)] = 2.0
    sms_retry_longest_seconds: Annotated[float, Field(gt=0, le=3600)] = 900.0
    sms_give_up_hours: Annotated[int, Field(ge=1, le=72)] = 24
    sms_give_up_before_minutes: Annotated[int, Field(ge=0, le=1440)] = 30
    sms_parallel: Annotated[int, Field(ge=1, le=100)] = 16

    texts_open: time = time(8)
    texts_close: time = time(20)
    texts_weekdays: Annotated[str, Field(pattern=r"^[1-7](,[1-7]){0,6}$")] = "1,2,3,4,5,6"
    texts_zone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Paris"
    reminder_hours: Annotated[int, Field(ge=1, le=336)] = 48
    reminder_at_least_hours: Annotated[int, Field(ge=0, le=336)] = 24
    horizon_hours: Annotated[int, Field(ge=1, le=720)] = 72
    unanswered_hours: Annotated[int, Field(ge=1, le=336)] = 72
    texts_kept_days: Annotated[int, Field(ge=1, le=183)] = 180
    wait_for_others_seconds: Annotated[float, Field(ge=0, le=3600)] = 600.0

    @model_validator(mode="after")
    def _check_what_belongs_together(self) -> Self:
        if not self.texts_open < self.texts_close:
            raise ValueError("SMP_TEXTS_OPEN must be before SMP_TEXTS_CLOSE")
        if self.reminder_at_least_hours > self.reminder_hours:
            raise ValueError("SMP_REMINDER_AT_LEAST_HOURS must not exceed SMP_REMINDER_HOURS")
        if self.environment == "production" and self.sms_url.scheme != "https":
            raise ValueError("SMP_SMS_URL must be https in production")
        return self

    def policy(self) -> Policy:
        """The rules that use cases work by."""
        return Policy(
            opens=self.texts_open,
            closes=self.texts_close,
            weekdays=frozenset(int(day) for day in self.texts_weekdays.split(",")),
            default_zone=self.texts_zone,
            reminder_lead=timedelta(hours=self.reminder_hours),
            reminder_at_least=timedelta(hours=self.reminder_at_least_hours),
            horizon=timedelta(hours=self.horizon_hours),
            unanswered=timedelta(hours=self.unanswered_hours),
            kept=timedelta(days=self.texts_kept_days),
            retry=Retry(self.sms_retry_first_seconds, self.sms_retry_longest_seconds),
            patience=Patience(
                timedelta(hours=self.sms_give_up_hours), timedelta(minutes=self.sms_give_up_before_minutes)
            ),
            wait_for_others=timedelta(seconds=self.wait_for_others_seconds),
            # Begun in time, then keys, clock of the provider, text and blacklist: no sender is still at work when its
            # lease ends.
            lease=_BEGIN_WITHIN + timedelta(seconds=20 + 4 * self.sms_timeout_seconds),
            begin_within=_BEGIN_WITHIN,
            doubt=timedelta(seconds=self.sms_doubt_seconds),
            parallel=self.sms_parallel,
        )

    def account(self) -> Account:
        """The provider's account."""
        return Account(
            url=str(self.sms_url),
            service=self.sms_service,
            sender=self.sms_sender,
            application_key=self.sms_application_key.get_secret_value(),
            application_secret=self.sms_application_secret.get_secret_value(),
            consumer_key=self.sms_consumer_key.get_secret_value(),
        )
