"""What a newcomer types: clear answers, no traceback, logs that can be read."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from smp_local import cli, status
from smp_local.home import REPOSITORY, Home
from smp_local.logs import Follower, readable, rotate
from smp_local.programs import plugins
from smp_local.services import added_in
from smp_local.trouble import Trouble

runner = CliRunner()


def test_a_date_that_does_not_exist_is_refused_with_the_form_to_write(tmp_path: Path) -> None:
    answer = runner.invoke(cli.app, ["run", "--home", str(tmp_path), "--date", "2026-02-30"])
    assert answer.exit_code == 1
    assert "2026-02-30" in answer.output
    assert "AAAA-MM-JJ" in answer.output


@pytest.mark.parametrize("verb", ["day", "events", "token", "parked"])
def test_a_verb_that_needs_the_platform_says_how_to_start_it(tmp_path: Path, verb: str) -> None:
    answer = runner.invoke(cli.app, [verb, "--home", str(tmp_path)])
    assert answer.exit_code == 1
    assert "make run" in answer.stderr
    assert not answer.stdout, "what a command gives may be read by another one"


def test_an_unexpected_error_is_a_sentence_that_names_the_file_of_its_detail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr(status, "show", fail)
    answer = runner.invoke(cli.app, ["status", "--home", str(tmp_path)])
    assert answer.exit_code == 1
    assert "Traceback" not in answer.output
    assert "supervisor.log" in answer.output
    assert "deep inside" in (tmp_path / "logs" / "supervisor.log").read_text()


def test_a_world_made_by_another_account_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise PermissionError(13, "Permission denied", "/some/where")

    monkeypatch.setattr(status, "show", fail)
    answer = runner.invoke(cli.app, ["status", "--home", str(tmp_path)])
    assert "/some/where" in answer.output
    assert "chown" in answer.output


def test_every_verb_of_the_makefile_is_listed_by_make_help_and_exists() -> None:
    shown = subprocess.run(["make", "-s", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    listed = {line.split()[1] for line in shown.splitlines() if line.startswith("  make ")}
    assert listed - {"help"} == {command.name or command.callback.__name__ for command in cli.app.registered_commands}  # type: ignore[union-attr]


def test_help_needs_no_environment() -> None:
    """`make help` is the first thing that a newcomer may type."""
    shown = subprocess.run(["make", "-n", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert "python" not in shown


def test_a_plug_in_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMP_PLUGINS", "no_such_plugin")
    with pytest.raises(Trouble, match="no_such_plugin"):
        plugins(Home(tmp_path))


def test_plug_ins_come_from_the_variable_and_from_the_file_once_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMP_PLUGINS", "json, shlex")
    (tmp_path / "plugins.txt").write_text("# one module a line\njson\nxml\n")
    assert plugins(Home(tmp_path)) == ("json", "shlex", "xml")


def test_verbs_know_the_plug_ins_that_run_whatever_their_own_environment_says() -> None:
    names = ("postgres", "kafka", "identity", "sms", "registry", "booking", "door_list", "other")
    assert added_in({"processes": [{"name": name} for name in names]}) == ("door_list", "other")


def test_a_line_of_a_service_is_readable_and_its_level_is_known() -> None:
    line = {"at": "2026-11-23T08:01:02+00:00", "level": "warning", "event": "parked", "service": "booking", "key": "k"}
    assert readable("booking", json.dumps(line)) == ("warning", "08:01:02 booking attention parked key=k")
    assert readable("kafka", "plain words")[1].endswith("plain words")


def test_what_a_library_repeats_while_a_server_is_away_is_not_shown_as_ours() -> None:
    line = {"level": "error", "event": "Unable connect to node", "logger": "aiokafka", "service": "booking"}
    assert readable("booking", json.dumps(line))[0] == "info"


def test_a_log_that_grows_too_large_is_put_aside_and_its_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "booking.log"
    with path.open("a", buffering=1) as writer:
        writer.write("old\n" * 100)
        assert rotate(path, largest=100)
        writer.write("new\n")
    assert path.read_text() == "new\n"
    assert path.with_suffix(".log.1").read_text().startswith("old\n")
    assert not rotate(path, largest=100)


def test_the_view_shows_whole_new_lines_only_and_serious_ones_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "booking.log"
    path.write_text('{"level": "error", "event": "before"}\n')
    follower = Follower(tmp_path)
    with path.open("a") as log:
        log.write('{"level": "info", "event": "quiet"}\n{"level": "error", "event": "loud"}\n{"level": "err')
    assert [text.split()[-1] for _, text in follower.new_lines()] == ["loud"]
    with path.open("a") as log:
        log.write('or", "event": "whole"}\n')
    assert [text.split()[-1] for _, text in follower.new_lines()] == ["whole"]


def test_without_a_terminal_lines_are_plain() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "smp_local", "status", "--home", "/nonexistent"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "\x1b" not in shown.stdout
    assert shown.returncode == 1
