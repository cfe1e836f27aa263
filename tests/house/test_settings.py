"""The table of settings that a centre reads is that of the code: every name, every default."""

import re
from datetime import time
from pathlib import Path
from typing import Any

from booking.settings import Settings
from smp.settings import BaseSettings

README = Path(__file__).parents[2] / "services" / "booking" / "README.md"


def _rows() -> list[list[str]]:
    """The cells of the table, row by row: names, meaning, defaults, since when a change counts."""
    table = README.read_text().split("\n## Settings\n")[1].split("\n\n")[1]
    lines = [line.strip("| ").split(" | ") for line in table.splitlines()]
    return lines[2:]


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
