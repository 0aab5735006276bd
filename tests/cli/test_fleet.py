"""`repro fleet`, with hosts that answer, that refuse and that never say a word."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.test_commands import REPRO, repro

ARCHIVE = f"oci-archive:{Path(__file__).parents[2]}/fixtures/images/app-v1.oci.tar"


def hosts(path: Path, **engines: str) -> str:
    rows = (f'[[host]]\nname = "{name}"\nengine = "{engine}"\n' for name, engine in engines.items())
    path.write_text("\n".join(rows))
    return str(path)


def test_what_all_hosts_have_is_collected_and_compared(tmp_path: Path) -> None:
    # What is read needs no engine, so all say the same.
    file = hosts(tmp_path / "hosts.toml", b="unix:///b", a="unix:///a", c="unix:///c")
    folder = tmp_path / "kept"
    done = repro("fleet", "hosts", file, ARCHIVE, "-o", str(folder), "-f", "json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["subjects"], found["status"]) == (0, 3, "identical")
    assert sorted(path.name for path in folder.glob("[!.]*")) == ["a.json", "b.json", "c.json"]
    said = sorted(done.stderr.splitlines())
    assert [line[:10] for line in said] == ["repro: 1/3", "repro: 2/3", "repro: 3/3"]
    assert sorted(line[10:] for line in said) == [f": {name}: done" for name in "abc"]
    assert repro("diff", f"{folder}/").returncode == 0


def test_hosts_that_cannot_be_reached_are_rows_and_no_pass(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        file = hosts(
            tmp_path / "hosts.toml",
            gone="unix:///nowhere/engine.sock",
            refused="tcp://127.0.0.1:1",
            silent=f"tcp://127.0.0.1:{port}",
        )
        start = time.monotonic()
        done = repro("fleet", "hosts", file, "image:app:v1", "--host-timeout", "4", "-f", "json")
    assert time.monotonic() - start < 40
    found = json.loads(done.stdout)
    assert (done.returncode, found["status"]) == (3, "indeterminate")
    lost = {each["name"]: each["reason"] for each in found["unjudged"]}
    assert set(lost) == {"gone", "refused", "silent"}
    assert lost["silent"] == "it took longer than 4 s"
    assert "/nowhere/engine.sock" in lost["gone"]


def test_a_manifest_of_an_earlier_day_does_not_pass_for_today_s(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    assert (
        repro(
            "fleet",
            "hosts",
            hosts(tmp_path / "h.toml", a="unix:///a", b="unix:///b"),
            ARCHIVE,
            "-o",
            str(folder),
        ).returncode
        == 0
    )
    done = repro(
        "fleet",
        "hosts",
        hosts(tmp_path / "h.toml", a="unix:///a", b="unix:///b"),
        "image:x",
        "-o",
        str(folder),
    )
    assert done.returncode == 3
    assert list(folder.glob("[!.]*")) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "missing required field `host`"),
        ("host = []", "no host is in it"),
        ("[[", "hosts.toml"),
    ],
)
def test_a_file_that_lists_no_hosts_is_an_error(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "hosts.toml"
    path.write_text(text)
    done = repro("fleet", "hosts", str(path), ARCHIVE)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_hosts_of_one_name_or_of_none_that_a_file_may_have_are_rows(tmp_path: Path) -> None:
    named = [
        f'[[host]]\nname = "{name}"\nengine = "unix:///{name}"\n'
        for name in ("b", "B", "../a", "c", "odd")
    ]
    path = tmp_path / "hosts.toml"
    path.write_text("".join([*named, "moon = 1\n", '[[host]]\nname = "d"\n']))
    done = repro("fleet", "hosts", str(path), ARCHIVE, "-f", "json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["subjects"]) == (3, 6)
    lost = {each["name"]: each["reason"] for each in found["unjudged"]}
    assert lost == {
        "../a": "'../a' is no name of a host",
        "B": "another one has the same name",
        "d": "it needs an engine or a context, and not both",
        "odd": "Object contains unknown field `moon`",
    }


def test_ctrl_c_ends_all_that_is_under_way(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        file = hosts(
            tmp_path / "hosts.toml", **{f"h{n}": f"tcp://127.0.0.1:{port}" for n in range(4)}
        )
        running = subprocess.Popen(
            [*REPRO, "fleet", "hosts", file, "image:x", "-j", "2"], stderr=subprocess.PIPE
        )
        silent.settimeout(30)
        with silent.accept()[0]:
            running.send_signal(signal.SIGINT)
            _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert b"interrupted" in said
