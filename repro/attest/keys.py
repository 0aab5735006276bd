"""Keys that sign statements and check signatures: ECDSA on P-256 with SHA-256, and Ed25519."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from repro.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LARGEST: Final = 64 * 1024
"""Bytes of a file that is read as a key."""
MAKE: Final = (
    "Make one: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -out "
    "repro.key; its public half: openssl pkey -in repro.key -pubout -out repro.pub"
)
COSIGN: Final = (b"ENCRYPTED SIGSTORE PRIVATE KEY", b"ENCRYPTED COSIGN PRIVATE KEY")
ECDSA: Final = ec.ECDSA(hashes.SHA256())


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Who is believed."""

    _key: ec.EllipticCurvePublicKey | Ed25519PublicKey

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the key in DER (SubjectPublicKeyInfo, RFC 5280): cosign names keys so."""
        der = self._key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).digest()

    def __str__(self) -> str:
        """Return the fingerprint as `sha256:HEX`, as `openssl pkey -pubin -outform DER` gives."""
        return f"sha256:{self.fingerprint.hex()}"

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Tell whether this key's owner signed these bytes."""
        try:
            if isinstance(self._key, Ed25519PublicKey):
                self._key.verify(signature, data)
            else:
                self._key.verify(signature, data, ECDSA)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """Whose word it is."""

    _key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """The half that may be known."""
        return PublicKey(self._key.public_key())

    def sign(self, data: bytes) -> bytes:
        """Return the signature, of ECDSA in DER."""
        if isinstance(self._key, Ed25519PrivateKey):
            return self._key.sign(data)
        return self._key.sign(data, ECDSA)


def load_public(path: Path) -> PublicKey:
    """Read a public key in PEM; UsageError where the file holds none that is taken."""
    data = _read(path)
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        secret = b"PRIVATE KEY-----" in data
        raise UsageError(
            f"{path} is {'a private key' if secret else 'no public key in PEM form'}",
            advice="Name the public half: openssl pkey -in KEY -pubout" if secret else MAKE,
        ) from error
    if isinstance(key, Ed25519PublicKey):
        return PublicKey(key)
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return PublicKey(key)
    raise _other(path)


def load_private(path: Path, password: Callable[[], str | None]) -> PrivateKey:
    """Read a private key in PEM; the password is asked for where it is encrypted.

    UsageError where the file holds none that is taken, or the password is not right.
    """
    data = _read(path)
    if any(mark in data for mark in COSIGN):
        raise UsageError(
            f"{path} is encrypted in cosign's own way, which is not read",
            advice=f"{MAKE}; `cosign import-key-pair --key repro.key` takes it too.",
        )
    encrypted = b"ENCRYPTED" in data
    try:
        key = load_pem_private_key(data, _password(path, password) if encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        what = "cannot be decrypted with this password" if encrypted else "is no private key in PEM"
        advice = "Is REPRO_KEY_PASSWORD another key's?" if encrypted else MAKE
        raise UsageError(f"{path} {what}", advice=advice) from error
    if isinstance(key, Ed25519PrivateKey):
        return PrivateKey(key)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return PrivateKey(key)
    raise _other(path)


def _password(path: Path, ask: Callable[[], str | None]) -> bytes:
    if given := ask():
        return given.encode()
    raise UsageError(
        f"{path} is encrypted, and there is no password for it",
        advice="Set REPRO_KEY_PASSWORD, or run it on a terminal, which asks.",
    )


def _other(path: Path) -> UsageError:
    return UsageError(f"{path} is a key of another kind than P-256 and Ed25519", advice=MAKE)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST)
    except OSError as error:
        raise UsageError(f"the key {path}: {error.strerror}", advice=MAKE) from error
