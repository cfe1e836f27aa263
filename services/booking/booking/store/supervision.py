"""Who answers for interns, from where; and the appointments that nobody covers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from booking.domain.appointments import OFFERS, RELEASING, Appointment, State
from booking.domain.dated import Dated
from booking.domain.intervals import Interval
from booking.domain.sessions import Session
from booking.domain.supervision import Act, Lost, Reach
from booking.store.appointment_rows import appointment_of
from booking.store.sessions import session_of
from smp.postgres import Reader, Record, Statements, Transaction

SQL = Statements.load(__package__, "supervision.sql")


@dataclass(frozen=True, slots=True)
class InternAct:
    """An appointment of an intern, as far as its coverage goes."""

    id: UUID
    site: UUID
    session: UUID
    professional: UUID
    patient: UUID | None
    state: State
    version: int
    period: Interval
    is_unsupported: bool
    is_offer: bool

    @property
    def act(self) -> Act:
        return Act(self.professional, self.site, self.period)


@dataclass(frozen=True, slots=True)
class Unsupported:
    """An appointment nobody covers where it stands, since when and why."""

    it: Appointment
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Reachability:
    """A declaration that a supervisor answers the telephone."""

    id: UUID
    territory: str
    reach: Reach
    is_withdrawn: bool = False


async def one_booking_at_a_time(tx: Transaction, territory: str, days: Collection[date]) -> None:
    """Wait for other bookings of interns on these days; later ones wait for this transaction."""
    await tx.execute(SQL.one_booking_at_a_time, territory, sorted(days))


async def acts_of_day(tx: Transaction, territory: str, day: date, now: datetime) -> list[InternAct]:
    """What interns do on a day, in order of seniority; no expired hold."""
    return (await acts_of_days(tx, territory, [day], now))[day]


async def acts_of_days(
    db: Reader, territory: str, days: Collection[date], now: datetime
) -> dict[date, list[InternAct]]:
    """The same of several days."""
    acts: dict[date, list[InternAct]] = {day: [] for day in days}
    for row in await db.fetch(SQL.acts_of_days, territory, list(days), sorted(RELEASING), now):
        acts[row["day"]].append(_act(row, is_unsupported=row["is_unsupported"]))
    return acts


async def reaches(db: Reader, territory: str, period: Interval) -> list[Reach]:
    rows = await db.fetch(SQL.reaches, territory, period.start, period.end)
    return [Reach(row["supervisor"], Interval(row["starts_at"], row["ends_at"]), row["site"]) for row in rows]


async def presence_of_supervisors(db: Reader, interns: Collection[UUID], period: Interval) -> list[Session]:
    """Open sessions of the supervisors of these interns, wherever they are."""
    rows = await db.fetch(SQL.presence_of_supervisors, list(interns), period.start, period.end)
    return [session_of(row) for row in rows]


async def ask_again(tx: Transaction, territory: str, days: Sequence[date]) -> None:
    """Have the coverage of these days looked at again, after the commit."""
    await tx.execute(SQL.ask_again, territory, days)


async def ask_again_of_reaches(tx: Transaction, supervisor: UUID, period: Interval) -> None:
    """A supervisor is away, or back: whom they cover by telephone is to be looked at again."""
    await tx.execute(SQL.ask_again_of_reaches, supervisor, period.start, period.end)


async def ask_again_for_all_days(tx: Transaction, territory: str, now: datetime) -> None:
    await tx.execute(SQL.ask_again_for_all_days, territory, now)


async def judge_by(tx: Transaction, ratio: Dated, *, begins: bool) -> list[str]:
    """This process judges coverage by this ratio, where others do not by another one: the territories for which it is
    new. `begins`: it has just been started, and so has the setting that counts."""
    return [row["territory"] for row in await tx.fetch(SQL.judge_by, str(ratio), begins) if row["is_new"]]


async def territories_to_spread(tx: Transaction, asked_before: datetime) -> list[str]:
    return [row["territory"] for row in await tx.fetch(SQL.territories_to_spread, asked_before)]


async def spread(tx: Transaction, territory: str, first: date) -> None:
    """Every day from `first` on is to be looked at, once the bookings that run now have committed."""
    await tx.execute(SQL.territory_alone, territory)
    await tx.execute(SQL.spread, territory, first)


async def days_to_look_at(tx: Transaction, ratio: Dated) -> list[tuple[str, date]]:
    """Where coverage is judged by this ratio."""
    return [(row["territory"], row["day"]) for row in await tx.fetch(SQL.days_to_look_at, str(ratio))]


async def take_day(tx: Transaction, territory: str, day: date) -> None:
    await tx.execute(SQL.take_day, territory, day)


async def look_at_free_places(tx: Transaction, day: date, now: datetime, until: datetime) -> None:
    """What interns of the territory have free on a day, up to `until`, is gone through for whoever waits for it."""
    await tx.execute(SQL.look_at_free_places, day, now, until)


async def step(tx: Transaction, changed: Sequence[InternAct], now: datetime, by: str) -> dict[UUID, int]:
    """One version further for those nobody else is busy with; their new versions."""
    rows = await tx.fetch(SQL.step, [each.id for each in changed], [each.version for each in changed], now, by)
    return {row["id"]: row["version"] for row in rows}


async def mark_unsupported(tx: Transaction, lost: Sequence[tuple[InternAct, Lost]], since: datetime) -> None:
    await tx.execute(SQL.mark_unsupported, [it.id for it, _ in lost], since, [why for _, why in lost])


async def clear_unsupported(tx: Transaction, regained: Sequence[InternAct]) -> None:
    await tx.execute(SQL.clear_unsupported, [it.id for it in regained])


async def unsupported_at(tx: Transaction, site: UUID, now: datetime, states: Collection[State]) -> list[Unsupported]:
    rows = await tx.fetch(SQL.unsupported_at, site, now, sorted(states))
    found = []
    for row in rows:
        columns = dict(row)
        since, why = columns.pop("uncovered_since"), columns.pop("uncovered_why")
        found.append(Unsupported(appointment_of(columns), since, why))
    return found


async def reasons_of(tx: Transaction, appointments: Collection[UUID], states: Collection[State]) -> dict[UUID, str]:
    """Why nobody covers those of these appointments that are unsupported where they stand."""
    rows = await tx.fetch(SQL.reasons_of, list(appointments), sorted(states)) if appointments else []
    return {row["appointment"]: row["reason"] for row in rows}


async def declare_reachable(tx: Transaction, it: Reachability, by: str, now: datetime) -> None:
    reach = it.reach
    await tx.execute(
        SQL.declare_reachable,
        it.id,
        it.territory,
        reach.supervisor,
        reach.site,
        reach.period.start,
        reach.period.end,
        now,
        by,
    )


async def lock_reachability(tx: Transaction, id: UUID) -> Reachability | None:
    row = await tx.fetchrow(SQL.lock_reachability, id)
    if row is None:
        return None
    reach = Reach(row["supervisor"], Interval(row["starts_at"], row["ends_at"]), row["site"])
    return Reachability(row["id"], row["territory"], reach, row["withdrawn_at"] is not None)


async def withdraw_reachability(tx: Transaction, id: UUID, by: str, now: datetime) -> None:
    await tx.execute(SQL.withdraw_reachability, id, now, by)


def _act(row: Record, *, is_unsupported: bool) -> InternAct:
    state = State(row["state"])
    return InternAct(
        id=row["id"],
        site=row["site"],
        session=row["session"],
        professional=row["professional"],
        patient=row["patient"],
        state=state,
        version=row["version"],
        period=Interval(row["starts_at"], row["ends_at"]),
        is_unsupported=is_unsupported,
        is_offer=state is State.HELD and row["channel"] == OFFERS,
    )
