"""`make status` is believed by scripts: its code is 0 only when everything is healthy."""

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from smp_local import status
from smp_local.home import Home, read_json, write_json
from smp_local.processes import birth


class Answer(http.server.BaseHTTPRequestHandler):
    """A service whose readiness is what the test says."""

    code = 200

    def do_GET(self) -> None:
        self.send_response(self.code)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
    Answer.code = 200


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).make()


def running(home: Home, port: int, *, state: str = "ready", pid: int | None = None, phase: str = "ready") -> None:
    """A platform of one service, played by the process of the tests."""
    me = {"pid": os.getpid(), "born": birth(os.getpid())}
    pid = os.getpid() if pid is None else pid
    row = {"name": "booking", "state": state, "pid": pid, "born": birth(pid) or 1.0, "port": port, "restarts": 0}
    write_json(home.state, {"supervisor": me, "phase": phase, "ports": {}, "processes": [row]})


def test_it_is_0_when_every_process_is_healthy(home: Home, port: int, capsys: pytest.CaptureFixture[str]) -> None:
    running(home, port)
    assert status.show(home) == 0
    shown = capsys.readouterr().out
    assert "booking" in shown
    assert str(port) in shown
    assert str(os.getpid()) in shown


def test_it_is_1_when_nothing_runs(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.show(home) == 1
    assert "make run" in capsys.readouterr().out


def test_it_is_1_when_a_service_says_that_it_is_not_ready(home: Home, port: int) -> None:
    Answer.code = 503
    running(home, port)
    assert status.show(home) == 1


def test_it_is_1_when_a_process_is_dead_whatever_was_last_written(
    home: Home, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    running(home, port, pid=gone.pid)
    assert status.show(home) == 1
    assert "mort" in capsys.readouterr().out


@pytest.mark.parametrize("state", ["starting", "restarting", "paused", "stopped"])
def test_it_is_1_while_a_process_is_in_any_other_state(home: Home, port: int, state: str) -> None:
    running(home, port, state=state)
    assert status.show(home) == 1


def test_it_is_1_while_the_platform_starts_or_stops(home: Home, port: int) -> None:
    running(home, port, phase="starting")
    assert status.show(home) == 1


def test_it_is_1_when_the_supervisor_is_dead_and_its_children_live(
    home: Home, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    running(home, port)
    state = read_json(home.state)
    write_json(home.state, {**state, "supervisor": {"pid": os.getpid(), "born": 1.0}})
    assert status.show(home) == 1
    assert "make stop" in capsys.readouterr().out


def test_stop_ends_what_a_dead_supervisor_left(home: Home, port: int) -> None:
    orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    running(home, port, pid=orphan.pid)
    state = read_json(home.state)
    write_json(home.state, {**state, "supervisor": {"pid": os.getpid(), "born": 1.0}})
    assert status.stop(home, lambda *_: None) == 0
    assert orphan.wait(10) is not None


def test_stop_of_nothing_is_no_fault(home: Home) -> None:
    assert status.stop(home, lambda *_: None) == 0
