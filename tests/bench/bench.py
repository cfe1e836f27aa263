"""What every figure is given."""

from dataclasses import dataclass
from pathlib import Path

from tests.bench.servers import Servers


@dataclass(frozen=True)
class Bench:
    """`short` is for trying: smaller numbers, fewer rounds, the same work."""

    servers: Servers
    build: Path
    rounds: int
    short: bool

    @property
    def admin_url(self) -> str:
        return self.servers.admin_url

    @property
    def bootstrap(self) -> str:
        return self.servers.bootstrap
