"""Small worlds by chance, in which more counts than the hour of a place: the end is what the dry run counted."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from booking.domain.dated import Dated
from booking.domain.impact import Change, ChangeKind, DefaultPolicy
from booking.domain.intervals import Interval
from booking.domain.kinds import KindBooks, Preparation
from booking.domain.platform_kinds import platform_kinds
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.store import impacts
from booking.store.impacts import Item
from booking.use_cases.appointments.book_slot import BookRequest, book_slot
from booking.use_cases.impact.apply_impact import Application, apply_impact
from booking.use_cases.impact.plan_impact import Planned
from booking.use_cases.impact.settle_impact import settle_impact
from smp.problems import Refusal
from tests.booking.impact import AT_DAWN, TUESDAY, plan
from tests.booking.machine import World, courses, world_at
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, actor, paris

EXAMPLES = 25
GRID, TEN = timedelta(minutes=20), timedelta(minutes=10)
NINE, LAST = 0, 8  # steps of the grid from nine on

WAYS: tuple[dict[str, Any], ...] = (
    {},
    {"preparation": Preparation(TEN, same_room=False)},
    {"preparation": Preparation(TEN, same_room=True)},
    {"buffer_after": TEN},
)
"""What a consultation wants besides its hour."""


PATIENTS = 12
KINDS = ("consultation", "consultation", "consultation", "minor_emergency")
CHANGES = ("absence", "absence", "absence", "absence", "supervisor", "helper", "hours")


@dataclass(frozen=True)
class Hours:
    start: int
    length: int

    @property
    def text(self) -> tuple[str, str]:
        return clock(self.start), clock(self.start + self.length)


@dataclass(frozen=True)
class Practice:
    """A session of a doctor or an intern."""

    hours: Hours
    is_intern: bool
    kept: int
    day: date


@dataclass(frozen=True)
class Visit:
    """Somebody asks for a place; perhaps they do not get it."""

    session: int
    at: int
    patient: int
    kind: str


@dataclass(frozen=True)
class Small:
    way: int
    helpers: list[Hours]
    supervisors: list[Hours]
    practices: list[Practice]
    visits: list[Visit]
    change: tuple[str, int, Hours]
    policy: DefaultPolicy


def clock(step: int) -> str:
    minutes = 9 * 60 + 20 * step
    return f"{minutes // 60:02}:{minutes % 60:02}"


def small_world(luck: Random) -> Small:
    """Crowded: two full sessions that may be hit, and colleagues who have some room for some."""

    def some(first: int = NINE) -> Hours:
        return Hours(luck.randint(NINE, first), luck.randint(2, 6))

    crowded = [Practice(Hours(NINE, 6), luck.random() < 0.4, 0, MONDAY) for _ in range(2)]
    asked = [*product((0, 1), range(6)), *product((2,), range(2))]
    luck.shuffle(asked)
    colleagues = [
        Practice(some(2), luck.random() < 0.4, luck.choice((0, 0, 1, 2)), luck.choice((MONDAY, MONDAY, TUESDAY)))
        for _ in range(luck.randint(1, 4))
    ]
    return Small(
        way=luck.randrange(len(WAYS)),
        helpers=[Hours(NINE - 1, luck.randint(6, LAST)) for _ in range(luck.randint(1, 3))],
        supervisors=[Hours(NINE - 1, luck.randint(6, LAST)) for _ in range(luck.randint(1, 2))],
        practices=[*crowded, *colleagues],
        visits=[Visit(*place, luck.randrange(PATIENTS), luck.choice(KINDS)) for place in asked],
        change=(luck.choice(CHANGES), luck.randrange(2), luck.choice((Hours(NINE, 12), Hours(NINE, 12), some(3)))),
        policy=luck.choice((DefaultPolicy.MOVE, DefaultPolicy.MOVE, DefaultPolicy.CANCEL, DefaultPolicy.CALL)),
    )


@pytest.fixture(scope="module")
def world(postgres_url: str) -> Iterator[World]:
    with world_at(postgres_url, NOW) as world:
        yield world


def rules_of(way: int) -> Rules:
    """At most three acts in a half-day, that they matter."""
    kinds = [replace(kind, **WAYS[way]) if kind.code == "consultation" else kind for kind in platform_kinds()]
    return replace(RULES, kinds=KindBooks(tuple(kinds)), acts_per_half_day=Dated(3))


@dataclass
class Acted:
    """A small world as it is, in a centre of its own."""

    centre: Centre
    rules: Rules
    sessions: list[Session]
    supervisors: list[Session]
    helpers: list[Session]


async def acted(centre: Centre, it: Small) -> Acted:
    await centre.open()
    supervisors = [
        await centre.session(await centre.doctor(), *each.text, kinds=("teleconsultation",)) for each in it.supervisors
    ]
    helpers = [
        await centre.session(
            await centre.doctor("medical_assistant"), *each.text, kinds=("preparation",), room=f"soins {n}"
        )
        for n, each in enumerate(it.helpers)
    ]
    made = []
    for n, each in enumerate(it.practices):
        who = await (centre.intern_of(*(s.professional for s in supervisors)) if each.is_intern else centre.doctor())
        shares = {"same_day": min(each.kept, each.hours.length)} if each.kept else {}
        made.append(await centre.session(who, *each.hours.text, day=each.day, room=f"{n}", shares=shares))
    rules = rules_of(it.way)
    patients = [await centre.patient() for _ in range(PATIENTS)]
    for n, visit in enumerate(it.visits):
        session = made[visit.session]
        request = BookRequest(
            session.id,
            session.period.start + visit.at * GRID,
            visit.kind,
            patients[visit.patient],
        )
        with suppress(Refusal):
            async with centre.transaction() as tx:
                await book_slot(tx, request, rules, actor=SECRETARY, now=NOW + timedelta(minutes=n))
    return Acted(centre, rules, made, supervisors, helpers)


def change_of(it: Small, at: Acted) -> Change:
    what, which, lost = it.change
    if what == "hours":
        session = at.sessions[which]
        start, end = (paris(session.day, text) for text in lost.text)
        return Change(ChangeKind.SESSION_CHANGE, "shortened", session=session.id, period=Interval(start, end))
    whose = {"supervisor": at.supervisors, "helper": at.helpers or at.sessions}.get(what, at.sessions)
    session = whose[which % len(whose)]
    start, end = (paris(session.day, text) for text in lost.text)
    return Change(ChangeKind.ABSENCE, "ill", professional=session.professional, period=Interval(start, end))


async def ended(it: Small, at: Acted) -> tuple[Planned, list[Item]] | None:
    """The plan and its lines once carried out; nothing where nobody is hit."""
    try:
        planned = await plan(at.centre, change_of(it, at), rules=at.rules)
    except Refusal:
        return None
    if not planned.items:
        return None
    how = Application(it.policy)
    async with at.centre.transaction() as tx:
        await apply_impact(tx, planned.impact.id, how, at.rules, actor=actor(site=at.centre.site), now=AT_DAWN)
    await settle_impact(at.centre.database, planned.impact.id, at.rules, AT_DAWN)
    async with at.centre.transaction() as tx:
        return planned, await impacts.all_items(tx, planned.impact.id)


def test_the_end_is_what_the_dry_run_counted(world: World) -> None:
    met = Counter[str]()

    @settings(courses(EXAMPLES, 1), phases=(Phase.generate,))  # a smaller failure would take minutes to find
    @given(st.builds(Random, st.integers(0, 2**32)).map(small_world))
    def course(it: Small) -> None:
        note(repr(it))
        at = world.wait(acted(Centre(world.database.database), it))
        if done := world.wait(ended(it, at)):
            planned, items = done
            told = planned.impact.figures["outcomes"][it.policy]
            ends = Counter(item.outcome or "open" for item in items)
            assert {outcome: ends[outcome] for outcome in told} == told
            assert [item.note for item in items] == [None] * len(items)
            met.update(ends)

    course()
    assert {"kept", "moved", "call"} <= met.keys(), met
