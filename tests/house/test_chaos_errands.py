"""Whatever booking can be asked to do is asked for on each Monday of the chaos run: a route without errand is named
here, a statement that never ran by the report of a full run."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

from booking.api.rights import ROUTES
from smp_local.addresses import Addresses
from smp_local.day.conductor import Conductor
from smp_local.day.player import Player
from smp_local.worlds.history import Entry
from smp_local.worlds.platform import Answer, Json, Platform
from tests.chaos.asked import by_statement, commands, never_asked, never_written, writers
from tests.chaos.errands.antenna import antenna
from tests.chaos.errands.ernee import ERNEE
from tests.chaos.errands.monday import Errands
from tests.chaos.report import FULL, Report

MONDAY = datetime(2026, 11, 23, tzinfo=UTC).date()
NINE = datetime(2026, 11, 24, 8, tzinfo=UTC)
WHO = [str(member.id) for centre in (ERNEE, antenna(MONDAY)) for member in centre.members]


class Agreeable(Platform):
    """Says yes to everything, and has room for everybody."""

    def __init__(self, clock_file: Path) -> None:
        self.addresses = cast(Addresses, SimpleNamespace(clock_file=clock_file))
        self.paths: list[str] = []

    async def command(self, *given: Any, **_: Any) -> Answer:
        service, path = given[1:3]
        if service == "booking":
            self.paths.append(path)
        made = ("appointment", "entry", "id", "impact", "reachability", "rule", "session")
        return Answer(201, {**{name: str(uuid4()) for name in made}, "expires_at": NINE.isoformat()})

    async def read(self, *_: Any, **__: Any) -> Answer:
        slots = [self._slot(who, place) for who in WHO for place in range(4)]
        return Answer(200, {"slots": slots, "offers": [{"state": "running", "offer": str(uuid4())}]})

    def _slot(self, who: str, place: int) -> Json:
        start = NINE + place * timedelta(minutes=20)
        return {"session": str(uuid4()), "professional": who, "start": start.isoformat()}


def entry(route: str, outcome: Any = "ok") -> Entry:
    path = route.partition(" ")[2].replace("{", "").replace("}", "")
    return Entry(route, "booking", path, outcome=outcome)


async def test_each_command_of_booking_is_asked_for_on_each_monday(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    platform, conductor = Agreeable(clock), Conductor(clock, NINE - timedelta(days=10))
    plan = SimpleNamespace(day=MONDAY, called_on=MONDAY - timedelta(days=4))
    Errands(platform, cast(Player, SimpleNamespace(conductor=conductor, plans=(plan,)))).schedule()

    await conductor.hurry(NINE + timedelta(days=1))

    assert conductor.is_idle
    assert never_asked([Entry(path, "booking", path, outcome="ok") for path in platform.paths]) == []


def test_a_command_that_was_never_accepted_is_named() -> None:
    move = "POST /v1/appointments/{appointment}/move"
    all_but_it = [entry(route) for route in ROUTES if route != move]
    assert never_asked(all_but_it) == [move]
    assert never_asked([*all_but_it, entry(move, "refused")]) == [move]
    assert never_asked([*all_but_it, entry(move)]) == []


def test_a_statement_that_never_ran_is_named() -> None:
    met = [f"booking: booking.use_cases.x.y:1 > {each}:2 > smp.postgres.execute:3 before" for each in writers()]
    lost = "booking.store.impacts.lose_place"
    assert never_written(met) == []
    assert never_written(each for each in met if lost not in each) == [lost]


def test_each_statement_that_writes_is_run_by_a_function_whose_place_can_be_met() -> None:
    assert len(by_statement()) > 50
    assert [name for name, functions in by_statement().items() if not functions] == []


def test_a_full_run_in_which_something_was_forgotten_proves_nothing() -> None:
    report = Report(seed=1, asked=0)
    assert report.forgotten == [*sorted(commands()), *sorted(writers())]
    assert report.is_clean
    report.asked, report.kills = FULL, cast(Any, [None] * FULL)
    assert not report.is_clean
