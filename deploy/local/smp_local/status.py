"""`make status`, `make stop`: what runs here, and its clean end."""

import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil

from smp_local import screen
from smp_local.addresses import supervisor_lives
from smp_local.home import Home, read_json
from smp_local.processes import is_alive, memory, port_answers, wait_until
from smp_local.programs import answers
from smp_local.supervisor import stop_leftovers

ENGINES = {"postgres", "kafka"}
WORDS = {
    "starting": "démarre",
    "ready": "prêt",
    "restarting": "relancé",
    "paused": "en pause",
    "stopped": "arrêté",
    "dead": "mort",
    "mute": "ne répond pas",
}


@dataclass(frozen=True)
class Row:
    """One process as it is now, not as its supervisor last wrote it."""

    name: str
    state: str
    pid: int | None
    port: int
    memory: int
    restarts: int

    @property
    def healthy(self) -> bool:
        return self.state == "ready"


def rows(home: Home) -> list[Row]:
    """Every process that the state file knows, each looked at now."""
    state: Any = read_json(home.state) or {}
    return [_look(process) for process in state.get("processes", [])]


def _look(process: Mapping[str, Any]) -> Row:
    pid, state = process["pid"], process["state"]
    alive = pid is not None and is_alive(pid, process["born"])
    if state == "ready" and not alive:
        state = "dead"
    if state == "ready" and not _serves(process["name"], process["port"]):
        state = "mute"
    seen = memory(pid) if alive else 0
    return Row(process["name"], state, pid if alive else None, process["port"], seen, process["restarts"])


def _serves(name: str, port: int) -> bool:
    return port_answers(port) if name in ENGINES else answers(port)()


def show(home: Home) -> int:
    """Prints a row per process; 0 only when the supervisor lives and every process is healthy."""
    state: Any = read_json(home.state) or {}
    lives = bool(state) and supervisor_lives(state)
    found = rows(home)
    if not lives and not any(row.pid for row in found):
        screen.say("La plateforme ne tourne pas. « make run » la démarre.")
        return 1
    columns = ["processus", "état", "pid", "port", "mémoire", "relances"]
    screen.table(columns, [_cells(row) for row in found])
    if not lives:
        screen.warn("Le superviseur est mort et ces processus lui survivent : « make stop » les arrête.")
        return 1
    total = sum(row.memory for row in found) + memory_of_supervisor(state)
    screen.say(f"Total : {total // 1_000_000} Mo, superviseur compris (processus {state['supervisor']['pid']}).")
    return 0 if state["phase"] == "ready" and found and all(row.healthy for row in found) else 1


def memory_of_supervisor(state: Mapping[str, Any]) -> int:
    """Its own resident bytes, without its children."""
    return int(psutil.Process(state["supervisor"]["pid"]).memory_info().rss)


def _cells(row: Row) -> list[str]:
    size = f"{row.memory // 1_000_000} Mo" if row.memory else "–"
    return [row.name, WORDS.get(row.state, row.state), str(row.pid or "–"), str(row.port), size, str(row.restarts)]


def stop(home: Home, say: Callable[[str], None]) -> int:
    """Asks the supervisor for a clean end and waits for it; stops what a dead supervisor left. 0 when nothing runs."""
    state: Any = read_json(home.state) or {}
    if state and supervisor_lives(state):
        pid, born = state["supervisor"]["pid"], state["supervisor"]["born"]
        say("Arrêt demandé…")
        _send(pid, signal.SIGTERM)
        if not wait_until(lambda: not is_alive(pid, born), seconds=120):
            say(f"Le superviseur (processus {pid}) ne s'arrête pas : arrêt forcé.")
            _send(pid, signal.SIGKILL)
            wait_until(lambda: not is_alive(pid, born), seconds=10)
    left = stop_leftovers(home, say)
    say("Tout est arrêté ; les données sont gardées." if state or left else "Rien ne tournait.")
    return 0


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
