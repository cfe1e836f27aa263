"""The tables of settings that a centre reads are those of the code: every name, every default, since when it counts."""

import re
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from booking.api.kinds import DecideKind, KindView
from booking.domain.kinds import Kind
from booking.domain.sessions import LONGEST_HOURS
from booking.settings import Settings
from smp.settings import BaseSettings

README = Path(__file__).parents[2] / "services" / "booking" / "README.md"


NAMELESS = {"site", "code", "valid_from"}  # of a decision about a kind: which one, and from when on


def _table(head: str) -> list[list[str]]:
    """The cells of the table that begins so, row by row."""
    (table,) = [each for each in README.read_text().split("\n\n") if each.startswith(f"| {head} |")]
    lines = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()]
    return lines[2:]


def _rows() -> list[list[str]]:
    """Names, meaning, defaults, since when a change counts."""
    return _table("`SMP_…`")


def _told() -> list[tuple[str, str]]:
    found = []
    for names, _meaning, defaults, _since in _rows():
        fields = [name.lower() for name in re.findall(r"`([A-Z_]+)`", names)]
        found += list(zip(fields, [each.strip("`") for each in defaults.split(" · ")], strict=True))
    return found


def _written(default: Any) -> str:
    if isinstance(default, time):
        return default.isoformat("minutes")
    return f"{default:g}" if isinstance(default, float) else str(default)


def test_the_table_of_settings_names_each_setting_once_with_its_default() -> None:
    own = {name: it for name, it in Settings.model_fields.items() if name not in BaseSettings.model_fields}
    told = _told()
    assert len(told) == len(dict(told))
    assert dict(told) == {name: _written(it.default) for name, it in own.items()}


def test_every_setting_says_what_it_means_and_since_when_a_change_counts() -> None:
    assert all(len(row) == 4 for row in _rows())
    assert all(meaning and since for _names, meaning, _defaults, since in _rows())


def test_every_rule_tells_its_setting_its_default_and_since_when_it_may_change() -> None:
    defaults = {f"{name.upper()}": _written(it.default) for name, it in Settings.model_fields.items()}
    for row in _table("rule"):
        assert len(row) == 5, row[0]
        assert all(row), row[0]
        _rule, _meaning, names, default, since = row
        named = [defaults[each] for name in re.findall(r"`([A-Z_]+…?)`", names) for each in _meant(name, defaults)]
        told = [each.strip("`") for each in re.split(" · |; ", default)]
        assert told[len(told) - len(named) :] == named, row[0]
        assert (default == "—") == (names == "—"), row[0]
        assert names != "—" or since == "fixed" or "fact" in since, row[0]


def _meant(name: str, known: dict[str, str]) -> list[str]:
    """`OFFERS_…` is each setting that begins so, in the order of the code."""
    return [each for each in known if each.startswith(name[:-1])] if name.endswith("…") else [name]


def test_the_table_of_a_kinds_settings_names_each_once_with_its_default() -> None:
    rows = _table("setting")
    assert all(len(row) == 4 for row in rows)
    assert all(since.startswith("day of the version") for *_, since in rows)
    told = [
        pair
        for names, _meaning, defaults, _since in rows
        for pair in zip(re.findall(r"`([a-z_]+)`", names), defaults.split(", "), strict=True)
    ]
    bare = KindView.of(Kind("any", timedelta(), frozenset())).model_dump()
    wanted = {"duration_minutes": "wanted", "roles": "wanted"}
    code = {name: _plain(bare[name]) for name in DecideKind.model_fields.keys() - NAMELESS}
    assert len(told) == len(dict(told))
    assert dict(told) == {**code, **wanted}


def test_the_longest_kind_that_is_told_is_the_longest_there_is() -> None:
    (meaning,) = [meaning for names, meaning, *_ in _table("setting") if names == "`duration_minutes`"]
    assert re.findall(r"at most (\d+) h", meaning) == [str(LONGEST_HOURS // timedelta(hours=1))]


def _plain(default: Any) -> str:
    """As a table tells what a kind has when nothing was decided."""
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, list):
        return ", ".join(default) or "none"
    return "none" if default is None else str(default)
