"""Keys are those that openssl and cosign write, and what is no key says what to do."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from repro.attest.keys import load_private, load_public
from repro.errors import UsageError

DOCUMENT = Path(__file__).parents[2] / "docs" / "attest.md"


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def make(folder: Path, *kind: str) -> tuple[Path, Path]:
    private, public = folder / "repro.key", folder / "repro.pub"
    openssl("genpkey", *kind, "-out", str(private))
    openssl("pkey", "-in", str(private), "-passin", "pass:secret", "-pubout", "-out", str(public))
    return private, public


P256 = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
LOCKED = ("-aes256", "-pass", "pass:secret")


@pytest.mark.parametrize("kind", [P256, (*P256, *LOCKED), ("-algorithm", "ED25519")])
def test_what_openssl_makes_signs_and_verifies(tmp_path: Path, kind: tuple[str, ...]) -> None:
    private, public = make(tmp_path, *kind)
    key = load_private(private, lambda: "secret")

    assert load_public(public) == key.public or str(load_public(public)) == str(key.public)
    assert load_public(public).verifies(key.sign(b"said"), b"said")
    assert not load_public(public).verifies(key.sign(b"said"), b"other")


def test_the_fingerprint_is_openssl_s(tmp_path: Path) -> None:
    _, public = make(tmp_path, *P256)
    command = f"openssl pkey -pubin -in {public} -outform DER | openssl dgst -sha256"
    said = subprocess.run(command, shell=True, check=True, capture_output=True, text=True)  # noqa: S602

    assert str(load_public(public)) == f"sha256:{said.stdout.split()[-1]}"


@pytest.mark.parametrize(("given", "why"), [(None, "no password"), ("wrong", "be decrypted")])
def test_a_locked_key_wants_its_password(tmp_path: Path, given: str | None, why: str) -> None:
    private, _ = make(tmp_path, *P256, *LOCKED)

    with pytest.raises(UsageError, match=why):
        load_private(private, lambda: given)


def test_a_key_that_is_not_locked_asks_for_nothing(tmp_path: Path) -> None:
    private, _ = make(tmp_path, *P256)

    def ask() -> str:
        raise AssertionError("it asked")

    load_private(private, ask)


@pytest.mark.parametrize(
    "kind",
    [
        ("-algorithm", "RSA"),
        ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
        ("-algorithm", "ED448"),
    ],
)
def test_keys_of_other_kinds_are_refused(tmp_path: Path, kind: tuple[str, ...]) -> None:
    private, public = make(tmp_path, *kind)

    with pytest.raises(UsageError, match="another kind than P-256 and Ed25519"):
        load_private(private, lambda: None)
    with pytest.raises(UsageError, match="another kind than P-256 and Ed25519"):
        load_public(public)


def test_a_private_key_is_not_taken_for_a_public_one(tmp_path: Path) -> None:
    private, _ = make(tmp_path, *P256)

    with pytest.raises(UsageError, match="is a private key"):
        load_public(private)


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff" * 100_000])
def test_what_is_no_key_says_how_to_make_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)

    for read in (load_public, lambda path: load_private(path, lambda: None)):
        with pytest.raises(UsageError) as caught:
            read(path)
        assert "openssl genpkey" in caught.value.advice


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load_public(tmp_path / "missing.pub")


def test_cosign_s_own_encryption_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cosign.key"
    path.write_text("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n")

    with pytest.raises(UsageError, match="cosign's own way"):
        load_private(path, lambda: None)


def test_the_commands_of_the_document_make_keys(tmp_path: Path) -> None:
    text = DOCUMENT.read_text("utf-8")
    commands = re.findall(r"^\$ (openssl .*)$", text, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        words = shlex.split(command)
        locked = ["-pass" if "genpkey" in words else "-passin", "env:REPRO_KEY_PASSWORD"]
        environment = {**os.environ, "REPRO_KEY_PASSWORD": "secret"}
        subprocess.run(
            [*words, *locked], cwd=tmp_path, env=environment, check=True, capture_output=True
        )

    key = load_private(tmp_path / "repro.key", lambda: "secret")
    assert str(load_public(tmp_path / "repro.pub")) == str(key.public)
