"""`repro diff` of many, as a user calls it: folders, patterns, bad files, groups, watching."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from repro.manifest import Fact, Target, assemble, encode
from tests.cli.test_commands import REPRO, manifest, package, repro
from tests.manifests import known

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD, ODD, DARK = "0.21.1", "0.21.2", "0.19.1"


def gpu(driver: str) -> Fact:
    return known("gpu.driver", "nvidia", driver)


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    folder = tmp_path / "fleet"
    folder.mkdir()
    for number in range(5):
        manifest(folder / f"host-{number}.json", package("tqdm", "1"), gpu("550.54"))
    return folder


def odd(folder: Path, name: str = "odd", version: str = "2") -> Path:
    path = folder / f"{name}.json"
    manifest(path, package("tqdm", "1"), package("torch", version), gpu("550.54"))
    return path


def report(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
    done = repro("diff", *map(str, arguments), "-f", "json")
    return done.returncode, json.loads(done.stdout)


def test_a_folder_without_drift_exits_with_0(fleet: Path) -> None:
    done = repro("diff", str(fleet))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("IDENTICAL  5 subjects: nothing differs")


def test_the_odd_one_out_exits_with_1_and_is_named(fleet: Path) -> None:
    odd(fleet)
    for arguments in ([f"{fleet}/"], [f"{fleet}/*.json"], sorted(map(str, fleet.iterdir()))):
        done = repro("diff", *arguments)
        assert done.returncode == 1
        assert re.search(r"×1  suspect .* odd$", done.stdout, re.MULTILINE)


def test_two_files_are_still_compared_as_two(fleet: Path) -> None:
    done = repro("diff", str(fleet / "host-0.json"), str(odd(fleet)))
    assert "\nA  " in done.stdout


def test_a_bad_file_among_a_thousand_is_a_row_and_no_pass(tmp_path: Path) -> None:
    good = encode(assemble(Target(kind="image", name="x"), [package("tqdm", "1")]))
    for number in range(1000):
        (tmp_path / f"s{number}.json").write_bytes(good)
    (tmp_path / "bad.json").write_bytes(good[:-40])
    code, found = report(tmp_path)
    assert (code, found["subjects"], found["status"]) == (3, 1001, "indeterminate")
    assert [each["name"] for each in found["unjudged"]] == ["bad"]
    assert repro("diff", str(tmp_path), "--fail-on", "never").returncode == 2
    assert repro("diff", str(tmp_path), "--fail-on", "divergent").returncode == 3


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a manifest"),
        (b"{}", "not a manifest"),
        (b'{"schema":"repro/manifest/99.0"}', "is newer than this version reads"),
        (b"[" * 100_000, "not a manifest"),
        (b"\xff\xfe", "not a manifest"),
    ],
)
def test_whatever_is_no_manifest_is_told_of(fleet: Path, data: bytes, reason: str) -> None:
    (fleet / "bad.json").write_bytes(data)
    code, found = report(fleet)
    (lost,) = found["unjudged"]
    assert code == 3
    assert reason in lost["reason"]


def test_what_is_no_file_or_too_large_or_gone_is_told_of(fleet: Path) -> None:
    os.mkfifo(fleet / "fifo.json")
    (fleet / "gone.json").symlink_to(fleet / "nowhere")
    with (fleet / "huge.json").open("wb") as file:
        file.truncate(1 << 40)
    code, found = report(fleet)
    assert code == 3
    assert [each["name"] for each in found["unjudged"]] == ["fifo", "gone", "huge"]


def test_hostile_names_of_files_are_inert(fleet: Path) -> None:
    name = b"\x1b[31m\xff\xe2\x80\xaeevil.json"
    (fleet / os.fsdecode(name)).write_bytes(b"{}")
    for form in ("text", "json", "markdown", "junit", "github", "csv", "html"):
        done = subprocess.run(
            [*REPRO, "diff", str(fleet), "-f", form], capture_output=True, check=False
        )
        assert done.returncode == 3
        assert b"\x1b" not in done.stdout + done.stderr
        done.stdout.decode("utf-8")


def test_a_file_that_is_named_twice_counts_once(fleet: Path) -> None:
    again = fleet / ".." / fleet.name / "host-0.json"
    code, found = report(f"{fleet}/", again, fleet / "host-1.json")
    assert (code, found["subjects"]) == (0, 5)
    assert len(found["notes"]) == 2


def test_equal_names_in_two_folders_stay_apart(fleet: Path) -> None:
    for rack in ("a", "b"):
        (fleet / rack).mkdir()
        (fleet / "host-0.json").rename(fleet / rack / "host.json") if rack == "a" else odd(
            fleet / rack, "host"
        )
    _, found = report(fleet)
    names = [n for c in found["groups"][0]["clusters"] for n in c["names"]]
    assert {"a/host", "b/host"} <= set(names)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    for arguments in ([f"{tmp_path}/"], [f"{tmp_path}/*.json", "x.json"]):
        done = repro("diff", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "no .json file is there" in done.stderr


def test_one_alone_has_nothing_to_be_compared_with(fleet: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    path = odd(alone)
    assert report(alone)[0] == 3
    assert report(alone, "--baseline", path)[0] == 0
    assert report(alone, "--baseline", fleet / "host-0.json")[0] == 1


def test_a_baseline_that_cannot_be_read_is_an_error(fleet: Path) -> None:
    done = repro("diff", str(fleet), "--baseline", str(fleet / "none.json"))
    assert (done.returncode, done.stdout) == (2, "")
    two = [arg for n in (0, 1) for arg in ("--baseline", str(fleet / f"host-{n}.json"))]
    done = repro("diff", str(fleet), *two)
    assert (done.returncode, done.stdout) == (2, "")
    assert "two baselines" in done.stderr


def test_groups_are_compared_by_themselves(fleet: Path) -> None:
    for number in range(2):
        path = fleet / f"old-{number}.json"
        manifest(path, package("tqdm", "1"), gpu("535.1"))
    assert report(fleet, "--fail-on", "any")[0] == 1
    named = ["--group", "old=old-*", "--baseline", f"old={fleet / 'old-1.json'}"]
    for option in (["--group-by", "gpu.driver"], ["--group", "old=old-*"], named):
        code, found = report(fleet, "--fail-on", "any", *option)
        assert code == 0
        assert len(found["groups"]) == 2
        assert len(found["between"]) == 1


def test_the_project_s_file_declares_groups_and_their_baselines(
    fleet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        manifest(fleet / f"old-{number}.json", package("tqdm", "1"), gpu("535.1"))
    monkeypatch.chdir(tmp_path)
    policy = tmp_path / "repro.toml"
    policy.write_text('[[fleet.group]]\nname = "old"\nmatch = ["old-*"]\n')
    assert report("fleet", "--fail-on", "any")[0] == 0
    policy.write_text(f'{policy.read_text()}baseline = "fleet/host-0.json"\n')
    code, found = report("fleet", "--fail-on", "any")
    (old,) = [g for g in found["groups"] if g["name"] == "old"]
    assert (code, old["baseline"], old["reference_name"]) == (1, True, "fleet/host-0.json")
    policy.write_text("[fleet]\nmoon = 1\n")
    done = repro("diff", "fleet")
    assert (done.returncode, done.stdout) == (2, "")
    assert "repro.toml: fleet" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--group-by", "@x"], "--group-by '@x'"),
        (["--group", "x"], "--group 'x'"),
        (["-f", "sarif"], "--format 'sarif'"),
        (["--endpoint", "http://127.0.0.1:1"], "--endpoint is one server"),
        (["--root", "nothing"], "--root nothing"),
    ],
)
def test_what_makes_no_sense_is_said(fleet: Path, arguments: list[str], said: str) -> None:
    done = repro("diff", str(fleet), *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_scopes_are_demanded_as_of_two(fleet: Path) -> None:
    odd(fleet)
    assert report(fleet, "--scope", "host")[0] == 0
    code, found = report(fleet, "--scope", "process")
    assert (code, found["status"]) == (3, "indeterminate")


def test_the_schema_is_published() -> None:
    found = json.loads(repro("schema", "survey").stdout)
    assert found["$schema"].startswith("https://json-schema.org/")


def test_watching_compares_again_and_ends_with_the_last_code(fleet: Path) -> None:
    watching = subprocess.Popen(
        [*REPRO, "diff", str(fleet), "--watch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert watching.stdout is not None
    _until(watching.stdout.fileno(), b"IDENTICAL")
    path = odd(fleet)
    _until(watching.stdout.fileno(), b"SUSPECT")
    path.unlink()
    _until(watching.stdout.fileno(), b"IDENTICAL")
    odd(fleet)
    _until(watching.stdout.fileno(), b"SUSPECT")
    watching.send_signal(signal.SIGINT)
    _, errors = watching.communicate(timeout=20)
    assert (watching.returncode, errors) == (1, b"repro: no longer watching\n")


def test_on_a_terminal_watching_has_a_screen_of_its_own(fleet: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    watching = subprocess.Popen(
        [*REPRO, "diff", str(fleet), "--watch"], stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    before = _until(ours, b"IDENTICAL")
    assert b"\x1b[?1049h" in before
    watching.send_signal(signal.SIGINT)
    after = b"".join(_rest(ours))
    assert watching.wait(timeout=20) == 0
    left, _, printed = after.partition(b"\x1b[?1049l")
    assert b"IDENTICAL" in printed, left
    assert b"\x1b[?25h" in after, "the cursor is back"


def _until(handle: int, wanted: bytes, seconds: float = 30) -> bytes:
    read, end = b"", time.monotonic() + seconds
    while wanted not in read:
        ready, _, _ = select.select([handle], [], [], max(end - time.monotonic(), 0))
        assert ready, f"{wanted!r} did not come: {read!r}"
        read += os.read(handle, 65536)
    return read


def _rest(handle: int, seconds: float = 30) -> Iterator[bytes]:
    end = time.monotonic() + seconds
    try:
        while select.select([handle], [], [], max(end - time.monotonic(), 0))[0]:
            if not (data := os.read(handle, 65536)):
                return
            yield data
    except OSError:
        return  # The other end is closed.
    pytest.fail("it did not end")
