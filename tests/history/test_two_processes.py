"""Secretaries at two processes, one of which is killed: what they were told is what happened, once, in their order.

`HISTORY_COMMANDS=20000` plays longer, `HISTORY_SEED` otherwise.
"""

import os
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

from smp.clock import set_demo_clock
from tests.booking.world import MONDAY, Centre, paris
from tests.history.checker import check
from tests.history.crowd import Crowd, slots_of
from tests.history.processes import two_bookings
from tests.history.reading import read
from tests.support.databases import ServiceDatabase

COMMANDS = int(os.environ.get("HISTORY_COMMANDS", "900"))
SEED = int(os.environ.get("HISTORY_SEED", "1"))
CLIENTS = 10
SPEED = 30.0  # a hold of one minute lasts two seconds
# Holds that end while others want their place; no rest of a place, which `tests/booking/test_cool_down.py` looks at.
SETTINGS = {"SMP_HOLD_MINUTES": "1", "SMP_COOL_DOWN_MINUTES": "0", "SMP_FLOAT_NOTICE_HOURS": "0"}
LONG = 5_000  # commands, among which somebody has given way; a short play may have no such hour
GRID = timedelta(minutes=20)


async def test_what_many_were_told_by_two_processes_is_what_happened(
    booking_database: ServiceDatabase, tmp_path: Path
) -> None:
    centre = await Centre(booking_database.database).open()
    doctors = [await centre.doctor() for _ in range(2)]
    people = [*doctors, await centre.intern_of(doctors[0])]
    sessions = [await centre.session(who, room=room) for who, room in zip(people, ("1", "2", None), strict=True)]
    locum = await centre.doctor()
    closing = [await centre.session(locum, f"{hour}:00", f"{hour}:40") for hour in range(13, 20)]
    sessions += closing
    patients = [str(await centre.patient()) for _ in range(20)]
    slots = [slot for each in sessions for slot in slots_of(str(each.id), each.period.start, each.period.end, GRID)]
    morning = paris(MONDAY, "08:00")
    async with two_bookings(booking_database, tmp_path, morning, SPEED, **SETTINGS) as two:
        crowd = Crowd(two, centre.site, slots, [str(each.id) for each in closing], patients, random.Random(SEED))
        # The hour of the first comes while all play, however long the processes took to start.
        set_demo_clock(tmp_path / "clock.json", paris(MONDAY, "08:58"), SPEED)
        await crowd.play(COMMANDS, CLIENTS)
        await two.stop()
        evidence = await read(booking_database, [centre.site], sessions, patients, crowd.operations)
    assert check(evidence) == ()
    assert crowd.faults == []
    outcomes = Counter(each.outcome for each in crowd.operations)
    assert sum(outcomes.values()) >= COMMANDS
    assert crowd.left_out() == set(), "each sort of command has gone well at least once"
    assert COMMANDS < LONG or "SlotFloated" in {each.event for each in evidence.said}
    assert min(outcomes["ok"], outcomes["fail"], outcomes["unknown"]) > 0, "all three must have been seen"
