"""Runs in the Python that has Ray: lists a cluster's nodes, or runs a program on one of them.

It travels as one argument of that Python: the standard library and Ray are all that it has, and
functions that become tasks travel on with what they name. Nothing of repro imports it.
"""

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Any, NoReturn

MARK = "@repro-ray "
"""Begins the one line that counts: of the nodes, or of what went wrong."""
FAILED = 3
LIMIT = (64 << 20) + 1
"""Bytes of output that are carried: one more than repro/target/answer.py takes."""
TAIL = 4000
GRACE = 3
"""Seconds in which a program may end before it is killed; repro/target/carried.py gives five."""
SECONDS = 10
SAID = 600
NAMES = ("id", "host", "address")
MEANT = (1, 4)
"""Deaths that were meant: EXPECTED_TERMINATION and AUTOSCALER_DRAIN_IDLE (Ray, gcs.proto)."""
VISIBLE = {
    f"RAY_EXPERIMENTAL_NOSET_{name}_VISIBLE_DEVICES": "1" for name in ("CUDA", "HIP", "ROCR")
}
"""A task that asks for no GPU would see none: with these Ray leaves the node's own as they are
(ray/_private/accelerators/nvidia_gpu.py, amd_gpu.py)."""
LEASH = (
    "import ctypes, os, sys\n"
    "try: ctypes.CDLL(None).prctl(1, 15)\n"
    "except (OSError, AttributeError): pass\n"
    "os.execv(sys.executable, [sys.executable] + sys.argv[1:])\n"
)
"""Ends a program with the worker that started it: PR_SET_PDEATHSIG, SIGTERM (prctl(2))."""


def main() -> None:
    """Do what the arguments say: `ADDRESS list`, or `ADDRESS run NODE SECONDS ARGUMENT...`."""
    signal.signal(signal.SIGTERM, interrupt)
    address, what, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
    try:
        ray = connected(address or os.environ.get("RAY_ADDRESS") or "auto")
        signal.signal(signal.SIGTERM, interrupt)  # Ray has set its own meanwhile.
        if what == "list":
            print("\n" + MARK + json.dumps([described(node) for node in ray.nodes()]), flush=True)
        else:
            carried(ray, chosen(ray.nodes(), rest[0]), int(rest[1]), rest[2:])
    except KeyboardInterrupt:
        refuse("it was interrupted")
    except Exception as error:  # noqa: BLE001 - whatever Ray raises is said in one line.
        refuse(" ".join(str(getattr(error, "cause", None) or error).split()) or repr(error))


def interrupt(*_: Any) -> NoReturn:
    """End what waits for Ray, by an exception that Ray lets through."""
    raise KeyboardInterrupt


def refuse(why: str) -> NoReturn:
    """End, and say why: no part of an answer is printed then."""
    print("\n" + MARK + why[:SAID], file=sys.stderr, flush=True)
    os._exit(FAILED)  # Ray's own way out waits for a cluster that may be gone.


def connected(address: str) -> Any:
    """Connect to a cluster; `auto` is the one that runs on this machine."""
    if address == "local":
        refuse("the address `local` would start a cluster of its own")
    try:
        import ray  # noqa: PLC0415 - that it is missing is an answer.
    except ImportError as error:
        refuse(f"{sys.executable} cannot import Ray: {error}")
    reached(address)
    ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    return ray


def reached(address: str) -> None:
    """Raise OSError where nothing listens: Ray itself would try for minutes, and not say why."""
    host, _, port = address.rpartition("/")[2].rpartition(":")
    if port.isdigit():
        try:
            socket.create_connection((host.strip("[]"), int(port)), SECONDS).close()
        except OSError as error:
            raise OSError(f"{address} cannot be reached: {error.strerror or error}") from error


def described(node: Any) -> Any:
    """Choose what counts of what Ray says of a node."""
    return {
        "id": node["NodeID"],
        "alive": node["Alive"],
        "host": node.get("NodeManagerHostname") or "",
        "address": node.get("NodeManagerAddress") or "",
        "reason": (node.get("DeathReasonMessage") or "")[:SAID],
        "left": node.get("DeathReason") in MEANT,
    }


def chosen(nodes: Any, name: str) -> str:
    """Find the one living node that an ID, a host's name or an address means; else LookupError."""
    named = [node for node in map(described, nodes) if name in map(node.get, NAMES)]
    living = [node["id"] for node in named if node["alive"]]
    if len(living) > 1:
        raise LookupError(f"{len(living)} nodes are called {name}: an ID tells them apart")
    if not living:
        reason = f": {named[-1]['reason']}" if named and named[-1]["reason"] else ""
        raise LookupError(f"Ray calls {name} dead{reason}" if named else f"Ray has no node {name}")
    return str(living[0])


def carried(ray: Any, node: str, seconds: int, arguments: Any) -> None:
    """Run Python's arguments on a node, and print what they print; an interrupt ends them."""
    from ray.util.scheduling_strategies import (  # noqa: PLC0415 - Ray is known to be there now.
        NodeAffinitySchedulingStrategy,
    )

    task = ray.remote(program).options(
        num_cpus=0,
        max_retries=0,
        runtime_env={"env_vars": VISIBLE},
        scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False),
    )
    answer = task.remote(arguments, seconds)
    try:
        out, err = ray.get(answer)
    except KeyboardInterrupt:
        with contextlib.suppress(Exception):
            ray.cancel(answer)
            ray.wait([answer], timeout=GRACE)
        raise
    sys.stderr.buffer.write(err)
    sys.stdout.buffer.write(out)
    sys.stdout.buffer.flush()


def program(arguments: Any, seconds: int) -> Any:
    """Run the worker's own Python, and give back what it printed: a task on the node.

    TimeoutError where it takes too long. Whatever ends this early, a cancelled task's
    KeyboardInterrupt too, ends what was started.
    """
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", LEASH, *arguments],
        env={name: text for name, text in os.environ.items() if name not in VISIBLE},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    out, err = bytearray(), bytearray()
    readers = [
        threading.Thread(target=first, args=(child, out), daemon=True),
        threading.Thread(target=last, args=(child, err), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        child.wait(seconds)  # With a limit it looks again and again, and so can be interrupted.
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"the probe gave no answer in {seconds} s and was stopped") from None
    finally:
        end(child)
    for reader in readers:
        reader.join(GRACE)  # A child that was left behind may hold the other end.
    return bytes(out), bytes(err)


def first(child: Any, out: bytearray) -> None:
    """Read output up to its limit, and end what prints more."""
    with child.stdout as stream:
        for chunk in iter(lambda: stream.read1(1 << 16), b""):
            out.extend(chunk[: LIMIT - len(out)])
            if len(out) == LIMIT:
                child.kill()


def last(child: Any, err: bytearray) -> None:
    """Keep the end of standard error."""
    with child.stderr as stream:
        for chunk in iter(lambda: stream.read1(1 << 16), b""):
            err.extend(chunk)
            del err[:-TAIL]


def end(child: Any) -> None:
    """End a program with its group: asked first, then killed."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if child.poll() is None:
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(child.pid, number)
                child.wait(GRACE - 1)


if __name__ == "__main__":
    main()
