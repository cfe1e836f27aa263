"""The world's folder (`.smp/`): where each thing of one running platform is kept."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smp_local.processes import private_umask
from smp_local.trouble import Trouble

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Home:
    """Paths of one world; two worlds in two folders know nothing of each other."""

    root: Path

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def kafka(self) -> Path:
        return self.root / "kafka"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def clock(self) -> Path:
        return self.root / "clock.json"

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.json"

    @property
    def days(self) -> Path:
        return self.root / "days.json"

    @property
    def plugins(self) -> Path:
        return self.root / "plugins.txt"

    def make(self) -> "Home":
        """Creates the folders; raises Trouble when that is not allowed or the disk is full."""
        try:
            for folder in (self.root, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
            (self.root / "lock").touch()
        except OSError as error:
            raise Trouble(
                f"Impossible d'écrire dans {self.root} : {error.strerror}.",
                "Vérifiez les droits et la place sur le disque, ou choisissez un autre dossier avec HOME_DIR=…",
            ) from error
        return self

    @contextmanager
    def only_one(self) -> Iterator[None]:
        """Held by the supervisor of this world while it lives; the kernel lets go of it if it is killed."""
        with (self.root / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Trouble(
                    f"La plateforme tourne déjà dans {self.root}.",
                    "« make status » dit où elle en est, « make stop » l'arrête.",
                ) from None
            yield


def read_json(path: Path) -> Any:
    """What the file holds, or None when there is none or when a cut write left it unreadable."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def write_json(path: Path, content: object, *, private: bool = False) -> None:
    """Replaces the file in one step: a reader sees the old content or the new one, never half of it."""
    draft = path.with_suffix(".part")
    text = json.dumps(content, indent=1)
    if private:
        with private_umask():
            draft.write_text(text)
    else:
        draft.write_text(text)
    draft.replace(path)
