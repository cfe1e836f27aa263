"""Rules of the house that import-linter cannot say: a pure domain, and traps that must not come back."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOMAINS = sorted((ROOT / "services").glob("*/*/domain"))
SOURCES = sorted(
    file for top in ("services", "shared", "deploy") for file in (ROOT / top).rglob("*.py") if ".venv" not in file.parts
)

# What a pure rule must not ask for: the time, chance, files, the network.
IMPURE_CALLS = {"now", "today", "utcnow", "uuid4", "uuid7", "new_id", "open", "print", "input"}
IMPURE_MODULES = {"random", "secrets", "time", "os", "socket", "asyncio", "logging", "pathlib", "subprocess"}


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda folder: folder.parent.name)
def test_a_domain_imports_only_itself_and_the_standard_library(domain: Path) -> None:
    own = f"{domain.parent.name}.domain"
    foreign = {
        f"{file.name}: {name}"
        for file in domain.rglob("*.py")
        for name in imports(ast.parse(file.read_text()))
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith(own)
    }
    assert foreign == set()


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda folder: folder.parent.name)
def test_a_domain_knows_no_clock_no_chance_and_no_files(domain: Path) -> None:
    impure = set()
    for file in domain.rglob("*.py"):
        tree = ast.parse(file.read_text())
        impure |= {f"{file.name}: {name}" for name in imports(tree) if name.split(".")[0] in IMPURE_MODULES}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in IMPURE_CALLS:
                impure.add(f"{file.name}:{node.lineno}: {name}()")
    assert impure == set()


def test_nobody_calls_publish_batch() -> None:
    """FastStream's batch publish sends all keys to one random partition: order per key would be lost."""
    assert [file.name for file in SOURCES if "publish_batch(" in file.read_text()] == []


def test_nobody_notifies_inside_a_transaction() -> None:
    """NOTIFY takes an instance-wide lock at commit: 60 % of the throughput (DESIGN §3.2)."""
    guilty = [
        file.name
        for file in [*SOURCES, *(ROOT / "services").rglob("*.sql"), *(ROOT / "shared").rglob("*.sql")]
        if "pg_notify" in file.read_text()
    ]
    assert guilty == []
