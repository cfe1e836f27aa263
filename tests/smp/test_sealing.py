"""Sealed data opens with its key in its context, and in no other way."""

from base64 import b64decode, b64encode
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smp.sealing import (
    COMPARTMENTS,
    Compartment,
    KeyEncryptionKeys,
    UnknownKeyEncryptionKey,
    WrongSeal,
    compartment_key,
    new_data_key,
    seal,
    unseal,
)

DATA_KEY = bytes(range(32))
PATIENT, EVENT = uuid4(), uuid4()


def encoded_key() -> str:
    return b64encode(new_data_key()).decode()


@given(
    plaintext=st.binary(max_size=2_000), patient=st.uuids(), event=st.uuids(), compartment=st.sampled_from(COMPARTMENTS)
)
def test_what_is_sealed_opens_in_its_own_context(
    plaintext: bytes, patient: UUID, event: UUID, compartment: Compartment
) -> None:
    key = compartment_key(DATA_KEY, compartment)

    assert unseal(key, seal(key, plaintext, patient, compartment, event), patient, compartment, event) == plaintext


@pytest.mark.parametrize(
    ("patient", "compartment", "event"),
    [
        (uuid4(), "contact", EVENT),
        (PATIENT, "identity", EVENT),
        (PATIENT, "contact", uuid4()),
        (EVENT, "contact", PATIENT),
    ],
)
def test_another_context_does_not_open_it(patient: UUID, compartment: Compartment, event: UUID) -> None:
    key = compartment_key(DATA_KEY, "contact")
    sealed = seal(key, b"x", PATIENT, "contact", EVENT)

    with pytest.raises(WrongSeal):
        unseal(key, sealed, patient, compartment, event)


@pytest.mark.parametrize("other", [compartment_key(DATA_KEY, "identity"), compartment_key(new_data_key(), "contact")])
def test_another_key_does_not_open_it(other: bytes) -> None:
    sealed = seal(compartment_key(DATA_KEY, "contact"), b"x", PATIENT, "contact", EVENT)

    with pytest.raises(WrongSeal):
        unseal(other, sealed, PATIENT, "contact", EVENT)


@given(data=st.data())
def test_one_changed_bit_anywhere_is_noticed(data: st.DataObject) -> None:
    key = compartment_key(DATA_KEY, "contact")
    sealed = bytearray(b64decode(seal(key, b"+33639980000", PATIENT, "contact", EVENT)))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8

    with pytest.raises(WrongSeal):
        unseal(key, b64encode(sealed).decode(), PATIENT, "contact", EVENT)


@pytest.mark.parametrize("sealed", ["", "AQ==", "é", "not base64!", "AQ" * 15, b64encode(b"\x02" * 60).decode()])
def test_what_was_never_sealed_is_refused(sealed: str) -> None:
    with pytest.raises(WrongSeal):
        unseal(compartment_key(DATA_KEY, "contact"), sealed, PATIENT, "contact", EVENT)


def test_the_same_text_never_looks_the_same_twice() -> None:
    key = compartment_key(DATA_KEY, "contact")

    assert len({seal(key, b"x", PATIENT, "contact", EVENT) for _ in range(100)}) == 100


def test_compartments_have_different_keys_and_always_the_same() -> None:
    keys = [compartment_key(DATA_KEY, compartment) for compartment in COMPARTMENTS]

    assert len(set(keys)) == 3
    assert keys == [compartment_key(DATA_KEY, compartment) for compartment in COMPARTMENTS]


def test_the_format_of_version_one_is_kept_for_ever() -> None:
    """Sealed texts live in Kafka for years: a change of derivation or of context would lose them."""
    key = compartment_key(DATA_KEY, "contact")
    patient, event = UUID(int=1), UUID(int=2)

    assert unseal(key, SEALED_BY_VERSION_1, patient, "contact", event) == b'{"phones":[]}'
    assert KeyEncryptionKeys({"k1": DATA_KEY}).unwrap(patient, "k1", b64decode(WRAPPED_BY_VERSION_1)) == DATA_KEY


SEALED_BY_VERSION_1 = "ATRlL9yVqY4um7722ASGs9fVnafwtdEv0IR0gerOP2I2e6v6ecUMDSGy"
WRAPPED_BY_VERSION_1 = "ARKrRPNzoWx/TqJxQB7xMQdO8YfFCU+YJRsmyI+RYqiMZ5YbKHYtOKroF1L2AsTUN1gWreSlAOIwLa7wyQ=="


def test_an_unknown_compartment_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="identity, contact, statistics"):
        compartment_key(DATA_KEY, "reasons")  # type: ignore[arg-type]


def test_a_data_key_is_wrapped_for_one_patient() -> None:
    keys = KeyEncryptionKeys.parse(f"k1:{encoded_key()}")
    name, wrapped = keys.wrap(PATIENT, DATA_KEY)

    assert name == "k1"
    assert DATA_KEY not in wrapped
    assert keys.unwrap(PATIENT, name, wrapped) == DATA_KEY
    with pytest.raises(WrongSeal):
        keys.unwrap(uuid4(), name, wrapped)


def test_after_a_rotation_the_old_key_unwraps_and_the_new_one_wraps() -> None:
    old, new = f"k1:{encoded_key()}", f"k2:{encoded_key()}"
    before = KeyEncryptionKeys.parse(old).wrap(PATIENT, DATA_KEY)

    rotated = KeyEncryptionKeys.parse(f"{new}, {old}")

    assert rotated.unwrap(PATIENT, *before) == DATA_KEY
    assert rotated.wrap(PATIENT, DATA_KEY)[0] == "k2"
    with pytest.raises(WrongSeal):
        rotated.unwrap(PATIENT, "k2", before[1])


def test_a_withdrawn_key_is_named_as_such() -> None:
    name, wrapped = KeyEncryptionKeys.parse(f"k1:{encoded_key()}").wrap(PATIENT, DATA_KEY)

    with pytest.raises(UnknownKeyEncryptionKey):
        KeyEncryptionKeys.parse(f"k2:{encoded_key()}").unwrap(PATIENT, name, wrapped)


@pytest.mark.parametrize(
    "text", ["", "k1", "k1:", "k1:????", "k1:c2hvcnQ=", ":" + encoded_key(), f"k1:{encoded_key()},k1:{encoded_key()}"]
)
def test_wrong_key_settings_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - every sentence differs
        KeyEncryptionKeys.parse(text)

    assert len(text) < 20 or text.split(":")[1][:20] not in str(caught.value)


def test_keys_do_not_show_in_logs() -> None:
    secret = encoded_key()

    assert repr(KeyEncryptionKeys.parse(f"k1:{secret}")) == "KeyEncryptionKeys(current='k1', known=1)"
