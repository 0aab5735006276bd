"""Whatever a library does in a canary, it costs that canary alone, and is said."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from repro.manifest import Absent, Component, Unreadable
from repro.probe.canary import record as record_module
from repro.target import pack
from repro.target.answer import Output, parse

if TYPE_CHECKING:
    from repro.manifest import Fact

SAID = {
    name: f"\n@repro-canary@{line}\n"
    for name, line in {
        "nothing": "",
        "number": "5",
        "deep": "[" * 20_000,
        "stranger": '["end", 99, {}]',
        "list": '["end", [1], {}]',
        "word": '["ended", 0, {}]',
        "float": '["end", 0, {"results": 0.5}]',
        "infinity": '["end", 0, {"results": Infinity}]',
        "another": '["end", 0, {"name": "random/good"}]',
        "nested": '["end", 0, {"results": ' + "[" * 40 + "]" * 40 + "}]",
        "text": '["end", 0, "all is well"]',
    }.items()
}
"""What a library writes where answers go, and no canary would."""
MODULES = {
    "good": "def run(case, job): case('answer', lambda: 42)",
    "raises": "def run(case, job): raise ValueError('no such thing')",
    "skips": "from .record import Skip\ndef run(case, job): raise Skip('no GPU')",
    "missing": "def run(case, job): import no_such_library",
    "fails_to_load": "def run(case, job): from . import unloadable",
    "unloadable": "raise OSError('libgomp.so.1: not found')",
    "crashes": "import os, signal\ndef run(case, job): os.kill(os.getpid(), signal.SIGSEGV)",
    "exits": "import os\ndef run(case, job): os._exit(3)",
    "hangs": "import time\ndef run(case, job): time.sleep(600)",
    "prints": "import sys\n"
    "def run(case, job):\n"
    "    print('@repro-canary@[\"end\", 0, {}]')\n"
    "    sys.stderr.write('x' * 1000000)\n"
    "    case('answer', lambda: 42)",
    "fails_a_case": "def run(case, job): case('bad', lambda: 1 / 0); case('good', lambda: 1)",
    "wavers": "import itertools\n"
    "n = itertools.count()\n"
    "def run(case, job): case('count', lambda: next(n)); case('still', lambda: 1)",
    "forks": "import os, time\n"
    "def run(case, job):\n"
    "    if os.fork() == 0: time.sleep(600)\n"
    "    case('answer', lambda: 42)",
    "leaves": "import os, time\n"
    "def run(case, job):\n"
    "    if os.fork() == 0:\n"
    "        os.setsid()\n"
    "        if os.fork() == 0: os.setsid()\n"
    "        time.sleep(600)\n"
    "    case('answer', lambda: 42)",
    "closes": "import os\ndef run(case, job): os.closerange(0, 64)",
    "floods": "import os\n"
    "def run(case, job):\n"
    "    for line in (b'\\n@repro-canary@[', b'x' * (40 << 20)):\n"
    "        while line: line = line[os.write(3, line):]\n"
    "    case('answer', lambda: 42)",
    **{
        f"says_{name}": f"def run(case, job):\n"
        f"    import os\n"
        f"    for fd in range(3, 64):\n"
        f"        try: os.write(fd, {line!r}.encode())\n"
        f"        except OSError: pass\n"
        for name, line in SAID.items()
    },
}


def ran(
    *names: str, budget: int = 30, seconds: float = 20, python: str = sys.executable
) -> dict[str, Fact]:
    """Run canaries of these names in one child, and return what they say."""
    command = told(*names, budget=budget, seconds=seconds, python=python)
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    facts = parse(Output(done.stdout), "n").facts
    assert len(facts) == len(names)
    return {fact.name.partition("/")[2]: fact for fact in facts}


def told(*names: str, budget: int, seconds: float, python: str = sys.executable) -> list[str]:
    """Return the command that runs canaries of these names in one child."""
    prefix = f"{pack.PREFIX}/canary"
    extra = {f"{prefix}/{name}.py": text for name, text in MODULES.items()}
    program = pack.packed({**dict(pack.sources("canary")), **extra}, pack.MODULES["canary"])
    jobs = [
        {"name": f"random/{name}", "canary": name, "about": {"family": "random"}} for name in names
    ]
    group = {"python": python, "environment": "/venv", "seconds": seconds, "jobs": jobs}
    options = {"nonce": "n", "budget": budget, "groups": [group]}
    return [sys.executable, *pack.FLAGS, program, json.dumps(options)]


def properties(fact: Fact) -> dict[str, Any]:
    assert isinstance(fact, Component), fact
    return fact.properties


def reason(fact: Fact) -> str:
    assert isinstance(fact, Unreadable | Absent), fact
    return fact.reason


def test_a_canary_is_a_component_with_its_cases() -> None:
    told = properties(ran("good")["good"])
    assert told["cases"] == 1
    assert told["results"]["answer"]["value"] == 42
    assert (told["family"], told["environment"]) == ("random", "/venv")


def test_what_raises_crashes_or_exits_costs_its_own_canary_alone() -> None:
    found = ran("good", "raises", "crashes", "exits", "prints")
    assert properties(found["good"])["cases"] == properties(found["prints"])["cases"] == 1
    assert reason(found["raises"]) == "ValueError: no such thing"
    assert reason(found["crashes"]).startswith("killed by signal 11")
    assert isinstance(found["exits"], Unreadable)


def test_a_library_that_cannot_be_loaded_here_is_absent_and_no_doubt() -> None:
    """Else an image that lacks a library of one package could not be compared with itself."""
    found = ran("missing", "fails_to_load", "raises")
    why = "cannot be imported: ModuleNotFoundError: No module named 'no_such_library'"
    assert reason(found["missing"]) == why
    assert reason(found["fails_to_load"]) == "cannot be imported: OSError: libgomp.so.1: not found"
    assert isinstance(found["missing"], Absent)
    assert isinstance(found["fails_to_load"], Absent)
    assert isinstance(found["raises"], Unreadable)


def test_what_hangs_is_stopped_after_its_time_and_the_rest_goes_on() -> None:
    begun = time.monotonic()
    found = ran("hangs", "good", seconds=1)
    assert time.monotonic() - begun < 20
    assert reason(found["hangs"]) == "no answer in 1 s"
    assert properties(found["good"])["cases"] == 1


def test_what_does_not_fit_the_budget_is_not_run() -> None:
    found = ran("hangs", "good", budget=2)
    assert all(reason(fact).startswith("not run: ") for fact in found.values())
    assert "--canary-budget" in reason(found["good"])


def test_what_does_not_apply_is_absent() -> None:
    fact = ran("skips")["skips"]
    assert isinstance(fact, Absent)
    assert fact.reason == "no GPU"


def test_a_case_that_raises_is_a_result() -> None:
    told = properties(ran("fails_a_case")["fails_a_case"])
    assert told["results"]["bad"]["error"] == "ZeroDivisionError"
    assert told["cases"] == 2


def test_a_case_that_is_not_the_same_each_time_has_no_value() -> None:
    told = properties(ran("wavers")["wavers"])
    assert told["unstable"] == ["count"]
    assert set(told["results"]) == {"still"}


def test_a_child_that_leaves_processes_behind_is_waited_for_no_longer() -> None:
    begun = time.monotonic()
    assert properties(ran("forks")["forks"])["cases"] == 1
    assert time.monotonic() - begun < 15


def test_an_interpreter_that_is_not_there_is_said() -> None:
    assert reason(ran("good", python="/no/python")["good"]).startswith("cannot start /no/python")


def test_lists_are_written_alike_whether_they_are_copied_or_taken_apart() -> None:
    record: Any = record_module
    assert record.plain([1, 2]) == [1, 2]
    assert record.plain(["a", "é", "🤗"]) == ["a", "é", "🤗"]
    assert record.plain(["a", "\ud83d", "\ude00"]) == ["a", "\\ud83d", "\\ude00"]
    assert record.plain([1, True, "a", 0.5]) == [1, True, "a", (0.5).hex()]
    assert record.canonical({"b": [1, "é"], "a": None}) == b'{"a":null,"b":[1,"\\u00e9"]}'


def children() -> set[int]:
    """Find the processes of these tests' children, by what only they have: the loader's program."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if b"repro_probe.canary.work" in path.read_bytes():
                found.add(int(path.parent.name))
    return found


def test_what_went_into_a_session_of_its_own_is_ended_too() -> None:
    before = children()
    assert properties(ran("leaves")["leaves"])["cases"] == 1
    assert children() <= before


def test_whoever_stops_the_canaries_stops_their_children() -> None:
    before = children()
    program = subprocess.Popen(told("leaves", "hangs", budget=30, seconds=20))
    while len(children() - before) < 3:  # The child, and two in sessions of their own.
        time.sleep(0.05)
    program.terminate()
    assert program.wait(10)
    assert children() <= before


@pytest.mark.parametrize("name", [*(f"says_{name}" for name in SAID), "floods", "closes"])
def test_a_library_that_answers_in_the_canary_s_place_costs_its_own_canary(name: str) -> None:
    found = ran(name, "good")
    assert properties(found["good"])["cases"] == 1
    assert reason(found[name])
