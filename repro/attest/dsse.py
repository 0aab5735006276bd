"""Envelopes that carry what was signed, byte for byte, with its signatures (DSSE 1.0).

Source: https://github.com/secure-systems-lab/dsse, protocol.md and envelope.md.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from repro.errors import AttestationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.attest.keys import PrivateKey, PublicKey

LARGEST: Final = 16 << 20
"""Bytes of an envelope that is written or read at most."""
IN_TOTO: Final = "application/vnd.in-toto+json"
BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]*|[A-Za-z0-9_-]*)={0,2}")


class Signature(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one key says of the payload; its name for the key is a hint that nobody vouches for."""

    sig: Annotated[str, msgspec.Meta(max_length=16_384)]
    keyid: Annotated[str, msgspec.Meta(max_length=1024)] = ""


class Envelope(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A payload that nobody may look at before a signature was verified."""

    payload: str
    payload_type: Annotated[str, msgspec.Meta(max_length=255)]
    signatures: Annotated[list[Signature], msgspec.Meta(min_length=1, max_length=16)]


def encoded(kind: str, body: bytes) -> bytes:
    """Return the bytes that are signed (PAE, "pre-authentication encoding")."""
    name = kind.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(body), body)


def sealed(body: bytes, key: PrivateKey, kind: str = IN_TOTO) -> Envelope:
    """Sign bytes."""
    signature = base64.b64encode(key.sign(encoded(kind, body))).decode()
    return Envelope(
        payload=base64.b64encode(body).decode(),
        payload_type=kind,
        signatures=[Signature(sig=signature)],
    )


def parse(data: bytes) -> Envelope:
    """Read an envelope; AttestationError says what is wrong with it."""
    try:
        if len(data) <= LARGEST:
            return msgspec.json.decode(data, type=Envelope)
        reason = f"more than {LARGEST >> 20} MiB"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = str(error)
    raise AttestationError(f"it is no envelope: {reason}")


def opened(envelope: Envelope, keys: Iterable[PublicKey]) -> tuple[bytes, PublicKey]:
    """Return the payload and the key that signed it; AttestationError where none of these did."""
    if envelope.payload_type != IN_TOTO:
        raise AttestationError(f"it holds {envelope.payload_type!a}, not {IN_TOTO}")
    body = decoded(envelope.payload)
    signed = encoded(envelope.payload_type, body)
    signatures = [decoded(signature.sig) for signature in envelope.signatures]
    for key in keys:
        if any(key.verifies(signature, signed) for signature in signatures):
            return body, key
    raise AttestationError("it is not signed by a key that was given, or was altered since")


def decoded(text: str) -> bytes:
    """Decode Base64, of either alphabet (RFC 4648); AttestationError where it is none."""
    try:
        if BASE64.fullmatch(text):
            return base64.b64decode(text.translate(_STANDARD), validate=True)
    except binascii.Error:
        pass
    raise AttestationError("it holds what is no Base64")


_STANDARD: Final = str.maketrans("-_", "+/")
