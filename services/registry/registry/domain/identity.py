"""Who a patient is: names, birth date, sex; and when two records are the same person."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from registry.domain.names import display_name, name_key, search_keys
from registry.domain.rules import Rule, RuleBroken

Sex = Literal["female", "male", "unknown"]

OLDEST_YEARS = 125


@dataclass(frozen=True, slots=True)
class Identity:
    """The traits of a person: `given_names` in civil order, at least one; `used_name` is that of daily life."""

    birth_name: str
    given_names: tuple[str, ...]
    birth_date: date
    sex: Sex
    used_name: str | None = None

    @property
    def display_name(self) -> str:
        return display_name(self.birth_name, self.given_names, self.used_name)

    @property
    def search_keys(self) -> frozenset[str]:
        used = (self.used_name,) if self.used_name else ()
        return search_keys((self.birth_name, *used, *self.given_names))

    @property
    def duplicate_key(self) -> "DuplicateKey":
        return DuplicateKey(name_key(self.birth_name), name_key(self.given_names[0]), self.birth_date)


@dataclass(frozen=True, slots=True)
class DuplicateKey:
    """Two records with the same key are taken for one person until a human says otherwise.

    Sex is not part of it: a sex typed wrong is a common way to create a second record of one person.
    """

    birth_name: str
    first_given_name: str
    birth_date: date


def identity(
    birth_name: str, given_names: tuple[str, ...], birth_date: date, sex: Sex, used_name: str | None, *, now: datetime
) -> Identity:
    """The identity as it will be stored. Raises RuleBroken for an empty name or an impossible birth date."""
    birth_name = _clean(birth_name)
    given = tuple(_clean(name) for name in given_names)
    used = _clean(used_name) if used_name else None
    if not given or not all(name_key(name) for name in (birth_name, *given)):
        raise RuleBroken(Rule.NAME_EMPTY)
    if used is not None and not name_key(used):
        raise RuleBroken(Rule.NAME_EMPTY)
    check_birth_date(birth_date, now)
    return Identity(birth_name, given, birth_date, sex, None if used == birth_name else used)


def check_birth_date(birth_date: date, now: datetime) -> None:
    """Raises RuleBroken when the date is still to come everywhere in France, or more than 125 years ago."""
    if birth_date > latest_french_date(now):
        raise RuleBroken(Rule.BIRTH_DATE_FUTURE)
    if age(birth_date, latest_french_date(now)) > OLDEST_YEARS:
        raise RuleBroken(Rule.BIRTH_DATE_TOO_OLD)


def latest_french_date(now: datetime) -> date:
    """The date in the French territory that is furthest ahead (Wallis-et-Futuna, UTC+12)."""
    return (now + timedelta(hours=12)).date()


def age(birth_date: date, on: date) -> int:
    """Age in completed years; a person born on 29 February gains a year on 1 March."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def _clean(name: str) -> str:
    return " ".join(name.split())
