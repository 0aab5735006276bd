"""Runs code in a child process, so that what crashes or hangs there is a fact and not our end."""

import ast
import os
import signal
import subprocess

MARK = "@repro-child@"
"""Begins the lines that are answers; whatever else a library prints is not one of them."""


def run(python, code, arguments=(), timeout=60, env=None, isolated=False):
    """Run Python code and return the values that it printed with `say`, in order.

    `code` sees `say(value)`, for plain data, and `sys.argv[1:]`. With `isolated` neither the
    environment nor site packages reach it. Returns (values, reason); no reason, it ended well.
    """
    flags = ["-I", "-S"] if isolated else []
    prelude = (
        "import os as _os, sys\n"
        "_out = _os.fdopen(_os.dup(1), 'w', encoding='ascii')\n"
        "def say(value):\n"
        "    _out.write('\\n%s' + ascii(value) + '\\n')\n"
        "    _out.flush()\n" % MARK
    )
    command = [python, "-B", *flags, "-c", prelude + code, *arguments]
    environment = dict(os.environ if env is None else env, PYTHONIOENCODING="utf-8")
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        return [], "cannot start %s: %s" % (python, error.strerror)
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _kill(process)
        out, err = process.communicate()
        return _values(out), "no answer in %d s" % timeout
    return _values(out), _reason(process.returncode, err)


def _kill(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except OSError:
        process.kill()


def _values(out):
    values = []
    for line in out.decode("utf-8", "replace").splitlines():
        if line.startswith(MARK):
            try:
                values.append(ast.literal_eval(line[len(MARK) :]))
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                break  # The child died inside this line, or is not what it should be.
    return values


def _reason(code, err):
    if code == 0:
        return None
    lines = [line for line in err.decode("utf-8", "backslashreplace").splitlines() if line.strip()]
    last = lines[-1].strip()[:300] if lines else "no message"
    if code < 0:
        return "killed by signal %d: %s" % (-code, last)
    return last
