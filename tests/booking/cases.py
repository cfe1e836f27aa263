"""Random agendas, cheap enough to make tens of thousands of: small, crowded, and fond of awkward days."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.domain import resources
from booking.domain.availability import Occupancy, Partner, Policy, Slot
from booking.domain.intervals import Interval
from booking.domain.kinds import DOCTORS, Kind
from booking.domain.local_time import span, whole_day
from booking.domain.planning import Away, Calendar, Contract, Grid, Planned, Skip, plan
from booking.domain.recurrence import Rule, Weekly
from booking.domain.sessions import Session
from booking.domain.supervision import Supervision
from booking.domain.travel import Distances, Elsewhere, Travel
from booking.use_cases.calendar.public_holidays import public_holidays

SITE, OTHER_SITE, THIRD_SITE = (UUID(int=n) for n in (53, 72, 44))
PEOPLE = [UUID(int=n) for n in range(1, 6)]
PATIENT = resources.patient(UUID(int=99)).number
MINUTE = timedelta(minutes=1)

ZONES = [ZoneInfo("Europe/Paris")] * 3 + [ZoneInfo("Indian/Reunion"), ZoneInfo("America/Martinique")]
# Both changes of hour, holidays (one with its bridge), a leap day, an ordinary Monday.
DAYS = [
    date(2027, 3, 28), date(2027, 10, 31), date(2027, 5, 6), date(2027, 5, 17), date(2028, 2, 29), date(2027, 1, 11),
]  # fmt: skip
_ROLES = ["gp"] * 4 + ["intern", "medical_assistant", "social_worker"]
_DISTANCES = Distances({frozenset((SITE, OTHER_SITE)): 25 * MINUTE}, default=45 * MINUTE)
_ASSISTANT = Partner(frozenset({"medical_assistant"}), -10 * MINUTE, 10 * MINUTE)
_PARTNERS = [
    (_ASSISTANT,),
    (replace(_ASSISTANT, same_room=True),),
    (Partner(frozenset({"social_worker"}), timedelta(), 20 * MINUTE),),
    (Partner(frozenset({"gp"}), timedelta(), 20 * MINUTE),),
    (replace(_ASSISTANT, offset=-15 * MINUTE), Partner(frozenset({"social_worker"}), 5 * MINUTE, 10 * MINUTE)),
]
_ROOMS = {label: resources.room(SITE, label).number for label in ("1", "2")}
_NUMBERS = [*(resources.practitioner(who).number for who in PEOPLE), *_ROOMS.values(), PATIENT]


@dataclass(frozen=True)
class Case:
    """What `available_slots` is asked."""

    sessions: list[Session]
    occupancies: list[Occupancy]
    policy: Policy
    now: datetime
    window: Interval
    zone: ZoneInfo
    has_holiday: bool  # that a rule left out

    @property
    def has_change_of_hour(self) -> bool:
        """Whether the clock is turned while somebody receives."""
        return any(
            each.period.start.astimezone(self.zone).utcoffset() != each.period.end.astimezone(self.zone).utcoffset()
            for each in self.sessions
        )

    def with_booking(self, slot: Slot) -> "Case":
        """The same after that slot was booked: with whoever takes part, their rooms, and the patient asked for."""
        at = {each.id: each for each in self.sessions}
        _, *room = at[slot.session].resources
        taken = [Occupancy(each.number, slot.period) for each in room]
        taken += [Occupancy(number, slot.period) for number in self.policy.also_free]
        for who, period in slot.engages(self.policy.kind):
            if who not in at:
                taken.append(Occupancy(resources.practitioner(who).number, period))
        return replace(self, occupancies=[*self.occupancies, *taken])

    def with_cancellation(self, draw: Random) -> "Case":
        """The same after something was given back."""
        gone = draw.randrange(len(self.occupancies))
        return replace(self, occupancies=[*self.occupancies[:gone], *self.occupancies[gone + 1 :]])


def case(draw: Random) -> Case:
    """One agenda of a day or two."""
    zone, day = draw.choice(ZONES), draw.choice(DAYS)
    midnight = whole_day(day, zone).start
    sessions, has_holiday = _by_rule(draw, day, zone) if draw.random() < 0.1 else (_by_date(draw, day, zone), False)

    def at(latest: int = 24 * 60) -> datetime:
        return midnight + draw.randrange(latest) * MINUTE

    def period() -> Interval:
        start = at()
        return Interval(start, start + draw.randint(1, 90) * MINUTE)

    occupancies = [Occupancy(draw.choice(_NUMBERS), period()) for _ in range(draw.randrange(8))]
    window_start = midnight + timedelta(seconds=draw.randrange(-86_400, 36_000))
    window_end = window_start + timedelta(seconds=draw.randint(4 * 3600, 2 * 86_400))
    return Case(
        sessions,
        occupancies,
        _policy(draw, midnight, [period() for _ in range(draw.choice([0, 0, 1, 2]))]),
        midnight + timedelta(seconds=draw.randrange(-172_800, 43_200)),
        Interval(window_start, window_end),
        zone,
        has_holiday,
    )


def _policy(draw: Random, midnight: datetime, away: list[Interval]) -> Policy:
    usual = draw.random() < 0.5
    kind = Kind(
        "consultation",
        draw.choice([15, 20, 30, 45]) * MINUTE,
        DOCTORS,
        buffer_before=timedelta() if usual else draw.choice([0, 5, 10]) * MINUTE,
        buffer_after=timedelta() if usual else draw.choice([0, 0, 10]) * MINUTE,
        min_lead=timedelta() if usual else draw.choice([0, 0, 90]) * MINUTE,
        max_lead=None if usual else draw.choice([None, timedelta(hours=40)]),
    )
    return Policy(
        kind,
        supervisions=tuple(
            Supervision(draw.choice(PEOPLE), draw.choice(PEOPLE), midnight + draw.randrange(-600, 900) * MINUTE,
                        draw.choice([None, midnight + 900 * MINUTE]))
            for _ in range(draw.randrange(4))
        ),
        also_free=frozenset({PATIENT}) if draw.random() < 0.3 else frozenset(),
        partners=() if draw.random() < 0.8 else draw.choice(_PARTNERS),
        travel=Travel(tuple(_elsewhere(draw, each) for each in away), _DISTANCES),
        withheld=frozenset() if usual else draw.choice([frozenset(), frozenset({UUID(int=1001)})]),
    )  # fmt: skip


def _elsewhere(draw: Random, period: Interval) -> Elsewhere:
    """Somebody in a session at another site that was opened before or after those of the case."""
    opened = UUID(int=draw.randrange(999, 1007))
    return Elsewhere(opened, draw.choice(PEOPLE), draw.choice([OTHER_SITE, THIRD_SITE]), period)


def _by_date(draw: Random, day: date, zone: ZoneInfo) -> list[Session]:
    sessions = []
    for number in range(draw.choice([0, 1, 2, 3, 4, 4, 5, 6])):
        start, length = draw.randrange(20 * 60), draw.randint(15, 300)
        end = min(start + length, 24 * 60 - 1)
        period = span(day, time(start // 60, start % 60), time(end // 60, end % 60), zone)
        if period is not None:
            sessions.append(_session(draw, draw.choice(PEOPLE), day, period, number))
    return sessions


def _by_rule(draw: Random, day: date, zone: ZoneInfo) -> tuple[list[Session], bool]:
    """A rule of two days around `day`, without its public holidays and closures; whether there was a holiday."""
    rule = Rule(
        Weekly(frozenset(range(1, 8)), day), time(draw.randrange(4)), time(draw.randint(5, 15)), day - timedelta(days=1)
    )
    closed = draw.choice([(), (Away(whole_day(day, zone), Skip.CLOSURE, UUID(int=1)),)])
    calendar = Calendar(zone, public_holidays(draw.choice([None, "Moselle"]), (day.year,)), closed)
    grid = Grid(timedelta(minutes=5), timedelta(minutes=5))
    planned = list(
        plan(rule, rule.valid_from, day, calendar, Contract(date.min), grid, datetime.min.replace(tzinfo=zone))
    )
    sessions = [
        _session(draw, PEOPLE[0], each.day, each.period, number)
        for number, each in enumerate(planned)
        if isinstance(each, Planned)
    ]
    return sessions, any(not isinstance(each, Planned) and each.reason is Skip.PUBLIC_HOLIDAY for each in planned)


def _session(draw: Random, who: UUID, day: date, period: Interval, number: int) -> Session:
    return Session(
        id=UUID(int=1000 + number),
        territory="53",
        site=SITE,
        professional=who,
        role=draw.choice(_ROLES),
        room=draw.choice([None, "1", "2"]),
        kinds=frozenset({"consultation"}),
        day=day,
        period=period,
        grid=draw.choice([10, 15, 20, 20]) * MINUTE,
    )
