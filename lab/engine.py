"""Throwaway Docker and Podman engines on private sockets, beside whatever else runs here.

python -m lab.engine run -- COMMAND...    run a command with DOCKER_HOST set to a new engine
python -m lab.engine start [--name NAME]  leave one running; prints its DOCKER_HOST
python -m lab.engine stop [--name NAME]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

import docker
from docker.errors import DockerException

from lab.daemon import Daemon, kill_leftovers, spawn
from lab.error import ADMIN_PATH, LabError, find_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DEFAULT_HOST = "unix:///var/run/docker.sock"
PREFIX = "repro-lab-"
START_SECONDS = 30.0
DATA_GIB = 12
"""Room for all images of the tests: they take 7.5 GiB at once."""
SOCKET_PATH_MAX = 107
"""Bytes in sun_path less the closing zero: unix(7)."""


class Engine(Protocol):
    """What tests and demo need of an engine: where it answers."""

    @property
    def host(self) -> str:
        """The URL for DOCKER_HOST."""


class FoundEngine:
    """An engine that was there already and stays."""

    def __init__(self, host: str) -> None:
        self.host = host


class ThrowawayEngine:
    """An engine of our own: all of it lies in one folder, and ends with it.

    `tmpfs` is the size of a data root in memory (mount option, as "8g"): faster, and nothing
    to delete. `path` is searched for programs first, for stand-ins of runtime hooks.
    `detached` engines outlive this process. Needs root. Raises LabError.
    """

    program: ClassVar[str]
    package: ClassVar[str]
    prepare: ClassVar[str] = ""

    def __init__(
        self,
        *,
        name: str | None = None,
        tmpfs: str | None = None,
        path: Path | None = None,
        detached: bool = False,
    ) -> None:
        self.name = name
        self.tmpfs = tmpfs
        self.path = path
        self.detached = detached
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        """Where the engine keeps everything; raises LabError before the start."""
        if self._folder is None:
            raise LabError(f"the {self.program} engine is not started")
        return self._folder

    @property
    def host(self) -> str:
        """The URL for DOCKER_HOST."""
        return f"unix://{self.folder}/engine.sock"

    @property
    def log(self) -> Path:
        """What the daemon printed."""
        return self.folder / "log"

    def command(self, program: str) -> list[str]:
        """Return the daemon's command line."""
        raise NotImplementedError

    def start(self) -> Self:
        """Start the daemon and return when its API answers; raises LabError."""
        program = find_program(self.program, self.package)
        if os.geteuid() != 0:
            raise LabError(f"only root may start {self.program}: use sudo, or set DOCKER_HOST")
        sweep()
        self._folder = _new_folder(self.name)
        try:
            self._launch(program)
        except BaseException:
            self.stop()
            raise
        return self

    def _launch(self, program: str) -> None:
        data = self.folder / "data"
        data.mkdir()
        mount = f"mount -t tmpfs -o size={self.tmpfs} none '{data}' &&" if self.tmpfs else ""
        self._process = spawn(
            self.command(program),
            prepare=f"{self.prepare} {mount}",
            env=self._environment(),
            log=self.log,
            ends_with_parent=not self.detached,
        )
        self._await_answer(self._process)
        _state_file(self.folder).write_text(json.dumps(asdict(Daemon.of(self._process.pid))))

    def _environment(self) -> dict[str, str]:
        path = f"{os.environ.get('PATH', '')}:{ADMIN_PATH}"
        return {**os.environ, "PATH": f"{self.path}:{path}" if self.path else path}

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.host):
            if process.poll() is not None:
                raise LabError(f"{self.program} ended at once:\n{self._log_tail()}")
            if time.monotonic() > deadline:
                raise LabError(f"{self.program} is not ready in time:\n{self._log_tail()}")
            time.sleep(0.05)

    def _log_tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])

    def stop(self) -> None:
        """End the daemon, its containers and its folder; does nothing when there is none."""
        if self._folder is None:
            return
        if self._process is not None and not _state_file(self._folder).exists():
            self._process.kill()  # The start was cut short: nothing runs in it yet.
        remove(self._folder)
        if self._process is not None:
            self._process.wait()
        self._folder = self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class DockerEngine(ThrowawayEngine):
    """A rootful dockerd without any network."""

    program = "dockerd"
    package = "docker.io"

    def command(self, program: str) -> list[str]:
        """Return the command line; iptables and bridge are off, so neither is needed."""
        folder = self.folder
        return [
            program,
            *("--host", self.host),
            *("--data-root", f"{folder}/data"),
            *("--exec-root", f"{folder}/exec"),
            *("--pidfile", f"{folder}/dockerd.pid"),
            *("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"),
            *("--ip-masq=false", "--userland-proxy=false"),
            *("--storage-driver=overlay2", "--shutdown-timeout=5"),
        ]


class PodmanEngine(ThrowawayEngine):
    """A rootful `podman system service` with Docker's API.

    crun refuses a cgroup v1 host with a v2 tree beside it ("hybrid mode"), so that tree is
    unmounted, in the engine's own mount namespace only.
    """

    program = "podman"
    package = "podman crun"
    prepare = "umount /sys/fs/cgroup/unified 2>/dev/null;"

    def command(self, program: str) -> list[str]:
        """Return the command line."""
        return [
            program,
            *("--storage-driver", "overlay"),
            *("--root", f"{self.folder}/data"),
            *("--runroot", f"{self.folder}/run"),
            *("--cgroup-manager", "cgroupfs", "--events-backend", "file"),
            *("system", "service", "--time", "0", self.host),
        ]

    def _environment(self) -> dict[str, str]:
        """Limits below the usual hard ones: root without CAP_SYS_RESOURCE may not raise them."""
        config = self.folder / "containers.conf"
        config.write_text(
            '[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n'
        )
        return {**super()._environment(), "CONTAINERS_CONF": str(config)}


def answers(host: str) -> bool:
    """Tell whether an engine answers at a DOCKER_HOST URL."""
    if host.startswith("unix://") and not _listens(host.removeprefix("unix://")):
        return False
    try:
        client = docker.APIClient(base_url=host, timeout=5)
    except DockerException:
        return False
    try:
        return bool(client.ping())
    except (DockerException, OSError):
        return False
    finally:
        client.close()


def _listens(path: str) -> bool:
    """Tell whether a socket is open; the SDK's client leaks its own where none is."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


def reachable() -> FoundEngine | None:
    """Return the engine that DOCKER_HOST or the default socket reaches, if one answers."""
    host = os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    return FoundEngine(host) if answers(host) else None


def memory_for_data() -> str | None:
    """Size of a data root in memory where there is half as much again; else None, for a disk."""
    return f"{DATA_GIB}g" if _available_gib() >= DATA_GIB * 3 // 2 else None


def _available_gib() -> int:
    """What could be had without swapping, page cache included: proc(5), MemAvailable."""
    text = Path("/proc/meminfo").read_text(encoding="ascii")
    lines = (line.split() for line in text.splitlines())
    return next((int(words[1]) >> 20 for words in lines if words[0] == "MemAvailable:"), 0)


@contextlib.contextmanager
def engine() -> Iterator[Engine]:
    """Yield the engine that is reachable, or a throwaway one; raises LabError."""
    found = reachable()
    if found is not None:
        yield found
        return
    with DockerEngine(tmpfs=memory_for_data()) as started:
        yield started


def remove(folder: Path) -> None:
    """End the engine of a folder, running or crashed, and delete the folder."""
    daemon = _daemon(folder)
    if daemon is not None:
        daemon.stop()
    kill_leftovers(folder)
    _unmount_below(folder)
    shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Delete the folders of engines of ours that ended without cleaning up."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        daemon = _daemon(folder)
        if daemon is not None and not daemon.alive():
            remove(folder)


def _daemon(folder: Path) -> Daemon | None:
    """Read whose folder it is; None for one that is just being made, or deleted by its owner."""
    try:
        return Daemon(**json.loads(_state_file(folder).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _state_file(folder: Path) -> Path:
    return folder / "engine.json"


def _named_folder(name: str) -> Path:
    return Path(tempfile.gettempdir()) / f"{PREFIX}{name}"


def _new_folder(name: str | None) -> Path:
    if name is None:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    else:
        folder = _named_folder(name)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError as error:
            raise LabError(f"{folder} exists: an engine of that name runs already") from error
    if len(os.fsencode(folder / "exec/containerd/containerd-debug.sock")) > SOCKET_PATH_MAX:
        folder.rmdir()
        raise LabError(f"{folder} is too long a path for sockets: set TMPDIR to a shorter one")
    return folder


def _unmount_below(folder: Path) -> None:
    """Unmount what a crash left behind, deepest first; usually the namespace took it along."""
    points = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for point in sorted((p for p in points if p.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "-l", point], check=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code of the command that was run."""
    parser = argparse.ArgumentParser(prog="python -m lab.engine", description=__doc__)
    parser.add_argument("action", choices=("run", "start", "stop"))
    parser.add_argument("--name", default="engine")
    parser.add_argument("command", nargs="*", help="after --")
    options = parser.parse_args(arguments)
    try:
        return _act(options.action, options.name, options.command)
    except LabError as error:
        sys.stderr.write(f"lab: {error}\n")
        return 2


def _act(action: str, name: str, command: Sequence[str]) -> int:
    if action == "start":
        started = DockerEngine(name=name, detached=True, tmpfs=memory_for_data()).start()
        sys.stdout.write(f"{started.host}\n")
        return 0
    if action == "stop":
        remove(_named_folder(name))
        return 0
    with DockerEngine(tmpfs=memory_for_data()) as started:
        environment = {**os.environ, "DOCKER_HOST": started.host}
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
