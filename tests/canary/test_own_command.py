"""The user's own canary: what a command prints is measured, and what it does wrong is said."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from repro.diff import compare
from repro.diff.measured import summary
from repro.manifest import Component, Fact, Manifest, Unreadable
from repro.probe.canary import own_command
from repro.rules.catalog import load
from repro.rules.judge import judge
from repro.target.options import Options, Own
from repro.target.resolve import snapshots

if TYPE_CHECKING:
    from pathlib import Path

probe: Any = own_command


def taken(*own: Own, canaries: bool | None = None, budget: int = 60) -> Manifest:
    options = Options(own=own, frameworks=False, canaries=canaries, canary_budget=budget)
    return snapshots(f"python:{sys.executable}", options)[0]


def own(manifest: Manifest, name: str = "x") -> Fact:
    (found,) = (f for f in manifest.facts if f.kind == "canary" and f.name == f"own/{name}")
    return found


def measured(program: str, seconds: int = 60) -> Component:
    fact = own(taken(Own(name="x", command=f"python -c '{program}'", seconds=seconds)))
    assert isinstance(fact, Component), fact
    return fact


def refused(command: str, seconds: int = 60) -> str:
    fact = own(taken(Own(name="x", command=command, seconds=seconds)))
    assert isinstance(fact, Unreadable), fact
    return fact.reason


def test_each_line_is_a_case_with_what_it_says() -> None:
    fact = measured(
        'print("loading the model"); print("{\\"case\\": \\"a\\", \\"output\\": \\"text\\"}");'
        'print("{\\"case\\": 2, \\"output\\": [1, 2], \\"logprobs\\": [-0.5, -1]}")'
    )
    results = fact.properties["results"]
    assert fact.properties["cases"] == 2
    assert fact.properties["family"] == "own"
    assert results["a"]["value"] == "text"
    floats = [(-0.5).hex(), (-1.0).hex()]
    assert results["2"]["value"] == {"tokens": [1, 2], "logprobs": floats}


def test_python_means_the_interpreter_that_is_looked_at() -> None:
    fact = measured('import json, sys; print(json.dumps({"case": "p", "output": sys.executable}))')
    assert fact.properties["results"]["p"]["value"] == sys.executable


def test_what_is_not_the_same_twice_is_unstable_and_the_rest_is_measured() -> None:
    fact = measured(
        'import json, os; print(json.dumps({"case": "same", "output": 1}));'
        'print(json.dumps({"case": "pid", "output": os.getpid()}));'
        'print(json.dumps({"case": "name %d" % os.getpid(), "output": 1}))'
    )
    assert list(fact.properties["results"]) == ["same"]
    assert len(fact.properties["unstable"]) == 3  # One of these names comes each time.


def test_where_nothing_is_the_same_twice_there_is_nothing_to_compare() -> None:
    reason = refused(
        'python -c \'import json, os; print(json.dumps({"case": 1, "output": os.getpid()}))\''
    )
    assert reason.endswith("none of its cases came out the same twice: nothing to compare")


def test_a_long_command_runs_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    measured(
        f'import time; open("{log}", "a").write("run\\n"); time.sleep(2.5);'
        'print("{\\"case\\": \\"a\\", \\"output\\": 1}")',
        seconds=6,
    )
    assert log.read_text() == "run\n"


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("pass", "it printed nothing"),
        ('print("garbage\\n" * 9)', "none of them a case"),
        ('print("{\\"case\\": \\"a\\"")', "line 1 is no JSON"),
        ('print("{\\"output\\": 1}")', "line 1 has to have a"),
        ('print("{\\"case\\": \\"a\\"}")', "line 1 has to have a"),
        ('print("{\\"case\\": \\"a\\", \\"output\\": 1}\\n" * 2)', "comes twice"),
        ('print("{\\"case\\": \\"a\\", \\"output\\": 1}"); exit(3)', "exited with 3"),
        ("import os; os.kill(os.getpid(), 9)", "killed by signal 9"),
        ('raise OSError("no weights")', "OSError: no weights"),
        ('print("x" * (9 << 20))', "more than 8 MiB"),
        ('while True: print("x" * 4000)', "more than 8 MiB"),
        ('print("x\\n" * 10001)', "more than 10000 lines"),
        ('print("{\\"case\\": " + "[" * 100000)', "line 1 is"),
    ],
)
def test_a_command_that_does_wrong_is_unreadable_with_the_reason(program: str, reason: str) -> None:
    assert reason in refused(f"{sys.executable} -c '{program}'")


def test_a_command_that_cannot_start_says_so() -> None:
    assert "cannot start /nowhere: No such file" in refused("/nowhere --flag")


def test_a_command_that_never_ends_is_stopped_with_what_it_started(tmp_path: Path) -> None:
    log = tmp_path / "alive"
    child = f"while sleep 0.1; do echo x >> {log}; done"
    assert refused(f'sh -c "({child}) & sleep 1000"', seconds=2) == "no answer in 2 s"
    assert _has_ended(log)


def test_what_a_command_leaves_running_is_ended(tmp_path: Path) -> None:
    log = tmp_path / "alive"
    child = f"while sleep 0.1; do echo x >> {log}; done"
    printed = '{\\"case\\": \\"a\\", \\"output\\": 1}'
    command = f"""sh -c "({child}) > /dev/null 2>&1 & sleep 0.3; echo '{printed}'" """
    assert isinstance(own(taken(Own(name="x", command=command))), Component)
    assert _has_ended(log)


def _has_ended(log: Path) -> bool:
    time.sleep(0.3)
    size = log.stat().st_size
    time.sleep(0.5)
    return size > 0 and log.stat().st_size == size


def test_values_that_a_manifest_cannot_hold_are_compared_all_the_same() -> None:
    fact = measured(
        'print("{\\"case\\": \\"deep\\", \\"output\\": " + "[" * 60 + "]" * 60 + "}");'
        'print("{\\"case\\": \\"large\\", \\"output\\": 1" + "0" * 30 + "}");'
        'print("{\\"case\\": \\"nan\\", \\"output\\": NaN}");'
        'print("{\\"case\\": \\"half\\", \\"output\\": \\"\\\\ud800\\"}");'
        'print("{\\"case\\": \\"long\\", \\"output\\": \\"" + "y" * 9000 + "\\"}")'
    )
    results = fact.properties["results"]
    assert results["large"]["value"] == "1" + "0" * 30
    assert results["nan"]["value"] == "nan"
    assert results["half"]["value"] == "\\ud800"
    assert results["deep"]["value"] == "[" * 60 + "]" * 60
    assert "value" not in results["long"]


def test_many_cases_are_kept_within_bounds() -> None:
    fact = measured(
        'import json\nfor n in range(900): print(json.dumps({"case": n, "output": "z" * 3000}))'
    )
    assert fact.properties["cases"] == 900
    kept = [result for result in fact.properties["results"].values() if "value" in result]
    assert 80 < len(kept) < 90


def test_a_command_of_the_project_runs_only_where_canaries_do() -> None:
    command = """python -c 'print("{\\"case\\": \\"a\\", \\"output\\": 1}")'"""
    file = Own(name="x", command=command, asked=False)
    assert not [f for f in taken(file).facts if f.name == "own/x"]
    assert not [f for f in taken(file, canaries=False).facts if f.name == "own/x"]


def test_no_command_means_no_own_canary() -> None:
    assert not [f for f in taken(canaries=True).facts if f.name.startswith("own/")]


def test_a_difference_is_found_and_named() -> None:
    def side(output: str) -> Manifest:
        line = f'{{\\"case\\": \\"greedy\\", \\"output\\": \\"{output}\\"}}'
        return taken(Own(name="x", command=f"python -c 'print(\"{line}\")'"))

    comparison = compare(side("Paris"), side("London"))
    (finding,) = (f for f in judge(comparison, load()) if f.code == "MEASURED")
    assert summary(comparison).cases_changed == 1
    assert (finding.old, finding.new) == ("Paris", "London")
    assert "1 of 1 outputs diverge" in finding.title


def test_cases_in_lines_that_end_otherwise() -> None:
    assert probe.cases(b'{"case": "a", "output": 1}\r\n\r\n{"case": "b", "output": 2}') == {
        "a": 1,
        "b": 2,
    }


def test_a_command_that_the_budget_ended_is_missed_and_never_equal() -> None:
    """Who names a canary wants its answer: two that were cut off are no two that agree."""
    manifest = taken(Own(name="x", command="sleep 100"), budget=2)
    fact = own(manifest)
    assert isinstance(fact, Unreadable)
    assert fact.reason == "no answer: the canaries' 2 s were used up (--canary-budget)"
    assert "UNREAD" in [f.code for f in judge(compare(manifest, manifest), load())]
