"""Which statements about an image count: those of a known key, about this image, the newest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from repro.attest import attested_manifest, gate_result, statement
from repro.attest.dsse import opened
from repro.errors import AttestationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from repro.attest.gate_result import GateResult
    from repro.attest.keys import PublicKey
    from repro.attest.statement import Statement
    from repro.attest.store import Attached
    from repro.manifest import Manifest

SKEW: Final = timedelta(minutes=5)
"""How far a signer's clock may be ahead; what claims to be younger would stay the newest."""
SHOWN: Final = 5
"""Things that do not count which a message names."""

What = TypeVar("What", covariant=True)  # noqa: PLC0105 -- The name that reads well.


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """The image in question."""

    digest: str
    """Of its manifest in the registry."""
    diff_ids: Sequence[str]
    """Of its layers, bottom first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said(Generic[What]):
    """What somebody said of an image, with a signature that was verified."""

    what: What
    at: datetime
    """By the signer's clock."""
    key: PublicKey
    place: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """What lies beside an image and does not count."""

    place: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """All that lies beside an image: what counts, and what does not."""

    manifest: Said[Manifest] | None
    """The newest."""
    gate: Said[GateResult] | None
    """The newest about that manifest; of two at one moment, the one that failed."""
    refused: tuple[Refused, ...]
    manifests: tuple[Said[Manifest], ...] = ()
    """All that count, oldest first."""


def judge(
    found: Iterable[Attached], image: Image, keys: Sequence[PublicKey], now: datetime
) -> Judged:
    """Say what counts of what lies beside an image; `keys` are those that are believed.

    One statement that is not valid takes nothing from others: whoever may write to the repository
    could otherwise make all of them worthless.
    """
    manifests: list[Said[Manifest]] = []
    gates: list[Said[GateResult]] = []
    refused: list[Refused] = []
    for each in found:
        try:
            said, key = _verified(each, image, keys)
            if said.predicate_type == attested_manifest.TYPE:
                manifests.append(_manifest(said, key, each.place, image, now))
            else:
                gates.append(_gate(said, key, each.place, now))
        except AttestationError as error:
            refused.append(Refused(place=each.place, why=error.message))
    manifests.sort(key=lambda said: (said.at, said.place))
    manifest = manifests[-1] if manifests else None
    about, other = _about(gates, manifest)
    gate = max(about, key=lambda said: (said.at, said.what.result == "FAILED"), default=None)
    return Judged(
        manifest=manifest, gate=gate, refused=(*refused, *other), manifests=tuple(manifests)
    )


def too_old(said: Said[object], seconds: int | None, now: datetime) -> str:
    """Say that something was said longer ago than is allowed; empty where it was not."""
    if seconds is None or now - said.at <= timedelta(seconds=seconds):
        return ""
    return f"it was signed on {said.at:%Y-%m-%d %H:%M} UTC, longer ago than is allowed"


def none_counts(found: Judged) -> str:
    """Say why nothing that lies beside an image counts."""
    if not found.refused:
        return "nothing is attached"
    shown = [f"{each.place[:19]}: {each.why}" for each in found.refused[:SHOWN]]
    more = len(found.refused) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


def _verified(
    each: Attached, image: Image, keys: Sequence[PublicKey]
) -> tuple[Statement, PublicKey]:
    """Read no word of a statement before its signature is verified."""
    if each.envelope is None:
        raise AttestationError(each.fault)
    body, key = opened(each.envelope, keys)
    found = statement.parse(body)
    if not found.is_about(image.digest):
        raise AttestationError("it is about another image")
    if found.predicate_type not in (attested_manifest.TYPE, gate_result.TYPE):
        raise AttestationError(f"it says something else: {found.predicate_type!a}")
    return found, key


def _manifest(
    found: Statement, key: PublicKey, place: str, image: Image, now: datetime
) -> Said[Manifest]:
    at, manifest = _moment(found, "attestedAt", now), attested_manifest.read(found)
    if not attested_manifest.describes(manifest, image.diff_ids):
        raise AttestationError("the manifest in it is of an image with other layers")
    return Said(what=manifest, at=at, key=key, place=place)


def _gate(found: Statement, key: PublicKey, place: str, now: datetime) -> Said[GateResult]:
    result = gate_result.read(found)
    return Said(what=result, at=_moment(found, "reproAttestedAt", now), key=key, place=place)


def _moment(found: Statement, field: str, now: datetime) -> datetime:
    at = statement.read_moment(found.predicate.get(field))
    if at > now + SKEW:
        raise AttestationError(f"it says that it was made in the future: {at:%Y-%m-%d %H:%M} UTC")
    return at


def _about(
    gates: list[Said[GateResult]], manifest: Said[Manifest] | None
) -> tuple[list[Said[GateResult]], list[Refused]]:
    """Part the results about a manifest from those about others."""
    if manifest is None:
        return [], [Refused(place=g.place, why="no manifest is there with it") for g in gates]
    whole = manifest.what.digests.whole
    other = [gate for gate in gates if gate.what.manifest != whole]
    why = "it is the result of a gate about another manifest"
    return (
        [gate for gate in gates if gate.what.manifest == whole],
        [Refused(place=gate.place, why=why) for gate in other],
    )
