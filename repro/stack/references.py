"""How services refer to each other: which of their variables and arguments name another one."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LONGEST: Final = 16_384
"""Characters of a value that are looked at."""
ADDRESS: Final = re.compile(
    r"(?<![\w.-])(?P<host>[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9])?):(?P<port>\d{1,5})(?![\w@])"
    r"|(?:(?<=//)|(?<=@))(?P<bare>[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9])?)(?=$|[/?#,;\s])"
)
"""`host:port` anywhere, and the host of a URL that has no port."""
PLACE: Final = re.compile(
    r"(?i)(.*[_-])?(host(name)?|addr(ess)?|server|endpoint|ur[il]|broker|upstream)s?"
)
"""Names of variables and options whose whole value may be a host."""
LIST: Final = re.compile(r"[,;\s]+")


class Reference(NamedTuple):
    """One service that names another one; no more of the value is kept than host and port."""

    source: str
    target: str
    port: int | None
    by: str
    """The variable, the option, or `argument`."""


class Speaker(NamedTuple):
    """What one service says: its variables and the words that it was started with."""

    service: str
    variables: Mapping[str, str]
    words: tuple[str, ...]


def references(speakers: Iterable[Speaker], hosts: Mapping[str, str]) -> list[Reference]:
    """Find who names whom; `hosts` are the names that reach a service, with that service."""
    known = {host.lower(): service for host, service in hosts.items()}
    found = set()
    for speaker in speakers:
        for by, value in _said(speaker):
            for host, port in _hosts(by, value[:LONGEST]):
                target = known.get(host.lower())
                if target and target != speaker.service:
                    found.add(Reference(speaker.service, target, port, by))
    return sorted(found, key=lambda each: (*each[:2], each.port or 0, each.by))


def grouped(found: Iterable[Reference]) -> dict[tuple[str, str], list[Reference]]:
    """Put together what one service says of another."""
    groups: dict[tuple[str, str], list[Reference]] = defaultdict(list)
    for each in found:
        groups[each.source, each.target].append(each)
    return dict(groups)


def _said(speaker: Speaker) -> Iterator[tuple[str, str]]:
    yield from speaker.variables.items()
    before = ""
    for word in speaker.words:
        option, equals, value = word.partition("=")
        if equals and option.startswith("-"):
            yield option, value
        else:
            yield before if before.startswith("-") else "argument", word
        before = word


def _hosts(by: str, value: str) -> Iterator[tuple[str, int | None]]:
    for match in ADDRESS.finditer(value):
        if match["host"]:
            yield match["host"], int(match["port"])
        else:
            yield match["bare"], None
    if PLACE.fullmatch(by.lstrip("-")):
        yield from ((part, None) for part in LIST.split(value) if part)
