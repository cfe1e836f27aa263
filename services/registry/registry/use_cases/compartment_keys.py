"""Services that may open a compartment get its keys, for the patients of their territories."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from registry.problems import COMPARTMENT_NOT_GRANTED
from registry.store import keys as wrapped_keys
from smp.auth import Actor
from smp.logging import log
from smp.postgres import Transaction
from smp.problems import Refusal
from smp.sealing import Compartment, KeyEncryptionKeys, WrongSeal, compartment_key

Grants = Mapping[str, Sequence[Compartment]]


def check_grant(actor: Actor, compartment: Compartment, grants: Grants) -> None:
    """Refuse anyone but a service whose client is granted the compartment."""
    if actor.kind != "service" or compartment not in grants.get(actor.subject, ()):
        raise Refusal(COMPARTMENT_NOT_GRANTED)


async def compartment_keys(
    tx: Transaction, compartment: Compartment, patients: Sequence[UUID], *, actor: Actor, keys: KeyEncryptionKeys
) -> dict[UUID, bytes]:
    """The keys that exist: erased patients and those of other territories are absent, which is a normal answer."""
    given: dict[UUID, bytes] = {}
    unreadable = 0
    for wrapped in await wrapped_keys.read(tx, patients):
        try:
            data_key = keys.unwrap(wrapped.patient, wrapped.kek_id, wrapped.wrapped)
        except WrongSeal:
            unreadable += 1
            continue
        given[wrapped.patient] = compartment_key(data_key, compartment)
    say = log.error if unreadable else log.info
    say(
        "compartment keys given",
        client=actor.subject,
        compartment=compartment,
        asked=len(set(patients)),
        given=len(given),
        unreadable=unreadable,
    )
    return given
