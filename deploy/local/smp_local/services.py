"""Verbs that act on one service of the running platform: `make parked`, `make rebuild`, `make token`."""

import asyncio
import json
import os
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from smp.rebuild import listens, unheard
from smp_local import screen
from smp_local.addresses import Addresses, ports_of_running
from smp_local.home import Home, read_json, write_json
from smp_local.processes import birth, wait_until
from smp_local.programs import Programs
from smp_local.settings import SERVICES, TERRITORIES
from smp_local.supervisor import pause_file
from smp_local.trouble import Trouble

HEARING_SECONDS = 600.0
ROLE_GRANT = "urn:smp:local:role"
OURS = frozenset({"postgres", "kafka", "identity", "sms", *SERVICES})


def parked(home: Home, service: str | None, arguments: Sequence[str]) -> int:
    """`list` of every service, or any verb of `python -m SERVICE parked`. The platform must run."""
    programs = _programs(home)
    names = [_known(programs, service)] if service else [*SERVICES, *programs.added]
    if not service and arguments and arguments[0] != "list":
        raise Trouble("De quel service ?", f"make parked SERVICE=booking ARGS={' '.join(arguments)!r}")
    return max(_verb(programs, name, "parked", *(arguments or ["list"])) for name in names)


def rebuild(home: Home, service: str) -> int:
    """Holds the service back, throws its projection away, lets it start, and waits until it has heard everything."""
    programs = _programs(home)
    name = _known(programs, service)
    kafka = Addresses.of_running(home).kafka
    if not asyncio.run(listens(kafka, name)):
        raise Trouble(f"Le service {name} n'écoute personne : il n'a rien à refaire.", "Rien n'a été arrêté ni jeté.")
    pause = pause_file(home, name)
    write_json(pause, [os.getpid(), birth(os.getpid())])
    try:
        screen.say(f"{name} : arrêt…")
        if not wait_until(lambda: _state(home, name) == "paused", seconds=60):
            raise Trouble(
                f"Le service {name} ne s'arrête pas.", "« make status » dit où il en est ; rien n'a été jeté."
            )
        code = _verb(programs, name, "rebuild")
    finally:
        pause.unlink(missing_ok=True)
    if not wait_until(lambda: _state(home, name) == "ready", seconds=60):
        raise Trouble(f"Le service {name} ne repart pas.", f"Voyez {home.logs / f'{name}.log'}")
    screen.say(f"{name} : reparti, il réentend tout…")
    if not wait_until(lambda: asyncio.run(unheard(kafka, name)) == 0, seconds=HEARING_SECONDS):
        raise Trouble(f"{name} n'a pas encore tout réentendu.", f"Il continue ; voyez {home.logs / f'{name}.log'}")
    screen.say(f"{name} : tout est réentendu.")
    return code


def token(home: Home, *, role: str, site: str, territories: str | None, subject: str | None) -> str:
    """A bearer token from the local issuer. `site` is an id, `*`, or a word of the name of a site that is open."""
    addresses = Addresses.of_running(home)
    if site != "*" and not _is_id(site):
        site, territory = _find_site(addresses, site)
        territories = territories or territory
    form = {"role": role, "sites": site, "territories": territories or TERRITORIES}
    return _ask_token(addresses, {**form, **({"subject": subject} if subject else {})})


def _ask_token(addresses: Addresses, form: dict[str, str]) -> str:
    body = urllib.parse.urlencode({"grant_type": ROLE_GRANT, **form}).encode()
    answer = _json(urllib.request.Request(f"{addresses.identity}/token", data=body))  # noqa: S310 - loopback
    return str(answer["access_token"])


def _find_site(addresses: Addresses, word: str) -> tuple[str, str]:
    """(id, territory) of the one site whose name or city holds the word."""
    bearer = _ask_token(addresses, {"role": "manager", "sites": "*", "territories": TERRITORIES})
    headers = {"Authorization": f"Bearer {bearer}"}
    answer = _json(urllib.request.Request(f"{addresses.registry}/v1/sites", headers=headers))  # noqa: S310 - loopback
    sites: list[dict[str, Any]] = answer if isinstance(answer, list) else answer.get("sites", answer.get("items", []))
    found = [site for site in sites if word.casefold() in json.dumps(site, ensure_ascii=False).casefold()]
    if len(found) != 1:
        names = ", ".join(str(site.get("name")) for site in sites) or "aucun"
        raise Trouble(f"« {word} » ne désigne pas un seul site.", f"Sites ouverts : {names}")
    return str(found[0].get("site", found[0].get("id"))), str(found[0].get("territory", ""))


def _json(request: urllib.request.Request) -> Any:
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
            return json.load(answer)
    except urllib.error.HTTPError as error:
        detail = json.loads(error.read() or b"{}")
        words = detail.get("error_description") or detail.get("detail") or detail.get("title") or error.reason
        raise Trouble(f"La demande a été refusée : {words}", "Corrigez-la et relancez.") from error
    except OSError as error:
        raise Trouble("La plateforme ne répond pas.", "« make status » dit ce qui tourne.") from error


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _programs(home: Home) -> Programs:
    ports = ports_of_running(home)
    return Programs(home, ports, added_in(read_json(home.state)))


def added_in(state: Any) -> tuple[str, ...]:
    """The plug-ins that run, in the order of their ports: whatever the supervisor runs that is none of ours."""
    return tuple(row["name"] for row in state["processes"] if row["name"] not in OURS)


def _known(programs: Programs, service: str) -> str:
    names = (*SERVICES, *programs.added)
    if service not in names:
        raise Trouble(f"Il n'y a pas de service « {service} ».", f"SERVICE est l'un de : {', '.join(names)}")
    return service


def _verb(programs: Programs, name: str, *arguments: str) -> int:
    environment = programs.environments.migration(name, programs.port_of(name))
    return subprocess.run([sys.executable, "-m", name, *arguments], env=environment, check=False).returncode


def _state(home: Home, name: str) -> str | None:
    state: Any = read_json(home.state) or {}
    return next((row["state"] for row in state.get("processes", []) if row["name"] == name), None)
