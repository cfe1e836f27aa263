"""A copy of the repository in which faults are planted and tests are run; the working tree is never touched."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from smp_local.home import REPOSITORY
from tests.mutants.mutant import Mutant
from tests.mutants.witness import BOOK

PATIENCE = 600.0  # seconds for the tests of one mutant: one that hangs is not caught by name
LONG_PATIENCE = 3600.0  # seconds for all of them
COPIED = ("shared", "services", "deploy", "tests", "docs", "pyproject.toml", "README.md", "Makefile")
LEFT = shutil.ignore_patterns("__pycache__", "*.pyc", ".smp", "build", "bench", "chaos")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`caught_by` is the test that failed; else `trouble` says why there is none."""

    caught_by: str | None
    trouble: str = ""


@dataclass
class Workshop:
    """`root` is the copy; `environment` is that of every run."""

    root: Path
    environment: dict[str, str]
    _stamp: float = field(default=0.0)

    @contextlib.contextmanager
    def planted(self, mutant: Mutant) -> Iterator[None]:
        """The copy with one fault in it, and whole again afterwards."""
        path = self.root / mutant.file
        whole = path.read_text()
        self._write(path, mutant.changed(whole))
        try:
            yield
        finally:
            self._write(path, whole)

    def run(self, tests: Sequence[str], patience: float = PATIENCE) -> Verdict:
        """Run until the first failure."""
        book = self.root / "witness.txt"
        book.unlink(missing_ok=True)
        code, said = self._pytest(tests, book, patience)
        lines = book.read_text().splitlines() if book.exists() else []
        for line in lines:
            phase, _, name = line.partition(" ")
            if phase == "call":
                return Verdict(name)
        if code == 0:
            return Verdict(None, "every test passed")
        return Verdict(None, lines[0] if lines else said[-1500:])

    def _pytest(self, tests: Sequence[str], book: Path, patience: float) -> tuple[int, str]:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "tests.mutants.witness", "--hypothesis-seed=0"]
        with subprocess.Popen(
            [*command, *tests],
            cwd=self.root,
            env={**self.environment, BOOK: str(book)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                said, _ = process.communicate(timeout=patience)
            except BaseException as error:
                os.killpg(process.pid, signal.SIGKILL)
                if isinstance(error, subprocess.TimeoutExpired):
                    return 1, f"no end after {patience:g} s"
                raise
        return process.returncode, said

    def _write(self, path: Path, text: str) -> None:
        """Each writing has its own second, else Python might take a stale bytecode for the fresh one."""
        path.write_text(text)
        self._stamp = max(self._stamp + 2, path.stat().st_mtime)
        os.utime(path, (self._stamp, self._stamp))


@contextlib.contextmanager
def workshop(servers: dict[str, str]) -> Iterator[Workshop]:
    """A fresh copy, removed at the end; `servers` says by environment where PostgreSQL and Kafka are."""
    root = Path(tempfile.mkdtemp(prefix="smp-mutants-"))
    try:
        for name in COPIED:
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=LEFT)
            else:
                shutil.copy2(source, root / name)
        members = ["shared", "deploy/local", *(f"services/{each.name}" for each in (root / "services").iterdir())]
        places = [str(root), *(str(root / member) for member in members)]
        yield Workshop(root, {**os.environ, **servers, "PYTHONPATH": os.pathsep.join(places)})
    finally:
        shutil.rmtree(root, ignore_errors=True)
