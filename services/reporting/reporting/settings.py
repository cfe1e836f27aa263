"""Settings of reporting, beyond those of every service."""

from datetime import timedelta
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import Field, field_validator

from smp.settings import BaseSettings


class Settings(BaseSettings):
    """`late_after_hours`: after how many hours past its end an appointment without outcome is called late.
    `default_zone`: the IANA zone of a site whose opening has not been heard yet."""

    late_after_hours: Annotated[int, Field(ge=1, le=168)] = 12
    default_zone: str = "Europe/Paris"

    @field_validator("default_zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError("is not an IANA time zone, such as Europe/Paris")
        return zone

    @property
    def late_after(self) -> timedelta:
        return timedelta(hours=self.late_after_hours)
