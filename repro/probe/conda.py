"""Finds the packages of conda environments."""

import json
import os
import re

from . import facts, values
from . import files as disk

ROOTS = ("/opt/conda*", "/opt/conda*/envs/*", "/opt/*conda*", "/opt/*conda*/envs/*")

NAME = re.compile(r"(.+)-([^-]+)-([^-]+)\.json")
"""NAME-VERSION-BUILD, as conda names what it has installed (conda documentation, "conda-meta")."""

CHANNEL = re.compile(r'"channel": *("(?:[^"\\]|\\.)*")')

HEAD = 4096
"""Bytes within which the channel stands: the keys are sorted, and the long lists come after it."""


def collect(files, context):
    """Yield one component a package of each environment that has a conda-meta."""
    known = False
    for prefix in _prefixes(files, context):
        folder = os.path.join(prefix, "conda-meta")
        try:
            names = files.list(folder)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            known = True
            yield facts.unreadable(facts.IMAGE, "conda.package", folder, values.reason(error))
            continue
        known = True
        for name in names:
            match = NAME.fullmatch(name)
            if match:
                yield _package(files, prefix, os.path.join(folder, name), match.groups())
    if not known:
        yield facts.absent(facts.IMAGE, "conda.package", "any", "no conda-meta folder")


def _prefixes(files, context):
    prefixes = [e.prefix for e in context.environments if e.kind == "conda"]
    if not context.entry_only:
        for pattern in ROOTS:
            prefixes += disk.expand(files, pattern)
    reals = {}
    for prefix in prefixes:
        reals.setdefault(files.real(prefix), prefix)
    return [reals[real] for real in sorted(reals)]


def _package(files, prefix, path, parts):
    name, version, build = map(values.text, parts)
    try:
        channel = _channel(files, path)
    except (OSError, ValueError) as error:
        label = "%s in %s" % (name, prefix)
        return facts.unreadable(facts.IMAGE, "conda.package", label, values.reason(error))
    return facts.component(
        facts.IMAGE,
        "conda.package",
        name,
        "conda-meta",
        version,
        values.text(prefix),
        build=build,
        channel=channel,
    )


def _channel(files, path):
    match = CHANNEL.search(files.part(path, 0, HEAD).decode("utf-8", "replace"))
    if match:
        return _without_token(json.loads(match.group(1)))
    document = values.document(files.read(path))
    if not isinstance(document, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - the file is at fault, not the caller.
    channel = document.get("channel")
    return _without_token(channel) if isinstance(channel, str) else None


def _without_token(channel):
    """Anaconda's servers take an access token in the path, as /t/TOKEN/."""
    return values.public(re.sub(r"/t/[^/]+/", "/", channel))
