"""A shell script in namespaces of its own: what it starts is seen by nobody else, and ends with it.

Network, mounts, host name and processes are its own. When its first process ends, all do.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from lab.error import LabError, find_program

if TYPE_CHECKING:
    from collections.abc import Sequence

OWN: Final = ("--net", "--mount", "--uts", "--pid", "--mount-proc", "--propagation", "private")


class Nest:
    """What a subclass writes into a folder, then a script, until it is ready."""

    programs: dict[str, str]
    """What it needs, with the Debian package of each."""
    script: str
    """Run by sh with the folder and `words` as arguments; it must not end by itself."""
    seconds: float = 30.0
    """What a start may take."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def write(self) -> None:
        """Write what the script needs into the folder."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Tell whether all that was started answers."""
        raise NotImplementedError

    @property
    def folder(self) -> Path:
        """Where configuration and logs lie; LabError before the start."""
        if self._folder is None:
            raise LabError("it is not started")
        return self._folder

    def __enter__(self) -> Self:
        for program, package in self.programs.items():
            find_program(program, package)
        self._folder = Path(tempfile.mkdtemp(prefix="repro-nest-"))
        self._folder.chmod(0o755)  # munged and sshd serve nobody below a private folder.
        try:
            self.write()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._process = self._folder = None

    def inside(self, command: Sequence[str]) -> list[str]:
        """Return a command that runs another one in the namespaces."""
        enter = ("nsenter", f"--target={self.first()}", "--net", "--mount", "--uts", "--pid")
        return [*enter, f"--wd={Path.cwd()}", *command]

    def first(self) -> int:
        """Return the process that all others descend from; LabError where there is none yet."""
        pid = self._process.pid if self._process else 0
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        except OSError:
            children = []
        if not children:
            raise LabError("it is not started")
        return int(children[0])

    def _start(self) -> None:
        namespaces = ("unshare", *OWN, "--fork", "--kill-child=KILL", "--")
        script = ("/bin/sh", "-c", self.script, "sh", str(self.folder), *self.words)
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *namespaces, *script],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + self.seconds
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise LabError(f"it does not start:\n{self._said()}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            return self.ready()
        except LabError:
            return False

    def _said(self) -> str:
        logs = [self.folder / "log", *sorted(self.folder.glob("*.log"))]
        texts = [log.read_text(errors="replace") for log in logs if log.exists()]
        return "\n".join("\n".join(text.splitlines()[-5:]) for text in texts)
