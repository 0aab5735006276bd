"""The plugin in real runs of pytest: alone, with workers, and where nobody asks for it."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Final

import pytest

from repro.manifest import encode, load
from repro.pytest_plugin import environment

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["pytester"]

PASSES: Final = "def test_it(): pass\n"
HAS_FACTS: Final = """
import os

def test_it(repro_environment, record_property):
    record_property("digest", repro_environment.digests.whole)
    record_property("taken", repro_environment.volatile)
    record_property("process", os.getpid())

def test_again(repro_environment, record_property):
    record_property("digest", repro_environment.digests.whole)
    record_property("taken", repro_environment.volatile)
    record_property("process", os.getpid())
"""


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment as it is, taken once."""
    path = tmp_path_factory.mktemp("baseline") / "evaluated.json"
    path.write_bytes(encode(environment.taken()))
    return path


@pytest.fixture
def drifting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that splits sums otherwise, and is not in the baseline."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine's own variables be no drift."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


CLEAN: Final = """
import os, sys
os.environ.pop("PYTHONPATH", None)
os.execv(sys.executable, [sys.executable, "-m", "pytest", *sys.argv[1:]])
"""


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest in a process, without the path that pytester would add: it would be drift."""
    return pytester.run(sys.executable, "-c", CLEAN, *arguments)


def properties(file: Path, within: str = "testsuite") -> list[dict[str, str]]:
    """Return the properties of the suite, or of each case."""
    found = ET.parse(file).getroot().iter(within)  # noqa: S314  # our own
    return [
        {p.attrib["name"]: p.attrib["value"] for p in each.findall("properties/property")}
        for each in found
    ]


def test_without_its_options_nothing_is_imported_taken_or_said(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import sys

        def test_it():
            ours = {name for name in sys.modules if name.split(".")[0] == "repro"}
            assert ours == {"repro", "repro.pytest_plugin"}
            assert "msgspec" not in sys.modules
    """)
    done = run(pytester, "-v")

    done.assert_outcomes(passed=1)
    done.stdout.no_fnmatch_line("repro: *")


def test_repro_itself_does_not_need_pytest() -> None:
    program = "import repro.cli.main, repro.cli.diff, sys; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_an_environment_as_the_baseline_passes_and_is_in_the_test_report(
    pytester: pytest.Pytester, baseline: Path, tmp_path: Path
) -> None:
    pytester.makepyfile(PASSES)
    report = tmp_path / "report.xml"
    done = run(pytester, f"--repro-baseline={baseline}", f"--junit-xml={report}")

    assert done.ret == 0
    done.stdout.fnmatch_lines(["repro: environment *, beside *: equivalent, *"])
    done.stdout.no_fnmatch_line("*drift fails this run*")
    (told,) = properties(report)
    assert told["repro.environment.image"] == load(baseline).digests.image
    assert told["repro.baseline"] == load(baseline).digests.whole
    assert (told["repro.verdict"], told["repro.exit_code"]) == ("equivalent", "0")


@pytest.mark.usefixtures("drifting")
def test_drift_fails_a_run_whose_tests_pass_and_is_shown(
    pytester: pytest.Pytester, baseline: Path, tmp_path: Path
) -> None:
    pytester.makepyfile(PASSES)
    report = tmp_path / "report.xml"
    done = run(pytester, f"--repro-baseline={baseline}", f"--junit-xml={report}")

    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["*= repro: drift fails this run =*", "ENV054  OMP_NUM_THREADS*"])
    assert properties(report)[0]["repro.verdict"] == "suspect"


@pytest.mark.usefixtures("drifting")
@pytest.mark.parametrize("option", ["--repro-drift=warn", "--repro-fail-on=divergent"])
def test_drift_may_be_only_said_or_not_count(
    pytester: pytest.Pytester, baseline: Path, option: str
) -> None:
    pytester.makepyfile(PASSES)
    done = run(pytester, f"--repro-baseline={baseline}", option)

    assert done.ret == 0
    shown = "repro: warning: drift" in done.stdout.str()
    assert shown is (option == "--repro-drift=warn")
    done.stdout.fnmatch_lines(["repro: environment *: suspect, *"])


@pytest.mark.usefixtures("drifting")
def test_the_configuration_says_the_same_as_options(
    pytester: pytest.Pytester, baseline: Path
) -> None:
    (pytester.path / "evaluated.json").write_bytes(baseline.read_bytes())
    pytester.makepyfile(PASSES)
    pytester.makeini("[pytest]\nrepro_baseline = evaluated.json\nrepro_drift = warn\n")

    assert run(pytester).ret == 0
    assert run(pytester, "--repro-drift=fail").ret == 1
    assert run(pytester, "--repro-drift=fail", "-o", "repro_baseline=").ret == 0
    assert run(pytester, "--collect-only").ret == 0, "nothing runs, so nothing is compared"


@pytest.mark.usefixtures("drifting")
def test_a_run_that_failed_keeps_its_own_exit_code(
    pytester: pytest.Pytester, baseline: Path
) -> None:
    pytester.makepyfile("")
    done = run(pytester, f"--repro-baseline={baseline}")
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--repro-baseline=missing.json",), "missing.json: No such file"),
        (("--repro-baseline=bad.json",), "not a manifest"),
        (("--repro-baseline=bad.json", "-o", "repro_drift=maybe"), "say fail, warn"),
        (("--repro-drift=maybe",), "invalid choice"),
    ],
)
def test_what_cannot_be_compared_is_a_usage_error_and_no_pass(
    pytester: pytest.Pytester, arguments: tuple[str, ...], said: str
) -> None:
    pytester.makepyfile(PASSES)
    (pytester.path / "bad.json").write_text("{}")
    done = run(pytester, *arguments)

    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert said in done.stderr.str()


@pytest.mark.parametrize("compared", [True, False])
def test_workers_have_the_one_environment_that_was_taken(
    pytester: pytest.Pytester, baseline: Path, tmp_path: Path, *, compared: bool
) -> None:
    pytester.makepyfile(HAS_FACTS)
    report = tmp_path / "report.xml"
    options = [f"--repro-baseline={baseline}"] if compared else []
    done = run(pytester, "-n2", "--dist=each", f"--junit-xml={report}", *options)

    assert done.ret == 0
    cases = properties(report, "testcase")
    assert len({case["process"] for case in cases}) == 2
    assert len({case["digest"] for case in cases}) == 1
    assert len({case["taken"] for case in cases}) == 1, "its durations are never the same twice"
    if compared:
        assert {case["digest"] for case in cases} == {properties(report)[0]["repro.environment"]}


@pytest.mark.usefixtures("drifting")
def test_drift_fails_a_run_with_workers_too(pytester: pytest.Pytester, baseline: Path) -> None:
    pytester.makepyfile(PASSES)
    done = run(pytester, "-n2", f"--repro-baseline={baseline}")
    assert done.ret == 1
    assert done.stdout.str().count("drift fails this run") == 1


GOLDEN: Final = """
import pytest

@pytest.mark.parametrize("n", [1])
def test_text(repro_golden, n):
    repro_golden("one\\n{0}\\n")

def test_key(repro_golden):
    repro_golden(b"\\xff{0}", "logits.v1.bin", key="sm_90-cuda12.4")
"""


def test_goldens_are_kept_for_each_environment(pytester: pytest.Pytester, baseline: Path) -> None:
    pytester.makepyfile(test_model=GOLDEN.format("two"))
    missing = run(pytester)
    missing.assert_outcomes(failed=2)
    missing.stdout.fnmatch_lines(["no golden for this environment: *"])

    run(pytester, "--repro-golden-update").assert_outcomes(passed=2)
    key = load(baseline).digests.image.partition(":")[2][:12]
    folder = pytester.path / "goldens" / "test_model"
    names = {f"test_text-1@{key}.txt", "logits@sm_90-cuda12.4.v1.bin"}
    assert {path.name for path in folder.iterdir()} == names
    run(pytester).assert_outcomes(passed=2)

    pytester.makepyfile(test_model=GOLDEN.format("three"))
    other = run(pytester)
    other.assert_outcomes(failed=2)
    other.stdout.fnmatch_lines_random(["-two", "+three", "4 bytes → 6 bytes; the first at 2 *"])


def test_a_golden_of_another_environment_is_not_taken_and_is_named(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(test_model=GOLDEN.format("two").replace("sm_90", "sm_80"))
    run(pytester, "--repro-golden-update").assert_outcomes(passed=2)
    pytester.makepyfile(test_model=GOLDEN.format("two"))

    done = run(pytester, "-k", "key")

    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        ["there are 1 of others, and 1 of them are the same", "*logits@sm_80-cuda12.4.v1.bin"]
    )


@pytest.mark.parametrize("part", ["../x", "a/b", ".x", "a\n", "a@b"])
def test_a_golden_stays_in_its_folder(pytester: pytest.Pytester, part: str) -> None:
    pytester.makepyfile(f"""
        import pytest

        def test_it(repro_golden):
            for told in ({{"name": {part!r}}}, {{"key": {part!r}}}):
                with pytest.raises(ValueError):
                    repro_golden("x", **{{"name": "a.txt", "key": "k", **told}})
    """)
    run(pytester, "--repro-golden-update").assert_outcomes(passed=1)
    assert not (pytester.path / "goldens").exists()


def test_what_a_result_says_is_not_obeyed_by_the_terminal(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_it(repro_golden):
            repro_golden("\\x1b]0;owned\\x07", "a.txt", key="k")
    """)
    run(pytester, "--repro-golden-update")
    (kept,) = (pytester.path / "goldens").rglob("a@k.txt")
    kept.write_text("other")
    done = run(pytester)
    assert "\x1b]0" not in done.stdout.str()
    done.stdout.fnmatch_lines(["+\\x1b*owned\\x07"])
