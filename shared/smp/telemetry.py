"""One trace through everything: W3C `traceparent` in a context variable, and the Prometheus metrics of the floor.

Source: W3C Trace Context, level 1 (`00-<32 hex trace id>-<16 hex span id>-<2 hex flags>`).
"""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from prometheus_client import Counter, Gauge, Histogram

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)

OUTBOX_AGE = Gauge("smp_outbox_age_seconds", "Age of the oldest event that is not yet in Kafka")
OUTBOX_SENT = Counter("smp_outbox_sent_total", "Events acknowledged by Kafka", ["topic"])
OUTBOX_HELD = Gauge("smp_outbox_held_events", "Events held back because a send of their key failed")
LAG_RECORDS = Gauge("smp_consumer_lag_records", "Records not yet handled", ["topic"])
LAG_SECONDS = Gauge("smp_consumer_lag_seconds", "Age of the oldest record not yet handled", ["topic"])
CONSUMED = Counter("smp_consumed_total", "Records by what became of them", ["type", "result"])
PARKED = Gauge("smp_parked_events", "Records that wait for a person")
EFFECTS = Counter("smp_effects_total", "Commands committed", ["route"])
HTTP_SECONDS = Histogram("smp_http_seconds", "Time to answer", ["route", "method", "status"])


def new_traceparent() -> str:
    """A new trace with its first span, sampled."""
    return f"00-{random.getrandbits(128):032x}-{_new_span()}-01"  # traces are no secrets


def accept_traceparent(received: str | None) -> str:
    """Continue the caller's trace with a new span, or begin one where it is absent or malformed."""
    match = _TRACEPARENT.fullmatch(received or "")
    if match is None or set(match[1]) == {"0"}:
        return new_traceparent()
    return f"00-{match[1]}-{_new_span()}-{match[3]}"


def _new_span() -> str:
    return f"{random.getrandbits(64):016x}"


def current_traceparent() -> str | None:
    """The trace in which the running code works, or None outside of one."""
    return _current.get()


def trace_id(traceparent: str | None) -> str | None:
    """The 32 hexadecimal digits that all logs of one story share."""
    match = _TRACEPARENT.fullmatch(traceparent or "")
    return match[1] if match else None


@contextmanager
def traced(traceparent: str | None) -> Iterator[str]:
    """Work inside the given trace (a new one for None); every log line then carries its trace id."""
    value = traceparent or new_traceparent()
    token = _current.set(value)
    try:
        yield value
    finally:
        _current.reset(token)
