"""Which port each process listens on, on loopback."""

from dataclasses import asdict, dataclass, fields

from smp_local.processes import require_free_port
from smp_local.trouble import Trouble

LOWEST, HIGHEST = 1024, 65_000


@dataclass(frozen=True)
class Ports:
    """One port per process; plug-ins take `plugins` and the following ones. All lie below the range from which Linux
    takes ports for outgoing connections (32768 and above), so that none is taken by chance."""

    postgres: int = 15_432
    kafka: int = 19_092
    identity: int = 8_100
    registry: int = 8_101
    booking: int = 8_102
    notifications: int = 8_103
    reporting: int = 8_104
    sms: int = 8_110
    plugins: int = 8_120

    @classmethod
    def from_base(cls, base: int) -> "Ports":
        """Consecutive ports from `base`, in the order of the fields; raises Trouble outside 1024–65000."""
        if not LOWEST <= base <= HIGHEST:
            raise Trouble(
                f"PORTS={base} ne convient pas.", f"Donnez un nombre entre {LOWEST} et {HIGHEST} : make run PORTS=20000"
            )
        return cls(**{field.name: base + offset for offset, field in enumerate(fields(cls))})

    def require_free(self, plugins: int) -> None:
        """Raises Trouble naming the first port that is taken, before anything is started."""
        named = asdict(self)
        first = named.pop("plugins")
        for name, port in named.items():
            require_free_port(port, NAMES.get(name, name))
        for number in range(plugins):
            require_free_port(first + number, "un module ajouté")


NAMES = {"postgres": "PostgreSQL", "kafka": "Kafka", "identity": "l'émetteur d'identités", "sms": "le puits à SMS"}
