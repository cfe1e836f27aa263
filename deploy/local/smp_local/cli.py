"""The verbs of `python -m smp_local`; `make help` lists those of the Makefile, which are the same."""

import asyncio
import errno
import shlex
import traceback
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from smp_local import events as events_
from smp_local import logs as logs_
from smp_local import run as run_
from smp_local import screen, services, tools
from smp_local import status as status_
from smp_local.addresses import Addresses
from smp_local.home import REPOSITORY, Home
from smp_local.ports import Ports
from smp_local.trouble import Trouble, full_disk

FIRST_MONDAY = date(2026, 11, 23)  # an ordinary Monday: no holiday, no change of hour
SPEED = 720.0  # twelve hours of a centre in one minute
SEED = 53

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True, help=__doc__)

HomeOption = Annotated[Path, typer.Option("--home", help="Dossier de ce monde.")]
DateOption = Annotated[str, typer.Option("--date", help="Jour à jouer, AAAA-MM-JJ.")]
SpeedOption = Annotated[float, typer.Option("--speed", min=1, max=100_000, help="Secondes jouées par seconde.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Graine : la même donne la même journée.")]
Words = Annotated[list[str] | None, typer.Argument(help="Passés tels quels.")]
HERE = REPOSITORY / ".smp"
DAY = FIRST_MONDAY.isoformat()


@app.command()
def run(
    home: HomeOption = HERE,
    day_: DateOption = DAY,
    speed: SpeedOption = SPEED,
    seed: SeedOption = SEED,
    ports: Annotated[int | None, typer.Option("--ports", help="Premier de neuf ports qui se suivent.")] = None,
    no_day: Annotated[bool, typer.Option("--no-day", help="Sans jouer de journée.")] = False,
    no_world: Annotated[bool, typer.Option("--no-world", help="Sans ouvrir Laval ni Le Mans.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Tout arrêter après la journée.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Montrer toutes les lignes des journaux.")] = False,
) -> None:
    """Démarre tout, joue un lundi, reste en marche jusqu'à Ctrl-C."""

    def go() -> int:
        chosen = Ports() if ports is None else Ports.from_base(ports)
        options = run_.Options(
            Home(home.absolute()), chosen, _day(day_), speed, seed, not no_world, not no_day, once, verbose
        )
        return asyncio.run(run_.run(options))

    _end(home, go)


@app.command()
def stop(home: HomeOption = HERE) -> None:
    """Arrête tout proprement, où que ce soit lancé."""
    _end(home, lambda: status_.stop(Home(home.absolute()), screen.say))


@app.command()
def status(home: HomeOption = HERE) -> None:
    """Une ligne par processus ; code 0 seulement si tous vont bien."""
    _end(home, lambda: status_.show(Home(home.absolute())))


@app.command()
def token(
    role: Annotated[str, typer.Option(help="secretary, gp, intern, nurse, manager, funder…")] = "secretary",
    site: Annotated[str, typer.Option(help="Identifiant, mot du nom (laval), ou * pour tous.")] = "*",
    territories: Annotated[str | None, typer.Option(help="Départements, par exemple 53 ou 53,72.")] = None,
    subject: Annotated[str | None, typer.Option(help="Identifiant opaque de la personne.")] = None,
    home: HomeOption = HERE,
) -> None:
    """Un jeton à donner à curl : -H "Authorization: Bearer $(make -s token ROLE=gp)"."""

    def go() -> int:
        print(services.token(Home(home.absolute()), role=role, site=site, territories=territories, subject=subject))
        return 0

    _end(home, go)


@app.command()
def day(day_: DateOption = DAY, speed: SpeedOption = SPEED, seed: SeedOption = SEED, home: HomeOption = HERE) -> None:
    """Joue une journée à travers la plateforme qui tourne."""

    def go() -> int:
        addresses = Addresses.of_running(Home(home.absolute()))
        return asyncio.run(run_.play(addresses, date=_day(day_), speed=speed, seed=seed))

    _end(home, go)


@app.command()
def events(
    topic: Annotated[str, typer.Option(help="Mot du nom d'un sujet (appointments) ; tous par défaut.")] = "",
    from_start: Annotated[bool, typer.Option("--from-start", help="Depuis le premier, non depuis maintenant.")] = False,
    until_end: Annotated[bool, typer.Option("--until-end", help="S'arrêter au dernier de maintenant.")] = False,
    home: HomeOption = HERE,
) -> None:
    """Suit les événements, une ligne chacun, jusqu'à Ctrl-C."""

    def go() -> int:
        topics = events_.chosen(topic)
        kafka = Addresses.of_running(Home(home.absolute())).kafka
        asyncio.run(events_.follow(kafka, topics, from_start=from_start, until_end=until_end))
        return 0

    _end(home, go)


@app.command()
def logs(
    service: Annotated[str | None, typer.Option(help="Un seul programme.")] = None, home: HomeOption = HERE
) -> None:
    """Suit les journaux, lisibles, jusqu'à Ctrl-C."""

    def go() -> int:
        follower = logs_.Follower(Home(home.absolute()).make().logs, serious_only=False, only=service)
        asyncio.run(logs_.follow(follower, lambda _level, text: screen.say(text)))
        return 0

    _end(home, go)


@app.command(context_settings={"ignore_unknown_options": True})
def parked(
    arguments: Words = None,
    service: Annotated[str | None, typer.Option(help="Un seul service.")] = None,
    home: HomeOption = HERE,
) -> None:
    """Ce qui n'a pas pu être traité : list, show, replay, discard."""
    words = [part for argument in arguments or [] for part in shlex.split(argument)]
    _end(home, lambda: services.parked(Home(home.absolute()), service, words))


@app.command()
def rebuild(service: Annotated[str, typer.Option()], home: HomeOption = HERE) -> None:
    """Jette la projection d'un service et la refait depuis Kafka."""
    _end(home, lambda: services.rebuild(Home(home.absolute()), service))


@app.command(name="test", context_settings={"ignore_unknown_options": True})
def prove(arguments: Words = None) -> None:
    """Toutes les preuves, sauf le chaos et les mesures."""
    _end(HERE, lambda: tools.test(arguments or []))


@app.command()
def check() -> None:
    """Style, types, sens des imports, SQL."""
    _end(HERE, tools.check)


@app.command(context_settings={"ignore_unknown_options": True})
def bench(arguments: Words = None) -> None:
    """Les mesures : build/bench.json."""
    _end(HERE, lambda: tools.bench(arguments or []))


@app.command(context_settings={"ignore_unknown_options": True})
def chaos(arguments: Words = None) -> None:
    """Le lundi sous des kill -9 : build/chaos.json."""
    _end(HERE, lambda: tools.chaos(arguments or []))


@app.command(context_settings={"ignore_unknown_options": True})
def fuzz(arguments: Words = None) -> None:
    """L'OpenAPI de l'agenda sous des requêtes permises et défendues : build/fuzz.json."""
    _end(HERE, lambda: tools.fuzz(arguments or []))


@app.command(context_settings={"ignore_unknown_options": True})
def mutants(arguments: Words = None) -> None:
    """Des fautes plantées, et le test qui attrape chacune : build/mutants.json."""
    _end(HERE, lambda: tools.mutants(arguments or []))


@app.command(context_settings={"ignore_unknown_options": True})
def contracts(arguments: Words = None) -> None:
    """Refuse un changement de contrat qui casserait un consommateur."""
    _end(HERE, lambda: tools.contracts(arguments or []))


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        raise Trouble(f"« {text} » n'est pas une date qui existe.", "Écrivez AAAA-MM-JJ : DATE=2026-11-23") from None


def _end(home: Path, work: Callable[[], int]) -> None:
    """Ends the program with the work's code; whatever goes wrong becomes sentences, never a traceback."""
    try:
        code = work()
    except Trouble as trouble:
        screen.explain(trouble)
        code = 1
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        screen.explain(_unexpected(home, error))
        code = 1
    raise typer.Exit(code)


def _unexpected(home: Path, error: Exception) -> Trouble:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return full_disk("la plateforme")
    if isinstance(error, PermissionError):
        return Trouble(
            f"Ce compte n'a pas le droit d'ouvrir {error.filename}.",
            "Un autre compte (root ?) l'a créé : « sudo chown -R $USER .smp », ou un autre dossier avec HOME_DIR=…",
        )
    what = f"Une erreur inattendue est survenue ({type(error).__name__})."
    file = home.absolute() / "logs" / "supervisor.log"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as log:
            log.write("".join(traceback.format_exception(error)))
    except OSError:
        return Trouble(what, f"Son détail n'a pas pu être écrit dans {file} : vérifiez les droits et la place.")
    return Trouble(what, f"Relancez ; si elle revient, envoyez {file} aux mainteneurs.")
