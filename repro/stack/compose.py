"""What a compose file says of its project: its name, and the services that it declares."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec
import yaml

from repro.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The compiled one reads the largest file in a second; each bounds how deeply nodes nest."""
FILES: Final = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""What Compose takes of a folder, the first one first."""
LIMIT: Final = 1 << 20
"""Bytes of a compose file; one with a thousand services is smaller."""
SERVICES: Final = 1000
"""Services of a project that are looked at."""
VARIABLE: Final = "COMPOSE_PROJECT_NAME"
NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
"""What a project may be called (Compose's documentation, "Specify a project name")."""
SERVICE: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,254}")
"""compose-spec.json, `services`."""
NAMED: Final = "Name a compose file, or a project as `docker compose ls --all` shows it."
WHOLE: Final = "Write what it all comes to: docker compose config > whole.yml, and name that file."


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What is meant to run."""

    project: str
    services: dict[str, str]
    """Names, each with what it takes for the service to be started; mostly nothing."""


def declared(path: Path, environment: Mapping[str, str]) -> Declared:
    """Read a compose file, or that of a folder.

    UsageError where its project or services cannot be told from it. Only nodes are looked at: no
    alias is expanded, no tag obeyed, no other file read.
    """
    path = _file(path)
    top = _fields(_root(path), f"{path}: a compose file")
    if "include" in top:
        raise UsageError(f"{path} includes other files, which are not read", advice=WHOLE)
    services = _fields(top.get("services"), f"{path}: services")
    if not services or len(services) > SERVICES:
        raise UsageError(
            f"{path} declares {len(services) or 'no'} services",
            advice=f"A compose file with 1 to {SERVICES} of them is wanted.",
        )
    if odd := [name for name in services if not SERVICE.fullmatch(name)]:
        raise UsageError(f"{path}: no service may be called {odd[0][:80]!r}", advice=WHOLE)
    names = {name: _condition(node) for name, node in services.items()}
    return Declared(project=_project(path, top, environment), services=names)


def _file(path: Path) -> Path:
    """Return the compose file of a folder; a name too long to be one is found out by opening it."""
    try:
        if path.is_dir():
            return next((path / name for name in FILES if (path / name).is_file()), path / FILES[0])
    except OSError:
        pass
    return path


def _root(path: Path) -> yaml.Node | None:
    try:
        with path.open("rb") as stream:
            data = stream.read(LIMIT + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", advice=NAMED) from error
    if len(data) > LIMIT:
        raise UsageError(f"{path} is larger than {LIMIT >> 20} MiB", advice="Name a compose file.")
    try:
        return yaml.compose(data, LOADER)
    except (yaml.YAMLError, RecursionError, UnicodeError, ValueError) as error:
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise UsageError(f"{path} is not YAML: {said}", advice="Name a compose file.") from error


def _fields(node: object, what: str) -> dict[str, yaml.Node]:
    """Return a mapping's values by their keys; merge keys name no services in practice."""
    if not isinstance(node, yaml.MappingNode):
        raise UsageError(f"{what} is not a mapping", advice="Name a compose file.")
    found = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    if "<<" in found:
        raise UsageError(f"{what} takes over another mapping, which is not read", advice=WHOLE)
    return found


def _condition(node: yaml.Node) -> str:
    """Say what it takes to start a service: a profile, or a number of copies that is not 0."""
    fields = (
        {k.value: v for k, v in node.value if isinstance(k, yaml.ScalarNode)}
        if isinstance(node, yaml.MappingNode)
        else {}
    )
    profiles = fields.get("profiles")
    listed = profiles.value if isinstance(profiles, yaml.SequenceNode) else ()
    names = [each.value for each in listed if isinstance(each, yaml.ScalarNode)]
    return f"in the profile {' or '.join(map(str, names))}"[:200] if names else ""


def _project(path: Path, top: Mapping[str, yaml.Node], environment: Mapping[str, str]) -> str:
    """Find the project's name as Compose does: the variable, `name`, the folder."""
    said = top.get("name")
    written = said.value if isinstance(said, yaml.ScalarNode) else ""
    name = environment.get(VARIABLE) or written
    if not name:
        folder = path.resolve().parent.name.lower()
        name = re.sub(r"[^a-z0-9_-]", "", folder).lstrip("_-")
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{path}: no project can be called {name[:80]!r}",
            advice=f"Name the project itself (--compose PROJECT), or set {VARIABLE}.",
        )
    return name
