"""Finds the settings that move outputs: environment variables, time zone, NCCL's files."""

import os
import re

from . import facts, values, variables
from .context import pairs

MAIN = "/proc/1/environ"
"""The environment of a container's main process, which its server inherits; proc(5)."""

NCCL_FILES = ("/etc/nccl.conf", "/root/.nccl.conf")
"""NCCL user guide, "System configuration"; the second is that of HOME, root's in most images."""

NCCL_LINE = re.compile(r"(NCCL_[A-Z0-9_]+)\s*=(.*)")


def collect(files, context):
    """Yield settings: of the image as declared, and of the process as effective."""
    declared = pairs(context.image.get("Env"))
    for fact in _environment(facts.IMAGE, "image.env", declared, "image config"):
        yield fact
    for fact in _nccl(files, context):
        yield fact
    if not context.live:
        return
    environ, source = context.environ, "environment"
    if context.running:
        try:
            environ, source = _main(files), MAIN
        except OSError as error:
            why = values.reason(error)
            yield facts.unreadable(facts.PROCESS, "setting", MAIN, "own environment used: " + why)
    for fact in _environment(facts.PROCESS, "setting", environ, source):
        yield fact
    yield _timezone(files, environ)


def _main(files):
    data = files.read(MAIN)
    if not data:
        # The kernel shows nothing of a process that has exited or wrote over its own block.
        raise OSError(0, "empty")
    return pairs([line.decode("utf-8", "surrogateescape") for line in data.split(b"\0")])


def _environment(scope, kind, environ, source):
    others = []
    for name in sorted(environ):
        if name in variables.NAMES and not values.secret(name):
            value = values.public(environ[name])
            yield facts.component(scope, kind, name, source, value=value)
        elif name not in variables.UNSAID and not re.fullmatch(variables.UNSAID_PATTERN, name):
            others.append(values.text(name))
    if others or environ:
        yield facts.component(scope, "environment", "names", source, names=sorted(others))


def _nccl(files, context):
    named = context.variables.get("NCCL_CONF_FILE")
    named = named and context.place(files, named)
    own = os.path.join(context.home(files), ".nccl.conf")
    for path in sorted({*NCCL_FILES, own, named or own}):
        try:
            lines = files.text(path, 1 << 20).splitlines()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            yield facts.unreadable(facts.IMAGE, "setting", "nccl.conf", values.reason(error))
            continue
        found = [match for match in map(NCCL_LINE.fullmatch, map(str.strip, lines)) if match]
        settings = {
            match.group(1): values.public(match.group(2).strip())
            for match in found
            if not values.secret(match.group(1))
        }
        yield facts.component(facts.IMAGE, "setting", "nccl.conf", "file", None, path, **settings)


def _timezone(files, environ):
    """What tzset(3) and Python's zoneinfo go by: TZ, else /etc/localtime, else UTC."""
    value, source = environ.get("TZ"), "TZ"
    if not value:
        try:
            value, source = _localtime(files)
        except OSError as error:
            why = values.reason(error)
            return facts.unreadable(facts.PROCESS, "setting", "timezone", why)
    return facts.component(
        facts.PROCESS, "setting", "timezone", source, value=values.public(value.lstrip(":"))
    )


def _localtime(files):
    path = "/etc/localtime"
    if files.is_link(path) and "zoneinfo/" in files.link(path):
        return files.link(path).split("zoneinfo/")[-1], path
    if not files.exists(path):
        return "UTC", "default"
    data = files.read(path, 1 << 20)
    try:
        # Debian's record of the name; a copied /etc/localtime says none itself.
        return files.text("/etc/timezone", 4096).strip(), "/etc/timezone"
    except OSError:
        return values.digest(data), path
