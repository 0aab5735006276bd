"""The probe's answer: found in its output, checked for wholeness, and parsed as hostile."""

from __future__ import annotations

import hashlib
import re
from typing import Final, NamedTuple

import msgspec

from repro.errors import CannotRunError, ManifestError, ProbeError
from repro.manifest import Fact
from repro.manifest.codec import check_value

LIMIT: Final = 64 << 20
"""Bytes of output that are read from a probe."""
OLD: Final = re.compile(rb"@repro-old-python ([\d.]+)")
MOST: Final = 200_000
"""Facts of one target."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a probe found, and how long each collector took in milliseconds."""

    facts: tuple[Fact, ...]
    milliseconds: dict[str, int] = {}


class Output(NamedTuple):
    """What a probe printed."""

    out: bytes
    err: bytes = b""
    """The end of standard error alone: it explains a failure."""


def marked(output: Output) -> str:
    """Return the nonce of the last answer in an output that nobody asked for by its nonce."""
    found = re.findall(rb"@repro-begin ([0-9a-f]{1,64}) ", output.out)
    if not found:
        raise ProbeError(_no_answer(output), advice="Has the probe ended there, and well?")
    return str(found[-1].decode("ascii"))


def parse(output: Output, nonce: str) -> Answer:
    """Read an answer; ProbeError where it is missing, cut, altered or malformed.

    CannotRunError where the target's Python is too old to give one.
    """
    return _decode(whole(output, nonce))


def whole(output: Output, nonce: str) -> bytes:
    """Find the JSON of an answer in an output; ProbeError and CannotRunError as `parse`."""
    pattern = rb"@repro-begin %s (\d{1,9}) ([0-9a-f]{64})\r?\n" % re.escape(nonce.encode())
    heads = list(re.finditer(pattern, output.out))
    if not heads:
        old = OLD.search(output.err)
        kind = CannotRunError if old else ProbeError
        raise kind(_no_answer(output), advice=_advice(output.err))
    head = heads[-1]
    end = output.out.find(b"@repro-end %s" % nonce.encode(), head.end())
    body = output.out[head.end() : end if end >= 0 else None]
    text = body.replace(b"\r", b"").replace(b"\n", b"")
    if end < 0 or len(text) != int(head[1]) or hashlib.sha256(text).hexdigest() != head[2].decode():
        raise ProbeError(
            f"the probe's answer is damaged: {len(text)} of {int(head[1])} bytes came",
            advice="Try again; a full disk or a log driver of the engine may cut output.",
        )
    return text


def _decode(text: bytes) -> Answer:
    try:
        answer = msgspec.json.decode(text, type=Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProbeError(f"the probe's answer is malformed: {error}") from error
    if len(answer.facts) > MOST:
        raise ProbeError(f"the probe's answer has {len(answer.facts)} facts, over {MOST}")
    try:
        for fact in answer.facts:
            check_value(getattr(fact, "properties", {}), f"{fact.kind} {fact.name}", "its facts")
    except ManifestError as error:
        raise ProbeError(f"the probe's answer is malformed: {error}") from error
    return answer


def _no_answer(output: Output) -> str:
    if old := OLD.search(output.err):
        return f"the target's Python is {old[1].decode()}; the probe needs 3.7 or newer"
    last = output.err.decode("utf-8", "replace").strip().rpartition("\n")[2][:300]
    if last:
        return f"the probe gave no answer: {last}"
    printed = f"; it printed {len(output.out)} bytes that are none" if output.out else ""
    return "the probe gave no answer" + printed


def _advice(errors: bytes) -> str:
    if OLD.search(errors):
        return "Take the snapshot with an image that has a newer Python."
    return "Check that `python3` in the target is a Python interpreter and can start."
