"""Every Python environment of a target is found from its files, and the entry point's is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from repro.probe import context as probe_context
from repro.probe import environments as probe_environments

if TYPE_CHECKING:
    from tests.probe.rooted import Rooted

ELF = b"\x7fELF" + bytes(60)
Context: Any = probe_context.Context
discover: Any = probe_environments.discover
PATH = "/usr/local/bin:/usr/bin:/bin"


def image(**config: object) -> Any:
    """A context as of an image that is read without running it."""
    config.setdefault("Env", [f"PATH={PATH}"])
    return Context({"image": config, "live": False}, environ={})


def python(rooted: Rooted, prefix: str, minor: str, *sites: str) -> None:
    """Lay out an interpreter: the program, its two names, its library folder."""
    rooted.put(f"{prefix}/bin/python{minor}", ELF)
    rooted.put_link(f"{prefix}/bin/python3", f"python{minor}")
    rooted.put(f"{prefix}/lib/python{minor}/os.py")
    for site in sites or (f"{prefix}/lib/python{minor}/site-packages",):
        rooted.put(f"{site}/.keep")


def venv(rooted: Rooted, prefix: str, base: str = "/usr/bin", extra: str = "") -> None:
    """Lay out a virtual environment (PEP 405)."""
    rooted.put(f"{prefix}/pyvenv.cfg", f"home = {base}\nversion = 3.11.2\n{extra}")
    rooted.put_link(f"{prefix}/bin/python3", f"{base}/python3")
    rooted.put(f"{prefix}/lib/python3.11/site-packages/.keep")


def test_nothing_is_found_where_nothing_is(rooted: Rooted) -> None:
    assert discover(rooted, image()) == []


def test_debians_python_has_its_own_folders_in_their_order(rooted: Rooted) -> None:
    python(
        rooted,
        "/usr",
        "3.11",
        "/usr/local/lib/python3.11/dist-packages",
        "/usr/lib/python3/dist-packages",
    )

    (found,) = discover(rooted, image())

    assert (found.prefix, found.version, found.kind, found.entry) == (
        "/usr",
        "3.11",
        "system",
        True,
    )
    assert found.sites == [
        "/usr/local/lib/python3.11/dist-packages",
        "/usr/lib/python3/dist-packages",
    ]


def test_interpreters_off_the_path_are_found(rooted: Rooted) -> None:
    python(rooted, "/usr", "3.11")
    python(rooted, "/opt/conda", "3.12")
    rooted.put("/opt/conda/conda-meta/history")
    python(rooted, "/opt/conda/envs/serve", "3.10")

    found = {e.prefix: (e.version, e.kind) for e in discover(rooted, image())}

    assert found == {
        "/usr": ("3.11", "system"),
        "/opt/conda": ("3.12", "conda"),
        "/opt/conda/envs/serve": ("3.10", "system"),
    }


def test_a_virtual_environment_is_one_of_its_own(rooted: Rooted) -> None:
    python(rooted, "/usr", "3.11", "/usr/lib/python3/dist-packages")
    venv(rooted, "/srv/app/.venv")

    found = {e.prefix: e for e in discover(rooted, image())}

    assert found["/srv/app/.venv"].kind == "venv"
    assert found["/srv/app/.venv"].base == "/usr"
    assert found["/srv/app/.venv"].sites == ["/srv/app/.venv/lib/python3.11/site-packages"]


def test_a_virtual_environment_may_see_the_systems_distributions(rooted: Rooted) -> None:
    python(rooted, "/usr", "3.11", "/usr/lib/python3/dist-packages")
    venv(rooted, "/opt/venv", extra="include-system-site-packages = true\n")

    found = {e.prefix: e for e in discover(rooted, image())}

    assert found["/opt/venv"].sites == [
        "/opt/venv/lib/python3.11/site-packages",
        "/usr/lib/python3/dist-packages",
    ]


@pytest.mark.parametrize(
    "config",
    [
        {"Cmd": ["/opt/venv/bin/python3", "-m", "serve"]},
        {"Entrypoint": ["/usr/bin/tini", "--"], "Cmd": ["/opt/venv/bin/serve"]},
        {"Cmd": ["sh", "-c", "exec /opt/venv/bin/serve --port 80"]},
        {"Env": [f"PATH=/opt/venv/bin:{PATH}"], "Cmd": ["serve"]},
        {"Env": [f"PATH=/opt/venv/bin:{PATH}"], "Cmd": ["python3", "app.py"]},
        {"Env": [f"PATH=/opt/venv/bin:{PATH}"]},
    ],
)
def test_the_entry_points_environment_comes_first(rooted: Rooted, config: dict[str, Any]) -> None:
    python(rooted, "/usr", "3.11")
    venv(rooted, "/opt/venv")
    rooted.put("/usr/bin/tini", ELF)
    rooted.put("/opt/venv/bin/serve", "#!/opt/venv/bin/python3\nimport serve\n")

    found = discover(rooted, image(**config))

    assert [(e.prefix, e.entry) for e in found] == [("/opt/venv", True), ("/usr", False)]


def test_a_script_that_asks_env_for_python_gets_the_paths_first(rooted: Rooted) -> None:
    python(rooted, "/usr", "3.11")
    venv(rooted, "/opt/venv")
    rooted.put("/usr/bin/serve", "#!/usr/bin/env python3\n")

    found = discover(rooted, image(Cmd=["/usr/bin/serve"]))

    assert found[0].prefix == "/usr"


def test_a_shell_script_named_python_is_no_interpreter(rooted: Rooted) -> None:
    rooted.put("/usr/local/bin/python3", "#!/bin/sh\nexec python3.11\n")

    assert discover(rooted, image()) == []


def test_editable_installs_are_followed_by_their_pth_files(rooted: Rooted) -> None:
    python(rooted, "/usr", "3.11", "/usr/lib/python3.11/site-packages")
    rooted.put("/src/model/__init__.py")
    rooted.put("/usr/lib/python3.11/site-packages/x.pth", "# note\nimport evil\n/src\n../missing\n")

    (found,) = discover(rooted, image())

    assert found.sites == ["/usr/lib/python3.11/site-packages", "/src"]


def test_pythonpath_comes_first(rooted: Rooted) -> None:
    python(rooted, "/usr", "3.11", "/usr/lib/python3.11/site-packages")
    rooted.put("/patches/.keep")

    (found,) = discover(rooted, image(Env=[f"PATH={PATH}", "PYTHONPATH=/patches:relative"]))

    assert found.sites[0] == "/patches"


def test_link_loops_and_denied_folders_end_nothing(rooted: Rooted) -> None:
    python(rooted, "/usr", "3.11")
    rooted.put_link("/usr/local/bin", "/usr/local/bin")
    rooted.put_link("/opt/loop", "/opt/loop")
    rooted.put("/opt/secret/bin/python3", ELF)
    rooted.denied.add("/opt/secret")

    assert [e.prefix for e in discover(rooted, image())] == ["/usr"]


def test_only_the_given_interpreter_is_read_when_asked_so(rooted: Rooted) -> None:
    python(rooted, "/usr", "3.11")
    venv(rooted, "/opt/venv")
    context = Context(
        {"entry_only": True, "executable": "/opt/venv/bin/python3"}, environ={"PATH": PATH}
    )

    assert [(e.prefix, e.entry) for e in discover(rooted, context)] == [("/opt/venv", True)]
