"""Statements: what is said, of which artifact, in words whose meaning a URL fixes (in-toto).

Source: https://github.com/in-toto/attestation, spec/v1/statement.md and resource_descriptor.md.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec

from repro.errors import AttestationError

TYPE: Final = "https://in-toto.io/Statement/v1"
TYPES: Final = {TYPE, "https://in-toto.io/Statement/v0.1"}
"""cosign still writes the older one, which has the same fields."""

Short = Annotated[str, msgspec.Meta(max_length=4096)]


class Resource(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An artifact: by digest, or with its content in Base64."""

    name: Short = ""
    digest: Annotated[dict[str, Short], msgspec.Meta(max_length=16)] = {}
    media_type: Short = ""
    content: str = ""


class Statement(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is said of its subjects; fields that are not known are left out when it is read."""

    type: Short = msgspec.field(name="_type")
    subject: Annotated[tuple[Resource, ...], msgspec.Meta(min_length=1, max_length=1000)]
    predicate_type: Short
    predicate: dict[str, Any]

    def is_about(self, digest: str) -> bool:
        """Tell whether an artifact of this digest is among the subjects."""
        algorithm, _, digits = digest.partition(":")
        return any(subject.digest.get(algorithm) == digits for subject in self.subject)


def about(name: str, digest: str) -> Resource:
    """Name an artifact by its digest, `ALGORITHM:HEX`."""
    algorithm, _, digits = digest.partition(":")
    return Resource(name=name, digest={algorithm: digits})


def encode(statement: Statement) -> bytes:
    """Write a statement as JSON with sorted keys."""
    return msgspec.json.encode(statement, order="sorted")


def parse(data: bytes) -> Statement:
    """Read a statement that was signed; AttestationError says what is wrong with it."""
    try:
        found = msgspec.json.decode(data, type=Statement)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AttestationError(f"what was signed is no statement: {error}") from error
    if found.type not in TYPES:
        raise AttestationError(f"what was signed is {found.type!a}, which is not known")
    return found


def moment(when: datetime) -> str:
    """Write a time by RFC 3339, in UTC with microseconds."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_moment(text: object) -> datetime:
    """Read such a time; AttestationError where it is none, or has no time zone."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise AttestationError("it does not say when it was made")
    return found.astimezone(UTC)
