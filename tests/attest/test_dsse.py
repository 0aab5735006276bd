"""Envelopes are those of the specification, and nothing passes that was not signed."""

from __future__ import annotations

import base64
import json

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as TheirEnvelope
from securesystemslib.signer._crypto_signer import CryptoSigner
from securesystemslib.signer._key import SSlibKey

from repro.attest import bundle, dsse
from repro.attest.keys import PrivateKey, PublicKey
from repro.errors import AttestationError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
ENVELOPES = st.fixed_dictionaries(
    {},
    optional={
        "payload": JSON,
        "payloadType": JSON | st.just(dsse.IN_TOTO),
        "signatures": st.lists(st.dictionaries(st.sampled_from(["sig", "keyid"]), JSON)) | JSON,
    },
)


def test_what_is_signed_is_what_the_specification_shows() -> None:
    found = dsse.encoded("http://example.com/HelloWorld", b"hello world")

    assert found == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


@given(st.text(max_size=40), st.binary(max_size=60), st.text(max_size=40), st.binary(max_size=60))
def test_no_two_payloads_are_signed_by_the_same_bytes(
    kind: str, body: bytes, other_kind: str, other: bytes
) -> None:
    same = dsse.encoded(kind, body) == dsse.encoded(other_kind, other)

    assert same == ((kind, body) == (other_kind, other))


def test_another_library_verifies_what_we_sign(key: PrivateKey) -> None:
    sealed = msgspec.to_builtins(dsse.sealed(b'{"a": 1}', key))
    theirs = SSlibKey.from_crypto(key.public._key)
    sealed["signatures"][0]["keyid"] = theirs.keyid  # It looks at no other signature.

    found = TheirEnvelope.from_dict(sealed).verify([theirs], 1)

    assert list(found.values()) == [theirs]


def test_we_verify_what_another_library_signs() -> None:
    signer = CryptoSigner.generate_ecdsa()
    envelope = TheirEnvelope(payload=b"{}", payload_type=dsse.IN_TOTO, signatures={})
    envelope.sign(signer)
    pem = signer.public_key.keyval["public"].encode()
    key = PublicKey(load_pem_public_key(pem))  # type: ignore[arg-type]  # It is one of P-256.

    assert dsse.opened(dsse.parse(json.dumps(envelope.to_dict()).encode()), [key]) == (b"{}", key)


def test_keys_of_both_kinds_sign(key: PrivateKey) -> None:
    other = PrivateKey(Ed25519PrivateKey.generate())
    for signer in (key, other):
        body, found = dsse.opened(dsse.sealed(b"{}", signer), [key.public, other.public])

        assert (body, found) == (b"{}", signer.public)


@given(st.data())
def test_no_altered_byte_passes(key: PrivateKey, data: st.DataObject) -> None:
    envelope = dsse.sealed(b'{"subject": "this image"}', key)
    field = data.draw(st.sampled_from(["payload", "sig"]))
    held = envelope.payload if field == "payload" else envelope.signatures[0].sig
    raw = bytearray(base64.b64decode(held))
    at = data.draw(st.integers(0, 10_000)) % len(raw)  # Signatures differ in length.
    raw[at] ^= data.draw(st.integers(1, 255))
    text = base64.b64encode(bytes(raw)).decode()
    if field == "payload":
        envelope = msgspec.structs.replace(envelope, payload=text)
    else:
        envelope = msgspec.structs.replace(envelope, signatures=[dsse.Signature(sig=text)])

    with pytest.raises(AttestationError):
        dsse.opened(envelope, [key.public])


def test_another_type_of_payload_is_refused_though_it_is_signed(key: PrivateKey) -> None:
    envelope = dsse.sealed(b"{}", key, "application/json")

    with pytest.raises(AttestationError, match="'application/json', not"):
        dsse.opened(envelope, [key.public])


def test_a_payload_under_another_type_than_was_signed_is_refused(key: PrivateKey) -> None:
    envelope = dsse.sealed(b"{}", key, "application/json")
    renamed = msgspec.structs.replace(envelope, payload_type=dsse.IN_TOTO)

    with pytest.raises(AttestationError, match="not signed by a key"):
        dsse.opened(renamed, [key.public])


def test_no_key_believes_nobody(key: PrivateKey) -> None:
    with pytest.raises(AttestationError):
        dsse.opened(dsse.sealed(b"{}", key), [])


def test_the_hint_at_a_key_decides_nothing(key: PrivateKey, stranger: PrivateKey) -> None:
    envelope = dsse.sealed(b"{}", stranger)
    (signature,) = envelope.signatures
    lying = dsse.Signature(sig=signature.sig, keyid=str(key.public))

    with pytest.raises(AttestationError):
        dsse.opened(msgspec.structs.replace(envelope, signatures=[lying]), [key.public])


def test_one_good_signature_of_several_is_enough(key: PrivateKey, stranger: PrivateKey) -> None:
    envelope = dsse.sealed(b"{}", key)
    other = dsse.sealed(b"{}", stranger).signatures
    several = msgspec.structs.replace(envelope, signatures=[*other, *envelope.signatures])

    assert dsse.opened(several, [key.public])[1] == key.public


def test_both_alphabets_of_base64_are_read(key: PrivateKey) -> None:
    body = bytes(range(256))
    envelope = dsse.sealed(body, key)
    safe = envelope.payload.translate(str.maketrans("+/", "-_"))

    assert dsse.opened(msgspec.structs.replace(envelope, payload=safe), [key.public])[0] == body


@pytest.mark.parametrize("text", ["!", "AA=A", "A", "A A=", "AA==\n", "é"])
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(AttestationError, match="no Base64"):
        dsse.decoded(text)


@given(st.binary(max_size=200) | JSON.map(json.dumps).map(str.encode))
def test_whatever_lies_there_is_an_envelope_or_an_error(data: bytes) -> None:
    for read in (dsse.parse, bundle.parse):
        try:
            found = read(data)
        except AttestationError:
            continue
        assert isinstance(found, dsse.Envelope)


@given(ENVELOPES)
def test_no_envelope_passes_that_nobody_signed(key: PrivateKey, found: object) -> None:
    with pytest.raises(AttestationError):
        dsse.opened(dsse.parse(json.dumps(found).encode()), [key.public])


def test_an_envelope_without_signatures_is_none() -> None:
    with pytest.raises(AttestationError, match="signatures"):
        dsse.parse(
            b'{"payload": "e30=", "payloadType": "application/vnd.in-toto+json", "signatures": []}'
        )


def test_a_large_envelope_is_not_read() -> None:
    with pytest.raises(AttestationError, match="more than 16 MiB"):
        dsse.parse(b" " * (dsse.LARGEST + 1))


def test_a_bundle_names_its_key_as_cosign_does(key: PrivateKey) -> None:
    written = json.loads(bundle.encode(dsse.sealed(b"{}", key), key.public))

    assert written["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    hint = written["verificationMaterial"]["publicKey"]["hint"]
    assert base64.b64decode(hint) == key.public.fingerprint
    assert written["dsseEnvelope"].keys() == {"payload", "payloadType", "signatures"}


@pytest.mark.parametrize(
    "held",
    [
        {"mediaType": bundle.TYPE, "messageSignature": {}},
        {"mediaType": "application/json", "dsseEnvelope": {}},
        {},
    ],
)
def test_what_is_no_bundle_of_an_envelope_is_refused(held: object) -> None:
    with pytest.raises(AttestationError):
        bundle.parse(json.dumps(held).encode())
