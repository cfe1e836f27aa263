"""Structured logs: one JSON line per unit of work on standard output. No personal data, ever (DESIGN §3.9)."""

import logging as standard
import sys
import traceback
from pathlib import Path
from typing import Any

import orjson
import structlog

from smp.telemetry import current_traceparent, trace_id

log: structlog.stdlib.BoundLogger = structlog.get_logger("smp")

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def _lift_extra(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """FastStream nests topic, group and message id under `extra`; our lines are flat."""
    extra = event.pop("extra", None)
    return event if not isinstance(extra, dict) else {**extra, **event}


def _name_exception(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Exceptions by type and place: their messages may quote a patient's data."""
    if event.pop("exc_info", None):
        error = sys.exc_info()[1]
        if error is not None:
            event["exception"] = f"{type(error).__name__} at {where(error)}"
    return event


def _add_trace(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if "trace_id" not in event and (trace := trace_id(current_traceparent())):
        event["trace_id"] = trace
    return event


def _render(_logger: object, _method: str, event: structlog.typing.EventDict) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


class _ToStructlog(standard.Handler):
    """Libraries that speak standard logging get the same line shape."""

    def emit(self, record: standard.LogRecord) -> None:
        fields: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[0]:
            fields["exception"] = record.exc_info[0].__name__
        log.log(record.levelno, record.getMessage(), **fields)


def where(error: BaseException) -> str:
    """File and line at which an error arose: enough to find it, without values that its message may quote."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"


def configure(service: str, level: str = "info") -> None:
    """Send every line of this process, libraries' warnings included, to standard output as JSON."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _lift_extra,
            _add_trace,
            _name_exception,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(),
    )
    structlog.contextvars.bind_contextvars(service=service)
    standard.basicConfig(level=standard.WARNING, handlers=[_ToStructlog()], force=True)
