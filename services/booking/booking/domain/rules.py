"""The figures a centre decides; see the table of settings in the service's README."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from booking.domain.capacity import Release
from booking.domain.dated import Dated
from booking.domain.kinds import KindBooks
from booking.domain.offers import OfferRules
from booking.domain.travel import USUAL_WAY

TWO, TEN = Dated(2), Dated(10)


@dataclass(frozen=True, slots=True)
class Rules:
    """Durations and bounds that the use cases enforce."""

    kinds: KindBooks  # read through use_cases/kinds/kind_book.py
    hold: timedelta  # how long a place is kept for a caller
    horizon: timedelta  # how far ahead rules become sessions
    late_notice: timedelta  # a cancellation by the patient closer than that is late
    search_span: timedelta  # the longest window of one search
    alternatives_span: timedelta  # how far ahead alternatives are looked for
    patience: timedelta  # longest wait for an event of registry that is on its way
    cool_down: timedelta = timedelta()  # how long a place given up rests for the waiting list
    float_notice: timedelta = timedelta(hours=24)  # closer than that nobody's practitioner is changed for a request
    way: timedelta = USUAL_WAY  # between two sites for which no minutes were declared
    releases: Mapping[str, Release] = field(default_factory=dict)  # when the share of a class is everybody's
    impact_notice: timedelta = timedelta(hours=2)  # nobody is asked to come earlier than agreed sooner than that
    interns_per_supervisor: Dated = TWO  # at one instant
    acts_per_half_day: Dated = TEN  # of one intern
    offers: OfferRules = field(default_factory=OfferRules)  # of the waiting list
