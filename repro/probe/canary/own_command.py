"""Runs the user's own command and takes the cases that it prints, a line of JSON each."""

import json
import shlex
import subprocess
import sys
import threading
import time

from .record import canonical, plain

NEEDS = ()
ASKED = True
FAMILY = "own"
IMPACTS = ("tokens", "prompt", "preprocessing", "sampling", "numerics")
COVERS = ("*:*",)
MOST = 8 << 20
"""Bytes that a command may print."""
LINES = 10000
LONGEST = 200
"""Characters of a case's name."""
KEPT = 256 << 10
"""Characters of values that are kept in all; what comes after is compared by its hash alone."""
DEEPEST = 12
"""Levels of a value: a manifest holds 32, its own among them."""
DIGITS = 18
"""Of an integer; JSON readers disagree about those of more than 64 bits."""
PYTHONS = ("python", "python3")
"""Mean the interpreter that is looked at, which need not be the one on the PATH."""
NUMBERS = ("logprobs", "gaps")


class CommandError(Exception):
    """The command gave nothing that can be compared."""


def run(case, job):
    """Record what the command prints; what a second run prints otherwise is not stable.

    There is no second run where the first took more than a third of the time.
    """
    words, limit = _words(job["command"]), job.get("seconds", 30)
    start = time.time()
    printed = [cases(_run(words))]
    if time.time() - start < limit / 3:
        printed.append(cases(_run(words)))
    left = KEPT
    for name in sorted(set().union(*printed)):
        values = [each.get(name, _NOTHING) for each in printed]
        left -= len(canonical(plain(values[0])))
        turns = iter(values)
        case(name, lambda turns=turns: _given(next(turns)), keep=left > 0, runs=len(values))
    if not case.results:
        raise CommandError("none of its cases came out the same twice: nothing to compare")


_NOTHING = ["no such case this time"]


def _given(value):
    if value is _NOTHING:
        raise LookupError(value[0])
    return value


def _words(command):
    words = shlex.split(command)
    if not words:
        raise CommandError("there is no command")
    return [sys.executable if words[0] in PYTHONS else words[0], *words[1:]]


def _run(words):
    """The bytes that a command prints. How long it takes is bounded from outside."""
    try:
        child = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise CommandError("cannot start %s: %s" % (words[0], error.strerror)) from None
    out, err = bytearray(), bytearray()
    threads = [
        threading.Thread(target=_read, args=(child, child.stdout, out, MOST), daemon=True),
        threading.Thread(target=_drain, args=(child.stderr, err), daemon=True),
    ]
    for thread in threads:
        thread.start()
    code = child.wait()
    for thread in threads:
        thread.join(2)  # Whom it has left behind may hold them open for ever.
    if len(out) > MOST:
        raise CommandError("it printed more than %d MiB" % (MOST >> 20))
    if code:
        how = "was killed by signal %d" % -code if code < 0 else "exited with %d" % code
        last = bytes(err).decode("utf-8", "backslashreplace").strip().rpartition("\n")[2]
        raise CommandError("it %s%s" % (how, last and ": " + last[:200]))
    return bytes(out)


def _read(child, stream, out, most):
    while len(out) <= most:
        data = stream.read1(1 << 16)
        if not data:
            return
        out += data
    child.kill()


def _drain(stream, tail):
    for data in iter(lambda: stream.read1(1 << 16), b""):
        tail += data
        del tail[:-4000]


def cases(data):
    """{name: value} of the lines that are objects; other lines are what programs say beside.

    CommandError for a line that begins like an object and is none, a name that comes twice, and
    for no case at all.
    """
    found, lines = {}, data.decode("utf-8", "backslashreplace").split("\n")
    if len(lines) > LINES:
        raise CommandError("it printed more than %d lines" % LINES)
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("{"):
            name, value = _case(line, number)
            if name in found:
                raise CommandError("line %d: the case %r comes twice" % (number, name))
            found[name] = value
    if not found:
        printed = "%d bytes, none of them a case" % len(data) if data.strip() else "nothing"
        raise CommandError('it printed %s; a case is {"case": "name", "output": …}' % printed)
    return found


def _case(line, number):
    try:
        told = json.loads(line, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise CommandError("line %d is no JSON: %s" % (number, str(error)[:100])) from None
    name = told.pop("case", None)
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST or not told:
        why = 'has to have a "case" of 1 to %d characters, and a result beside it' % LONGEST
        raise CommandError("line %d %s" % (number, why))
    try:
        return plain(name), _value(told)
    except RecursionError:
        raise CommandError("line %d is nested too deeply" % number) from None


def _integer(text):
    return int(text) if len(text) <= DIGITS else text


def _value(told):
    """The output alone where there is nothing else; log-probabilities as floats, all of them."""
    if isinstance(told.get("output"), list) and "tokens" not in told and "logprobs" in told:
        told["tokens"] = told.pop("output")
    for key in NUMBERS:
        if isinstance(told.get(key), list):
            told[key] = [float(x) if type(x) is int else x for x in told[key]]
    value = told["output"] if list(told) == ["output"] else told
    return value if _depth(value) <= DEEPEST else canonical(plain(value)).decode("ascii")


def _depth(value):
    """Levels of a value; its text was read without too much recursion already."""
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_depth, inner), default=0) if isinstance(value, (dict, list)) else 0
