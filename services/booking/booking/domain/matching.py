"""Giving each of many one of several: augmenting paths (Berge 1957; Kuhn 1955)."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Asker = TypeVar("Asker", bound=Hashable)
Good = TypeVar("Good", bound=Hashable)


def assign(wishes: Mapping[Asker, Sequence[Good]]) -> dict[Asker, Good] | None:
    """A different good for everybody, each among those they accept, or nothing when there is no such assignment.

    Whoever comes first keeps the first good they accept as long as nobody else has to give way. Cost: askers × wishes.
    """
    owner: dict[Good, Asker] = {}
    for asker in wishes:
        if not _reach(asker, wishes, owner, set()):
            return None
    return {asker: good for good, asker in owner.items()}


def _reach(asker: Asker, wishes: Mapping[Asker, Sequence[Good]], owner: dict[Good, Asker], tried: set[Good]) -> bool:
    """Give `asker` a good, if need be by having others take another one."""
    for good in wishes[asker]:
        if good in tried:
            continue
        tried.add(good)
        if good not in owner or _reach(owner[good], wishes, owner, tried):
            owner[good] = asker
            return True
    return False
