"""What a centre is made of before its first patient: site, people, weekly hours of each, who answers for whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from smp_local.worlds.people import Town
from smp_local.worlds.platform import Staff

WORLDS = UUID("5e1d7b54-53aa-4c1e-9a72-000000000072")  # namespace of the ids of these worlds
DOCTOR_KINDS = ("consultation", "minor_emergency")
SOCIAL_KINDS = ("social",)
FIRST_WEEK = date(2017, 6, 5)  # a Monday: rotations are counted from it
DOCTORS = frozenset({"gp", "retired_gp", "intern"})


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the team. Names are invented; `rpps` is synthetic."""

    name: str  # short and stable: makes the id
    family_name: str
    given_name: str
    role: str
    rpps: str | None = None

    @property
    def id(self) -> UUID:
        return uuid5(WORLDS, self.name)


@dataclass(frozen=True, slots=True)
class Shift:
    """Weekly hours of one member in one room; every `every_weeks` weeks counted from `anchor`."""

    who: Member
    weekday: int  # 1 = Monday
    start: time
    end: time
    room: str
    kinds: tuple[str, ...] = DOCTOR_KINDS
    every_weeks: int = 1
    anchor: date = FIRST_WEEK

    @property
    def slot_minutes(self) -> int:
        return 30 if self.kinds == SOCIAL_KINDS else 20

    def falls_on(self, day: date) -> bool:
        weeks = (day - self.anchor).days // 7
        return day.isoweekday() == self.weekday and weeks % self.every_weeks == 0


@dataclass(frozen=True, slots=True)
class Centre:
    """One centre, as its coordinator would describe it on opening day."""

    key: str
    label: str
    territory: str
    opened_on: date
    site_body: dict[str, Any]
    members: tuple[Member, ...]
    shifts: tuple[Shift, ...]
    supervisions: tuple[tuple[Member, Member], ...]  # (intern, doctor)
    town: Town
    registered: int  # patients known before the first day that is played

    @property
    def site(self) -> UUID:
        return uuid5(WORLDS, f"site/{self.key}")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(str(self.site_body["zone"]))

    def roster(self, day: date) -> tuple[Shift, ...]:
        """Who receives on that day, in order of hour."""
        return tuple(sorted((s for s in self.shifts if s.falls_on(day)), key=lambda s: (s.start, s.room)))

    def staff(self, role: str, name: str | None = None) -> Staff:
        """A token for this site alone."""
        return Staff(f"{self.key}-{name or role}", role, self.territory, str(self.site))

    def token_of(self, member: Member) -> Staff:
        """The token that this member works with."""
        return Staff(str(member.id), member.role, self.territory, str(self.site))

    def secretaries(self) -> list[Staff]:
        return [self.token_of(member) for member in self.members if member.role == "secretary"]


def week(opens: tuple[tuple[str, str], ...], days: range = range(1, 6)) -> list[dict[str, Any]]:
    """Opening hours, Monday to Friday unless other days are given."""
    return [{"weekday": day, "opens": start, "closes": end} for day in days for start, end in opens]


def halves(
    who: Member, weekdays: tuple[int, ...], morning: tuple[int, int], afternoon: tuple[int, int], room: str,
    every_weeks: int = 1, anchor: date = FIRST_WEEK,
) -> Iterator[Shift]:  # fmt: skip
    """Two shifts a day, in whole hours."""
    for weekday in weekdays:
        for start, end in (morning, afternoon):
            yield Shift(who, weekday, time(start), time(end), room, every_weeks=every_weeks, anchor=anchor)
