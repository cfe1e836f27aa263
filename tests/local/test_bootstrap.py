"""From a bare Python to an environment: made once, repaired when it is half made, explained when it cannot be."""

import importlib.util
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "local" / "bootstrap.py"


@pytest.fixture
def bootstrap() -> ModuleType:
    """A copy of its own for each test, which may replace its functions."""
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What a clone holds, as far as an environment is concerned."""
    (tmp_path / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["shared", "services/*"]\n')
    (tmp_path / "requirements.lock").write_text("uv==1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nother==2\n")
    for member in ("shared", "services/booking"):
        (tmp_path / member).mkdir(parents=True)
        (tmp_path / member / "pyproject.toml").write_text(f'[project]\nname = "{member}"\n')
    return tmp_path


@pytest.fixture
def builds(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done, without the network: an environment of links to the Python that runs the tests."""
    done: list[str] = []

    def create(root: Path, venv: Path) -> None:
        done.append("create")
        (venv / "bin").mkdir(parents=True)
        (venv / "bin" / "python").symlink_to(sys.executable)
        (venv / bootstrap.BUILDING).touch()

    monkeypatch.setattr(bootstrap, "create", create)
    monkeypatch.setattr(bootstrap, "install", lambda *_: done.append("install"))
    monkeypatch.setattr(bootstrap, "works", lambda venv: (venv / "bin" / "python").exists())
    monkeypatch.setattr(bootstrap, "say", lambda *_: None)
    return done


def test_a_clean_clone_gets_its_environment_and_a_second_start_finds_it(
    bootstrap: Any, clone: Path, builds: list[str]
) -> None:
    assert bootstrap.ensure_environment(clone) == clone / ".venv" / "bin" / "python"
    bootstrap.ensure_environment(clone)
    assert builds == ["create", "install"]


def test_a_half_made_environment_is_made_again_from_nothing(bootstrap: Any, clone: Path, builds: list[str]) -> None:
    bootstrap.ensure_environment(clone)
    (clone / ".venv" / bootstrap.STAMP).unlink()
    (clone / ".venv" / bootstrap.BUILDING).touch()
    (clone / ".venv" / "half-written").touch()
    bootstrap.ensure_environment(clone)
    assert builds == ["create", "install", "create", "install"]
    assert not (clone / ".venv" / "half-written").exists()


def test_an_environment_whose_python_is_gone_is_made_again(bootstrap: Any, clone: Path, builds: list[str]) -> None:
    bootstrap.ensure_environment(clone)
    (clone / ".venv" / "bin" / "python").unlink()
    bootstrap.ensure_environment(clone)
    assert builds == ["create", "install", "create", "install"]


@pytest.mark.parametrize("changed", ["requirements.lock", "services/booking/pyproject.toml"])
def test_an_outdated_environment_is_brought_up_to_date_in_place(
    bootstrap: Any, clone: Path, builds: list[str], changed: str
) -> None:
    bootstrap.ensure_environment(clone)
    with (clone / changed).open("a") as file:
        file.write("\n# changed\n")
    bootstrap.ensure_environment(clone)
    assert builds == ["create", "install", "install"]


def test_a_new_member_of_the_workspace_is_installed(bootstrap: Any, clone: Path, builds: list[str]) -> None:
    bootstrap.ensure_environment(clone)
    (clone / "services" / "new").mkdir()
    (clone / "services" / "new" / "pyproject.toml").write_text('[project]\nname = "new"\n')
    bootstrap.ensure_environment(clone)
    assert builds[-1] == "install"
    assert len(builds) == 3


def test_an_installation_that_fails_leaves_no_stamp(
    bootstrap: Any, clone: Path, builds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(root: Path, venv: Path) -> None:
        raise bootstrap.Failure("Un téléchargement a échoué.", "Relancez.")

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "install", fail)
        with pytest.raises(bootstrap.Failure):
            bootstrap.ensure_environment(clone)
    bootstrap.ensure_environment(clone)
    assert builds == ["create", "create", "install"]


def test_two_bootstraps_at_once_build_one_environment(
    bootstrap: Any, clone: Path, builds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    second_waits = threading.Event()
    monkeypatch.setattr(bootstrap, "say", lambda text: second_waits.set() if "en cours" in text else None)
    monkeypatch.setattr(bootstrap, "install", lambda *_: builds.append(f"install {second_waits.wait(20)}"))
    threads = [threading.Thread(target=bootstrap.ensure_environment, args=(clone,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert builds == ["create", "install True"]


def test_a_python_without_venv_is_told_which_package_to_install(
    bootstrap: Any, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda *_: None)
    with pytest.raises(bootstrap.Failure) as told:
        bootstrap.create(clone, clone / ".venv")
    assert "apt install python3" in told.value.args[1]


def test_a_disk_without_room_is_refused_before_anything_is_written(
    bootstrap: Any, clone: Path, builds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "ROOM", 10**18)
    with pytest.raises(bootstrap.Failure, match="disque"):
        bootstrap.ensure_environment(clone)
    assert builds == []


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        ("error: Failed to fetch: `simple/rich/`: dns error", "téléchargement"),
        ("ERROR: No matching distribution found for aiokafka==0.14.0", "téléchargement"),
        ("ReadTimeoutError: Read timed out.", "téléchargement"),
        ("SSLError(SSLCertVerificationError(1, 'certificate verify failed'))", "téléchargement"),
        ("OSError: [Errno 28] No space left on device", "disque est plein"),
        ("PermissionError: [Errno 13] Permission denied: '.venv'", "Impossible d'écrire"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "empreinte"),
        ("something new", "n'a pas pu être créé"),
    ],
)
def test_what_a_tool_says_becomes_a_sentence(bootstrap: Any, clone: Path, said: str, understood: str) -> None:
    what, remedy = bootstrap.explain(said, clone).args
    assert understood in what
    assert remedy


def test_uv_is_taken_from_the_lock_with_all_its_hashes(
    bootstrap: Any, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(bootstrap, "run", lambda command, *_: asked.append(Path(command[-1]).read_text()))
    assert bootstrap.get_uv(clone, clone / ".venv", ["pip"])
    assert asked == ["uv==1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"]


def test_when_uv_cannot_download_pip_tries(bootstrap: Any, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def run(command: list[str], root: Path) -> None:
        tried.append(Path(command[0]).name)
        if tried[-1] == "uv":
            raise bootstrap.Failure("Un téléchargement a échoué.", "")

    monkeypatch.setattr(bootstrap, "run", run)
    monkeypatch.setattr(bootstrap, "get_uv", lambda *_: True)
    bootstrap.install(clone, clone / ".venv")
    assert tried == ["uv", "python", "python"]


def test_a_failure_is_two_sentences_and_never_a_traceback(tmp_path: Path) -> None:
    """The real script, in a folder that is no clone: what it reads first is missing."""
    script = tmp_path / "deploy" / "local" / "bootstrap.py"
    script.parent.mkdir(parents=True)
    script.write_text(SCRIPT.read_text())
    answer = subprocess.run(
        [sys.executable, str(script), "run"], capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert answer.returncode == 1
    assert "→" in answer.stderr
    assert "Traceback" not in answer.stderr
