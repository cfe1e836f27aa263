"""From a bare Python to a ready environment, then to the verb that was asked: `python bootstrap.py VERB …`.

Standard library only, and a syntax that an old Python can read, so that it can say that it is too old. What it makes
is `.venv`, from requirements.lock with hashes checked; a stamp says from what it was made. A missing, half-made or
outdated environment is made or repaired; two bootstraps at once wait for each other.
"""

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - before anything that an old Python could not read
    for newer in ("python3.14", "python3.13", "python3.12", "python3.11"):
        if shutil.which(newer):
            os.execvp(newer, [newer, *sys.argv])  # noqa: S606
    sys.stderr.write(
        f"Python {sys.version.split()[0]} est trop ancien : il faut Python 3.11 ou plus récent.\n"
        "→ Installez-le (Debian/Ubuntu : sudo apt install python3.11 python3.11-venv ; macOS : brew install python), "
        "puis relancez.\n"
    )
    raise SystemExit(1)

ROOM = 1_500_000_000  # bytes: the environment, its downloads, and a first world
VERSION = "{}.{}".format(*sys.version_info)
STAMP = ".smp-stamp"
BUILDING = ".smp-building"

NETWORK = (
    r"fetch|connect|timed? ?out|resolve|dns|proxy|certificate|ssl|name or service|network|unreachable|HTTP \d"
    r"|No matching distribution"  # what pip says last, after the warnings that -q hides
)


class Failure(Exception):
    """What happened and what to do, in two French sentences."""


def main(arguments: list[str]) -> int:
    """Ends as the verb ends, whose program takes this one's place, or with 1 and two sentences."""
    root = Path(__file__).resolve().parents[2]
    try:
        python = str(ensure_environment(root))
    except Failure as failure:
        what, remedy = failure.args
        sys.stderr.write(f"\n{what}\n→ {remedy}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrompu : relancez la même commande, elle reprendra.\n")
        return 130
    os.environ["PYTHONNOUSERSITE"] = "1"
    return os.execv(python, [python, "-m", "smp_local", *arguments])  # noqa: S606


def ensure_environment(root: Path) -> Path:
    """The Python of an environment that is exactly what the lock says; raises Failure when it cannot be made."""
    venv = root / ".venv"
    if is_ready(root, venv):
        return python_of(venv)
    try:
        with only_one(root):
            if not is_ready(root, venv):  # another bootstrap may have made it while this one waited
                build(root, venv)
    except OSError as error:
        raise explain(str(error), root) from error
    return python_of(venv)


def build(root: Path, venv: Path) -> None:
    """Repairs in place what can be; starts from nothing when a former build was cut or when Python has changed."""
    require_room(root)
    if (venv / BUILDING).exists() or not works(venv):
        if venv.exists():
            say("L'environnement Python est incomplet : il est refait.")
        shutil.rmtree(venv, ignore_errors=True)
        create(root, venv)
    say("Environnement Python : installation des paquets vérifiés (une à deux minutes la première fois)…")
    (venv / STAMP).unlink(missing_ok=True)
    (venv / BUILDING).touch()
    install(root, venv)
    (venv / STAMP).write_text(stamp(root))
    (venv / BUILDING).unlink()


def create(root: Path, venv: Path) -> None:
    if any(importlib.util.find_spec(module) is None for module in ("venv", "ensurepip")):
        raise Failure(
            "Ce Python ne sait pas créer d'environnement (modules venv ou ensurepip absents).",
            f"Debian/Ubuntu : sudo apt install python{VERSION}-venv ; puis relancez.",
        )
    say("Environnement Python : création de .venv…")
    run([sys.executable, "-m", "venv", str(venv)], root)
    (venv / BUILDING).touch()


def install(root: Path, venv: Path) -> None:
    """With the uv that the lock names when pip can get it, else with pip; hashes are required from both."""
    python = str(python_of(venv))
    members = [part for member in workspace_members(root) for part in ("-e", str(member))]
    lock = ["--require-hashes", "-r", str(root / "requirements.lock")]
    ours = ["--no-deps", "--no-build-isolation", *members]
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input"]
    if get_uv(root, venv, pip):
        uv = [str(venv / "bin" / "uv"), "pip", "install", "-q", "--python", python]
        with contextlib.suppress(Failure):  # pip may know a mirror or a proxy that uv does not
            run([*uv, "--compile-bytecode", *lock], root)
            run([*uv, *ours], root)
            return
    run([*pip, *lock], root)
    run([*pip, *ours], root)


def get_uv(root: Path, venv: Path, pip: list[str]) -> bool:
    if (venv / "bin" / "uv").exists():
        return True
    block = re.search(r"^uv==.*(?:\n +--hash.*)*", (root / "requirements.lock").read_text(), re.MULTILINE)
    if block is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        only_uv = Path(folder) / "uv.lock"
        only_uv.write_text(block.group(0) + "\n")
        with contextlib.suppress(Failure):
            run([*pip, "--no-deps", "--only-binary=:all:", "--require-hashes", "-r", str(only_uv)], root)
            return True
    return False


def run(command: list[str], root: Path) -> None:
    """Runs one step; what it says goes to a log, and a failure becomes a sentence."""
    log = root / ".smp" / "bootstrap.log"
    answer = subprocess.run(command, cwd=root, env=environment(), capture_output=True, text=True, check=False)
    with log.open("a") as file:
        file.write(f"$ {' '.join(command)}\n{answer.stdout}{answer.stderr}\n")
    if answer.returncode:
        raise explain(answer.stderr + answer.stdout, root)


def environment() -> dict[str, str]:
    """uv does not read pip's variables: what points pip to a mirror points uv to it too."""
    same = {"PIP_INDEX_URL": "UV_DEFAULT_INDEX", "PIP_FIND_LINKS": "UV_FIND_LINKS", "PIP_CERT": "SSL_CERT_FILE"}
    given = {uv: os.environ[pip] for pip, uv in same.items() if _leads_somewhere(os.environ.get(pip))}
    return {**given, **os.environ, "VIRTUAL_ENV": ""}


def _leads_somewhere(place: str | None) -> bool:
    return bool(place) and ("://" in str(place) or Path(str(place)).exists())


def explain(text: str, root: Path) -> Failure:
    """From what a tool said to a sentence that a newcomer can act on."""
    log = root / ".smp" / "bootstrap.log"
    if re.search(r"No space left|Errno 28|disk quota", text, re.IGNORECASE):
        return Failure("Le disque est plein.", "Libérez au moins 2 Go, puis relancez : ce qui manque sera refait.")
    if re.search(r"Permission denied|Errno 13|Read-only file system|Errno 30", text, re.IGNORECASE):
        return Failure(
            f"Impossible d'écrire dans {root}.",
            "Donnez-vous le droit d'écrire dans ce dossier (sudo chown -R $USER .), ou clonez le dépôt ailleurs.",
        )
    if re.search(r"hash mismatch|do not match the hashes", text, re.IGNORECASE):
        return Failure(
            "Un paquet reçu n'est pas celui que nomme requirements.lock (empreinte différente) ; il a été refusé.",
            f"Essayez depuis un autre réseau ; si cela recommence, prévenez les mainteneurs. Détail : {log}",
        )
    if re.search(NETWORK, text, re.IGNORECASE):
        return Failure(
            "Un téléchargement a échoué.",
            "Vérifiez la connexion (et HTTPS_PROXY ou PIP_INDEX_URL s'il y a un mandataire), puis relancez."
            f" Détail : {log}",
        )
    return Failure("L'environnement Python n'a pas pu être créé.", f"Le détail est dans {log}")


def require_room(root: Path) -> None:
    if not os.access(root, os.W_OK):
        raise explain("Permission denied", root)
    free = shutil.disk_usage(root).free
    if free < ROOM:
        raise Failure(
            f"Il reste {free // 1_000_000} Mo sur le disque : l'installation en demande {ROOM // 1_000_000}.",
            "Libérez de la place (ou clonez le dépôt sur un autre disque), puis relancez.",
        )


def is_ready(root: Path, venv: Path) -> bool:
    try:
        return (venv / STAMP).read_text() == stamp(root) and python_of(venv).exists()
    except OSError:
        return False


def works(venv: Path) -> bool:
    """Whether this environment's Python runs, has pip, and is the version of the one that runs this."""
    script = "import sys, pip; print('{}.{}'.format(*sys.version_info))"
    try:
        answer = subprocess.run(
            [str(python_of(venv)), "-c", script], capture_output=True, text=True, timeout=60, check=False
        )
    except OSError:
        return False
    return answer.stdout.strip() == VERSION


def stamp(root: Path) -> str:
    """What an environment is made of: the lock, the Python, the workspace's members."""
    digest = hashlib.sha256((root / "requirements.lock").read_bytes())
    digest.update(VERSION.encode())
    for member in workspace_members(root):
        digest.update(str(member.relative_to(root)).encode() + (member / "pyproject.toml").read_bytes())
    return digest.hexdigest()


def workspace_members(root: Path) -> list[Path]:
    import tomllib

    workspace = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]
    found = {path.parent for pattern in workspace["members"] for path in root.glob(f"{pattern}/pyproject.toml")}
    return sorted(found)


def python_of(venv: Path) -> Path:
    return venv / "bin" / "python"


@contextlib.contextmanager
def only_one(root: Path):  # type: ignore[no-untyped-def]
    """One bootstrap at a time; the kernel lets go of the lock if its holder is killed."""
    import fcntl

    (root / ".smp").mkdir(exist_ok=True)
    with (root / ".smp" / "bootstrap.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Une autre installation est en cours : on l'attend…")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
