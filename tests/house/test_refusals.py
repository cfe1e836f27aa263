"""A caller finds in the OpenAPI document every refusal that a route may answer with: what a use case says it raises is
described by each route that calls it, and it says what it raises. Read from the code, so that no new one is forgotten.
"""

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest
from fastapi.routing import APIRoute

from booking import problems
from booking.api import ROUTERS
from booking.use_cases.appointments.steps import RoomStep
from smp.problems import ProblemType

BOOKING = Path(problems.__file__).parents[1]
USE_CASES = sorted((BOOKING / "use_cases").rglob("*.py"))
ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
REFUSALS = {name: it for name, it in vars(problems).items() if isinstance(it, ProblemType)}

_SAYS = re.compile(r"(?:Raises Refusal|refuses as)\b(.*?)(?:\n\n|$)", re.DOTALL)
_NAME = re.compile(r"\b[A-Z][A-Z_]+\b")
_AS_ANOTHER = re.compile(r"`(\w+)`")


@cache
def _sayings() -> dict[str, tuple[str, ...]]:
    """What the functions of each name say they raise."""
    found: dict[str, tuple[str, ...]] = {}
    for path in USE_CASES:
        for each in ast.walk(ast.parse(path.read_text())):
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                said = _SAYS.findall(ast.get_docstring(each) or "")
                found[each.name] = (*found.get(each.name, ()), *said)
    return found


def said_by(function: str) -> set[str]:
    """The refusals that a use case names, and those of the others that it names."""
    names, seen, todo = set[str](), {function}, [function]
    while todo:
        sayings = _sayings().get(current := todo.pop(), ())
        assert len(sayings) <= 1, f"which {current}?"
        for said in sayings:
            names.update(_NAME.findall(said))
            todo += [other for other in _AS_ANOTHER.findall(said) if other not in seen]
            seen.update(todo)
    return names & REFUSALS.keys()


def called_by(route: Callable[..., Any]) -> Iterator[str]:
    """The use cases that a route calls, itself or by helpers of its own file."""
    seen, todo = {route}, [route]
    while todo:
        function = todo.pop()
        assert isinstance(function, FunctionType)
        names = set(_names(function.__code__))
        for value in (function.__globals__[name] for name in sorted(names & function.__globals__.keys())):
            if isinstance(value, RoomStep):
                yield from _functions(importlib.import_module(value.make.__module__))
            elif isinstance(value, ModuleType) and _is_use_case(value.__name__):
                yield from (name for name in _functions(value) if name in names)
            elif isinstance(value, FunctionType) and _is_use_case(value.__module__):
                yield value.__name__
            elif isinstance(value, FunctionType) and value.__module__ == route.__module__ and value not in seen:
                seen.add(value)
                todo.append(value)


def _is_use_case(module: str) -> bool:
    return module.startswith("booking.use_cases.")


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _functions(module: ModuleType) -> list[str]:
    return [name for name, it in inspect.getmembers(module, inspect.isfunction) if it.__module__ == module.__name__]


def described_by(route: APIRoute) -> set[str]:
    told = " ".join(each["description"] for each in route.responses.values())
    return {name for name, it in REFUSALS.items() if f"`{it.type}`" in told}


@pytest.mark.parametrize("route", ROUTES, ids=lambda it: f"{min(it.methods or ())} {it.path}")
def test_a_route_describes_all_that_its_use_case_raises(route: APIRoute) -> None:
    raised = {refusal for use_case in called_by(route.endpoint) for refusal in said_by(use_case)}
    assert raised <= described_by(route)


def test_applying_a_plan_describes_what_the_calendar_refuses() -> None:
    """It notes the absence or the closure, or changes the session, by the calendar's own hands."""
    apply = next(route for route in ROUTES if route.path.endswith("/{impact}/application"))
    assert said_by("draft_cut") | said_by("cut") <= described_by(apply)


def test_routes_and_use_cases_are_seen_by_these_tests() -> None:
    """A reader of code that finds nothing would find nothing wrong."""
    commands = [route for route in ROUTES if "GET" not in (route.methods or ())]
    assert len(commands) > 30
    assert [route.path for route in commands if not any(said_by(each) for each in called_by(route.endpoint))] == []
    assert {"TOO_MANY_ACTS", "PATIENT_ERASED", "SLOT_TAKEN"} <= said_by("book_slot")


@pytest.mark.parametrize("path", USE_CASES, ids=lambda path: path.stem)
def test_a_file_of_use_cases_says_what_it_refuses(path: Path) -> None:
    tree = ast.parse(path.read_text())
    refused = {
        word
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) in {"Refusal", "refuse", "placing.refuse"}
        for word in _NAME.findall(" ".join(ast.unparse(each) for each in call.args[:2]))
    }
    said = {word for each in ast.walk(tree) if isinstance(each, _DOCUMENTED) for word in _words(each)}
    assert refused & REFUSALS.keys() <= said


_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef)


def _words(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    told = ast.get_docstring(function) or ""
    return {*_NAME.findall(told), *(each for other in _AS_ANOTHER.findall(told) for each in said_by(other))}
