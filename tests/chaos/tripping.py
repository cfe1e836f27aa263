"""Runs inside a victim: `python -P tripping.py FOLDER PROGRAM MODULE …` is `python -m MODULE …`, armed with failpoints.

A failpoint is an `await` at which something durable is about to happen, or has just happened: a statement sent to
PostgreSQL, a COMMIT answered, records given to Kafka and acknowledged, offsets committed, an HTTP answer on its way, a
call to another service. Its name is the chain of our own functions that wait there, so each line of a command's work
is a point of its own. Nothing of it is in the services: the libraries that they wait on are wrapped here, before the
module starts.

FOLDER/PROGRAM.points lists every point that was ever met, PROGRAM.hits those at which the process died. While
PROGRAM.armed exists, the process dies, as by kill -9, at the first point that is not among the hits. Its place, the
line that waits, may be passed by several commands: for as many seconds as the file says, only a place at which it never
died will do.
"""

import os
import runpy
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import Any

OURS = ("smp", "booking", "registry", "notifications", "reporting", "door_list")
# Statements that change nothing, around which nothing lasts: searches, the answer of a command asked again, what is
# rolled back, in which territories a transaction goes on.
NOTHING_LASTS = ("smp.reading.", "smp.http._answered_before", "smp.postgres._roll_back", "smp.postgres._tell")
Call = Callable[..., Awaitable[Any]]


def place_of(point: str) -> str:
    """The service's own line that waits there, through the floor, and for what, whoever called it."""
    links = point.partition(": ")[2].split(" > ") if ": " in point else point.split(" > ")
    own = [at for at, link in enumerate(links) if not link.startswith("smp.")]
    return " > ".join(links[own[-1] if own else 0 :])


class Tripwire:
    """The points of one program."""

    def __init__(self, folder: Path, program: str) -> None:
        self._points, self._hits = folder / f"{program}.points", folder / f"{program}.hits"
        self._armed, self._tripped = folder / f"{program}.armed", folder / f"{program}.tripped"
        self._seen = _lines(self._points)

    def touch(self, side: str, what: str) -> None:
        """The process is at a point; it may not survive it."""
        chain = _chain(sys._getframe(2))
        if any(each in chain for each in NOTHING_LASTS):
            return
        point = f"{chain} {side} {what}"
        if point not in self._seen:
            self._seen.add(point)
            _append(self._points, point)
        try:
            armed_for = time.time() - os.stat(self._armed).st_mtime
            if not self._is_new(point, is_choosy=armed_for < float(self._armed.read_text())):
                return
            os.rename(self._armed, self._tripped)  # one of us, once
        except FileNotFoundError:
            return
        _append(self._hits, point)
        os.kill(os.getpid(), signal.SIGKILL)

    def _is_new(self, point: str, *, is_choosy: bool) -> bool:
        hits = _lines(self._hits)
        if is_choosy:
            return place_of(point) not in {place_of(hit) for hit in hits}
        return point not in hits


def wrap(owner: type, name: str, wire: Tripwire, *, lasting: Callable[[Any], bool]) -> None:
    """Put a point before each call, and one after it when its effect is then `lasting`."""
    inner: Call = getattr(owner, name)
    what = f"{owner.__name__}.{name}"

    async def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        wire.touch("before", what)
        answer = await inner(self, *args, **kwargs)
        if lasting(self):
            wire.touch("after", what)
        return answer

    setattr(owner, name, watched)


def wrap_all(wire: Tripwire) -> None:
    """Everything durable that our processes wait for."""
    import asyncpg
    import httpx2
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
    from starlette.responses import Response

    for name in ("execute", "executemany", "fetch", "fetchrow", "fetchval"):
        # Inside a transaction nothing lasts yet: the next point is where it would be missed.
        wrap(asyncpg.Connection, name, wire, lasting=lambda connection: not connection.is_in_transaction())
    for owner, name in (
        (AIOKafkaProducer, "send_batch"),
        (AIOKafkaConsumer, "commit"),
        (httpx2.AsyncClient, "send"),
        (Response, "__call__"),
    ):
        wrap(owner, name, wire, lasting=lambda _: True)


def _chain(frame: FrameType | None) -> str:
    """Our functions that wait, outermost first, with the line at which each one does."""
    links: list[str] = []
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.partition(".")[0] in OURS:
            links.append(f"{module}.{frame.f_code.co_name}:{frame.f_lineno}")
        frame = frame.f_back
    return " > ".join(reversed(links))


def _lines(path: Path) -> set[str]:
    try:
        return set(path.read_text().splitlines())
    except FileNotFoundError:
        return set()


def _append(path: Path, line: str) -> None:
    """One write, so that processes of one program may share the file."""
    with path.open("a") as file:
        file.write(f"{line}\n")


def main() -> None:
    folder, program, module, *arguments = sys.argv[1:]
    wrap_all(Tripwire(Path(folder), program))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
