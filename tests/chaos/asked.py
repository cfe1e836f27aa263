"""All that booking can do, read from its own code, and what of it a run never had it do.

A place that is never met is not numbered. So the run asks the code, not itself: each command among the routes, and each
statement that writes. The latter are what commands, jobs and handlers of registry's facts have for durable effects.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeGuard

from booking import store
from booking.api.rights import ROUTES
from smp_local.worlds.history import Entry

STORE = Path(store.__path__[0])
_STATEMENT = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)
_COMMENT = re.compile(r"--.*")
_WRITES = re.compile(r"\b(INSERT INTO|DELETE FROM|(?<!FOR )(?<!KEY )UPDATE \w)")


def commands() -> frozenset[str]:
    """The routes that change something, as `POST /v1/appointments/{appointment}/move`."""
    return frozenset(route for route in ROUTES if not route.startswith("GET "))


def never_asked(entries: Iterable[Entry]) -> list[str]:
    """The commands that were never accepted."""
    accepted = {entry.path for entry in entries if entry.service == "booking" and entry.outcome == "ok"}
    return sorted(route for route in commands() if not any(map(_pattern(route).fullmatch, accepted)))


def never_written(points: Iterable[str]) -> list[str]:
    """The functions of the store that write and at which no process ever was."""
    met = {function for point in points for function in re.findall(r"booking\.store\.\w+\.\w+", point)}
    return sorted(writers() - met)


@cache
def writers() -> frozenset[str]:
    """The functions of the store whose statements write, as the failpoints call them."""
    return frozenset(function for functions in by_statement().values() for function in functions)


def by_statement() -> dict[str, list[str]]:
    """Each statement that writes, as `sessions.cancel`, and the functions that run it."""
    found: dict[str, list[str]] = {}
    for file in sorted(STORE.glob("*.sql")):
        running = _running(file.with_suffix(".py"))
        for name in _writing(file.read_text()):
            functions = [function for function, statements in running.items() if name in statements]
            found[f"{file.stem}.{name}"] = [f"booking.store.{file.stem}.{function}" for function in functions]
    return found


def _writing(sql: str) -> Iterator[str]:
    parts = _STATEMENT.split(sql)
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        if _WRITES.search(_COMMENT.sub("", body)):
            yield name


def _running(module: Path) -> dict[str, set[str]]:
    """The statements that each function of a module names."""
    functions = [each for each in ast.walk(ast.parse(module.read_text())) if isinstance(each, ast.AsyncFunctionDef)]
    return {function.name: {node.attr for node in ast.walk(function) if _is_statement(node)} for function in functions}


def _is_statement(node: ast.AST) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "SQL"


@cache
def _pattern(route: str) -> re.Pattern[str]:
    path = route.partition(" ")[2]
    return re.compile(
        "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"({\w+})", path))
    )
