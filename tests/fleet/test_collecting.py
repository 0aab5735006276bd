"""What a collection keeps, tries again and says: with real snapshots of what needs no engine."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from repro.errors import OutputError
from repro.fleet.collecting import complaint
from repro.fleet.earlier import begin
from repro.fleet.plan import Job, Lost, Plan
from repro.manifest import Target, assemble, encode
from tests.cli.test_commands import REPRO, repro

IMAGE = Path(__file__).parents[2] / "fixtures/images/app-v1.oci.tar"


def manifest(probed_at: str = "2026-01-02T03:04:05Z") -> bytes:
    return encode(assemble(Target(kind="image", name="x"), [], {"probed_at": probed_at}))


def test_what_was_asked_for_in_the_same_words_is_kept(tmp_path: Path) -> None:
    same, other, damaged, gone = (Job(name, "image:x") for name in ("a", "b", "c", "d/e"))
    jobs = [same, other, damaged, gone]
    assert begin(jobs, tmp_path, resume=False) == {}
    for job in jobs[:3]:
        (tmp_path / f"{job.name}.json").write_bytes(manifest())
    (tmp_path / "c.json").write_bytes(manifest()[:-20])
    asked = [same, other._replace(options=("--no-canary",)), damaged, gone]
    assert begin(asked, tmp_path, resume=True) == {"a": "2026-01-02T03:04:05Z"}
    assert [path.name for path in tmp_path.glob("*.json") if path.name[0] != "."] == ["a.json"]
    assert begin(asked, tmp_path, resume=True) == {"a": "2026-01-02T03:04:05Z"}


def test_certificates_are_words_too(tmp_path: Path) -> None:
    begin([Job("a", "x", (), (("DOCKER_CERT_PATH", "/one"),))], tmp_path, resume=False)
    (tmp_path / "a.json").write_bytes(manifest())
    asked = [Job("a", "x", (), (("DOCKER_CERT_PATH", "/two"),))]
    assert begin(asked, tmp_path, resume=True) == {}


def test_a_record_that_is_damaged_keeps_nothing(tmp_path: Path) -> None:
    begin([Job("a", "x")], tmp_path, resume=False)
    (tmp_path / "a.json").write_bytes(manifest())
    (tmp_path / ".fleet.json").write_text('{"a": ["--", "x"]')
    assert begin([Job("a", "x")], tmp_path, resume=True) == {}


def test_a_folder_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Not a directory"):
        begin([], tmp_path / "file" / "folder", resume=False)


def test_names_that_collide_or_leave_the_folder_are_lost() -> None:
    names = ["b", "a", "A", "../x", "n/p/c", "/x", "a//b", ".hidden", "a" * 300]
    plan = Plan.of(Job(name, "x") for name in names)
    assert [job.name for job in plan.jobs] == ["a", "b", "n/p/c"]
    assert Lost("A", "another one has the same name", "Give each its name.") in plan.lost
    assert len(plan.lost) == 6


def test_the_last_message_of_a_snapshot_is_the_reason() -> None:
    said = "repro: taking a snapshot …\nrepro: warning: old\nrepro: no such\nimage\n  Pull it.\n"
    assert complaint(said) == ("no such\nimage", "Pull it.")
    assert complaint("Segmentation fault\n") == ("Segmentation fault", "")
    bug = "Traceback …\nKeyError: 'x'\nrepro: this is a bug in repro; please report it\n"
    assert complaint(bug)[0].startswith("KeyError: 'x'\nrepro: this is a bug")
    assert complaint("") == ("", "")


def hosts(folder: Path, *names: str) -> str:
    path = folder / "hosts.toml"
    path.write_text("".join(f'[[host]]\nname="{n}"\nengine="unix:///{n}"\n' for n in names))
    return str(path)


def test_a_second_try_may_succeed(tmp_path: Path) -> None:
    image = tmp_path / "late.tar"
    command = ["fleet", "hosts", hosts(tmp_path, "a", "b"), f"oci-archive:{image}"]
    running = subprocess.Popen(
        [*REPRO, *command, "--retries", "4"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(1)  # By now the first tries have failed, or the test is of no use and passes.
    shutil.copy(IMAGE, image)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert out.startswith(b"IDENTICAL")


def test_resuming_takes_what_is_left_and_says_so(tmp_path: Path) -> None:
    target, folder = f"oci-archive:{IMAGE}", tmp_path / "kept"
    words = ("fleet", "hosts", hosts(tmp_path, "a", "b"), target, "-o", str(folder), "-f", "json")
    assert repro(*words).returncode == 0
    (folder / "b.json").unlink()
    before = (folder / "a.json").read_bytes()
    done = repro(*words, "--resume")
    (note,) = json.loads(done.stdout)["notes"]
    assert note.startswith("1 of 2 are of an earlier run, the oldest of 20")
    assert done.stderr == "repro: 1/1: b: done\n"
    assert (folder / "a.json").read_bytes() == before
    assert repro(*words[:4], "--resume").returncode == 2


def test_ctrl_c_says_what_is_kept(tmp_path: Path) -> None:
    target, folder = f"oci-archive:{IMAGE}", tmp_path / "kept"
    file = hosts(tmp_path, *"abcdefghijklmnopqrst")
    command = ["fleet", "hosts", file, target, "-o", str(folder), "-j", "1"]
    running = subprocess.Popen([*REPRO, *command], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not (folder / "a.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert f"manifests are in {folder}; --resume goes on from there" in said
