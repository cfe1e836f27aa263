"""Ports for a whole platform under test."""

import random

from smp_local.ports import Ports
from smp_local.trouble import Trouble

# Below the ports that the kernel gives to clients: nobody takes one by chance, not even while its program is down.
LOWEST, HIGHEST = 20_000, 32_000
TRIES = 1_000


def free_ports() -> Ports:
    """A row of ports that nobody has, by chance; raises Trouble when a thousand rows had a taken one each."""
    draw = random.SystemRandom()
    for _ in range(TRIES):
        ports = Ports.from_base(draw.randrange(LOWEST, HIGHEST))
        try:
            ports.require_free(plugins=1)
        except Trouble:
            continue
        return ports
    raise Trouble(f"Aucune suite de ports libres entre {LOWEST} et {HIGHEST}.", "Arrêtez d'autres programmes.")
