"""What a centre may decide about offers of the waiting list."""

from datetime import time, timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from booking.domain.offers import OfferRules
from smp.settings import BaseSettings

OfferMinutes = Annotated[int, Field(ge=5, le=10_080)]


class OfferSettings(BaseSettings):
    """Those of booking's settings that speak of offers."""

    offer_minutes_week_ahead: OfferMinutes = 1440
    offer_minutes_days_ahead: OfferMinutes = 240
    offer_minutes_next_day: OfferMinutes = 60
    offer_minutes_same_day: OfferMinutes = 15
    offer_margin_minutes: Annotated[int, Field(ge=0, le=720)] = 30
    offers_per_day: Annotated[int, Field(ge=1, le=20)] = 3
    offer_days_ahead: Annotated[int, Field(ge=1, le=182)] = 42
    offers_open: time = time(8)
    offers_close: time = time(20)
    offers_weekdays: Annotated[str, Field(pattern=r"^[1-7](,[1-7]){0,6}$")] = "1,2,3,4,5,6"

    @model_validator(mode="after")
    def _offers_have_time(self) -> Self:
        if not self.offers_open < self.offers_close:
            raise ValueError("SMP_OFFERS_OPEN must be before SMP_OFFERS_CLOSE")
        lengths = [length for _, length in self._patience()]
        if lengths != sorted(lengths, reverse=True):
            raise ValueError("SMP_OFFER_MINUTES_*: the nearer the place, the shorter the time to answer")
        return self

    def offer_rules(self) -> OfferRules:
        """The same, as the use cases want it."""
        return OfferRules(
            patience=self._patience(),
            margin=timedelta(minutes=self.offer_margin_minutes),
            per_day=self.offers_per_day,
            days_ahead=self.offer_days_ahead,
            opens=self.offers_open,
            closes=self.offers_close,
            weekdays=frozenset(int(day) for day in self.offers_weekdays.split(",")),
        )

    def _patience(self) -> tuple[tuple[int, timedelta], ...]:
        """How long somebody has to answer, by days ahead."""
        return (
            (7, timedelta(minutes=self.offer_minutes_week_ahead)),
            (2, timedelta(minutes=self.offer_minutes_days_ahead)),
            (1, timedelta(minutes=self.offer_minutes_next_day)),
            (0, timedelta(minutes=self.offer_minutes_same_day)),
        )
