"""Agreements with part-timers, and which of registry's facts the agenda has followed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from booking.domain.presence import PresencePlan
from booking.store.sessions import Author
from smp.postgres import Record, Statements, Transaction

SQL = Statements.load(__package__, "presence.sql")

SITE, PROFESSIONAL = "site", "professional"


@dataclass(frozen=True, slots=True)
class Pending:
    """A site or a professional whose facts the agenda has not followed yet."""

    id: UUID
    territory: str
    subject: str


async def agree(tx: Transaction, plan: PresencePlan, site: UUID, territory: str, author: Author) -> int:
    """Write what was agreed, in the place of what was to come into force in its time; its version."""
    version: int = await tx.fetchval(
        SQL.agree,
        plan.professional,
        territory,
        site,
        plan.contract_start,
        plan.contract_end,
        sorted(plan.wished_weekdays),
        plan.weekly_cap,
        plan.yearly_cap,
        author.at,
        author.by,
    )
    return version


async def plans(tx: Transaction, professionals: Iterable[UUID]) -> dict[UUID, Sequence[PresencePlan]]:
    """What was agreed with those of them who have agreed something, in the order in which it comes into force."""
    known = [_plan(row) for row in await tx.fetch(SQL.plans, list(professionals))]
    return {who: tuple(of_one) for who, of_one in groupby(known, key=attrgetter("professional"))}


async def planned_at(tx: Transaction, site: UUID) -> set[UUID]:
    """With whom something was agreed at a site."""
    return {row["professional"] for row in await tx.fetch(SQL.plans_at, site)}


async def must_follow(tx: Transaction, id: UUID, territory: str, subject: str, sequence: int) -> None:
    """The agenda is to be looked at because of a fact of registry; one that is heard again (a rebuild) does nothing."""
    await tx.execute(SQL.must_follow, id, territory, subject, sequence)


async def look_again(tx: Transaction, professional: UUID, territory: str) -> None:
    """Their sessions are to be looked at, everywhere, because of a change of ours in that territory."""
    await tx.execute(SQL.look_again, professional, territory)


async def pending(tx: Transaction) -> list[Pending]:
    return [Pending(**dict(row)) for row in await tx.fetch(SQL.pending)]


async def take(tx: Transaction, it: Pending) -> bool:
    """True when it is still to be done, by this transaction."""
    return bool(await tx.fetchval(SQL.take, it.id))


def _plan(row: Record) -> PresencePlan:
    return PresencePlan(
        professional=row["professional"],
        contract_start=row["contract_start"],
        contract_end=row["contract_end"],
        wished_weekdays=frozenset(row["wished_weekdays"]),
        weekly_cap=row["weekly_cap"],
        yearly_cap=row["yearly_cap"],
    )
