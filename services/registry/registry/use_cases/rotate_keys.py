"""Data keys wrapped by an older key-encryption key are wrapped again by the current one."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from registry.store import keys as wrapped_keys
from registry.store.keys import WrappedKey
from smp.postgres import Database, Scope, Transaction
from smp.sealing import KeyEncryptionKeys, WrongSeal


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many keys were wrapped again, and how many no known key-encryption key opens."""

    rewrapped: int = 0
    unreadable: int = 0


async def rotate_keys(database: Database, keys: KeyEncryptionKeys, *, batch: int, now: datetime) -> Rotated:
    """Go through all territories, one transaction a batch; safe to stop anywhere and to run in several processes."""
    total, after = Rotated(), None
    while True:
        async with database.transaction(Scope.everywhere()) as tx:
            found = await wrapped_keys.wrapped_by_others(tx, keys.current, after, batch)
            if not found:
                return total
            done = await _rewrap(tx, found, keys, now)
        after = _last(found)
        total = replace(total, rewrapped=total.rewrapped + done, unreadable=total.unreadable + len(found) - done)


async def _rewrap(tx: Transaction, found: list[WrappedKey], keys: KeyEncryptionKeys, now: datetime) -> int:
    renewed = []
    for old in found:
        try:
            data_key = keys.unwrap(old.patient, old.kek_id, old.wrapped)
        except WrongSeal:
            continue
        renewed.append(WrappedKey(old.patient, *keys.wrap(old.patient, data_key)))
    await wrapped_keys.rewrap(tx, renewed, now)
    return len(renewed)


def _last(found: list[WrappedKey]) -> UUID:
    return found[-1].patient
