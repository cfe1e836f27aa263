"""Where a running platform answers: what a world or a day needs to drive it from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smp_local.home import Home, read_json
from smp_local.ports import Ports
from smp_local.postgres import Postgres
from smp_local.processes import is_alive
from smp_local.trouble import Trouble


@dataclass(frozen=True)
class Addresses:
    """Base URLs without a final slash; `kafka` is host:port; `clock_file` is the demo clock of every process."""

    registry: str
    booking: str
    notifications: str
    reporting: str
    identity: str
    sms: str
    kafka: str
    clock_file: Path
    postgres_admin_dsn: str  # the superuser's, on database `postgres`: for the ledger alone

    def database(self, name: str) -> str:
        """The superuser's address of one service's database: for the ledger alone."""
        return self.postgres_admin_dsn.rsplit("/", 1)[0] + f"/{name}"

    @classmethod
    def of(cls, home: Home, ports: Ports) -> "Addresses":
        def url(port: int) -> str:
            return f"http://127.0.0.1:{port}"

        return cls(
            registry=url(ports.registry),
            booking=url(ports.booking),
            notifications=url(ports.notifications),
            reporting=url(ports.reporting),
            identity=url(ports.identity),
            sms=url(ports.sms),
            kafka=f"127.0.0.1:{ports.kafka}",
            clock_file=home.clock,
            postgres_admin_dsn=Postgres(home.postgres, ports.postgres).admin_dsn(),
        )

    @classmethod
    def of_running(cls, home: Home) -> "Addresses":
        """Raises Trouble when no platform runs in this folder."""
        return cls.of(home, ports_of_running(home))


def ports_of_running(home: Home) -> Ports:
    """The ports of the platform that runs in this folder; raises Trouble when none does."""
    state = read_json(home.state)
    if not isinstance(state, Mapping) or not supervisor_lives(state):
        raise Trouble("La plateforme ne tourne pas.", "Lancez d'abord « make run » dans un autre terminal.")
    return Ports(**state["ports"])


def supervisor_lives(state: Mapping[str, Any]) -> bool:
    """Whether the supervisor that wrote this state is still there (a recycled pid is not)."""
    supervisor = state.get("supervisor") or {}
    return bool(supervisor) and is_alive(supervisor["pid"], supervisor["born"])
