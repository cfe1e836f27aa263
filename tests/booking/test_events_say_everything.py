"""Two decisions that differ in any one thing are told by events that differ: a field that is added is said, or named
here with the reason why not."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from booking.domain.capacity import Share
from booking.domain.intervals import Interval
from booking.domain.kinds import Compartment, Kind, Preparation
from booking.domain.presence import PresencePlan
from booking.domain.recurrence import Listed, Monthly, Rule, Weekly
from booking.domain.sessions import Session
from booking.domain.supervision import Reach
from booking.store.closures import Closure
from booking.store.rules import StoredRule
from booking.store.supervision import Reachability
from booking.use_cases.appointments import announcing
from booking.use_cases.availability.declare_distance import Distance, distance_declared
from booking.use_cases.calendar import announcing_calendar
from booking.use_cases.kinds import announcing_kinds
from booking.use_cases.supervision.reachability import reachable
from tests.booking.world import MONDAY, NOW, monday

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ONE, OTHER, SITE, WHO = (UUID(int=n) for n in (1, 2, 3, 4))
HOURS = Interval(monday("09:00"), monday("12:00"))
OTHER_HOURS = (Interval(monday("10:00"), monday("12:00")), Interval(monday("09:00"), monday("13:00")))


@dataclass
class Heard:
    """Stands for a transaction: what was published in it, as others read it."""

    said: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, event: Any) -> None:
        self.said.append(
            {**event.data.model_dump(mode="json"), "territory": event.territory, "type": type(event.data).__name__}
        )


@dataclass(frozen=True)
class Walk:
    """How something decided is told, and of each of its fields another value; `unsaid` are those that no event says."""

    base: Any
    tell: Callable[[Any, Any], None]
    otherwise: dict[str, Any]
    unsaid: frozenset[str] = frozenset()

    def told(self, it: Any) -> dict[str, Any]:
        heard = Heard()
        self.tell(heard, it)
        (said,) = heard.said
        return said


PREPARED = Preparation(10 * MINUTE)
RULE = Rule(Weekly(frozenset({1}), MONDAY), time(9), time(12), MONDAY)
KIND = Kind(
    "care", 20 * MINUTE, frozenset({"nurse"}), min_lead=10 * MINUTE, max_lead=9 * DAY, preparation=PREPARED, version=1
)
WALKS = {
    "kind": Walk(
        KIND,
        lambda tx, it: announcing_kinds.decided(tx, "53", it, NOW),
        {
            "code": "other_care", "duration": 25 * MINUTE, "roles": frozenset({"gp"}), "capacity_class": "same_day",
            "wants_eligibility": True, "unscheduled": True, "buffer_before": 5 * MINUTE, "buffer_after": 5 * MINUTE,
            "modes": frozenset({"AMB", "VR"}), "min_lead": 11 * MINUTE, "max_lead": None, "wants_room": True,
            "equipment": frozenset({"spirometer"}), "preparation": None, "follow_up_only": True,
            "neutral_wording": True, "compartment": Compartment.SILENT, "running_cap": 2, "valid_from": MONDAY,
        },
        frozenset({"version"}),  # the sequence
    ),
    "preparation": Walk(
        PREPARED,
        lambda tx, it: announcing_kinds.decided(tx, "53", replace(KIND, preparation=it), NOW),
        {"length": 15 * MINUTE, "roles": frozenset({"nurse"}), "same_room": False},
    ),
    "rule": Walk(
        StoredRule(ONE, 1, MONDAY, "53", SITE, WHO, None, frozenset({"care"}), 20 * MINUTE, RULE),
        lambda tx, it: announcing_calendar.rule_decided(tx, it, NOW),
        {
            "id": OTHER, "from_day": MONDAY + DAY, "territory": "72", "site": OTHER, "professional": OTHER, "room": "1",
            "kinds": frozenset({"follow_up"}), "grid": 15 * MINUTE, "rule": replace(RULE, start=time(8)),
            "ended": True, "shares": {"online": 2}, "equipment": frozenset({"spirometer"}),
        },
        frozenset({"version", "materialised_until"}),  # the sequence; what was opened is said of each session
    ),
    "recurrence": Walk(
        RULE,
        lambda tx, it: announcing_calendar.rule_decided(
            tx, StoredRule(ONE, 1, MONDAY, "53", SITE, WHO, None, frozenset({"care"}), 20 * MINUTE, it), NOW
        ),
        {
            "recurrence": (
                Weekly(frozenset({2}), MONDAY), Weekly(frozenset({1}), MONDAY, 2),
                Weekly(frozenset({1}), MONDAY + 7 * DAY), Monthly(frozenset({1}), frozenset({1})),
                Monthly(frozenset({2}), frozenset({1})), Monthly(frozenset({1}), frozenset({-1})),
                Listed(frozenset({MONDAY})), Listed(frozenset({MONDAY + DAY})),
            ),
            "start": time(8), "end": time(13), "valid_until": date(2027, 6, 1),
        },
        frozenset({"valid_from"}),  # no version counts from an earlier day (`from_day`)
    ),
    "session": Walk(
        Session(ONE, "53", SITE, WHO, "gp", None, frozenset({"care"}), MONDAY, HOURS, 20 * MINUTE),
        lambda tx, it: announcing.session_opened(tx, it, None, NOW),
        {
            "id": OTHER, "territory": "72", "site": OTHER, "professional": OTHER, "role": "nurse", "room": "1",
            "kinds": frozenset({"follow_up"}), "period": OTHER_HOURS, "grid": 15 * MINUTE,
            "shares": ((Share("online", 1),), (Share("online", 2),), (Share("online", 1, NOW),), (Share("desk", 1),)),
            "equipment": frozenset({"spirometer"}),
        },
        frozenset({"day"}),  # that of its start, by the clock of the site
    ),
    "agreement": Walk(
        PresencePlan(WHO, MONDAY, None, frozenset({1}), None, None),
        lambda tx, it: announcing_calendar.presence_agreed(tx, it, SITE, "53", 1, NOW),
        {
            "professional": OTHER, "contract_start": MONDAY + DAY, "contract_end": MONDAY + DAY,
            "wished_weekdays": frozenset({2}), "weekly_cap": 4, "yearly_cap": 100,
        },
    ),
    "closure": Walk(
        Closure(ONE, "53", SITE, HOURS, "works"),
        lambda tx, it: announcing_calendar.shut(tx, it, NOW),
        {
            "id": OTHER, "territory": "72", "site": OTHER, "period": OTHER_HOURS, "reason": "meeting", "room": "1",
            "professional": WHO,
        },
    ),
    "absence": Walk(
        Closure(ONE, "53", SITE, HOURS, "leave", professional=WHO),
        lambda tx, it: announcing_calendar.shut(tx, it, NOW),
        {"id": OTHER, "territory": "72", "period": OTHER_HOURS, "professional": OTHER},
        frozenset({"reason", "site", "room"}),  # never why; away is away everywhere
    ),
    "distance": Walk(
        Distance(ONE, OTHER, 20),
        lambda tx, it: distance_declared(tx, it, "53", 1, NOW),
        {"site": SITE, "other": SITE, "minutes": 21},
    ),
    "reach": Walk(
        Reach(WHO, HOURS),
        lambda tx, it: reachable(tx, Reachability(ONE, "53", it), NOW),
        {"supervisor": OTHER, "period": OTHER_HOURS, "site": SITE},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WALKS)
def test_every_field_is_walked(name: str) -> None:
    walk = WALKS[name]
    assert walk.otherwise.keys() | walk.unsaid == {each.name for each in fields(walk.base)}
    assert not walk.otherwise.keys() & walk.unsaid


@pytest.mark.parametrize(("name", "setting"), [(name, each) for name, walk in WALKS.items() for each in walk.otherwise])
def test_what_differs_in_one_thing_is_told_otherwise(name: str, setting: str) -> None:
    walk = WALKS[name]
    values = walk.otherwise[setting]
    told = [walk.told(walk.base)]
    for value in values if isinstance(values, tuple) else (values,):
        said = walk.told(replace(walk.base, **{setting: value}))
        assert said not in told, value
        told.append(said)


def test_a_changed_session_is_told_as_an_opened_one() -> None:
    session = WALKS["session"].base
    heard = Heard()
    announcing.session_opened(heard, session, ONE, NOW)  # type: ignore[arg-type]
    announcing.session_changed(heard, session, 2, ONE, NOW)  # type: ignore[arg-type]
    opened, changed = ({**each, "type": None} for each in heard.said)
    assert opened == changed
    assert opened["rule"] == str(ONE)


@pytest.mark.parametrize("setting", ["reason", "site"])
def test_an_absence_never_says_why_nor_where(setting: str) -> None:
    walk = WALKS["absence"]
    other = {"reason": "training", "site": OTHER}[setting]
    assert walk.told(replace(walk.base, **{setting: other})) == walk.told(walk.base)
