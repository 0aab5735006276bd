"""Takes the snapshot of a stack: of each container that runs, and of how they hold together."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import requests
from docker.errors import DockerException

from repro.errors import CannotRunError, EngineError, ReproError, TargetError
from repro.manifest import Manifest, Target, assemble
from repro.stack.compose import NAME, declared
from repro.stack.facts import facts
from repro.stack.model import SCHEMA, Stack
from repro.target import container, databases, members, static
from repro.target.engine import connect
from repro.target.export import stored
from repro.target.image import NotRunWarning, inspect
from repro.target.member import described
from repro.target.snapshot import volatile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    import docker
    from docker.models.containers import Container

    from repro.target.members import Members
    from repro.target.options import Options
    from repro.target.progress import Progress

    Working = Callable[[str], AbstractContextManager[Progress]]
    """Shows what is being done, and gives what takes how far it is."""


def of_compose(text: str, options: Options, working: Working) -> Stack:
    """Take the snapshot of a compose project, by its file or by its name."""
    said = None if _is_project(text) else declared(Path(text), os.environ)
    project = said.project if said else text
    client = connect(options.host, options.context)
    try:
        found = members.of_project(client, project)
        meant = said.services if said else {}
        return Taking(client, options, working, project).stack(found, meant)
    finally:
        client.close()


def _is_project(text: str) -> bool:
    try:
        return NAME.fullmatch(text) is not None and not Path(text).is_file()
    except OSError:  # Too long for a file, but not for a project.
        return True


def of_network(network: str, options: Options, working: Working) -> Stack:
    """Take the snapshot of all containers on a network."""
    client = connect(options.host, options.context)
    try:
        found = members.of_network(client, network)
        return Taking(client, options, working, network).stack(found, {})
    finally:
        client.close()


class Taking:
    """One stack being read, a container after the other."""

    def __init__(
        self, client: docker.DockerClient, options: Options, working: Working, name: str
    ) -> None:
        self._client, self._options, self._working, self._name = client, options, working, name

    def stack(self, found: Members, meant: Mapping[str, str]) -> Stack:
        """Read all; whatever cannot be read, or does not run, is told of."""
        services: dict[str, Manifest] = {}
        unread: dict[str, str] = {}
        idle = _idle(found, meant)
        for service, each in found.items():
            if service in idle:
                continue
            try:
                with self._working(f"taking a snapshot of {service}") as progress:
                    services[service] = self._read(each, progress)
            except ReproError as error:
                unread[service] = error.message[:500]
        running = [described(name, each, self._name) for name, each in found.items()]
        held = [
            *facts(running, unread, idle),
            *databases.collected(self._client, found, services),
        ]
        whole = assemble(Target(kind="stack", name=self._name), held, volatile({}))
        return Stack(name=self._name, schema=SCHEMA, services=services, stack=whole, unread=unread)

    def _read(self, each: Container, progress: Progress) -> Manifest:
        """Read one container, which has to be the same afterwards."""
        began = _started(each)
        try:
            manifest = container.snapshot(self._client, each, self._options, progress)
        except CannotRunError as error:
            said = f"{error.message}: the files of its image are read instead"
            warnings.warn(said, NotRunWarning, stacklevel=2)
            manifest = self._files(each)
        try:
            each.reload()
        except (DockerException, requests.RequestException) as error:
            raise TargetError(f"it went away while it was read: {str(error)[:200]}") from error
        if each.status != "running" or _started(each) != began:
            raise TargetError("it stopped or restarted while it was read")
        return manifest

    def _files(self, each: Container) -> Manifest:
        """Read the image of a container that has no Python, with the container's own settings."""
        image = str(each.attrs["Image"])
        inspected = inspect(self._client, image)
        if inspected is None:
            raise EngineError(f"the engine no longer has the image of {each.name}")
        config = {**(inspected.get("Config") or {}), **(each.attrs.get("Config") or {})}
        held = stored(self._client, image, {**inspected, "Config": config})
        manifest = static.snapshot(held, self._options)
        properties = {**manifest.target.properties, "image": str(config.get("Image", image))}
        target = Target(kind="container", name=str(each.name), properties=properties)
        return msgspec.structs.replace(manifest, target=target)


def _started(each: Container) -> Any:
    state = each.attrs.get("State") or {}
    return state.get("StartedAt"), each.attrs.get("RestartCount")


def _idle(found: Members, meant: Mapping[str, str]) -> dict[str, str]:
    """Tell of services that are meant to be still: tasks that are done, and what was not started.

    A container that failed is none of them: it cannot be read.
    """
    idle = {name: "it ran and ended well" for name, each in found.items() if _is_done(each)}
    there = {name.partition("/")[0] for name in found}
    for name, condition in meant.items():
        if name not in there:
            idle[name] = ", ".join(filter(None, ["declared, with no container", condition]))
    return idle


def _is_done(each: Container) -> bool:
    return each.status == "exited" and (each.attrs.get("State") or {}).get("ExitCode") == 0
