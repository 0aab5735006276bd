"""What files alone can tell: nothing of this machine, all that was not run said, and no more."""

# The probe carries no annotations, since Python 3.7 has to run it.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import builtins
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from repro.manifest import Scope, decode
from repro.probe import environments, main, notrun
from repro.probe.context import Context
from repro.probe.files import Files
from tests.probe.asking import check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.probe.rooted import Rooted

DEMO = Path(__file__).parents[2] / "fixtures" / "demo"
SITE = "/usr/lib/python3/dist-packages"
ELF = b"\x7fELF\x02\x01" + bytes(60)
USERS = "root:x:0:0::/root:/bin/sh\nserve:x:7:7::/home/serve:/bin/sh\n"
IMAGE = {
    "Env": ["PATH=/usr/bin", "LD_LIBRARY_PATH=/opt/l", "HF_HOME=/hf", "NCCL_CONF_FILE=/n.conf"],
    "Cmd": ["python3", "-m", "vllm.entrypoints.openai.api_server", "--dtype", "half"],
    "User": "serve:serve",
    "WorkingDir": "/srv",
}


@pytest.fixture
def serving(rooted: Rooted) -> Rooted:
    """An image with something for every collector that needs files alone."""
    rooted.put("/usr/bin/python3.11", ELF)
    rooted.put_link("/usr/bin/python3", "python3.11")
    rooted.put("/usr/lib/python3.11/os.py")
    rooted.put(SITE + "/numpy-1.0.dist-info/METADATA", "Name: numpy\nVersion: 1.0\n")
    user = "/home/serve/.local/lib/python3.11/site-packages/torch-2.0.dist-info/METADATA"
    rooted.put(user, "Name: torch\nVersion: 2.0\n")
    rooted.put("/opt/l/libcublas.so.12.4.5.8", ELF[:20])
    rooted.put("/etc/passwd", USERS)
    rooted.put("/etc/os-release", "ID=debian\nVERSION_ID=12\n")
    rooted.put("/lib/x86_64-linux-gnu/libc.so.6", b"\x7fELF GNU C Library (x) version 2.36.")
    rooted.put("/var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\n")
    rooted.put("/n.conf", "NCCL_ALGO=Ring")
    rooted.put("/home/serve/.nccl.conf", "NCCL_PROTO=LL")
    for cache in ("/hf/hub", "/home/serve/.cache/huggingface/hub"):
        rooted.put(cache + "/models--a--b/refs/main", "1" * 40)
    return rooted


def static(rooted: Rooted, **options: Any) -> list[dict[str, Any]]:
    facts, _ = main.collect(rooted, Context({"live": False, **options}, environ={}))
    check(facts)
    return list(facts)


def image_scope(rooted: Rooted, environ: dict[str, str], *, live: bool) -> list[str]:
    """The facts of an image's files, as a process with this environment would find them."""
    context: Any = Context({"live": live, "image": IMAGE}, environ=environ)
    context.environments = environments.discover(rooted, context)
    rows: Any = main.STATIC + main.MIXED
    facts = [f for module, *_ in rows for f in module.collect(rooted, context)]
    return sorted(json.dumps(fact, sort_keys=True) for fact in facts if fact["scope"] == "image")


def demos() -> Iterator[tuple[str, str]]:
    """Scope and kind of all that was recorded of images that ran."""
    for path in sorted(DEMO.glob("*.json")):
        for fact in decode(path.read_bytes()).facts:
            yield fact.scope, fact.kind


def test_all_that_a_run_would_tell_is_named() -> None:
    scopes: tuple[Scope, ...] = ("process", "host")
    ran = {(scope, kind) for scope, kind in demos() if scope in scopes}
    assert len(ran) > 10
    assert ran <= set(notrun.KINDS)


def test_all_that_a_run_here_tells_is_named() -> None:
    options = {"frameworks": False, "entry_only": True, "executable": sys.executable}
    files: Any = Files()
    facts, _ = main.collect(files, Context({**options, "running": True}))
    ran = {(fact["scope"], fact["kind"]) for fact in facts if fact["scope"] != "image"}
    assert ran - {("process", "gpu"), ("host", "gpu")} <= set(notrun.KINDS)
    assert "not run" not in json.dumps(facts)


def test_what_was_not_run_is_unreadable_and_nothing_else_is_said(serving: Rooted) -> None:
    facts = [fact for fact in static(serving, image=IMAGE) if fact["scope"] != "image"]
    assert {(f["scope"], f["kind"]) for f in facts} == set(notrun.KINDS)
    assert {(f["state"], f["name"], f["reason"]) for f in facts} == {
        ("unreadable", "*", notrun.REASON)
    }


def test_a_run_changes_nothing_of_what_files_say(serving: Rooted) -> None:
    other = {
        "PATH": "/sbin",
        "HOME": "/srv",
        "LD_LIBRARY_PATH": "/x",
        "PYTHONPATH": "/etc",
        "HF_HOME": "/y",
        "XDG_CACHE_HOME": "/hf",
        "NCCL_CONF_FILE": "/etc/os-release",
    }
    found = image_scope(serving, {}, live=False)
    assert image_scope(serving, other, live=True) == found
    text = "".join(found)
    for said in ("numpy", "torch", "cublas", "NCCL_ALGO", "NCCL_PROTO", '"/hf/hub/models--a--b"'):
        assert said in text
    assert "/home/serve/.cache/huggingface/hub/models--a--b" in text


@pytest.mark.parametrize(
    ("user", "home"),
    [
        ("", "/root"),
        ("serve", "/home/serve"),
        ("7:7", "/home/serve"),
        ("12345", "/"),
        ("0", "/root"),
    ],
)
def test_the_home_is_that_of_the_images_user(rooted: Rooted, user: str, home: str) -> None:
    rooted.put("/etc/passwd", USERS)
    assert (
        Context({"image": {"User": user, "Cmd": []}}, environ={"HOME": "/x"}).home(rooted) == home
    )
    said = Context({"image": {"User": user, "Env": ["HOME=/own"]}}, environ={})
    assert said.home(rooted) == "/own"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/a/../b", "/b"),
        ("~/x", "/home/serve/x"),
        ("~", "/home/serve"),
        ("x", "/srv/x"),
        ("../../x", "/x"),
    ],
)
def test_a_path_is_taken_as_the_images_processes_take_it(
    serving: Rooted, monkeypatch: pytest.MonkeyPatch, text: str, path: str
) -> None:
    monkeypatch.chdir("/usr")
    monkeypatch.setenv("HOME", "/x")
    assert Context({"image": IMAGE}).place(serving, text) == path
    assert Context({"image": IMAGE, "live": False}).place(serving, text) == path


def test_a_relative_cache_lies_where_the_image_works(serving: Rooted) -> None:
    serving.put("/srv/cache/hub/models--c--d/refs/main", "1" * 40)
    found = static(serving, image=IMAGE | {"Env": ["HF_HOME=cache"]})
    assert "c/d" in {fact["name"] for fact in found if fact["kind"] == "model.revision"}


def test_where_no_image_is_known_the_process_decides(rooted: Rooted) -> None:
    context = Context({}, environ={"HOME": "/me", "PATH": "/p"})
    assert (context.home(rooted), context.variables["PATH"]) == ("/me", "/p")


class Forbidden(dict[str, str]):
    """An environment that nobody may look into."""

    def __getitem__(self, key: str) -> str:
        raise AssertionError(f"asked for the variable {key}")

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("asked for all variables")

    def get(self, key: str, *_: Any) -> Any:
        raise AssertionError(f"asked for the variable {key}")

    def keys(self) -> Any:
        raise AssertionError("asked for all variables")


def refuse(name: str) -> Any:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError(f"{name} was called")

    return refused


def inside(name: str, root: Path) -> Any:
    """The real function, for paths below the root alone."""
    real = getattr(os, name)

    def guarded(path: Any, *more: Any, **named: Any) -> Any:
        assert str(path).startswith(str(root)), f"{name}({path!r})"
        return real(path, *more, **named)

    return guarded


def test_this_machine_is_never_looked_at(serving: Rooted, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "environ", Forbidden())
        for name in ("uname", "confstr", "sysconf", "getpid", "getuid", "getcwd", "cpu_count"):
            patch.setattr(os, name, refuse(name))
        patch.setattr(subprocess, "Popen", refuse("Popen"))
        patch.setattr(builtins, "open", refuse("open"))
        for name in ("ctypes", "_ctypes", "platform"):
            patch.setitem(sys.modules, name, None)
        for name in ("open", "stat", "lstat", "listdir", "scandir", "readlink"):
            patch.setattr(os, name, inside(name, serving.root))
        facts, _ = main.collect(serving, Context({"live": False, "image": IMAGE}, environ={}))
    assert [f for f in facts if "collector failed" in f.get("reason", "")] == []
    assert {f["name"] for f in facts if f["kind"] == "python.package"} == {"numpy", "torch"}


def test_an_environment_is_not_even_taken_where_nothing_runs() -> None:
    assert Context({"live": False}, environ={"HOME": "/x"}).environ == {}


@pytest.mark.parametrize("junk", [5, "text", {"a": 1}, [5, None, {}], [], True])
def test_a_config_of_other_shapes_ends_nothing(serving: Rooted, junk: object) -> None:
    keys = ("Env", "Cmd", "Entrypoint", "User", "WorkingDir", "Labels")
    facts = static(serving, image=dict.fromkeys(keys, junk))
    assert [f for f in facts if "collector failed" in f.get("reason", "")] == []
