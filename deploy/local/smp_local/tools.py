"""`make test`, `check`, `bench`, `chaos`, `mutants`, `contracts`: each is one or a few commands in the repository."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from smp_local import screen
from smp_local.home import REPOSITORY

CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ruff : défauts", ("ruff", "check", ".")),
    ("ruff : mise en forme", ("ruff", "format", "--check", ".")),
    ("mypy : types", ("mypy",)),
    ("import-linter : qui importe qui", ("lint-imports",)),
)
HOUSE = REPOSITORY / "tests" / "house"  # what linters cannot say


def test(arguments: Sequence[str]) -> int:
    """Everything but the long programs (chaos, bench), or what the arguments name."""
    apart = ["--ignore=tests/chaos", "--ignore=tests/bench"]
    return _python("-m", "pytest", *(arguments or ["tests", *apart]))


def check() -> int:
    """Every check is run, so that one reading shows all that is wrong; non-zero when one fails."""
    failed = [what for what, command in CHECKS if _say_and_run(what, [_tool(command[0]), *command[1:]])]
    house = "SQL préparé contre le schéma, tables fermées, domaines purs"
    if _say_and_run(house, [sys.executable, "-m", "pytest", "-q", str(HOUSE)]):
        failed.append(house)
    if failed:
        screen.warn(f"À corriger : {' ; '.join(failed)}")
        return 1
    screen.good("Tout est en ordre.")
    return 0


def bench(arguments: Sequence[str]) -> int:
    return _python("-m", "tests.bench", *arguments)


def chaos(arguments: Sequence[str]) -> int:
    return _python("-m", "tests.chaos", *arguments)


def fuzz(arguments: Sequence[str]) -> int:
    return _python("-m", "tests.fuzz", *arguments)


def mutants(arguments: Sequence[str]) -> int:
    return _python("-m", "tests.mutants", *arguments)


def contracts(arguments: Sequence[str]) -> int:
    return _python("-m", "smp.contracts", *(arguments or ["check"]))


def _say_and_run(what: str, command: Sequence[str]) -> int:
    screen.say(f"— {what}")
    return _run(command)


def _python(*arguments: str) -> int:
    return _run([sys.executable, *arguments])


def _run(command: Sequence[str]) -> int:
    """Its exit code; Ctrl-C reaches the tool itself, which says what it must."""
    try:
        return subprocess.run(command, cwd=REPOSITORY, env=_environment(), check=False).returncode
    except KeyboardInterrupt:
        return 130


def _tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _environment() -> dict[str, str]:
    tools = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}"}
