"""A port that is taken is said by its number before anything is started."""

import socket
from collections.abc import Iterator
from dataclasses import asdict, replace

import pytest

from smp_local.ports import Ports
from smp_local.processes import free_port, port_is_free, require_free_port
from smp_local.trouble import Trouble
from tests.support.ports import free_ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_is_named_with_its_future_user_and_a_remedy(taken: int) -> None:
    with pytest.raises(Trouble) as told:
        require_free_port(taken, "Kafka")
    assert str(taken) in told.value.what
    assert "Kafka" in told.value.what
    assert "PORTS=" in told.value.remedy


def test_a_free_port_is_accepted_even_just_after_its_server_has_left() -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        assert not port_is_free(port)
    require_free_port(port, "booking")


def test_a_base_gives_each_process_its_own_port() -> None:
    ports = asdict(Ports.from_base(20_000)).values()
    assert sorted(ports) == list(range(20_000, 20_009))


@pytest.mark.parametrize("base", [80, 65_001, -1])
def test_a_base_outside_the_usable_ports_is_refused(base: int) -> None:
    with pytest.raises(Trouble):
        Ports.from_base(base)


def test_every_port_of_a_run_is_looked_at_before_it_starts(taken: int) -> None:
    with pytest.raises(Trouble, match=str(taken)):
        replace(free_ports(), sms=taken).require_free(plugins=0)
