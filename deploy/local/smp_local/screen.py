"""What a person reads: colours and tables on a terminal, plain lines elsewhere."""

import os
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from smp_local.trouble import Trouble

_console = Console(highlight=False, soft_wrap=True)
_errors = Console(highlight=False, soft_wrap=True, stderr=True)


def say(text: str, style: str = "") -> None:
    """One line; a reader that has gone away (a closed pipe) is no reason to stop."""
    _write(_console, text, style)


def _write(console: Console, text: str, style: str = "") -> None:
    try:
        if console.is_terminal:
            console.print(text, style=style or None, markup=False)
        else:
            print(text, flush=True, file=console.file)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), console.file.fileno())


def good(text: str) -> None:
    say(text, "green")


def warn(text: str) -> None:
    say(text, "yellow")


def explain(trouble: Trouble) -> None:
    """What happened and what to do; not among what a command gives, which another may read."""
    _write(_errors, "")
    _write(_errors, trouble.what, "bold red")
    _write(_errors, f"→ {trouble.remedy}")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal; elsewhere aligned columns that grep and awk can read."""
    if _console.is_terminal:
        drawn = Table(*columns, header_style="bold")
        for row in rows:
            drawn.add_row(*row)
        _console.print(drawn)
        return
    lines = [columns, *rows]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
