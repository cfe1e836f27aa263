"""Work that comes back by itself: a hold that expires, a text that is due."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from smp.logging import log, where
from smp.postgres import is_transient
from smp.runtime import Runtime
from smp.telemetry import traced

_LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Job:
    """`run` is called again `every` seconds of real time after it ended. It must bear to run in several processes."""

    name: str
    every: float
    run: Callable[[Runtime], Awaitable[None]]


async def run_job(job: Job, runtime: Runtime) -> None:
    """Run until cancelled; a failure is told, and the pause grows until the next success."""
    pause = job.every
    while True:
        try:
            with traced(None):
                await job.run(runtime)
            pause = job.every
        except Exception as error:
            say = log.warning if is_transient(error) else log.error
            say("job failed", job=job.name, error=type(error).__name__, at=where(error))
            pause = min(max(pause, 0.5) * 2, _LONGEST_PAUSE_SECONDS)
        await asyncio.sleep(pause * random.uniform(0.9, 1.1))  # noqa: S311  # processes must not march in step
