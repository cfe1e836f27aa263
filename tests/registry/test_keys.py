"""Data keys survive the rotation of what wraps them."""

import asyncio

import pytest
from pydantic import ValidationError

from registry.settings import Settings
from registry.use_cases.rotate_keys import rotate_keys
from smp.postgres import Scope
from smp.sealing import KeyEncryptionKeys
from tests.registry.desk import KEY_ONE, KEY_TWO, MONDAY, NOTIFICATIONS, SERVICE, Desk, opened
from tests.support.api import client_for, test_settings

OLD = KeyEncryptionKeys.parse(KEY_ONE)
BOTH = KeyEncryptionKeys.parse(f"{KEY_TWO},{KEY_ONE}")
NEW = KeyEncryptionKeys.parse(KEY_TWO)


async def test_after_a_rotation_the_old_key_is_not_needed_any_more(desk: Desk) -> None:
    patients = [await desk.register(birth_name=f"Durand{letter}") for letter in "abcde"]
    done = await rotate_keys(desk.database.database, BOTH, batch=2, now=MONDAY)
    assert (done.rewrapped, done.unreadable) == (5, 0)
    async with client_for(SERVICE, desk.database.database, key_encryption_keys=KEY_TWO) as client:
        renewed = Desk(client, desk.database)
        for patient in patients:
            key = await renewed.compartment_key(patient, "contact", NOTIFICATIONS)
            assert key is not None
            (told,) = await desk.told(patient)
            assert opened(told, patient, "contact", key)["phones"]
    assert (await rotate_keys(desk.database.database, BOTH, batch=2, now=MONDAY)).rewrapped == 0


async def test_keys_that_nobody_can_open_are_counted_and_left_as_they_are(desk: Desk) -> None:
    patient, _ = await desk.register(), await desk.register(birth_name="Autre")
    async with asyncio.timeout(20):
        done = await rotate_keys(desk.database.database, NEW, batch=1, now=MONDAY)
    assert (done.rewrapped, done.unreadable) == (0, 2)
    assert await desk.compartment_key(patient, "contact", NOTIFICATIONS) is not None


async def test_a_patient_whose_key_cannot_be_unwrapped_is_absent_like_an_erased_one(desk: Desk) -> None:
    patient = await desk.register()
    async with client_for(SERVICE, desk.database.database, key_encryption_keys=KEY_TWO) as client:
        assert await Desk(client, desk.database).compartment_key(patient, "contact", NOTIFICATIONS) is None


@pytest.mark.parametrize("wrong", ["", "k1", "k1:short", "k1:!!!!"])
def test_settings_with_wrong_keys_are_refused_without_showing_them(wrong: str) -> None:
    with pytest.raises(ValidationError) as refused:
        test_settings(Settings, key_encryption_keys=wrong)
    shown = str([error["msg"] for error in refused.value.errors(include_input=False)])
    assert "key" in shown
    assert "short" not in shown


async def test_the_search_by_name_uses_its_index_under_row_security(desk: Desk) -> None:
    """LIKE would not: it is not leakproof, so row security would read the whole table first."""
    plan = """
        EXPLAIN SELECT patient FROM patient_search_key
        WHERE key >= 'dup' AND key < 'dup\U0010ffff'
          AND territory = ANY (string_to_array(current_setting('smp.territories'), ','))
    """
    async with desk.database.database.transaction(Scope(frozenset({"53"}))) as tx:
        await tx.execute("SET LOCAL enable_seqscan = off")
        lines = "\n".join(row[0] for row in await tx.fetch(plan))
    assert "patient_search_key_by_key" in lines
    assert "Index Cond: ((key >= 'dup'" in lines
