"""What a server generated: parsed as hostile, and put as a manifest holds it.

Sources: https://platform.openai.com/docs/api-reference/completions and …/chat. For completions
vLLM and SGLang have OpenAI's older form of log-probabilities, llama.cpp that of chats.
"""

from __future__ import annotations

import hashlib
import math
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from repro.manifest.model import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PIECES: Final = 64
"""Tokens of an answer that are kept: twice what is asked for."""
LENGTH: Final = 64
"""Characters of a token that are kept."""
TEXT: Final = 2000
"""Characters of an answer that are kept."""
FINGERPRINT: Final = 200
PART, DONE = b"data:", b"[DONE]"
"""Begins a part of an answer that comes in parts; ends the answer in OpenAI's form."""


class _Piece(msgspec.Struct):
    token: str
    logprob: float | None = None
    bytes: list[int] | None = None
    id: int | None = None
    top_logprobs: list[_Piece] | None = None


class _Logprobs(msgspec.Struct):
    content: list[_Piece] | None = None
    tokens: list[str] | None = None
    token_logprobs: list[float | None] | None = None
    top_logprobs: list[dict[str, float | None] | None] | None = None


class _Message(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct):
    text: str | None = None
    message: _Message | None = None
    delta: _Message | None = None
    """A part of a message, in an answer that comes in parts."""
    logprobs: _Logprobs | None = None
    finish_reason: str | None = None


class _Answer(msgspec.Struct):
    choices: list[_Choice]
    system_fingerprint: str | None = None


class Token(msgspec.Struct, frozen=True):
    """One token, with how likely it was, and by how much the likeliest was ahead."""

    piece: str
    logprob: float | None
    gap: float | None


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """One answer."""

    text: str
    tokens: tuple[Token, ...]
    finish: str
    fingerprint: str | None = None

    @property
    def words(self) -> tuple[Any, ...]:
        """What is the same where the same was generated."""
        return (self.text, self.finish, *(token.piece for token in self.tokens))

    def result(self, *, loose: bool = False) -> dict[str, Any]:
        """Put it as a case's result; `loose` leaves out the log-probabilities."""
        tokens = self.tokens[:PIECES]
        told = [] if loose else self.tokens
        numbers = [[_hex(token.logprob), _hex(token.gap)] for token in told]
        value: dict[str, Any] = {"text": self.text[:TEXT]}
        if tokens:
            value["tokens"] = [token.piece[:LENGTH] for token in tokens]
        for key, column in (("logprobs", 0), ("gaps", 1)):
            found = [pair[column] for pair in numbers[:PIECES]]
            if found and None not in found:
                value[key] = found
        return {"hash": _hash([*self.words, *numbers]), "value": value}


def refused(status: int) -> dict[str, Any]:
    """Put it as a result that a server does not take a prompt."""
    return {"hash": _hash(["error", status]), "error": f"HTTP {status}"}


def parse(data: bytes) -> Generation:
    """Read an answer; ValueError where it is none."""
    try:
        answer = _streamed(data) or msgspec.json.decode(data, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if not answer.choices:
        raise ValueError("it has no choices")
    choice = answer.choices[0]
    if choice.text is None and choice.message is None:
        raise ValueError("it has no text")
    message = choice.message or _Message()
    parts = (choice.text, message.reasoning_content, message.reasoning, message.content)
    return Generation(
        text="".join(filter(None, parts)),
        tokens=tuple(_tokens(choice.logprobs or _Logprobs())),
        finish=(choice.finish_reason or "")[:LENGTH],
        fingerprint=(answer.system_fingerprint or "")[:FINGERPRINT] or None,
    )


def _streamed(data: bytes) -> _Answer | None:
    """Join an answer in parts, which some servers give unasked (`transformers serve`); else None.

    It has to come to its end: a part must not pass for the whole. It has no log-probabilities, as
    each of the parts has its own. https://html.spec.whatwg.org/multipage/server-sent-events.html
    """
    if not data.lstrip().startswith(PART):
        return None
    lines = [line[len(PART) :].strip() for line in data.splitlines() if line.startswith(PART)]
    parts = [msgspec.json.decode(line, type=_Answer) for line in lines if line != DONE]
    choices = [part.choices[0] for part in parts if part.choices]
    finish = next((c.finish_reason for c in choices if c.finish_reason), None)
    if finish is None:
        raise ValueError("it breaks off")
    content = "".join((c.delta and c.delta.content) or c.text or "" for c in choices)
    fingerprint = next((p.system_fingerprint for p in parts if p.system_fingerprint), None)
    whole = _Choice(message=_Message(content=content), finish_reason=finish)
    return _Answer(choices=[whole], system_fingerprint=fingerprint)


def _tokens(said: _Logprobs) -> Iterator[Token]:
    if said.content is not None:
        for piece in said.content:
            likely = [top.logprob for top in piece.top_logprobs or ()]
            yield Token(_piece(piece), _finite(piece.logprob), _gap(likely))
        return
    chosen, tops = said.token_logprobs or [], said.top_logprobs or []
    for index, text in enumerate(said.tokens or ()):
        top = tops[index] if index < len(tops) else None
        number = chosen[index] if index < len(chosen) else None
        yield Token(text, _finite(number), _gap((top or {}).values()))


def _piece(said: _Piece) -> str:
    """Name a token: by its bytes, for a part of a character has no text; else by its number."""
    if said.bytes and all(0 <= byte < 256 for byte in said.bytes):
        return bytes(said.bytes).decode("utf-8", "backslashreplace")
    return said.token or (f"#{said.id}" if said.id is not None else "")


def _gap(likely: Iterable[float | None]) -> float | None:
    best = sorted((number for number in map(_finite, likely) if number is not None), reverse=True)
    return best[0] - best[1] if len(best) > 1 else None


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _hex(number: float | None) -> str | None:
    """Write all bits of a float, without the zeros that a 32-bit one leaves."""
    return None if number is None else re.sub(r"\.?0*p", "p", number.hex())


def _hash(value: list[Any]) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()[:24]
