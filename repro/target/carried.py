"""A target that a command leads to: what stands before `python3` carries the probe there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from repro.errors import ProbeError, TargetError
from repro.target.answer import LIMIT, Output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO

    from repro.target.canaries import Ask
    from repro.target.progress import Watch

PROGRAMS: Final = ("python3", "python")
GRACE: Final = 5.0
"""Seconds in which a carrier may end what it started elsewhere, before it is killed."""
TAIL: Final = 4000
"""Bytes of standard error that are kept: its end explains a failure."""
RUNTIME: Final = b"OCI runtime exec failed"
"""How Docker begins what runc said, on standard output."""
CHUNK: Final = 1 << 16


class Done(NamedTuple):
    """How a command ended."""

    output: Output
    code: int


def asking(
    prefix: Sequence[str],
    where: str,
    *,
    programs: Sequence[str] = PROGRAMS,
    patience: int = 0,
    given: bytes = b"",
) -> Ask:
    """Return what runs Python's arguments behind a prefix: the first of `programs` that is there.

    `where` names the target in messages, `patience` are seconds for the way there beside those
    for the program, `given` is its standard input. What is returned raises TargetError where
    nothing is there that could run them, else as `run`.
    """

    def ask(arguments: list[str], seconds: int, watch: Watch | None) -> Output:
        for program in programs:
            done = run([*prefix, program, *arguments], seconds + patience, watch, given)
            if not _is_missing(program, done):
                return done.output
        raise TargetError(
            f"{where} has no {' or '.join(programs)} that could run the probe",
            advice="The probe needs Python 3.7 or newer there.",
        )

    return ask


def _is_missing(program: str, done: Done) -> bool:
    """Tell whether shells, runc, crun or Slurm said that there is no such program."""
    out, err = done.output
    if done.code == 0 or (out and not out.startswith(RUNTIME)):
        return False
    said = (out[:TAIL] or err).decode("utf-8", "replace")
    mark = rf"{re.escape(program)}\b.*(no such file or directory|not found)"
    return bool(re.search(mark, said, re.IGNORECASE))


def run(
    command: Sequence[str],
    seconds: float,
    watch: Watch | None = None,
    given: bytes = b"",
    *,
    what: str = "the probe",
) -> Done:
    """Run a command to its end; whatever ends this early ends it and all that it started.

    `given` is its standard input, `what` names it in messages. TargetError where it cannot be
    started, ProbeError where it takes too long or prints too much.
    """
    with _input(given) as source, _started(command, source) as process:
        try:
            return _followed(process, seconds, watch, what)
        finally:
            _end(process)


def _started(command: Sequence[str], source: IO[bytes] | int) -> subprocess.Popen[bytes]:
    try:
        # In a group of its own, so that it can be ended with its children.
        return subprocess.Popen(
            command,
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise TargetError(
            f"{command[0]} cannot be started: {error.strerror}",
            advice=f"Is {command[0]} there, and on the PATH?",
        ) from error


def _followed(
    process: subprocess.Popen[bytes], seconds: float, watch: Watch | None, what: str
) -> Done:
    out, err = bytearray(), bytearray()
    readers = [
        threading.Thread(target=_read, args=(process, out), daemon=True),
        threading.Thread(target=_drain, args=(process.stderr, err, watch), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired as error:
        raise ProbeError(
            f"{what} gave no answer in {seconds:g} s and was stopped",
            advice="Allow more with --timeout, or leave frameworks alone with --no-frameworks.",
        ) from error
    for reader in readers:
        reader.join(GRACE)  # A child that was left behind may hold the other end.
    if len(out) > LIMIT:
        raise ProbeError(f"{what} printed more than {LIMIT >> 20} MiB")
    return Done(Output(bytes(out), bytes(err)), code)


@contextmanager
def _input(given: bytes) -> Iterator[IO[bytes] | int]:
    """Give what a command reads: a file, since a pipe would have to be filled beside the rest."""
    if not given:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as file:
        file.write(given)
        file.seek(0)
        yield file


def _read(process: subprocess.Popen[bytes], out: bytearray) -> None:
    while chunk := os.read(process.stdout.fileno(), CHUNK) if process.stdout else b"":
        out.extend(chunk)
        if len(out) > LIMIT:
            process.kill()
            return


def _drain(stream: IO[bytes] | None, err: bytearray, watch: Watch | None) -> None:
    while chunk := os.read(stream.fileno(), CHUNK) if stream else b"":
        err.extend(chunk)
        del err[:-TAIL]
        if watch:
            watch(chunk)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a group: asked first, for a carrier has to end what runs elsewhere.

    One that does not follow is killed before its children are: srun leaves it to a child of its
    own to give back what it was allotted.
    """
    if process.returncode is not None:
        return
    _signal(process, signal.SIGTERM)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    deadline = time.monotonic() + GRACE
    while _signal(process, 0) and time.monotonic() < deadline:
        time.sleep(0.02)
    _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[bytes], number: int) -> bool:
    """Send a signal to a whole group; tell whether anybody is left in it."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return False
    return True
