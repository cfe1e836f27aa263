"""All errands of one Monday, put into its play."""

from smp_local.day.player import Player
from smp_local.worlds.platform import Platform
from tests.chaos.errands.antenna import AtTheAntenna
from tests.chaos.errands.ernee import AtErnee


class Errands:
    """No site of theirs is among those of the day's ledger."""

    def __init__(self, platform: Platform, player: Player) -> None:
        self._all = (AtErnee(platform, player), AtTheAntenna(platform, player))

    def schedule(self) -> None:
        for each in self._all:
            each.schedule()
