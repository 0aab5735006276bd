"""Finds the login for a registry where Docker and Podman keep theirs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from repro.registry.keychain import HelperError, get
from repro.registry.login import Login, from_entry
from repro.registry.reference import HUB, HUB_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from repro.registry.reference import Reference

HUB_KEY: Final = "https://index.docker.io/v1/"
"""Under this name docker keeps the login for Docker Hub."""
MOST: Final = 1024 * 1024


class Found(NamedTuple):
    """A login if there is one, and what could not be asked for one."""

    login: Login | None
    problems: tuple[str, ...]


def find(reference: Reference, environment: Mapping[str, str] = os.environ) -> Found:
    """Return the first login that is kept for a reference's registry.

    A file or a helper that cannot be read does not end the search: it is often left over from
    another machine, and many images need no login. It is told with a refusal.
    """
    problems: list[str] = []
    for path in _files(environment):
        try:
            login = _in_configuration(_load(path), reference, environment.get("PATH"))
        except (HelperError, ValueError, RecursionError, OSError) as error:
            said = str(error) if isinstance(error, HelperError) else "it cannot be read"
            problems.append(f"{path}: {said}")
            continue
        if login is not None:
            return Found(login, tuple(problems))
    return Found(None, tuple(problems))


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    """List the files that are there, Podman's explicit one first, then Docker's, then Podman's.

    Sources: docker-login(1); containers-auth.json(5).
    """
    home = Path(environment.get("HOME") or "/")
    runtime = environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    candidates = (
        Path(environment.get("REGISTRY_AUTH_FILE") or "/nonexistent"),
        Path(environment.get("DOCKER_CONFIG") or home / ".docker") / "config.json",
        Path(runtime) / "containers/auth.json",
        Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "containers/auth.json",
    )
    yield from (path for path in candidates if path.is_file())


def _load(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        loaded = json.loads(file.read(MOST))
    if not isinstance(loaded, dict):
        raise ValueError("no object")  # noqa: TRY004 -- One kind of error for a malformed file.
    return loaded


def _in_configuration(
    configuration: Mapping[str, Any], reference: Reference, path: str | None
) -> Login | None:
    """Ask the registry's own helper, else the one for all, then the file itself."""
    helper = _named(configuration, "credHelpers", reference) or configuration.get("credsStore")
    if isinstance(helper, str) and helper:
        server = HUB_KEY if reference.registry == HUB else reference.registry
        login = get(helper, server, path=path)
        if login is not None:
            return login
    return from_entry(_named(configuration, "auths", reference))


def _named(configuration: Mapping[str, Any], key: str, reference: Reference) -> object:
    """Look a registry up: the most precise of Podman's names with a part of the repository."""
    entries = configuration.get(key)
    if not isinstance(entries, dict):
        return None
    known = {_normal(name): value for name, value in entries.items()}
    whole = f"{reference.registry}/{reference.repository}"
    names = (whole.rsplit("/", cut)[0] for cut in range(whole.count("/") + 1))
    return next((known[name] for name in names if name in known), None)


def _normal(name: str) -> str:
    """Reduce a key to a host and perhaps a repository: docker also writes addresses."""
    for scheme in ("https://", "http://"):
        if name.startswith(scheme):
            name = name.removeprefix(scheme).partition("/")[0]
    host, slash, rest = name.rstrip("/").partition("/")
    return f"{HUB if host in HUB_NAMES else host}{slash}{rest}"
