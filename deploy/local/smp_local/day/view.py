"""What a person sees while a day passes: a small moving table on a terminal, a line every half hour elsewhere."""

from collections.abc import Callable

from rich.live import Live
from rich.table import Table

from smp_local import screen
from smp_local.day.player import Player

COLUMNS = ("", "pris", "en attente", "vus", "absents", "annulés", "refus")


class View:
    """Use as a context manager around the play; call it each simulated minute."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        console = screen._console
        self._live = Live(console=console, refresh_per_second=8) if say is screen.say and console.is_terminal else None

    def __enter__(self) -> "View":
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, player: Player) -> None:
        now = player.conductor.now.astimezone(player.plans[0].centre.zone)
        if self._live:
            self._live.start()
            self._live.update(_table(f"{now:%H h %M}", player))
        elif now.minute % 30 == 0:
            self._say(f"{now:%H:%M}  " + "  |  ".join(_words(player)))


def _rows(player: Player) -> list[tuple[str, ...]]:
    return [
        (
            desk.plan.centre.label,
            *(str(n) for n in (c.booked, c.waiting, c.seen, c.absent, c.cancelled, c.refusals.total())),
        )
        for desk in player.desks
        for c in (desk.counts,)
    ]


def _words(player: Player) -> list[str]:
    return [
        f"{desk.plan.centre.label} : {c.waiting} en attente, {c.seen} vus, {c.absent} absents"
        for desk in player.desks
        for c in (desk.counts,)
    ]


def _table(hour: str, player: Player) -> Table:
    table = Table(*COLUMNS, title=hour, title_style="bold", header_style="dim")
    for row in _rows(player):
        table.add_row(*row)
    return table
