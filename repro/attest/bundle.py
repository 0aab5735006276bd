"""Sigstore bundles: an envelope, with a hint at the key that is needed to verify it.

Sources: https://github.com/sigstore/protobuf-specs, protos/sigstore_bundle.proto (v0.3);
cosign, specs/BUNDLE_SPEC.md.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

import msgspec

from repro.attest.dsse import LARGEST, Envelope
from repro.errors import AttestationError

if TYPE_CHECKING:
    from repro.attest.keys import PublicKey

TYPE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
FAMILY: Final = "application/vnd.dev.sigstore.bundle"
"""Older ones are written `…bundle+json;version=0.1` and `…0.2`."""


class _Bundle(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    media_type: str = ""
    dsse_envelope: Envelope | None = None
    verification_material: dict[str, Any] = {}


def encode(envelope: Envelope, key: PublicKey) -> bytes:
    """Write a bundle; AttestationError where it is larger than what is read."""
    hint = base64.b64encode(key.fingerprint).decode()
    bundle = _Bundle(
        media_type=TYPE,
        dsse_envelope=envelope,
        verification_material={"publicKey": {"hint": hint}},
    )
    data = msgspec.json.encode(bundle)
    if len(data) > LARGEST:
        raise AttestationError(
            f"what is to be attached has {len(data) >> 20} MiB, more than {LARGEST >> 20} are read",
            advice="No real image has as many facts.",
        )
    return data


def parse(data: bytes) -> Envelope:
    """Return the envelope of a bundle; AttestationError where there is none."""
    try:
        if len(data) > LARGEST:
            raise AttestationError(f"it has more than {LARGEST >> 20} MiB")
        found = msgspec.json.decode(data, type=_Bundle)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AttestationError(f"it is no bundle: {error}") from error
    if not found.media_type.startswith(FAMILY):
        raise AttestationError(f"it is {found.media_type!a}, and no bundle")
    if found.dsse_envelope is None:
        raise AttestationError("it signs bytes, and says nothing of the image")
    return found.dsse_envelope
