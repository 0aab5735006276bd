"""From what a user types to a snapshot: an image, a container, an archive, an environment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from repro.errors import UsageError
from repro.target.options import parse_env, parse_volume

if TYPE_CHECKING:
    import docker

    from repro.manifest import Manifest
    from repro.target.options import Options
    from repro.target.progress import Progress

STORED: Final = ("docker-archive", "oci-archive", "oci-dir", "registry")
"""Schemes of images that no engine has; Skopeo and Syft call them so too."""
MEANT: Final = {
    "oci": "oci-dir",
    "oci-layout": "oci-dir",
    "docker-daemon": "docker",
    "containers-storage": "podman",
    "docker-image": "docker",
    "remote": "registry",
    "http": "registry",
    "https": "registry",
}
"""Ours, by the names that Skopeo, container-diff and others have."""
TAG: Final = re.compile(r"[\w][\w.-]{0,127}", re.ASCII)
"""What follows the colon in an image's name, so that `oci:1.0` stays one."""
READ: Final = ("dir", "docker", "podman", "endpoint", "answer", "kubernetes-log", "volume")
APART: Final = ("answer", "kubernetes", "kubernetes-log", "ray", "slurm", "volume")
OTHERS: Final = (*READ, "image", "container", "python", "kubernetes", "ray", "slurm")


def snapshots(text: str, options: Options, progress: Progress | None = None) -> list[Manifest]:
    """Take the snapshot of a target, of each of its platforms where all of them are meant.

    The server that it is said to have is asked, too. Errors say what was looked for and where.
    """
    if options.endpoint is None:
        return _taken(text, options, progress)
    from repro.target import endpoint  # noqa: PLC0415

    scheme, colon, _ = text.partition(":")
    if (colon and scheme in (*STORED, *READ)) or options.static or options.all_platforms:
        raise UsageError(
            f"{text} is read and not run, so nothing serves there",
            advice="Take the server's own snapshot: endpoint:URL",
        )
    server = endpoint.Beside(options.endpoint, options)
    return [server.add(manifest) for manifest in _taken(text, options, progress)]


def _taken(text: str, options: Options, progress: Progress | None) -> list[Manifest]:
    _check(options)
    scheme, colon, rest = text.partition(":")
    if colon and not rest and scheme in (*STORED, *OTHERS):
        raise UsageError(
            f"{text} names nothing", advice="A name or path follows the colon: see --help."
        )
    if scheme in STORED:
        from repro.target import sources  # noqa: PLC0415

        return sources.snapshots(scheme, rest.removeprefix("//"), options, progress)
    if options.all_platforms:
        raise UsageError(
            f"--all-platforms means nothing for {text}",
            advice="An engine has one; say registry:, oci-dir: or oci-archive: before the name.",
        )
    if scheme == "dir":
        return [_directory(rest, options)]
    if text == "host" or (colon and scheme in APART):
        return [_apart(scheme, rest, options, progress)]
    if scheme == "endpoint" and not TAG.fullmatch(rest):
        from repro.target import endpoint  # noqa: PLC0415

        return [endpoint.snapshot(rest, options)]
    if text == "local" or (scheme == "python" and "/" in rest):
        return [_without_engine(text, rest, options, progress)]
    if hint := _hint(text, scheme):
        raise UsageError(f"{text} is no image of an engine", advice=hint)
    return [_with_engine(text, options, progress)]


def _check(options: Options) -> None:
    for volume in options.volumes:
        parse_volume(volume)
    for variable in options.env:
        parse_env(variable)


def _apart(scheme: str, rest: str, options: Options, progress: Progress | None) -> Manifest:
    """Take what no engine runs for us: a host, a pod, a node, a volume, or what a probe said."""
    if options.gpus or options.volumes or options.env or options.platform or options.static:
        raise UsageError(
            f"--gpus, --volume, --env, --platform and --static mean nothing for {scheme}:",
            advice="They are for images, which run in a container of their own.",
        )
    if scheme == "host":
        from repro.target import host  # noqa: PLC0415

        return host.snapshot(options)
    if scheme == "answer":
        from repro.target import given  # noqa: PLC0415

        return given.snapshot(rest)
    if scheme == "volume":
        from repro.target import volume  # noqa: PLC0415

        return volume.snapshot(rest, options)
    if scheme in ("ray", "slurm"):
        from repro.target import ray, slurm  # noqa: PLC0415

        node = ray.snapshot if scheme == "ray" else slurm.snapshot
        return node(rest, options, progress)
    from repro.target.kubernetes import pod  # noqa: PLC0415

    if scheme == "kubernetes-log":
        return pod.from_log(rest, options)
    return pod.snapshot(rest, options, progress)


def _hint(text: str, scheme: str) -> str:
    """Say what somebody meant who named a file, or a scheme as another tool has it."""
    if scheme in ("docker", "podman") and text.startswith(f"{scheme}://"):
        return f"Say registry:{text.partition('://')[2]}; {scheme}: reads what an engine has"
    if scheme == "oci" and Path(text.partition(":")[2]).is_file():
        return f"Say oci-archive:{text.partition(':')[2]}"
    if scheme in MEANT and scheme != text and not TAG.fullmatch(text.partition(":")[2]):
        return f"Say {MEANT[scheme]}:{text.partition(':')[2].removeprefix('//')}"
    if text.endswith((".tar", ".tar.gz", ".tgz", ".tar.zst")) and Path(text).is_file():
        return f"Say what it is: docker-archive:{text} or oci-archive:{text}"
    if text.startswith(("/", "./", "../")) and Path(text).is_dir():
        return f"Say what it is: dir:{text} (a root file system) or oci-dir:{text}"
    return ""


def _with_engine(text: str, options: Options, progress: Progress | None) -> Manifest:
    from repro.target.engine import connect  # noqa: PLC0415  # the SDK takes 0.1 s to import

    scheme, _, rest = text.partition(":")
    podman = scheme == "podman" and bool(rest)
    client = connect(options.host, options.context, podman=podman)
    try:
        return _in_engine(client, text, options, progress)
    finally:
        client.close()


def _directory(path: str, options: Options) -> Manifest:
    from repro.target import static  # noqa: PLC0415

    if options.gpus or options.volumes or options.env or options.platform:
        raise UsageError(
            "--gpus, --volume, --env and --platform mean nothing for dir:",
            advice="They are for images; a directory is only read.",
        )
    return static.directory(path, options)


def _without_engine(text: str, rest: str, options: Options, progress: Progress | None) -> Manifest:
    from repro.target import local  # noqa: PLC0415

    if options.gpus or options.volumes or options.env or options.platform or options.static:
        raise UsageError(
            f"--gpus, --volume, --env, --platform and --static mean nothing for {text}",
            advice="They are for images; set variables in the shell instead.",
        )
    return local.snapshot(rest or None, options, progress)


def _in_engine(
    client: docker.DockerClient, text: str, options: Options, progress: Progress | None
) -> Manifest:
    from repro.target import container, image, sandbox  # noqa: PLC0415

    scheme, _, rest = text.partition(":")
    if scheme == "image" and rest:
        return image.snapshot(client, rest, options, progress)
    if scheme in ("docker", "podman") and rest:
        return image.snapshot(client, rest, msgspec.structs.replace(options, static=True), progress)
    if scheme == "container" and rest:
        found = container.find(client, rest)
        if found is None:
            raise UsageError(f"no container {rest!r} in this engine", advice="See `docker ps`.")
        return container.snapshot(client, found, options, progress)
    is_image = image.inspect(client, text) is not None
    running = None if is_image and options.static else container.find(client, text)
    if is_image and running is not None and running.name == text:
        raise UsageError(
            f"{text!r} is an image and also a container",
            advice=f"Say which: image:{text} or container:{text}",
        )
    if is_image:
        return image.snapshot(client, text, options, progress)
    if running is None:
        raise sandbox.missing(text)
    if options.static:
        raise UsageError(f"{text!r} is a container", advice="--static is for images alone.")
    return container.snapshot(client, running, options, progress)
