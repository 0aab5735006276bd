"""Ends what children have started, also what has left them for a session of its own."""

import os
import signal
import time

PR_SET_CHILD_SUBREAPER = 36
"""Of prctl(2), since Linux 3.4."""


def adopt():
    """Become the parent of whatever a child leaves behind, where this kernel and Python can."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        return  # Then a sandbox alone ends them.


def end(seconds=3):
    """Kill all children, and theirs as they come to us; give up after so many seconds."""
    until = time.time() + seconds
    while time.time() < until and _reaped():
        for pid in _children():
            _kill(pid)
        time.sleep(0.01)


def _reaped():
    """Whether there are children still, once those that have ended are gone."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except OSError:
        return False
    return True


def _children():
    """Their process ids, from /proc: nothing where there is none."""
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []
    return [pid for pid in pids if _parent(pid) == os.getpid()]


def _parent(pid):
    try:
        with open("/proc/%d/stat" % pid, "rb") as stream:
            return int(stream.read().rpartition(b")")[2].split()[1])  # A name may hold brackets.
    except (OSError, IndexError, ValueError):
        return None


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        return
