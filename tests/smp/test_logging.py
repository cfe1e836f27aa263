"""Logs carry the trace, and never what an exception may quote."""

import json
import logging as standard

import pytest
import structlog

from smp import logging as smp_logging
from smp.telemetry import accept_traceparent, trace_id, traced

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    structlog.reset_defaults()
    smp_logging.configure("toy")
    return capsys


@pytest.fixture(autouse=True)
def restore() -> object:
    root = standard.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def last(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    line: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return line


def test_a_line_is_json_with_service_and_trace(lines: pytest.CaptureFixture[str]) -> None:
    with traced(TRACE):
        structlog.get_logger("x").info("done", count=3)
    line = last(lines)
    assert (line["service"], line["event"], line["count"]) == ("toy", "done", 3)
    assert line["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_an_exception_is_named_and_placed_but_its_message_is_not_repeated(lines: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("Key (birth_name)=(MARTIN) already exists")
    except ValueError:
        structlog.get_logger("x").exception("failed")
    line = last(lines)
    assert str(line["exception"]).startswith("ValueError at test_logging.py:")
    assert "MARTIN" not in json.dumps(line)


def test_a_library_that_logs_the_standard_way_gets_the_same_line(lines: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("MARTIN")
    except ValueError:
        standard.getLogger("aiokafka").exception("broken")
    line = last(lines)
    assert (line["logger"], line["event"], line["exception"]) == ("aiokafka", "broken", "ValueError")


@pytest.mark.parametrize("received", [None, "", "nonsense", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", TRACE.upper()])
def test_a_trace_that_cannot_be_read_begins_anew(received: str | None) -> None:
    assert trace_id(accept_traceparent(received)) not in (None, "0" * 32)


def test_a_trace_continues_with_a_span_of_its_own() -> None:
    continued = accept_traceparent(TRACE)
    assert trace_id(continued) == trace_id(TRACE)
    assert continued != TRACE
