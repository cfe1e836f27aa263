"""The versions of kinds that territories have decided."""

from datetime import datetime

from booking.domain.kinds import Compartment, Kind, Preparation
from smp.postgres import Reader, Record, Statements, Transaction

SQL = Statements.load(__package__, "kinds.sql")


async def decided(db: Reader, territory: str) -> list[Kind]:
    """Every version that a territory has decided; nothing of the platform's own kinds."""
    return [_kind(row) for row in await db.fetch(SQL.decided, territory)]


async def insert(tx: Transaction, territory: str, kind: Kind, at: datetime, by: str) -> bool:
    """Write a new version down; False when it exists already."""
    preparation = kind.preparation
    version = await tx.fetchval(
        SQL.insert,
        territory,
        kind.code,
        kind.version,
        kind.valid_from,
        kind.duration,
        kind.buffer_before,
        kind.buffer_after,
        sorted(kind.roles),
        sorted(kind.modes),
        kind.capacity_class,
        kind.compartment,
        kind.wants_eligibility,
        kind.unscheduled,
        kind.min_lead,
        kind.max_lead,
        kind.wants_room,
        sorted(kind.equipment),
        preparation and preparation.length,
        sorted(preparation.roles) if preparation else [],
        preparation is not None and preparation.same_room,
        kind.follow_up_only,
        kind.neutral_wording,
        kind.running_cap,
        at,
        by,
    )
    return version is not None


def _kind(row: Record) -> Kind:
    return Kind(
        code=row["code"],
        duration=row["duration"],
        roles=frozenset(row["roles"]),
        capacity_class=row["capacity_class"],
        wants_eligibility=row["wants_eligibility"],
        unscheduled=row["unscheduled"],
        buffer_before=row["buffer_before"],
        buffer_after=row["buffer_after"],
        modes=frozenset(row["modes"]),
        min_lead=row["min_lead"],
        max_lead=row["max_lead"],
        wants_room=row["wants_room"],
        equipment=frozenset(row["equipment"]),
        preparation=_preparation(row),
        follow_up_only=row["follow_up_only"],
        neutral_wording=row["neutral_wording"],
        compartment=Compartment(row["compartment"]),
        running_cap=row["running_cap"],
        valid_from=row["valid_from"],
        version=row["version"],
    )


def _preparation(row: Record) -> Preparation | None:
    if row["preparation"] is None:
        return None
    return Preparation(row["preparation"], frozenset(row["preparation_roles"]), row["preparation_same_room"])
