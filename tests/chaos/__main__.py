"""`make chaos`: real Mondays under kill -9 until the asked number of kills, then the verdict of two judges.

Exit code 0 only when nothing was lost, doubled, overlapping, missing, sent twice or counted wrongly, and every
command that went without an answer was settled by its key.
"""

import argparse
import asyncio
import contextlib
import logging
import random
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Coroutine, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

from smp.clock import clock_from, set_demo_clock
from smp_local import screen
from smp_local.clock import follow_real_time
from smp_local.day import calendar
from smp_local.day.player import Player, plan
from smp_local.home import REPOSITORY
from smp_local.trouble import Trouble
from smp_local.worlds import CENTRES
from smp_local.worlds.history import History
from smp_local.worlds.opening import open_centre
from smp_local.worlds.platform import Platform
from tests.chaos import checker, evidence
from tests.chaos.books import PatientBooks
from tests.chaos.errands.ernee import ERNEE
from tests.chaos.errands.monday import Errands
from tests.chaos.hunter import Hunter, Kill, Pack
from tests.chaos.machine import Machine, new_folder, running
from tests.chaos.mondays import Watched, mondays, opening, play
from tests.chaos.report import FULL, Report
from tests.chaos.schedule import OF_BOOKING, OF_OTHERS, Strike, booking_alone, mixed

KILLS, SEED = 200, 1
MOST_PER_MONDAY = 150
COMMANDS = 450  # of a Monday, that fall outside recoveries: they are shared among its kills
SPEED = 1440.0  # twelve hours of a centre in half a minute, where nothing dies
# Seconds that anything may take, kills included: texts in doubt wait 50 s more for each death in a look for them.
PATIENCE = 900.0
MOST_MORE = 500  # kills for the last places
LAST_LOOK = 60.0  # seconds for the accounts of a play that failed
RESULT = REPOSITORY / "build" / "chaos.json"


def main() -> int:
    """Run; 0 when the platform kept every promise."""
    asked = _arguments()
    report = Report(asked.seed, asked.kills)
    RESULT.unlink(missing_ok=True)
    # The clients that read the ledger say on each try that the broker is away: we know, we killed it.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    folder = new_folder()
    began = time.monotonic()
    try:
        asyncio.run(_interruptible(_run(folder, report)))
    except Trouble as trouble:
        report.trouble = f"{trouble.what} {trouble.remedy}"
        screen.explain(trouble)
    except KeyboardInterrupt:
        report.trouble = "Interrompu."
    except (Exception, asyncio.CancelledError) as error:
        log = folder / "chaos.log"
        log.write_text("".join(traceback.format_exception(error)))
        report.trouble = f"Une erreur inattendue est survenue ({type(error).__name__})."
        screen.explain(Trouble(report.trouble, f"Son détail est dans {log}"))
    report.seconds = time.monotonic() - began
    report.write(RESULT)
    report.show(screen.say)
    if report.is_clean:
        shutil.rmtree(folder, ignore_errors=True)
        screen.good(f"Rien n'a été perdu, doublé ni mal compté. Chiffres : {RESULT}")
        return 0
    screen.warn(f"Le chaos a laissé des traces : chiffres dans {RESULT}, données et journaux dans {folder}")
    return 1


async def _run(folder: Path, report: Report) -> None:
    screen.say(f"Chaos : {report.asked} kill -9, graine {report.seed}.")
    async with running(folder, screen.say) as machine:
        clock = clock_from(machine.home.clock)
        of_booking, of_others = round(report.asked * OF_BOOKING), round(report.asked * OF_OTHERS)
        gap = max(2, COMMANDS // min(report.asked - of_booking - of_others, MOST_PER_MONDAY))
        dice = random.Random(f"backends/{report.seed}")
        hunters = [
            Hunter(machine, strikes, dice, clock.now, lambda kill: _tell(kill, report.asked), report.kills)
            for strikes in (
                mixed(report.asked - of_booking, of_others, report.seed, gap),
                _of_booking(machine, of_booking, report),
            )
        ]
        pack = Pack(hunters)
        try:
            await _whichever_fails(pack.run(), _live(machine, pack, report))
        finally:
            report.failpoints, report.failpoints_hit = machine.failpoints.points(), machine.failpoints.hits()


def _of_booking(machine: Machine, kills: int, report: Report) -> Iterator[Strike]:
    """As many as planned; a full run goes on until booking has died at every place that it was ever at."""
    yield from booking_alone(kills, report.seed)
    more = booking_alone(MOST_MORE if report.asked >= FULL else 0, report.seed + 1)
    yield from takewhile(lambda _: machine.failpoints.never_hit("booking"), more)


async def _live(machine: Machine, pack: Pack, report: Report) -> None:
    """The worlds open, then one Monday after another until the schedule is over."""
    async with PatientBooks(machine.addresses, PATIENCE, pack.pulse) as books:
        await _open_worlds(machine, pack, report)
        for number, day in enumerate(mondays()):
            screen.say(f"{calendar.spoken(day).capitalize()} ({len(report.kills)} kills sur {report.asked})…")
            report.mondays.append(day.isoformat())
            plans = plan(day, report.seed + number)
            player = Player(machine.addresses, plans, speed=SPEED, say=screen.say, patience=PATIENCE)
            player.history, asked = Watched(pack), Watched(pack)
            player.platform.history = player.history
            report.histories += [player.history, asked]
            async with contextlib.aclosing(player), _platform(machine, asked) as platform:
                await _play_and_judge(player, Errands(platform, player), books, pack, report)
            if pack.is_over:
                return


async def _play_and_judge(player: Player, errands: Errands, books: PatientBooks, pack: Pack, report: Report) -> None:
    try:
        await play(player, errands, books, pack)
    except Exception:
        # A platform that broke a promise may stop the play: its accounts then tell why.
        with contextlib.suppress(Exception):
            async with asyncio.timeout(LAST_LOOK):
                await _judge(player, books, report)
        raise
    else:
        await _judge(player, books, report)
    finally:
        # Only after the accounts: timers that wake with the machine's clock speak, and so it would never be quiet.
        follow_real_time(player.addresses.clock_file)


async def _judge(player: Player, books: PatientBooks, report: Report) -> None:
    snapshot = await evidence.read(books, report.entries, player.conductor.now)
    report.judge(checker.check(snapshot), await player.account(books))
    screen.say(f"Comptes vérifiés : {len(report.lines)} fautes.")


async def _open_worlds(machine: Machine, pack: Pack, report: Report) -> None:
    history = Watched(pack)
    report.histories.append(history)
    set_demo_clock(machine.addresses.clock_file, opening(), speed=1.0)
    async with pack.open_season(), _platform(machine, history) as platform:
        await asyncio.gather(*(open_centre(platform, centre) for centre in (*CENTRES, ERNEE)))
    screen.say(f"Laval, Le Mans et Ernée sont ouverts ({len(report.kills)} kills).")


def _platform(machine: Machine, history: History) -> Platform:
    return Platform(machine.addresses, patience=PATIENCE, history=history)


async def _whichever_fails(hunting: Coroutine[Any, Any, None], living: Coroutine[Any, Any, None]) -> None:
    """Returns when life is over; a hunter whose victim does not come back ends it at once."""
    hunter, life = asyncio.create_task(hunting), asyncio.create_task(living)
    try:
        done, _ = await asyncio.wait({hunter, life}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        await life
    finally:
        for task in (hunter, life):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Trouble):
                await task


async def _interruptible(work: Coroutine[Any, Any, None]) -> None:
    """SIGTERM and SIGHUP end the run as Ctrl-C does: everything is stopped. Raises Trouble then."""
    task = asyncio.ensure_future(work)
    asked: list[signal.Signals] = []

    def end(number: signal.Signals) -> None:
        asked.append(number)
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(number, end, number)
    try:
        await task
    except asyncio.CancelledError:
        if asked:
            raise Trouble(f"Interrompu par {asked[0].name}.", "Relancez quand vous voudrez.") from None
        raise


def _tell(kill: Kill, asked: int) -> None:
    hour = kill.hour.astimezone(CENTRES[0].zone)
    two = " (pas seul)" if kill.together else ""
    two += " en un point précis" if kill.at_failpoint else ""
    back = f"{kill.seconds:.1f}".replace(".", ",")
    screen.say(f"  {kill.number:>3}/{asked}  {hour:%d/%m %H:%M}  {kill.target:<20} de retour en {back} s{two}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--kills", type=_positive, default=KILLS, help=f"combien de processus tuer ({KILLS})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"la même donne les mêmes cibles ({SEED})")
    return parser.parse_args()


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("un nombre d'au moins 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
