"""Signing keys in a folder: tokens outlive a restart, and old keys stay published as long as their tokens live."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from smp.ids import new_id


class DamagedKey(Exception):
    """A key file cannot be read; the sentence says which one and what to do."""


@dataclass(frozen=True)
class SigningKey:
    """An ES256 key and the second it began to sign."""

    key: ECKey
    created_at: float


class SigningKeys:
    """Newest key first. A key leaves the published set `keep` seconds after it stopped signing."""

    def __init__(self, home: Path, keep: float, now: Callable[[], float] = time.time) -> None:
        self._folder = home / "keys"
        self._keep = keep
        self._now = now
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._keys = sorted(map(_read, self._folder.glob("*.json")), key=lambda key: key.created_at, reverse=True)
        if not self._keys:
            self.rotate()

    @property
    def current(self) -> ECKey:
        """The key that signs."""
        return self._keys[0].key

    def rotate(self) -> str:
        """Begin to sign with a new key; return its id."""
        kid = str(new_id())
        key = ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})
        signing = SigningKey(key, self._now())
        _write(self._folder / f"{kid}.json", {"created_at": signing.created_at, "key": key.as_dict(private=True)})
        self._keys.insert(0, signing)
        self._prune()
        return kid

    def published(self) -> dict[str, Any]:
        """The JWKS: public halves only."""
        self._prune()
        return {"keys": [signing.key.as_dict(private=False) for signing in self._keys]}

    def _prune(self) -> None:
        retired_at = [float("inf"), *(signing.created_at for signing in self._keys)]
        expired = [
            signing
            for signing, retired in zip(self._keys, retired_at, strict=False)
            if retired + self._keep < self._now()
        ]
        for signing in expired:
            self._keys.remove(signing)
            (self._folder / f"{signing.key.kid}.json").unlink(missing_ok=True)


def _read(path: Path) -> SigningKey:
    try:
        stored = json.loads(path.read_bytes())
        return SigningKey(ECKey.import_key(stored["key"]), float(stored["created_at"]))
    except Exception as error:
        raise DamagedKey(f"{path} is not a signing key: remove it and start again.") from error


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write the whole file or nothing, readable by its owner only."""
    draft = path.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(json.dumps(content).encode())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
