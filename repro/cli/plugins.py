"""`docker repro` and `kubectl repro`: the same command line, started by another one."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Final, NoReturn

import click
from click.shell_completion import ShellComplete

from repro import __version__
from repro.cli.main import cli, complain, main
from repro.errors import ReproError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

METADATA: Final = "docker-cli-plugin-metadata"
"""The word by which docker asks a program what plugin it is (docker/cli, cli-plugins/metadata)."""
COMPLETE: Final = "__complete"
"""The word by which docker asks what a word may become (spf13/cobra, site/content/completions)."""
NO_FILES, FILES = ":4", ":0"
"""Directives at the end of an answer: whether the shell may name files besides."""
VARIABLES: Final = {
    "-H": "DOCKER_HOST",
    "--host": "DOCKER_HOST",
    "-c": "DOCKER_CONTEXT",
    "--context": "DOCKER_CONTEXT",
    "--config": "DOCKER_CONFIG",
}
"""Docker's global options that mean the same to repro, by the variables that say it too."""
IGNORED: Final = {"-D": False, "--debug": False, "-l": True, "--log-level": True}
"""Those that mean nothing to repro, and whether a value follows."""


def docker() -> NoReturn:
    """Run as docker's plugin, which gets docker's own options before its name."""
    words = sys.argv[1:]
    if words[:1] == [METADATA]:
        click.echo(json.dumps(metadata()))
        sys.exit(0)
    if words[:1] == [COMPLETE]:
        click.echo("\n".join(completed(words[2:])))
        sys.exit(0)
    try:
        sys.argv[1:] = own(words, os.environ)
    except ReproError as error:
        complain(error)
        sys.exit(error.exit_code)
    main()


def kubectl() -> NoReturn:
    """Run as kubectl's plugin, which is any program kubectl-NAME on the path."""
    main()


def kubectl_complete() -> NoReturn:
    """Say what the words of kubectl's plugin may become (kubectl, pkg/cmd/plugin_completion.go)."""
    click.echo("\n".join(completed(sys.argv[1:])))
    sys.exit(0)


def metadata() -> dict[str, str]:
    """Say what docker lists of a plugin."""
    return {
        "SchemaVersion": "0.1.0",
        "Vendor": "repro",
        "Version": __version__,
        "ShortDescription": "Tell what differs between two ML environments",
        "URL": "https://pypi.org/project/repro-audit/",
    }


def completed(words: list[str]) -> list[str]:
    """Return what the last word may become, a line each, and whether files are wanted too."""
    shell = ShellComplete(cli, {}, "repro", "")
    found = shell.get_completions(words[:-1], words[-1] if words else "")
    plain = [item for item in found if item.type == "plain"]
    lines = [f"{item.value}\t{item.help}" if item.help else str(item.value) for item in plain]
    return [*lines, NO_FILES if len(plain) == len(found) else FILES]


def own(words: list[str], variables: dict[str, str] | os._Environ[str]) -> list[str]:
    """Return the words after the plugin's name; options before it become variables.

    UsageError for an option of docker's that repro cannot follow.
    """
    if words[:1] == ["help"]:  # `docker help repro diff`
        return [*words[2:], "--help"]
    if "repro" not in words:
        return words  # Started by hand.
    at = _name(words)
    for name, value in _options(iter(words[:at])):
        if name in VARIABLES:
            variables[VARIABLES[name]] = value
            # Docker lets a host rule out a context, and a context a host that is in a variable.
            variables.pop({"DOCKER_CONTEXT": "DOCKER_HOST"}.get(VARIABLES[name], ""), None)
    return words[at + 1 :]


def _name(words: list[str]) -> int:
    """Find the plugin's name behind docker's options, one of which may have it for its value."""
    at = 0
    while words[at] != "repro" and at < len(words) - 1:
        takes = words[at] in VARIABLES or IGNORED.get(words[at], False)
        at += 2 if takes else 1
    return at


def _options(words: Iterator[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        name, equals, value = word.partition("=")
        if name not in VARIABLES and name not in IGNORED:
            raise UsageError(
                f"docker's option {name} is nothing that repro can follow",
                advice="Say it by a context (docker context create), or by DOCKER_HOST.",
            )
        takes = name in VARIABLES or IGNORED[name]
        yield name, value if equals or not takes else next(words, "")
