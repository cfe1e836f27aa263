"""A day of the centres, played through the running platform; `play` is what `make day` and `make run` call."""

import datetime
from collections import Counter
from collections.abc import Callable

from smp_local.addresses import Addresses
from smp_local.day import calendar
from smp_local.day.player import Player, plan
from smp_local.day.summary import is_over, read_rooms, summary
from smp_local.day.view import View


async def play(
    addresses: Addresses, *, date: datetime.date, speed: float, seed: int, say: Callable[[str], None]
) -> int:
    """Play the day and print its account in French; 0 only when the ledger balances.

    A weekend or a holiday is refused in a sentence (2). A day that was played to its end is not played again: its
    account is checked and printed once more. A day that was interrupted goes on where it stopped. Raises Trouble
    when the platform does not answer.
    """
    if sentence := calendar.refusal(date):
        say(sentence)
        return 2
    plans = plan(date, seed)
    view = View(say)
    player = Player(addresses, plans, speed=speed, say=say, show=view)
    try:
        rooms = await read_rooms(player.platform, plans)
        played = is_over(rooms)
        if played:
            say(f"Le {calendar.spoken(date)} a déjà été joué : voici ses comptes. Un autre jour : make day DATE=…")
            ledger = await player.check()
        else:
            say(f"{calendar.spoken(date).capitalize()}, graine {seed}. Les patients appellent le {_called(player)}…")
            with view:
                ledger = await player.live()
        rubs = [rub for rubs in player.rubs for rub in rubs.met]
        refusals: Counter[str] = sum((desk.counts.refusals for desk in player.desks), Counter())
        for line in await summary(player.platform, plans, ledger, rubs, refusals):
            say(line)
        return 0 if ledger.balanced and all(rub.is_right for rub in rubs) else 1
    finally:
        await player.aclose()


def _called(player: Player) -> str:
    return calendar.spoken(player.plans[0].called_on)
