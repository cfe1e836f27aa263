"""The jars of Kafka are what the lock says, or they are not used."""

import hashlib
from pathlib import Path

import pytest

from smp_local.jars import Jar, class_path, ensure_jars, read_lock
from smp_local.trouble import Trouble

CONTENT = b"a jar"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "jars.lock"
    path.write_text(f"# comment\norg.example:thing:1.0 {hashlib.sha256(CONTENT).hexdigest()}\n")
    return path


def give(content: bytes):  # type: ignore[no-untyped-def]
    def fetch(jar: Jar, scratch: Path) -> Path:
        path = scratch / jar.file
        path.write_bytes(content)
        return path

    return fetch


def refuse(jar: Jar, scratch: Path) -> Path:
    raise AssertionError("nothing had to be fetched")


def test_the_committed_lock_names_the_broker_once_and_each_jar_with_a_sha256() -> None:
    jars = read_lock()
    assert [jar.version for jar in jars if jar.artifact == "kafka_2.13"] == ["4.3.1"]
    assert all(len(jar.sha256) == 64 for jar in jars)
    assert len({jar.file for jar in jars}) == len(jars)


def test_a_jar_with_another_sha256_is_refused_and_leaves_nothing_behind(tmp_path: Path, lock: Path) -> None:
    with pytest.raises(Trouble, match="sha256"):
        ensure_jars(tmp_path, lock=lock, fetch=give(b"something else"))
    assert [path for path in tmp_path.rglob("*") if path.suffix == ".jar"] == []


def test_a_jar_that_was_altered_in_the_cache_is_fetched_again(tmp_path: Path, lock: Path) -> None:
    libs = ensure_jars(tmp_path, lock=lock, fetch=give(CONTENT))
    (libs / "thing-1.0.jar").write_bytes(b"altered")
    ensure_jars(tmp_path, lock=lock, fetch=give(CONTENT))
    assert (libs / "thing-1.0.jar").read_bytes() == CONTENT


def test_right_jars_are_not_fetched_again(tmp_path: Path, lock: Path) -> None:
    ensure_jars(tmp_path, lock=lock, fetch=give(CONTENT))
    ensure_jars(tmp_path, lock=lock, fetch=refuse)


def test_a_download_that_fails_is_told_with_what_to_do(tmp_path: Path, lock: Path) -> None:
    def fail(jar: Jar, scratch: Path) -> Path:
        raise RuntimeError("connection reset")

    with pytest.raises(Trouble, match="téléchargement") as told:
        ensure_jars(tmp_path, lock=lock, fetch=fail)
    assert "relancez" in told.value.remedy


def test_a_full_disk_is_told_as_such(tmp_path: Path, lock: Path) -> None:
    def fill(jar: Jar, scratch: Path) -> Path:
        raise OSError(28, "No space left on device")

    with pytest.raises(Trouble, match="No space left"):
        ensure_jars(tmp_path, lock=lock, fetch=fill)


def test_a_stray_jar_in_the_cache_is_never_loaded(tmp_path: Path, lock: Path) -> None:
    libs = ensure_jars(tmp_path, lock=lock, fetch=give(CONTENT))
    (libs / "evil-1.0.jar").write_bytes(b"x")
    assert class_path(libs, lock=lock) == str(libs / "thing-1.0.jar")
