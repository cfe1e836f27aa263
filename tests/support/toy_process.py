"""The toy service as a process: `python -m tests.support.toy_process run`."""

import os
import signal
from pathlib import Path

from smp.consumer import Delivery
from smp.contracts import SlotBooked
from smp.postgres import Transaction
from smp.service import Service
from smp.settings import BaseSettings
from tests.support.toy_service import router


def fall_into_the_trap() -> None:
    """Die as by kill -9, once, where `TOY_TRAP` names a file."""
    trap = Path(os.environ.get("TOY_TRAP", "/nonexistent"))
    if trap.exists():
        trap.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


async def note_booking(tx: Transaction, delivery: Delivery[SlotBooked]) -> None:
    """One note per booking; where a test left a trap, the process dies once in the middle of its work."""
    fall_into_the_trap()
    await tx.execute(
        "INSERT INTO note (id, territory, text) VALUES ($1, $2, 'booked')",
        delivery.data.appointment,
        delivery.event.territory,
    )


SERVICE = Service(
    "toy",
    BaseSettings,
    package="tests.support.toy",
    routers=[router],
    handlers={SlotBooked: note_booking},
    projections=["note"],
)

if __name__ == "__main__":
    SERVICE.main()
