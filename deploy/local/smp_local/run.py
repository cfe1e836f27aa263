"""`make run`: from nothing to a centre at work, then supervised until Ctrl-C."""

import asyncio
import signal
import time
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import psutil

from smp.migrations import migrate as apply_migrations
from smp_local import milestones, screen
from smp_local.addresses import Addresses
from smp_local.clock import follow_real_time
from smp_local.home import Home, read_json, write_json
from smp_local.jars import cache_folder, ensure_jars
from smp_local.logs import Follower, follow
from smp_local.ports import Ports
from smp_local.processes import memory
from smp_local.programs import Programs, plugins
from smp_local.settings import SERVICES
from smp_local.supervisor import Supervisor, stop_leftovers
from smp_local.topics import create_topics
from smp_local.trouble import Trouble

# Budget of the issue: seconds to the first booking, then bytes resident in all.
FIRST_SECONDS, LATER_SECONDS, MOST_MEMORY = 180, 20, 1_500_000_000


@dataclass(frozen=True)
class Options:
    """What `make run` was asked. `once` stops everything after the day, whose result becomes the exit code."""

    home: Home
    ports: Ports
    date: date
    speed: float
    seed: int
    world: bool = True
    day: bool = True
    once: bool = False
    every_line: bool = False


async def run(options: Options) -> int:
    """Runs until SIGINT, SIGTERM or SIGHUP (0), or until the day ends when asked `once` (its own code)."""
    home = options.home.make()
    with home.only_one():
        stop_leftovers(home, screen.warn)
        added = plugins(home)
        options.ports.require_free(len(added))
        supervisor = Supervisor(home, asdict(options.ports), screen.warn)
        work = asyncio.create_task(_work(options, supervisor, Programs(home, options.ports, added)))
        loop = asyncio.get_running_loop()
        asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        endings = [number for number in asked if signal.getsignal(number) is not signal.SIG_IGN]  # nohup is respected
        for number in endings:
            loop.add_signal_handler(number, work.cancel)
        try:
            return await work
        except asyncio.CancelledError:
            return 0
        finally:
            for number in endings:
                loop.add_signal_handler(number, lambda: screen.say("Arrêt déjà en cours…"))
            if supervisor.watched():
                screen.say("Arrêt de tous les processus…")
                await supervisor.stop()
                screen.good("Tout est arrêté ; les données sont gardées.")


async def _work(options: Options, supervisor: Supervisor, programs: Programs) -> int:
    first = not (options.home.postgres / "data" / "PG_VERSION").exists()
    await start(supervisor, programs)
    ready = time.time() - psutil.Process().create_time()
    view = asyncio.create_task(_show_logs(options))
    addresses = Addresses.of(options.home, options.ports)
    try:
        if options.world:
            await open_worlds(addresses)
        code = await _play_once(options, addresses) if options.world and options.day else 0
        _report(first, ready, supervisor)
        _show_addresses(addresses, programs)
        if options.once:
            return code
        screen.say("Ctrl-C arrête tout. Ailleurs : make status, make events, make token, make help.")
        await asyncio.Event().wait()
        return code
    finally:
        view.cancel()
        with suppress(asyncio.CancelledError):
            await view


async def start(supervisor: Supervisor, programs: Programs) -> None:
    """Engines, databases, migrations, topics, then every service: each step as soon as what it needs is there."""
    await _get_jars(programs.home)
    follow_real_time(programs.home.clock)
    screen.say("PostgreSQL 18 et Kafka 4.3 démarrent…")
    services = (*SERVICES, *programs.added)
    postgres = asyncio.create_task(supervisor.start(programs.postgres()))
    kafka = asyncio.create_task(supervisor.start(programs.kafka()))
    stand_ins = asyncio.create_task(supervisor.start(programs.identity(), programs.sms()))
    engines = [postgres, kafka, stand_ins]
    try:
        await postgres
        await asyncio.to_thread(programs.create_databases)
        await asyncio.gather(*(migrate(programs, name) for name in services))
        await asyncio.gather(*engines)
    finally:
        for task in engines:
            task.cancel()
    created = await create_topics(f"127.0.0.1:{programs.ports.kafka}")
    if created:
        screen.say(f"{len(created)} sujets Kafka créés.")
    screen.say("Les services démarrent…")
    await supervisor.start(*(programs.service(name) for name in services))
    supervisor.phase("ready")


async def _get_jars(home: Home) -> None:
    folder = cache_folder(home.cache)
    if not (folder / "kafka-libs").exists():
        screen.say("Téléchargement d'Apache Kafka 4.3 (44 Mo, empreintes vérifiées)…")
    await asyncio.to_thread(ensure_jars, folder)


async def migrate(programs: Programs, name: str) -> None:
    """Applies the missing migrations of one service, as the owner of its tables; raises Trouble when one fails.

    It is what `python -m SERVICE migrate` does, without the two seconds of importing the service.
    """
    try:
        await asyncio.to_thread(apply_migrations, programs.postgres_server.migrator_dsn(name), name)
    except RuntimeError as error:
        raise Trouble(
            f"Les migrations de {name} ont échoué : {error}", "Corrigez la migration, puis relancez."
        ) from error


async def open_worlds(addresses: Addresses) -> None:
    """Laval and Le Mans, through the public interfaces; what is open already is left as it is."""
    from smp_local.worlds import open_worlds

    await open_worlds(addresses, screen.say)


async def play(addresses: Addresses, *, date: date, speed: float, seed: int) -> int:
    """Plays one day of the centres through the running services; 0 when its ledger is right."""
    from smp_local.day import play

    played: Awaitable[int] = play(addresses, date=date, speed=speed, seed=seed, say=screen.say)
    return await played


async def _play_once(options: Options, addresses: Addresses) -> int:
    """A run plays a day that this world has already lived only when it is asked for by name (`make day`)."""
    day = f"{options.date.isoformat()} {options.seed}"
    played: list[str] = read_json(options.home.days) or []
    if day in played:
        screen.say(f"La journée du {options.date:%d/%m/%Y} est déjà jouée ; une autre : make day DATE=AAAA-MM-JJ")
        return 0
    code = await play(addresses, date=options.date, speed=options.speed, seed=options.seed)
    if code == 0:
        write_json(options.home.days, [*played, day])
    return code


async def _show_logs(options: Options) -> None:
    def show(level: str, text: str) -> None:
        (screen.say if level not in {"error", "critical", "warning"} else screen.warn)(text)

    await follow(Follower(options.home.logs, serious_only=not options.every_line), show)


def _report(first: bool, ready: float, supervisor: Supervisor) -> None:
    """The three figures of the budget, each with what it must stay under."""
    booking = milestones.seconds_to(milestones.FIRST_BOOKING)
    limit = FIRST_SECONDS if first else LATER_SECONDS
    resident = sum(memory(one.pid) for one in supervisor.watched() if one.pid) + psutil.Process().memory_info().rss
    which = "premier démarrage" if first else "démarrage suivant"
    _figure(f"Prêt à servir ({which})", f"{ready:.1f} s", ready <= limit, f"{limit} s")
    if booking is not None:
        _figure("Premier rendez-vous pris", f"{booking:.1f} s", booking <= limit, f"{limit} s")
    count = len(supervisor.watched()) + 1
    most = f"{MOST_MEMORY // 1_000_000} Mo"
    _figure(f"Mémoire résidente ({count} programmes)", f"{resident // 1_000_000} Mo", resident <= MOST_MEMORY, most)


def _figure(what: str, value: str, met: bool, limit: str) -> None:
    (screen.good if met else screen.warn)(f"{what} : {value} (budget {limit}{'' if met else ', DÉPASSÉ'})")


def _show_addresses(addresses: Addresses, programs: Programs) -> None:
    rows = [[name, f"{getattr(addresses, name)}/docs"] for name in SERVICES]
    rows += [[name, f"http://127.0.0.1:{programs.port_of(name)}"] for name in programs.added]
    rows += [["identity", addresses.identity], ["sms", addresses.sms], ["kafka", addresses.kafka]]
    rows += [["postgres", f"127.0.0.1:{programs.ports.postgres}"], ["journaux", _short(programs.home.logs)]]
    screen.table(["quoi", "où"], rows)


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
