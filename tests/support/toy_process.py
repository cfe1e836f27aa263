"""The toy service as a process: `python -m tests.support.toy_process run`."""

from smp.consumer import Delivery
from smp.contracts import SlotBooked
from smp.postgres import Transaction
from smp.service import Service
from smp.settings import BaseSettings
from tests.support.toy_service import router


async def note_booking(tx: Transaction, delivery: Delivery[SlotBooked]) -> None:
    """One note per booking."""
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
