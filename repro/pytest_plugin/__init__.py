"""pytest's plugin: the environment of a run, its drift from a baseline, goldens by environment.

pytest loads it in every run, so what costs time is imported where it is needed.
"""

from __future__ import annotations

from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from repro.manifest import Manifest
    from repro.pytest_plugin.golden import Golden
    from repro.verdict import Verdict

FAIL_ON: Final = ("divergent", "suspect", "any", "never")
DRIFT: Final = ("fail", "warn")
HANDED: Final = "repro_environment"
"""Under which a worker of pytest-xdist gets what its controller took."""


class Run(NamedTuple):
    """What is known of the environment of a run."""

    environment: Manifest
    verdict: Verdict


RUN: Final = pytest.StashKey[Run]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, each with its place in the configuration."""
    group = parser.getgroup("repro", "the environment of the run (repro)")
    told = {
        "baseline": ("FILE", None, "compare the environment with this manifest"),
        "fail-on": (None, FAIL_ON, "the mildest drift that counts (default: suspect)"),
        "drift": (None, DRIFT, "let drift that counts fail the run (default), or only say it"),
    }
    for name, (metavar, choices, help_) in told.items():
        more: dict[str, Any] = {"choices": choices} if choices else {"metavar": metavar}
        group.addoption(f"--repro-{name}", dest=_dest(name), default=None, help=help_, **more)
        parser.addini(_dest(name), help=help_, default="")
    group.addoption(
        "--repro-golden-update",
        action="store_true",
        help="let repro_golden write what it is given, instead of comparing",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Take the snapshot and compare it, before workers start, and once for all of them."""
    config = session.config
    baseline = _baseline(config)
    if baseline is None or hasattr(config, "workerinput") or config.option.collectonly:
        return
    from repro.errors import ReproError  # noqa: PLC0415
    from repro.pytest_plugin import environment, junit  # noqa: PLC0415

    fail_on = _said(config, "fail-on", FAIL_ON, "suspect")
    _said(config, "drift", DRIFT, "fail")
    try:
        run = Run(*environment.compared(baseline, fail_on))
    except ReproError as error:
        raise pytest.UsageError(f"repro: {error.message}\n{error.advice}") from error
    config.stash[RUN] = run
    junit.record(config, environment.properties(*run))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give a worker of pytest-xdist the environment that was taken for it."""
    if run := node.config.stash.get(RUN, None):
        from repro.manifest import encode  # noqa: PLC0415

        node.workerinput[HANDED] = encode(run.environment)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Name the environment, and say what it is beside the baseline."""
    if not (run := config.stash.get(RUN, None)):
        return None
    from repro.pytest_plugin.environment import header  # noqa: PLC0415

    return header(run.verdict)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let drift fail a run that passed; one that failed has its own exit code."""
    if _forbids(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Show drift that counts, as `repro diff` does."""
    run = config.stash.get(RUN, None)
    if not run or not run.verdict.exit_code:
        return
    from repro.report import terminal  # noqa: PLC0415

    what = "drift fails this run" if _forbids(config) else "warning: drift"
    terminalreporter.section(f"repro: {what}", red=_forbids(config), yellow=not _forbids(config))
    width = max(40, get_terminal_size((100, 24)).columns)
    text = terminal.render(run.verdict, width=width, color=terminalreporter.hasmarkup)
    terminalreporter.write(text)


@pytest.fixture(scope="session")
def repro_environment(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Manifest:
    """The manifest of the environment that the tests run in, taken once for all workers."""
    from repro.pytest_plugin import environment  # noqa: PLC0415

    if run := pytestconfig.stash.get(RUN, None):
        return run.environment
    if handed := getattr(pytestconfig, "workerinput", {}).get(HANDED):
        return environment.decoded(handed)
    base = tmp_path_factory.getbasetemp()
    return environment.shared(base.parent if hasattr(pytestconfig, "workerinput") else base)


@pytest.fixture
def repro_golden(request: pytest.FixtureRequest) -> Golden:
    """Compares what a test made with a file, chosen by the environment or by a key."""
    from repro.pytest_plugin.golden import Golden  # noqa: PLC0415

    return Golden(
        path=request.path,
        test=request.node.name,
        update=request.config.getoption("--repro-golden-update"),
        environment=lambda: request.getfixturevalue("repro_environment"),
    )


def _forbids(config: pytest.Config) -> bool:
    """Tell whether drift fails this run."""
    run = config.stash.get(RUN, None)
    return bool(run and run.verdict.exit_code and _said(config, "drift", DRIFT, "fail") == "fail")


def _said(config: pytest.Config, name: str, choices: tuple[str, ...], default: str) -> str:
    """Return an option, else what the configuration says; UsageError for what is no choice."""
    said = str(config.getoption(_dest(name)) or config.getini(_dest(name)) or default)
    if said not in choices:
        raise pytest.UsageError(f"{_dest(name)} = {said!r}: say {', '.join(choices)}")
    return said


def _baseline(config: pytest.Config) -> Path | None:
    """Find the baseline: from where pytest was called, or from the root of the configuration."""
    if said := config.getoption(_dest("baseline")):
        return config.invocation_params.dir / str(said)
    said = config.getini(_dest("baseline"))
    return config.rootpath / str(said) if said else None


def _dest(name: str) -> str:
    return f"repro_{name.replace('-', '_')}"
