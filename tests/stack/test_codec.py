"""A stack's file: written the same way always, and read as hostile."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from repro.errors import ManifestError
from repro.manifest import Target, assemble
from repro.stack import SCHEMA, Stack, decode, encode, is_stack, schema
from tests.manifests import known


def stack(*versions: str, **unread: str) -> Stack:
    return Stack(
        name="shop",
        schema=SCHEMA,
        services={
            f"s{n}": assemble(Target(kind="container", name=f"c{n}"), [known("libc", "glibc", v)])
            for n, v in enumerate(versions)
        },
        stack=assemble(Target(kind="stack", name="shop"), []),
        unread=unread,
    )


def document(**fields: Any) -> bytes:
    return json.dumps({**json.loads(encode(stack("1"))), **fields}).encode()


def test_what_is_written_is_read_again() -> None:
    whole = stack("1", "2", db="gone")
    assert decode(encode(whole)) == whole
    assert encode(decode(encode(whole))) == encode(whole)


def test_its_schema_fits() -> None:
    jsonschema.validate(json.loads(encode(stack("1", "2", db="gone"))), schema())


def test_a_manifest_is_no_stack() -> None:
    assert is_stack(encode(stack("1")))
    assert not any(map(is_stack, (b"{}", b"[]", b"\xff", b"", b'{"schema": 1}', b"[" * 10_000)))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (document(schema="repro/stack/2.0"), "schema 'repro/stack/2.0', and this version reads"),
        (document(unread={"s0": "x"}), "s0 was read and could not be read"),
        (document(unread={"../x": "x"}), "a service is called '../x'"),
        (document(services={"a@b": {}}), "a service is called 'a@b'"),
        (document(services={"(stack)": {}}), "a service is called '(stack)'"),
        (document(services={"a": {}}), "stack: a: not a manifest"),
        (document(services=[]), "not a stack: Expected `object`"),
        (b"{", "not a stack"),
        (b"[" * 100_000, "not a stack"),
    ],
)
def test_what_is_malformed_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ManifestError, match=said.replace("(", r"\(").replace(")", r"\)")):
        decode(data)


def test_a_service_that_was_altered_is_noticed() -> None:
    data = encode(stack("2.36")).replace(b'"2.36"', b'"2.37"')
    with pytest.raises(ManifestError, match="s0: the digests are not those of its facts"):
        decode(data)
