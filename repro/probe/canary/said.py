"""Reads what a child says: its library has the same standard output, and may write anything."""

import json

from .record import plain

LONGEST = 16 << 20
"""Bytes of a line: the longest answers, with all values kept, are of few megabytes."""
DEEPEST = 28
"""Levels of a value: a manifest holds 32, those around a canary's results among them."""
OURS = {"scope", "kind", "name", "source", "location"}
"""What no result is called: it says which canary it is."""
REASON = 300
"""Characters of a reason."""


def answer(data, indexes):
    """(how, index, value) of a line's JSON; ValueError where no canary can have said that."""
    try:
        told = json.loads(data.decode("ascii"), parse_float=_none, parse_constant=_none)
        how, index, value = told
        if how == "done":
            return how, None, None
        if type(index) is not int or index not in indexes:
            raise ValueError("no such canary")
        return how, index, _VALUES[how](value)
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError(type(error).__name__) from None


def _none(text):
    raise ValueError("no number of a manifest: " + text[:20])


def _payload(value):
    if not isinstance(value, dict) or not OURS.isdisjoint(value) or _depth(value) > DEEPEST:
        raise ValueError("no results")
    return plain(value)


def _reason(value):
    return plain(str(value))[:REASON]


def _depth(value):
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_depth, inner), default=0) if isinstance(value, (dict, list)) else 0


def _unused(_):
    return None


_VALUES = {"begin": _unused, "end": _payload, "skip": _reason, "fail": _reason}
