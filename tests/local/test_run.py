"""`make run`, whole: every process of a platform, as its own user meets them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from smp_local.home import read_json
from smp_local.processes import is_alive, wait_until
from tests.support.ports import free_ports

FIRST = 240  # seconds that a start may take on a busy machine before the test gives up
COMMAND = [sys.executable, "-m", "smp_local"]


class Run:
    """One `make run` without a world, in a folder."""

    def __init__(self, home: Path, base: int) -> None:
        self.home, self.base = home, base
        self.output = home.with_suffix(".txt")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--home", str(self.home), "--ports", str(self.base), "--no-world"]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen([*COMMAND, "run", *options], stdout=output, stderr=output)
        process = self.process
        settled = wait_until(lambda: "Ctrl-C" in self.said() or process.poll() is not None, seconds=FIRST)
        assert settled, self.said()
        assert process.poll() is None, self.said()

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def verb(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *words, "--home", str(self.home)], capture_output=True, text=True, check=False, timeout=FIRST
        )

    def pids(self) -> list[int]:
        return [row["pid"] for row in read_json(self.home / "state.json")["processes"]]

    def end(self) -> None:
        self.verb("stop")
        if self.process is not None:
            self.process.wait(60)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(tmp_path_factory.mktemp("world") / "home", free_ports().postgres)
    run.start()
    yield run
    run.end()


def test_every_process_is_healthy_and_the_budget_is_told(run: Run) -> None:
    status = run.verb("status")
    assert status.returncode == 0, status.stdout
    for name in ("postgres", "kafka", "identity", "sms", "registry", "booking", "notifications", "reporting"):
        assert name in status.stdout
    assert "Prêt à servir" in run.said()
    assert "Mémoire résidente" in run.said()
    assert "\x1b" not in run.said()


def test_a_second_run_of_the_same_world_is_refused(run: Run) -> None:
    second = run.verb("run", "--no-world")
    assert second.returncode == 1
    assert "tourne déjà" in second.stderr


def test_another_world_on_the_same_ports_is_told_which_one_is_taken(run: Run, tmp_path: Path) -> None:
    command = [*COMMAND, "run", "--no-world", "--home", str(tmp_path), "--ports", str(run.base)]
    second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert second.returncode == 1
    assert str(run.base) in second.stderr
    assert "Traceback" not in second.stdout + second.stderr


def test_a_token_of_a_role_is_given_and_an_unknown_role_is_refused(run: Run) -> None:
    assert run.verb("token", "--role", "gp").stdout.count(".") == 2
    refused = run.verb("token", "--role", "king")
    assert refused.returncode == 1
    assert "secretary" in refused.stderr


def test_no_process_listens_beyond_this_machine(run: Run) -> None:
    listening = {
        connection.laddr[0]
        for pid in run.pids()
        for connection in psutil.Process(pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_a_projection_is_rebuilt_and_its_service_comes_back(run: Run) -> None:
    rebuilt = run.verb("rebuild", "--service", "reporting")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    assert run.verb("status").returncode == 0


def test_a_service_that_listens_to_nobody_is_not_stopped_to_be_rebuilt(run: Run) -> None:
    refused = run.verb("rebuild", "--service", "registry")
    assert refused.returncode == 1
    assert "n'écoute personne" in refused.stderr
    assert run.verb("status").returncode == 0


def test_after_kill_9_of_the_supervisor_the_next_run_recovers_and_stop_leaves_nobody(run: Run) -> None:
    assert run.process is not None
    orphans = run.pids()
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait()
    assert run.verb("status").returncode == 1
    run.start()
    assert not any(is_alive(pid) for pid in orphans)
    children = run.pids()
    assert run.verb("stop").returncode == 0
    assert run.process.wait(60) == 0
    assert not any(is_alive(pid) for pid in children)
    assert run.verb("status").returncode == 1
