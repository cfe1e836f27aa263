"""The programs of a local world: the two engines, the two stand-ins, the four services and the plug-ins."""

import http.client
import importlib.util
import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import closing, suppress

from smp_local.home import Home
from smp_local.kafka import Kafka
from smp_local.ports import Ports
from smp_local.postgres import Postgres
from smp_local.settings import SERVICES, Environments
from smp_local.supervisor import Program
from smp_local.trouble import Trouble

MODULE = re.compile(r"[a-z][a-z0-9_]{0,40}")


def answers(port: int, path: str = "/health/ready") -> Callable[[], bool]:
    """A check that is true when the program says 200 to a request on loopback."""

    def check() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
        with suppress(OSError, http.client.HTTPException), closing(connection):
            connection.request("GET", path)
            return connection.getresponse().status == 200
        return False

    return check


def plugins(home: Home) -> tuple[str, ...]:
    """Modules named by SMP_PLUGINS (comma separated) and by the lines of `.smp/plugins.txt`, once each.

    Raises Trouble when one cannot be a module's name, takes a service's, or is not installed.
    """
    lines = home.plugins.read_text().splitlines() if home.plugins.exists() else []
    words = [*os.environ.get("SMP_PLUGINS", "").split(","), *(line for line in lines if not line.startswith("#"))]
    names = tuple(dict.fromkeys(word.strip() for word in words if word.strip()))
    for name in names:
        if not MODULE.fullmatch(name) or name in SERVICES or importlib.util.find_spec(name) is None:
            raise Trouble(
                f"Le module ajouté « {name} » n'est pas installé dans l'environnement, ou son nom ne convient pas.",
                f"Installez-le (.venv/bin/uv pip install -e DOSSIER) ou retirez-le de SMP_PLUGINS et de {home.plugins}",
            )
    return names


class Programs:
    """Builds each program of one world."""

    def __init__(self, home: Home, ports: Ports, added: tuple[str, ...] = ()) -> None:
        self.home, self.ports, self.added = home, ports, added
        self.postgres_server = Postgres(home.postgres, ports.postgres)
        self.postgres_server.log = home.logs / "postgres.log"
        self.kafka_server = Kafka(home.kafka, ports.kafka, cache=home.cache)
        self.kafka_server.log = home.logs / "kafka.log"
        self.environments = Environments(home, ports, self.postgres_server, added)

    def postgres(self) -> Program:
        server = self.postgres_server
        return Program(
            "postgres",
            "PostgreSQL",
            self.ports.postgres,
            command=server.command,
            ready=server.is_ready,
            prepare=server.prepare,
            explain=server.explain,
            farewell=signal.SIGINT,  # fast shutdown: SIGTERM would wait for every client to leave
        )

    def kafka(self) -> Program:
        server = self.kafka_server
        return Program(
            "kafka",
            "Kafka",
            self.ports.kafka,
            command=server.command,
            ready=server.is_ready,
            prepare=server.prepare,
            born=server.remember,
            explain=server.explain,
        )

    def identity(self) -> Program:
        return self._python("identity", "L'émetteur d'identités", self.ports.identity, "smp_local.identity")

    def sms(self) -> Program:
        return self._python("sms", "Le puits à SMS", self.ports.sms, "smp_local.sms_sink")

    def service(self, name: str) -> Program:
        environment = self.environments.service(name, self.port_of(name))
        command = [sys.executable, "-m", name, "run"]
        return Program(
            name,
            f"Le service {name}",
            self.port_of(name),
            command=lambda: command,
            ready=answers(self.port_of(name)),
            environment=environment,
        )

    def create_databases(self) -> None:
        """One database and one pair of roles for each service and plug-in."""
        for name in (*SERVICES, *self.added):
            self.postgres_server.create_service(name)

    def port_of(self, name: str) -> int:
        """Of a service or of a plug-in (those follow each other from `ports.plugins`)."""
        if name in self.added:
            return self.ports.plugins + self.added.index(name)
        port: int = getattr(self.ports, name)
        return port

    def _python(self, name: str, label: str, port: int, module: str) -> Program:
        environment = self.environments.identity() if name == "identity" else self.environments.sms()
        command = [sys.executable, "-m", module]
        ready = answers(port, "/health/ready")
        return Program(name, label, port, command=lambda: command, ready=ready, environment=environment)
