"""Sealing of personal data that must travel (DESIGN §6).

One random data key per patient, wrapped by a key-encryption key from settings; one derived key per compartment;
AES-256-GCM with the patient, the compartment and the event bound as associated data. Erasing the wrapped data key
makes every sealed copy unreadable for ever.

All refusals are `WrongSeal`: a caller never learns which part of the context was wrong.
"""

import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Literal, get_args
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

Compartment = Literal["identity", "contact", "statistics"]
COMPARTMENTS: tuple[Compartment, ...] = get_args(Compartment)

KEY_BYTES = 32
_NONCE_BYTES = 12  # NIST SP 800-38D §8.2.2: random 96-bit nonces
_TAG_BYTES = 16
_VERSION = b"\x01"
_LONGEST_KEK_ID = 32


class WrongSeal(Exception):
    """The sealed text cannot be opened with this key in this context, or it is damaged."""


class UnknownKeyEncryptionKey(WrongSeal):
    """A data key is wrapped by a key-encryption key that is not among the settings (SMP_KEY_ENCRYPTION_KEYS)."""


def new_data_key() -> bytes:
    """Return 32 random bytes, the root of one patient's keys."""
    return secrets.token_bytes(KEY_BYTES)


def compartment_key(data_key: bytes, compartment: Compartment) -> bytes:
    """Derive the 32-byte key of one compartment (HKDF-Expand, RFC 5869 §3.3: the data key is already uniform)."""
    _check_key(data_key)
    return HKDFExpand(SHA256(), KEY_BYTES, b"smp.compartment.v1:" + _name(compartment)).derive(data_key)


def seal(key: bytes, plaintext: bytes, patient: UUID, compartment: Compartment, event_id: UUID) -> str:
    """Encrypt `plaintext` with a compartment key; the base64 answer opens only in this very context."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = _cipher(key).encrypt(nonce, plaintext, _context(patient, compartment, event_id))
    return b64encode(_VERSION + nonce + sealed).decode()


def unseal(key: bytes, sealed: str, patient: UUID, compartment: Compartment, event_id: UUID) -> bytes:
    """Return what was sealed, or raise `WrongSeal`."""
    context = _context(patient, compartment, event_id)
    return _open(_cipher(key), _decode(sealed), context)


class KeyEncryptionKeys:
    """The keys that wrap patients' data keys, by id. The first one wraps; all of them unwrap."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise ValueError("at least one key-encryption key is needed")
        for name, key in keys.items():
            if not (name.isascii() and name.isalnum() and len(name) <= _LONGEST_KEK_ID):
                raise ValueError("a key-encryption key's id is 1 to 32 ASCII letters and digits")
            if len(key) != KEY_BYTES:
                raise ValueError(f"key-encryption key {name} must be {KEY_BYTES} bytes")
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self.current = next(iter(keys))

    @classmethod
    def parse(cls, text: str) -> "KeyEncryptionKeys":
        """Read "k2:base64,k1:base64" (first = current). Raises `ValueError`, which never shows a key."""
        keys: dict[str, bytes] = {}
        for entry in filter(None, map(str.strip, text.split(","))):
            name, colon, encoded = entry.partition(":")
            if not colon:
                raise ValueError("key-encryption keys are written id:base64, separated by commas")
            if name in keys:
                raise ValueError("two key-encryption keys have the same id")
            try:
                keys[name] = b64decode(encoded, validate=True)
            except ValueError:
                raise ValueError("a key-encryption key is not valid base64") from None
        return cls(keys)

    def __repr__(self) -> str:
        return f"KeyEncryptionKeys(current={self.current!r}, known={len(self._ciphers)})"

    def wrap(self, patient: UUID, data_key: bytes) -> tuple[str, bytes]:
        """Return the id of the current key and the data key wrapped for this patient only."""
        _check_key(data_key)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        wrapped = self._ciphers[self.current].encrypt(nonce, data_key, _wrapping(self.current, patient))
        return self.current, _VERSION + nonce + wrapped

    def unwrap(self, patient: UUID, kek_id: str, wrapped: bytes) -> bytes:
        """Return the data key. Raises `UnknownKeyEncryptionKey` or `WrongSeal`."""
        cipher = self._ciphers.get(kek_id)
        if cipher is None:
            raise UnknownKeyEncryptionKey("This key-encryption key is not in SMP_KEY_ENCRYPTION_KEYS.")
        return _open(cipher, wrapped, _wrapping(kek_id, patient))


def _open(cipher: AESGCM, sealed: bytes, context: bytes) -> bytes:
    if sealed[:1] != _VERSION or len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES:
        raise WrongSeal("This is not a sealed text of a known version.")
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, body, context)
    except InvalidTag:
        raise WrongSeal("The key or the context does not match, or the text was altered.") from None


def _decode(sealed: str) -> bytes:
    try:
        return b64decode(sealed, validate=True)
    except ValueError:
        raise WrongSeal("This is not base64.") from None


def _cipher(key: bytes) -> AESGCM:
    _check_key(key)
    return AESGCM(key)


def _check_key(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key must be {KEY_BYTES} bytes")


def _name(compartment: str) -> bytes:
    if compartment not in COMPARTMENTS:
        raise ValueError(f"unknown compartment; known: {', '.join(COMPARTMENTS)}")
    return compartment.encode()


def _context(patient: UUID, compartment: Compartment, event_id: UUID) -> bytes:
    # Fixed-length parts first, so that no two contexts share one encoding.
    return b"smp.seal.v1" + patient.bytes + event_id.bytes + _name(compartment)


def _wrapping(kek_id: str, patient: UUID) -> bytes:
    return b"smp.data-key.v1" + patient.bytes + kek_id.encode()
