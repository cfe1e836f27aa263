"""Jobs that look at one subject after another, each in a transaction of its own: a bad one stops nobody behind it."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from smp.logging import log, where
from smp.postgres import is_transient

T = TypeVar("T")


async def one_by_one(job: str, subjects: Iterable[T], look: Callable[[T], Awaitable[object]]) -> None:
    """Look at each. One that fails is told and passed over; the first failure is raised once all were looked at, so
    that the job counts as failed. What may succeed later (see `is_transient`) ends the turn at once."""
    failures: list[Exception] = []
    for each in subjects:
        try:
            await look(each)
        except Exception as error:
            if is_transient(error):
                raise
            log.error("subject of a job failed", job=job, error=type(error).__name__, at=where(error))
            failures.append(error)
    if failures:
        raise failures[0]
