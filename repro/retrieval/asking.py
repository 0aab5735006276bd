"""What databases are asked, whatever carries it, and what they answered, checked for its shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import msgspec

from repro.errors import ReproError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST: Final = 1000
"""Collections of one database that are looked at."""
S = TypeVar("S")


class Request(NamedTuple):
    """One request that changes nothing: GET, or POST where the API has it so."""

    path: str
    body: dict[str, Any] | None = None


class Answer(NamedTuple):
    """What came back: text, or the reason why there is none."""

    text: str | None
    fault: str = ""


if TYPE_CHECKING:
    Ask = Callable[[Sequence[Request]], list[Answer]]
    """Sends requests, all at once, and returns an answer for each."""


class DatabaseError(ReproError):
    """A database gave no answer, or none that could be read."""


def read(answer: Answer, shape: type[S]) -> S:
    """Parse an answer; DatabaseError says what is wrong with it."""
    if answer.text is None:
        raise DatabaseError(answer.fault or "it gave no answer")
    try:
        return msgspec.json.decode(answer.text, type=shape)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise DatabaseError(f"it answered something else: {str(error)[:200]}") from error


def few(found: Sequence[S]) -> Sequence[S]:
    """Refuse more collections than are looked at, for a part must not pass for all."""
    if len(found) > MOST:
        raise DatabaseError(f"it has more than {MOST} collections")
    return found
