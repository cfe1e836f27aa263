"""What dies is started again, what must end ends in order, what was left behind is found."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from smp_local import supervisor as supervisor_module
from smp_local.home import Home, read_json, write_json
from smp_local.processes import birth, free_port, is_alive
from smp_local.programs import answers
from smp_local.supervisor import Program, Supervisor, pause_file, stop_leftovers
from smp_local.trouble import Trouble

SERVER = """
import http.server, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("bye", flush=True)))
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).make()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
async def supervisor(home: Home, said: list[str]) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(home, {}, said.append, pauses=(0.01, 1.0))
    yield supervisor
    await supervisor.stop()


def server(name: str = "booking") -> Program:
    port = free_port()
    command = [sys.executable, "-c", SERVER, str(port)]
    return Program(name, name, port, command=lambda: command, ready=answers(port, "/"))


def script(text: str, name: str = "booking") -> Program:
    return Program(name, name, 1, command=lambda: [sys.executable, "-c", text], ready=lambda: False)


def has_restarted(home: Home, times: int) -> bool:
    return row(home)["restarts"] == times


async def until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was awaited did not come"
        await asyncio.sleep(0.02)


def row(home: Home, name: str = "booking") -> dict[str, object]:
    rows = read_json(home.state)["processes"]
    return next(row for row in rows if row["name"] == name)


async def test_what_dies_is_started_again_and_it_is_said(supervisor: Supervisor, home: Home, said: list[str]) -> None:
    await supervisor.start(server())
    first = supervisor.watched()[0].pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: row(home)["state"] == "ready" and row(home)["restarts"] == 1)
    assert row(home)["pid"] != first
    assert any("booking" in line and "SIGKILL" in line for line in said)


async def test_the_pause_before_a_restart_grows_with_deaths_in_a_row(
    supervisor: Supervisor, home: Home, said: list[str]
) -> None:
    await supervisor.start(server())
    for deaths in (1, 2, 3):
        await until(lambda: row(home)["state"] == "ready")
        pid = supervisor.watched()[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(partial(has_restarted, home, deaths))
    assert [line.split("relance dans ")[1] for line in said] == ["0.01 s.", "0.02 s.", "0.04 s."]


async def test_a_program_that_dies_at_its_first_start_is_explained_with_its_last_words(supervisor: Supervisor) -> None:
    with pytest.raises(Trouble) as told:
        await supervisor.start(script("print('SMP_HTTP_PORT is missing'); raise SystemExit(2)"))
    assert "SMP_HTTP_PORT is missing" in told.value.what
    assert "booking.log" in told.value.remedy


async def test_a_program_that_never_serves_is_named(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "FIRST_START", 0.2)
    with pytest.raises(Trouble, match="booking"):
        await supervisor.start(script("import time; time.sleep(600)"))


async def test_stop_ends_the_last_started_first_and_lets_each_say_goodbye(home: Home, said: list[str]) -> None:
    supervisor = Supervisor(home, {}, said.append)
    await supervisor.start(server("postgres"))
    await supervisor.start(server("booking"))
    pids = [one.pid for one in supervisor.watched()]
    await supervisor.stop()
    assert not any(is_alive(pid) for pid in pids if pid)
    notes = [json.loads(line) for line in (home.logs / "supervisor.log").read_text().splitlines()]
    assert [note["process"] for note in notes if note["event"] == "process_stopped"] == ["booking", "postgres"]
    assert (home.logs / "booking.log").read_text() == "bye\n"
    assert read_json(home.state)["phase"] == "stopped"


async def test_everything_is_stopped_even_when_nothing_can_be_written_any_more(
    home: Home, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    supervisor = Supervisor(home, {}, said.append)
    await supervisor.start(server("postgres"))
    await supervisor.start(server("booking"))
    pids = [one.pid for one in supervisor.watched()]
    monkeypatch.setattr(supervisor_module, "write_json", full)
    await supervisor.stop()
    assert not any(is_alive(pid) for pid in pids if pid)


async def test_a_program_that_does_not_end_is_ended(home: Home, said: list[str]) -> None:
    deaf = server()
    command = [sys.executable, "-c", SERVER.replace("sys.exit(print", "str(print"), str(deaf.port)]
    supervisor = Supervisor(home, {}, said.append)
    await supervisor.start(
        Program("booking", "booking", deaf.port, command=lambda: command, ready=deaf.ready, patience=0.3)
    )
    pid = supervisor.watched()[0].pid
    assert pid is not None
    await supervisor.stop()
    assert not is_alive(pid)
    assert any("arrêt forcé" in line for line in said)


async def test_a_service_is_held_back_while_it_is_rebuilt(supervisor: Supervisor, home: Home) -> None:
    await supervisor.start(server())
    write_json(pause_file(home, "booking"), [os.getpid(), birth(os.getpid())])
    await until(lambda: row(home)["state"] == "paused")
    assert row(home)["pid"] is None
    pause_file(home, "booking").unlink()
    await until(lambda: row(home)["state"] == "ready")
    assert row(home)["restarts"] == 0


async def test_a_rebuild_that_was_killed_does_not_hold_its_service_back_for_ever(
    supervisor: Supervisor, home: Home
) -> None:
    await supervisor.start(server())
    write_json(pause_file(home, "booking"), [os.getpid(), 12.5])  # a pid that another process has taken since
    await until(lambda: not pause_file(home, "booking").exists())
    assert row(home)["state"] == "ready"


def test_what_a_killed_supervisor_left_is_stopped_at_the_next_start(home: Home, said: list[str]) -> None:
    orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    left = {"name": "booking", "pid": orphan.pid, "born": birth(orphan.pid)}
    write_json(home.state, {"processes": [left]})
    assert stop_leftovers(home, said.append) == 1
    assert orphan.wait(10) == -signal.SIGTERM


def test_a_process_that_only_recycles_a_pid_is_left_alone(home: Home, said: list[str]) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    born = birth(stranger.pid)
    assert born is not None
    write_json(home.state, {"processes": [{"name": "booking", "pid": stranger.pid, "born": born - 100}]})
    assert stop_leftovers(home, said.append) == 0
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_state_file_cut_in_the_middle_is_not_an_obstacle(home: Home, said: list[str]) -> None:
    home.state.write_text('{"processes": [{"name": "boo')
    assert stop_leftovers(home, said.append) == 0


def test_two_supervisors_cannot_hold_the_same_world(home: Home) -> None:
    with home.only_one(), pytest.raises(Trouble, match="tourne déjà"), home.only_one():
        pass
