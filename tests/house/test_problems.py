"""Every refusal of a service has a name and a type of its own."""

import ast
import importlib
from pathlib import Path

import pytest

SERVICES = sorted({path.parent for path in Path(__file__).parents[2].glob("services/*/*/problems*")})


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_no_refusal_takes_the_name_or_the_type_of_another(service: Path) -> None:
    """The later of two of one name would answer for the earlier."""
    defined = [
        (ast.unparse(line.targets[0]), ast.unparse(line.value.args[0]))
        for path in (*service.glob("problems.py"), *service.glob("problems/*.py"))
        for line in ast.parse(path.read_text()).body
        if isinstance(line, ast.Assign)
        and isinstance(line.value, ast.Call)
        and ast.unparse(line.value.func) == "ProblemType"
    ]
    assert defined
    for words in zip(*defined, strict=True):
        assert sorted(set(words)) == sorted(words)
    had = vars(importlib.import_module(f"{service.name}.problems"))
    assert {name for name, _ in defined} <= had.keys()
