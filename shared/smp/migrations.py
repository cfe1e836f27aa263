"""Migrations: plain SQL run by dbmate, the floor's first, then the service's own."""

import subprocess
import sys
from importlib.resources import as_file, files
from pathlib import Path

_DBMATE = Path(sys.executable).with_name("dbmate")


def migrate(url: str, package: str) -> None:
    """Apply what is missing; `url` is the migrator's. Raises RuntimeError with dbmate's words, never the address."""
    with as_file(files("smp") / "migrations") as floor, as_file(files(package) / "migrations") as own:
        folders = [f"--migrations-dir={folder}" for folder in dict.fromkeys((floor, own)) if folder.is_dir()]
        options = "?sslmode=disable" if "?" not in url else ""
        done = subprocess.run(  # noqa: S603  # our own program and folders
            [
                str(_DBMATE),
                *folders,
                "--migrations-table=smp_migrations",
                "--no-dump-schema",
                "--migration-lock",
                "migrate",
            ],
            env={"DATABASE_URL": url + options},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"migration of {package} failed: {(done.stderr or done.stdout).strip()}")
