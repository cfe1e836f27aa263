"""Where tests find PostgreSQL and Kafka: addresses given → containers → the embedded servers; the run says which."""

import atexit
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

POSTGRES_URL = "SMP_TEST_POSTGRES_URL"  # a superuser's address
KAFKA_BOOTSTRAP = "SMP_TEST_KAFKA_BOOTSTRAP"
POSTGRES_IMAGE = "postgres:18"
KAFKA_IMAGE = "apache/kafka:4.3.1"


@dataclass(frozen=True)
class Source:
    """One way to have servers: `kind` is `given`, `containers` or `embedded`, with the reason why it was taken."""

    kind: str
    why: str


@cache
def source() -> Source:
    """The first way that works here."""
    if POSTGRES_URL in os.environ and KAFKA_BOOTSTRAP in os.environ:
        return Source("given", f"{POSTGRES_URL} and {KAFKA_BOOTSTRAP} are set")
    fault = _container_fault()
    if fault is None:
        return Source("containers", f"a container engine answers and has {POSTGRES_IMAGE} and {KAFKA_IMAGE}")
    return Source("embedded", fault)


def _container_fault() -> str | None:
    if "DOCKER_HOST" not in os.environ and not Path("/var/run/docker.sock").exists():
        return "no container engine here"
    import docker
    from docker.errors import DockerException

    try:
        # A stated API version keeps the constructor from connecting, so that `closing` closes whatever happens.
        with contextlib.closing(docker.from_env(version="1.44", timeout=5)) as engine:
            engine.ping()
            for image in (POSTGRES_IMAGE, KAFKA_IMAGE):
                _have(engine, image)
    except DockerException as error:
        return f"no container engine with the images ({type(error).__name__})"
    return None


def _have(engine: object, image: str) -> None:
    from docker import DockerClient
    from docker.errors import ImageNotFound

    assert isinstance(engine, DockerClient)
    try:
        engine.images.get(image)
    except ImageNotFound:
        engine.images.pull(image)


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """A PostgreSQL 18; yields a superuser's address."""
    kind = source().kind
    if kind == "given":
        yield os.environ[POSTGRES_URL]
    elif kind == "containers":
        from testcontainers.postgres import PostgresContainer

        with PostgresContainer(POSTGRES_IMAGE, driver=None) as container:
            yield container.get_connection_url()
    else:
        from smp_local.postgres import Postgres

        with _folder("postgres") as home:
            server = Postgres(home, durable=False)
            server.start()
            atexit.register(server.kill)
            try:
                yield server.admin_dsn()
            finally:
                server.stop()
                atexit.unregister(server.kill)


@contextlib.contextmanager
def kafka_server() -> Iterator[str]:
    """An Apache Kafka 4.3; yields its bootstrap address."""
    kind = source().kind
    if kind == "given":
        yield os.environ[KAFKA_BOOTSTRAP]
    elif kind == "containers":
        from tests.support.kafka_container import KafkaContainer

        with KafkaContainer(KAFKA_IMAGE) as container:
            yield container.bootstrap
    else:
        from smp_local.kafka import Kafka

        with _folder("kafka") as home:
            server = Kafka(home)
            server.start()
            atexit.register(server.kill)
            try:
                yield server.bootstrap
            finally:
                server.stop()
                atexit.unregister(server.kill)


@contextlib.contextmanager
def _folder(name: str) -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix=f"smp-test-{name}-"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
