"""A host alone: this machine as it is, or another as its container engine sees it."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, Any, Final

import msgspec

from repro.errors import EngineError
from repro.manifest import Absent, Component, Fact, Manifest, Target, Unreadable, assemble
from repro.probe import context, cpu, gpu, main, settings, system
from repro.probe.files import Files
from repro.target import machine, topology
from repro.target.snapshot import volatile

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker

    from repro.target.options import Options

MODE: Final = "host"
COLLECTORS: Final = (
    (system, "host", "kernel"),
    (cpu, "host", "cpu"),
    (gpu, "host", "gpu"),
    (settings, "host", "setting"),
)
"""Those of the probe's that see a host: module, scope, and what stays unread if one fails."""
NCCL: Final = "nccl.conf"
UNSEEN: Final = "not run: an engine tells nothing of it; take the snapshot on the host itself"


class probe:  # noqa: N801  # Stands for a module.
    """What is called of the probe, which has no annotations."""

    Context: Any = context.Context
    Work: Any = main.Work
    Files: Any = Files


def snapshot(options: Options) -> Manifest:
    """Describe the host of the engine that is named, or else this machine."""
    if options.host or options.context:
        return _by_engine(options)
    seen, milliseconds = _collected()
    facts = [*seen, *topology.collect(), *_own(), *_engine(options)]
    return assemble(_target("itself"), facts, volatile(milliseconds, machine=machine.own()))


def _target(seen: str) -> Target:
    return Target(kind="host", name="host", properties={"mode": MODE, "seen": seen})


def _collected() -> tuple[list[Fact], dict[str, int]]:
    """Run collectors of the probe here, and keep what they say of the host."""
    asked, files = probe.Context({"frameworks": False}), probe.Files()
    works = [probe.Work(*row, files, asked) for row in COLLECTORS]
    for work in works:
        work.run()
    found = [fact for work in works for fact in msgspec.convert(work.facts, list[Fact])]
    return list(filter(None, map(_of_host, found))), {w.name: w.milliseconds for w in works}


def _of_host(fact: Fact) -> Fact | None:
    """Take what is of the host; NCCL's files are where nothing else is around them."""
    if fact.scope == "host":
        return fact
    is_file = fact.kind == "setting" and fact.name == NCCL
    return msgspec.structs.replace(fact, scope="host") if is_file else None


def _own() -> Iterator[Fact]:
    """Say which system this is, and how many processors it has."""
    try:
        release = platform.freedesktop_os_release()
        yield _system(release.get("PRETTY_NAME"), release.get("VERSION_ID"), "file")
    except OSError as error:
        yield Unreadable(scope="host", kind="host.os", name="os", reason=str(error)[:300])
    yield _processors(os.cpu_count(), platform.machine(), "call")


def _system(name: str | None, version: str | None, source: str) -> Fact:
    properties = {"pretty_name": name} if name else {}
    return Component(
        scope="host",
        kind="host.os",
        name="os",
        source=source,
        version=version or None,
        properties=properties,
    )


def _processors(count: int | None, architecture: str, source: str) -> Fact:
    return Component(
        scope="host",
        kind="cpu.processors",
        name="processors",
        source=source,
        properties={"count": count, "architecture": architecture},
    )


def _engine(options: Options) -> list[Fact]:
    """Describe this machine's own engine; a machine need not have one."""
    from repro.target import engine  # noqa: PLC0415  # the SDK takes 0.1 s to import
    from repro.target.engine_facts import is_here  # noqa: PLC0415

    try:
        client = engine.connect(options.host, options.context)
    except EngineError as error:
        if engine.is_there():
            reason = error.message[:300]
            return [Unreadable(scope="host", kind="runtime", name="*", reason=reason)]
        return [Absent(scope="host", kind="runtime", name="*", reason="no socket of an engine")]
    try:
        if not is_here(client):
            reason = "the engine that the environment names is on another host"
            return [Unreadable(scope="host", kind="runtime", name="*", reason=reason)]
        return _of_engine(client)[0]
    finally:
        client.close()


def _by_engine(options: Options) -> Manifest:
    """Describe the host of an engine by what the engine says; of GPUs it says nothing."""
    from repro.target.engine import connect  # noqa: PLC0415
    from repro.target.engine_facts import info_of  # noqa: PLC0415

    client = connect(options.host, options.context)
    try:
        facts, host, identity = _of_engine(client)
        info = info_of(client)
    finally:
        client.close()
    said = volatile({}, host or "unnamed", identity)
    return assemble(_target("engine"), [*facts, *_told(info)], said)


def _of_engine(client: docker.DockerClient) -> tuple[list[Fact], str | None, str | None]:
    from repro.target.engine_facts import about, setup  # noqa: PLC0415

    found = about(client)
    return [*found.facts, *setup(client)], found.host, found.machine


def _told(info: dict[str, Any]) -> Iterator[Fact]:
    kernel = str(info.get("KernelVersion") or "")
    if kernel:
        yield Component(scope="host", kind="kernel", name="linux", source="engine", version=kernel)
    yield _system(
        str(info.get("OperatingSystem") or ""), str(info.get("OSVersion") or ""), "engine"
    )
    yield _processors(info.get("NCPU"), str(info.get("Architecture") or ""), "engine")
    for kind in ("cpu", "gpu.driver", "gpu.device", "gpu.topology", "setting"):
        yield Unreadable(scope="host", kind=kind, name=_unseen(kind), reason=UNSEEN)


def _unseen(kind: str) -> str:
    return {"cpu": "cpu", "setting": NCCL}.get(kind, "*")
