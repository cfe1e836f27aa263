"""Whose rows a statement may see and write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, Self

_TERRITORY = re.compile(r"[0-9AB]{2,3}")
_EVERYWHERE = "*"


class HasTerritories(Protocol):
    """Whoever acts in some territories: an actor, a job."""

    @property
    def territories(self) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class Scope:
    """The territories (département codes) whose rows a transaction may see and write."""

    territories: frozenset[str]

    def __post_init__(self) -> None:
        for code in self.territories:
            if code != _EVERYWHERE and not _TERRITORY.fullmatch(code):
                raise ValueError("a territory is a département code of two or three characters")

    @classmethod
    def of(cls, actor: HasTerritories) -> Scope:
        """The territories of whoever acts."""
        return _scope(actor.territories)

    @classmethod
    def everywhere(cls) -> Self:
        """All territories: for jobs of the service itself, never for a person's command."""
        return cls(frozenset({_EVERYWHERE}))

    @property
    def setting(self) -> str:
        """The value of `smp.territories`; safe to be quoted in SQL, as only checked codes are in it."""
        return ",".join(sorted(self.territories))


@lru_cache(maxsize=1024)
def _scope(territories: frozenset[str]) -> Scope:
    return Scope(territories)
