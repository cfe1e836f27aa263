"""One PostgreSQL 18 set as for health data, and one Apache Kafka 4.3, for the length of a bench."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smp_local.kafka import Kafka
from smp_local.postgres import Postgres


@dataclass(frozen=True)
class Servers:
    """Both engines; `home` is removed at the end."""

    home: Path
    postgres: Postgres
    kafka: Kafka

    @property
    def admin_url(self) -> str:
        return self.postgres.admin_dsn()

    @property
    def bootstrap(self) -> str:
        return self.kafka.bootstrap

    @contextlib.contextmanager
    def tuned(self, **settings: str) -> Iterator[None]:
        """PostgreSQL started again with these settings, until the end of the block."""
        usual = dict(self.postgres.settings)
        self._again(usual | settings)
        try:
            yield
        finally:
            self._again(usual)

    def _again(self, settings: dict[str, str]) -> None:
        self.postgres.stop()
        self.postgres.settings = settings
        self.postgres.start()


@contextlib.contextmanager
def servers(build: Path) -> Iterator[Servers]:
    """Fresh engines under `build` (on the disk that is measured)."""
    build.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="bench-", dir=build))
    home.chmod(0o755)  # PostgreSQL runs as an ordinary user when we are root
    postgres, kafka = Postgres(home / "postgres", durable=True), Kafka(home / "kafka")
    try:
        postgres.start()
        kafka.start()
        yield Servers(home, postgres, kafka)
    finally:
        kafka.stop()
        postgres.stop()
        shutil.rmtree(home, ignore_errors=True)
