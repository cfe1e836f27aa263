"""Rules of recurrence: open, change, end, see."""

from datetime import date, timedelta
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from booking import problems
from booking.api.agenda_parts import (
    ONE_ROOM,
    ORDER,
    STAFF,
    ExcessView,
    FollowedView,
    Shares,
    SkippedView,
    counted,
    require_countable,
)
from booking.api.parts import (
    PROFESSIONAL,
    SITE,
    Equipment,
    Kinds,
    LocalTime,
    SessionView,
    SlotMinutes,
    WallClock,
    example,
    rules_of,
)
from booking.api.rights import Right, allow
from booking.domain.recurrence import LONGEST_CYCLE, Listed, Monthly, Recurrence, Rule, Weekly
from booking.store.rules import Series, StoredRule
from booking.use_cases.calendar.change_session_rule import RuleChange, RuleChanged, change_session_rule
from booking.use_cases.calendar.open_session_rule import RuleOpened, RuleRequest, open_session_rule
from booking.use_cases.calendar.see_agenda import see_rules
from smp.bodies import Flag, Whole
from smp.http import Body, Command, Day, Query, ShortText, describe

router = APIRouter(prefix="/v1", tags=["règles"])

_RECURRENCE = PydanticCustomError(
    "recurrence", "give one of weekly, monthly and dates", {"fr": "donnez weekly, monthly ou dates, un seul"}
)
_UNTIL = PydanticCustomError(
    "valid_until_or_without_end", "give either valid_until or without_end", {"fr": "donnez valid_until ou without_end"}
)
_ENDS = PydanticCustomError(
    "ends_alone",
    "a rule that ends is not changed otherwise",
    {"fr": "une règle qui se termine ne change pas autrement"},
)

Weekdays = Annotated[frozenset[Annotated[Whole, Field(ge=1, le=7)]], Field(min_length=1)]
"""1 = lundi."""
Nth = Annotated[Whole, Field(ge=-1, le=5)]


class WeeklyBody(Body):
    """Every n weeks on some weekdays (1 = lundi), counted from the week of the anchor date."""

    weekdays: Weekdays
    every_weeks: Annotated[Whole, Field(ge=1, le=LONGEST_CYCLE)] = 1
    anchor: Day | None = None


class MonthlyBody(Body):
    """On the nth of some weekdays of each month; -1 is the last one."""

    weekdays: Weekdays
    nth: Annotated[frozenset[Nth], Field(min_length=1)]

    @model_validator(mode="after")
    def _counts_from_one(self) -> Self:
        if 0 in self.nth:
            raise PydanticCustomError("nth", "1 to 5, or -1 for the last", {"fr": "de 1 à 5, ou -1 pour le dernier"})
        return self


Dates = Annotated[frozenset[Day], Field(min_length=1, max_length=400)]


class OpenRule(Body):
    """A recurrence of sessions, in local time of the site; weekly, monthly or on listed dates."""

    model_config = example(
        {
            "site": SITE,
            "professional": PROFESSIONAL,
            "room": "Cabinet 1",
            "kinds": ["consultation", "minor_emergency"],
            "weekly": {"weekdays": [1, 3], "every_weeks": 2, "anchor": "2027-01-04"},
            "start": "08:00",
            "end": "12:00",
            "slot_minutes": 20,
            "shares": [{"capacity_class": "same_day", "slots": 2}, {"capacity_class": "online", "minutes": 60}],
            "valid_from": "2027-01-04",
            "valid_until": "2027-06-30",
        }
    )

    site: UUID
    professional: UUID
    room: ShortText | None = None
    kinds: Kinds
    weekly: WeeklyBody | None = None
    monthly: MonthlyBody | None = None
    dates: Dates | None = None
    start: LocalTime
    end: LocalTime
    slot_minutes: SlotMinutes = 20
    shares: Shares = ()
    equipment: Equipment = frozenset()
    valid_from: Day
    valid_until: Day | None = None

    @model_validator(mode="after")
    def _is_a_rule(self) -> Self:
        if self.start >= self.end:
            raise ORDER
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise ORDER
        if sum(each is not None for each in (self.weekly, self.monthly, self.dates)) != 1:
            raise _RECURRENCE
        return self

    def request(self) -> RuleRequest:
        recurrence = _recurrence(self.weekly, self.monthly, self.dates, self.valid_from)
        assert recurrence is not None
        return RuleRequest(
            site=self.site,
            professional=self.professional,
            kinds=frozenset(self.kinds),
            rule=Rule(recurrence, self.start, self.end, self.valid_from, self.valid_until),
            grid=timedelta(minutes=self.slot_minutes),
            room=self.room,
            shares=counted(self.shares, self.slot_minutes),
            equipment=self.equipment,
        )


class ChangeRule(Body):
    """What is otherwise from a day on; what is not named stays. `shares` are all that is kept from then on, none when
    empty. `ends` means that the rule takes place no more."""

    model_config = example(
        {
            "from_day": "2027-03-01",
            "start": "08:30",
            "end": "12:30",
            "shares": [{"capacity_class": "same_day", "slots": 3}],
        }
    )

    from_day: Day
    weekly: WeeklyBody | None = None
    monthly: MonthlyBody | None = None
    dates: Dates | None = None
    start: LocalTime | None = None
    end: LocalTime | None = None
    kinds: Kinds | None = None
    equipment: Equipment | None = None
    slot_minutes: SlotMinutes | None = None
    shares: Shares | None = None
    room: ShortText | None = None
    any_room: Flag = False
    valid_until: Day | None = None
    without_end: Flag = False
    ends: Flag = False

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if sum(each is not None for each in (self.weekly, self.monthly, self.dates)) > 1:
            raise _RECURRENCE
        if self.room is not None and self.any_room:
            raise ONE_ROOM
        if self.valid_until is not None and self.without_end:
            raise _UNTIL
        require_countable(self.shares, self.slot_minutes)
        if self.ends and self.model_fields_set != {"from_day", "ends"}:
            raise _ENDS
        return self

    def change(self) -> RuleChange:
        return RuleChange(
            from_day=self.from_day,
            recurrence=_recurrence(self.weekly, self.monthly, self.dates, self.from_day),
            start=self.start,
            end=self.end,
            kinds=frozenset(self.kinds) if self.kinds else None,
            equipment=self.equipment,
            grid=timedelta(minutes=self.slot_minutes) if self.slot_minutes else None,
            room=self.room,
            any_room=self.any_room,
            shares=None if self.shares is None else counted(self.shares, self.slot_minutes or 1),
            valid_until=self.valid_until,
            without_end=self.without_end,
            ends=self.ends,
        )


class RuleView(BaseModel):
    """A rule, its sessions up to the horizon, and the days that have none."""

    rule: UUID
    sessions: list[SessionView]
    skipped: list[SkippedView]
    warnings: list[str]
    excess: ExcessView

    @classmethod
    def of(cls, it: RuleOpened) -> "RuleView":
        return cls(
            rule=it.id,
            sessions=[SessionView.of(session) for session in it.materialised.opened],
            skipped=[SkippedView.of(each) for each in it.materialised.skipped],
            warnings=list(it.warnings),
            excess=ExcessView.of(it.excess),
        )


class RuleChangedView(BaseModel):
    """The new version of a rule, and what became of its sessions."""

    followed: FollowedView
    rule: UUID
    version: int
    warnings: list[str]
    excess: ExcessView

    @classmethod
    def of(cls, it: RuleChanged) -> "RuleChangedView":
        return cls(
            followed=FollowedView.of(it.followed),
            rule=it.rule.id,
            version=it.rule.version,
            warnings=list(it.warnings),
            excess=ExcessView.of(it.excess),
        )


class VersionView(BaseModel):
    """A rule as it is from a day on."""

    version: int
    from_day: date
    ended: bool
    weekdays: list[int] | None
    every_weeks: int | None
    anchor: date | None
    nth: list[int] | None
    dates: list[date] | None
    start: WallClock
    end: WallClock
    kinds: list[str]
    room: str | None
    slot_minutes: int
    shares: dict[str, int]
    equipment: list[str]
    valid_until: date | None

    @classmethod
    def of(cls, it: StoredRule) -> "VersionView":
        recurrence = it.rule.recurrence
        return cls(
            version=it.version,
            from_day=it.from_day,
            ended=it.ended,
            weekdays=None if isinstance(recurrence, Listed) else sorted(recurrence.weekdays),
            every_weeks=recurrence.every_weeks if isinstance(recurrence, Weekly) else None,
            anchor=recurrence.anchor if isinstance(recurrence, Weekly) else None,
            nth=sorted(recurrence.nth) if isinstance(recurrence, Monthly) else None,
            dates=sorted(recurrence.dates) if isinstance(recurrence, Listed) else None,
            start=it.rule.start,
            end=it.rule.end,
            kinds=sorted(it.kinds),
            room=it.room,
            slot_minutes=int(it.grid.total_seconds() // 60),
            shares=dict(sorted(it.shares.items())),
            equipment=sorted(it.equipment),
            valid_until=it.rule.valid_until,
        )


class SeriesView(BaseModel):
    """A rule with all its versions: the one in force on a day is the latest that begins on or before it."""

    rule: UUID
    site: UUID
    professional: UUID
    materialised_until: date | None
    versions: list[VersionView]

    @classmethod
    def of(cls, it: Series) -> "SeriesView":
        return cls(
            rule=it.id,
            site=it.latest.site,
            professional=it.latest.professional,
            materialised_until=it.latest.materialised_until,
            versions=[VersionView.of(each) for each in it.versions],
        )


class RulesView(BaseModel):
    """The rules of a site."""

    rules: list[SeriesView]


@router.post(
    "/session-rules",
    status_code=201,
    response_model=RuleView,
    responses=describe(*STAFF, problems.RULE_WITHOUT_OCCURRENCE),
)
async def open_rule(body: OpenRule, command: Command) -> Response:
    """Open a recurrence; its sessions over the horizon exist at once."""
    allow(command, Right.PLAN, body.site)
    return await command.once(
        lambda tx: open_session_rule(tx, body.request(), rules_of(command), actor=command.actor, now=command.now),
        RuleView.of,
    )


@router.post(
    "/session-rules/{rule}/change",
    response_model=RuleChangedView,
    responses=describe(
        problems.RULE_UNKNOWN,
        problems.RULE_ENDED,
        problems.RULE_WITHOUT_OCCURRENCE,
        problems.CHANGE_PAST,
        problems.LATER_CHANGE_PLANNED,
        problems.END_BEFORE_START,
        problems.SITE_UNKNOWN,
        problems.PROFESSIONAL_UNKNOWN,
        problems.OUT_OF_CONTRACT,
        problems.KIND_UNKNOWN,
        problems.KIND_NOT_FOR_ROLE,
        problems.KIND_TOO_LONG,
        problems.SHARES_TOO_LARGE,
        problems.SESSION_TOO_LONG,
        problems.ROOM_WANTED,
        problems.EQUIPMENT_WANTED,
        problems.SESSION_OVERLAP,
    ),
)
async def change(rule: UUID, body: ChangeRule, command: Command) -> Response:
    """A new version of the rule from a day on; sessions still to come follow. Those edited by hand, begun, or whose
    patients would lose their place are left alone and listed. Changes planned for later days stay, with what this one
    names; the warning `planned-change-replaced` says that one of them was to change the same."""
    allow(command, Right.PLAN)
    return await command.once(
        lambda tx: change_session_rule(
            tx, rule, body.change(), rules_of(command), actor=command.actor, now=command.now
        ),
        RuleChangedView.of,
    )


@router.get("/session-rules", response_model=RulesView, responses=describe(problems.SITE_UNKNOWN))
async def see(query: Query, site: UUID) -> RulesView:
    """The rules of a site with their versions."""
    allow(query, Right.SEE_AGENDA, site)
    async with query.transaction() as tx:
        known = await see_rules(tx, site, rules_of(query), reader=query.actor)
    return RulesView(rules=[SeriesView.of(each) for each in known])


def _recurrence(
    weekly: WeeklyBody | None, monthly: MonthlyBody | None, dates: frozenset[date] | None, anchor: date
) -> Recurrence | None:
    if weekly:
        return Weekly(weekly.weekdays, weekly.anchor or anchor, weekly.every_weeks)
    if monthly:
        return Monthly(monthly.weekdays, monthly.nth)
    return Listed(dates) if dates else None
