"""The jars of Apache Kafka: fetched once per account from Maven Central, each checked against its committed sha256."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from smp_local.trouble import Trouble

LOCK = Path(__file__).with_name("kafka-jars.lock")
PARALLEL = 8  # downloads at once: kind to the registry, six seconds in all


@dataclass(frozen=True)
class Jar:
    """One line of kafka-jars.lock."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


Fetch = Callable[[Jar, Path], Path]  # (jar, scratch folder) -> the file it was put into


def read_lock(lock: Path = LOCK) -> list[Jar]:
    jars = []
    for line in lock.read_text().splitlines():
        if line and not line.startswith("#"):
            coordinates, sha256 = line.split()
            group, artifact, version = coordinates.split(":")
            jars.append(Jar(group, artifact, version, sha256))
    return jars


def cache_folder(fallback: Path | None = None) -> Path:
    """Where jars are kept between runs and clones: XDG_CACHE_HOME/smp, or `fallback` when that cannot be written."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "smp"
    try:
        base.mkdir(parents=True, exist_ok=True)
        if os.access(base, os.W_OK):
            return base
    except OSError:
        pass
    folder = fallback or Path.cwd() / ".smp" / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def ensure_jars(folder: Path, *, lock: Path = LOCK, fetch: Fetch | None = None) -> Path:
    """The folder that holds every jar of the lock, each with the right sha256; what is missing or altered is fetched.

    Raises Trouble when a download fails, when the disk is full, or when what came is not what the lock names.
    """
    libs = folder / "kafka-libs"
    try:
        libs.mkdir(parents=True, exist_ok=True)
        missing = [jar for jar in read_lock(lock) if not _is_right(libs / jar.file, jar)]
        if missing:
            _fetch_all(missing, libs, fetch or _from_maven_central)
    except OSError as error:
        raise Trouble(
            f"Les archives de Kafka ne peuvent pas être écrites dans {libs} : {error.strerror}.",
            "Libérez 100 Mo et vérifiez que vous pouvez écrire dans ce dossier, puis relancez.",
        ) from error
    return libs


def class_path(libs: Path, *, lock: Path = LOCK) -> str:
    """Only what the lock names, so that a stray jar in the cache is never loaded."""
    return os.pathsep.join(str(libs / jar.file) for jar in read_lock(lock))


def _fetch_all(jars: Iterable[Jar], libs: Path, fetch: Fetch) -> None:
    with (
        tempfile.TemporaryDirectory(dir=libs.parent, prefix="download-") as scratch,
        ThreadPoolExecutor(PARALLEL) as pool,
    ):
        for jar, path in pool.map(lambda jar: (jar, _fetch_one(jar, Path(scratch), fetch)), jars):
            path.replace(libs / jar.file)


def _fetch_one(jar: Jar, scratch: Path, fetch: Fetch) -> Path:
    try:
        path = fetch(jar, scratch)
    except OSError:
        raise
    except Exception as error:
        raise _download_failed(jar) from error
    if not _is_right(path, jar):
        raise Trouble(
            f"L'archive {jar.file} reçue n'est pas celle attendue (sha256 différent) ; elle n'a pas été utilisée.",
            "Essayez depuis un autre réseau ; si cela recommence, prévenez les mainteneurs.",
        )
    return path


def _download_failed(jar: Jar) -> Trouble:
    return Trouble(
        f"Le téléchargement de {jar.file} depuis Maven Central a échoué.",
        "Vérifiez la connexion (et HTTPS_PROXY s'il y a un mandataire), puis relancez : ce qui est reçu est gardé.",
    )


def _from_maven_central(jar: Jar, scratch: Path) -> Path:
    import requests
    from jgo.maven import MavenContext

    try:
        project = MavenContext(repo_cache=scratch / jar.artifact).project(jar.group, jar.artifact)
        found = Path(project.at_version(jar.version).artifact().resolve())
    except requests.RequestException as error:  # it is an OSError, which would read as a disk fault
        raise _download_failed(jar) from error
    return Path(shutil.copy(found, scratch / jar.file))


def _is_right(path: Path, jar: Jar) -> bool:
    if not path.exists():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256
