"""What a centre may decide about booking; every accepted value is enforced."""

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from booking.domain.capacity import CapacityClass, Release
from booking.domain.dated import Dated
from booking.domain.kinds import KindBooks
from booking.domain.platform_kinds import MINUTES, platform_kinds
from booking.domain.rules import Rules
from booking.offer_settings import OfferSettings

Minutes = Annotated[int, Field(ge=5, le=240, multiple_of=5)]
DatedFigure = Annotated[str, Field(max_length=200)]
"""`10`, or `10, 8 from 2027-09-01`."""
ReleaseRule = Annotated[str, Field(pattern=r"^([0-9]{1,2}d ([01][0-9]|2[0-3]):[0-5][0-9]|never)$")]
"""`1d 18:00`: the day before the session, at 18:00 of the site's clock; `0d` is the day itself."""


class Settings(OfferSettings):
    """`SMP_*` variables of booking; see the table in the service's README."""

    hold_minutes: Annotated[int, Field(ge=1, le=60)] = 5
    horizon_weeks: Annotated[int, Field(ge=1, le=53)] = 26
    late_cancellation_hours: Annotated[int, Field(ge=0, le=168)] = 24
    consultation_minutes: Minutes = 20
    minor_emergency_minutes: Minutes = 20
    social_minutes: Minutes = 30
    follow_up_minutes: Minutes = 20
    home_visit_minutes: Minutes = 40
    nurse_care_minutes: Minutes = 20
    preparation_minutes: Minutes = 10
    protected_minutes: Minutes = 30
    teleconsultation_minutes: Minutes = 20
    search_days: Annotated[int, Field(ge=1, le=92)] = 28
    alternatives_days: Annotated[int, Field(ge=1, le=28)] = 14
    float_notice_hours: Annotated[int, Field(ge=0, le=720)] = 24
    cool_down_minutes: Annotated[int, Field(ge=0, le=1440)] = 10
    impact_notice_minutes: Annotated[int, Field(ge=0, le=1440)] = 120
    travel_minutes: Annotated[int, Field(ge=0, le=240)] = 30
    patient_wait_seconds: Annotated[float, Field(ge=0, le=2)] = 2.0
    interns_per_supervisor: DatedFigure = "2"
    intern_acts_per_half_day: DatedFigure = "10"
    release_medico_social: ReleaseRule = "2d 00:00"
    release_online: ReleaseRule = "1d 18:00"
    release_desk: ReleaseRule = "1d 18:00"
    release_regulation: ReleaseRule = "0d 11:00"
    release_same_day: ReleaseRule = "0d 11:00"

    @field_validator("interns_per_supervisor", "intern_acts_per_half_day")
    @classmethod
    def _is_within_bounds(cls, written: str, info: ValidationInfo) -> str:
        low, high = (1, 10) if info.field_name == "interns_per_supervisor" else (6, 12)
        if not all(low <= number <= high for number in Dated.parse(written).numbers):
            raise ValueError(f"from {low} to {high}")
        return written

    def rules(self) -> Rules:
        """The same, as the use cases want it."""
        return Rules(
            kinds=KindBooks(platform_kinds({code: getattr(self, f"{code}_minutes") for code in MINUTES})),
            hold=timedelta(minutes=self.hold_minutes),
            horizon=timedelta(weeks=self.horizon_weeks),
            late_notice=timedelta(hours=self.late_cancellation_hours),
            search_span=timedelta(days=self.search_days),
            alternatives_span=timedelta(days=self.alternatives_days),
            float_notice=timedelta(hours=self.float_notice_hours),
            cool_down=timedelta(minutes=self.cool_down_minutes),
            way=timedelta(minutes=self.travel_minutes),
            patience=timedelta(seconds=self.patient_wait_seconds),
            releases=self._releases(),
            impact_notice=timedelta(minutes=self.impact_notice_minutes),
            interns_per_supervisor=Dated.parse(self.interns_per_supervisor),
            acts_per_half_day=Dated.parse(self.intern_acts_per_half_day),
            offers=self.offer_rules(),
        )

    def _releases(self) -> Mapping[str, Release]:
        written = {
            CapacityClass.MEDICO_SOCIAL: self.release_medico_social,
            CapacityClass.ONLINE: self.release_online,
            CapacityClass.DESK: self.release_desk,
            CapacityClass.REGULATION: self.release_regulation,
            CapacityClass.SAME_DAY: self.release_same_day,
        }
        return {each: _release(rule) for each, rule in written.items() if rule != "never"}


def _release(rule: str) -> Release:
    days, hour = rule.split("d ")
    return Release(int(days), time.fromisoformat(hour))
