"""The worlds of a local platform: Laval (53) and Le Mans (72), opened through the public interfaces."""

import asyncio
import time
from collections.abc import Callable

from smp_local.addresses import Addresses
from smp_local.worlds.centre import Centre
from smp_local.worlds.laval import LAVAL
from smp_local.worlds.le_mans import LE_MANS
from smp_local.worlds.opening import Tally, open_centre
from smp_local.worlds.platform import Platform

CENTRES: tuple[Centre, ...] = (LAVAL, LE_MANS)


async def open_worlds(addresses: Addresses, say: Callable[[str], None]) -> None:
    """Both centres with team, agenda and first patients. Started again it opens nothing twice, and says so.

    Raises Trouble with a French sentence when the platform refuses or does not answer.
    """
    began = time.monotonic()
    async with Platform(addresses) as platform:
        opened = await asyncio.gather(*(open_centre(platform, centre) for centre in CENTRES))
    for centre, tallies in zip(CENTRES, opened, strict=True):
        say(_sentence(centre, *tallies))
    say(f"Centres prêts en {time.monotonic() - began:.1f} s.".replace(".", ",", 1))


def _sentence(centre: Centre, team: Tally, hours: Tally, patients: Tally) -> str:
    new = team.new + hours.new + patients.new
    what = (
        f"{len(centre.members)} professionnels, {len(centre.shifts)} plages par semaine, {centre.registered} patients"
    )
    if not new:
        return f"{centre.label} ({centre.territory}) est déjà ouvert : {what}. Rien n'a été ouvert deux fois."
    known = team.known + hours.known + patients.known
    rest = f" ; {known} éléments étaient déjà là" if known else ""
    return f"{centre.label} ({centre.territory}) ouvre : {what}{rest}."
