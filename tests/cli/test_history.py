"""`repro history`, as a user calls it: adding, showing, and answering for Prometheus."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import msgspec
import pytest

from repro.cli.history.endpoint import server
from repro.errors import UsageError
from repro.manifest import encode
from repro.report.history import json_report
from tests.cli.test_commands import REPRO, repro
from tests.history.made import cudnn, taken
from tests.report.test_prometheus import read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """What was collected on some days: two hosts, of which one changed."""
    folder = tmp_path / "days"
    folder.mkdir()
    for host, version in (("h1", "9.1"), ("h2", "9.3")):
        for number, held in (("01", "9.1"), ("02", version)):
            made = taken(f"01-{number}", cudnn(held), host=host)
            (folder / f"{host}-{number}.json").write_bytes(encode(made))
    return folder


def test_a_store_is_filled_once_and_shown(day: Path, tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    first = repro("history", "add", store, str(day))
    again = repro("history", "add", store, str(day))
    assert first.stderr.endswith("4 added, 0 there already, 0 failed\n")
    assert again.stderr.endswith("0 added, 4 there already, 0 failed\n")
    found = repro("history", store, "--of", "cudnn")
    assert found.returncode == 0
    assert found.stdout.startswith("4 manifests of 2 subjects, 2026-01-01 to 2026-01-02; 1 changed")
    assert re.search(
        r"h2\n.*\n.*2026-01-02 08:00 .*\n    cuda.library cudnn  9.1 → 9.3", found.stdout, re.DOTALL
    )


def test_what_is_no_manifest_is_told_of_and_not_added(day: Path, tmp_path: Path) -> None:
    (day / "bad.json").write_text("{")
    added = repro("history", "add", str(tmp_path / "store"), f"{day}/")
    assert (added.returncode, "4 added, 0 there already, 1 failed" in added.stderr) == (2, True)
    shown = repro("history", str(day))
    assert shown.returncode == 2
    assert "bad.json: not a manifest" in shown.stdout


@pytest.mark.parametrize("kind", ["text", "json", "csv"])
def test_a_store_without_any_manifest_that_can_be_read(tmp_path: Path, kind: str) -> None:
    (tmp_path / "bad.json").write_text("{")
    found = repro("history", str(tmp_path), "-f", kind)
    assert found.returncode == 2
    assert "bad.json" in found.stdout


def test_the_json_holds_to_its_schema(day: Path) -> None:
    found = repro("history", str(day), "-f", "json", "--verdict")
    report = msgspec.json.decode(found.stdout, type=json_report.Report)
    assert [each.subject.host for each in report.timelines] == ["h1", "h2"]
    published = json.loads(repro("schema", "history").stdout)
    assert published == json.loads(json.dumps(json_report.schema()))


def test_a_table_names_every_subject_and_what_has_no_time(day: Path) -> None:
    (day / "odd.json").write_bytes(encode(taken("", host="=h3", at=None)))
    lines = repro("history", str(day), "-f", "csv").stdout.splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == ["h1", "h2", ""]
    assert lines[3].endswith(",it does not say when it was taken")


def test_a_place_that_a_manifest_contradicts_is_told_of(day: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    repro("history", "add", str(store), str(day))
    one, other = sorted(store.iterdir())
    next(iter(other.iterdir())).rename(one / "20260105T000000Z-000000000000.json")
    said = " ".join(repro("history", str(store)).stdout.split())
    assert "names another subject inside than its folder does" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "nowhere: there is no such folder"),
        (["show", "nowhere"], "nowhere: there is no such folder"),
        (["DAY", "--of", "a:"], "--of 'a:' names no fact"),
        (["DAY", "--subject", "h9"], "--subject h9: no subject is called so"),
        (["DAY", "-f", "html"], "--format 'html'"),
        (["registry:localhost:1/app"], "there is no key"),
        (["serve", "DAY", "--listen", "9732"], "--listen '9732' is not HOST:PORT"),
        (["serve", "DAY", "--listen", "127.0.0.1:70000"], "is not HOST:PORT"),
        (["serve", "DAY", "--baseline", "nothing"], "nothing: No such file"),
        (["add", "registry:localhost:1/app", "DAY"], "takes manifests that are signed"),
    ],
)
def test_what_makes_no_sense_could_not_run(day: Path, words: list[str], said: str) -> None:
    found = repro("history", *(word.replace("DAY", str(day)) for word in words))
    assert (found.returncode, said in found.stderr) == (2, True), found.stderr


@pytest.fixture
def serving(day: Path) -> Iterator[str]:
    """`repro history serve` at work, by its address."""
    words = [*REPRO, "history", "serve", str(day), "--listen", "127.0.0.1:0"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            yield process.stderr.readline().split()[1].rstrip(",")
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0


def ask(url: str, accept: str = "") -> tuple[str, str]:
    request = urllib.request.Request(url, headers={"Accept": accept})  # noqa: S310  # our own
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return answer.headers["Content-Type"], answer.read().decode()


def test_prometheus_is_told_of_each_subject_s_newest_manifest(serving: str, day: Path) -> None:
    kind, text = ask(serving, "application/openmetrics-text; version=1.0.0")
    assert kind == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    found = read(text)
    assert found["repro_subject_judged"] == {
        ("serve:v1/h1", "serve:v1"): 1,
        ("serve:v1/h2", "serve:v1"): 1,
    }
    assert sorted(found["repro_drift_verdict"].values()) == [0, 2]
    (day / "h2-03.json").write_bytes(encode(taken("01-03", cudnn("9.1"), host="h2")))
    (day / "bad.json").write_text("{")
    kind, text = ask(serving)
    assert kind == "text/plain; version=0.0.4; charset=utf-8"
    found = read(text, "prometheus 0.0.4")
    assert sorted(found["repro_drift_verdict"].values()) == [0, 0, 3]
    assert found["repro_subject_judged"][("bad.json",)] == 0
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask(serving.removesuffix("metrics"))


def test_a_store_that_cannot_be_read_is_no_page_of_old(serving: str, day: Path) -> None:
    for path in day.iterdir():
        path.unlink()
    with pytest.raises(urllib.error.HTTPError, match="503"):
        ask(serving)


def test_a_slow_client_keeps_nobody_waiting() -> None:
    with server("127.0.0.1", 0, lambda: "# EOF\n") as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        with socket.create_connection(("127.0.0.1", found.server_port)) as idle:
            idle.send(b"GET /metrics HT")
            assert ask(f"http://127.0.0.1:{found.server_port}/metrics")[1] == "# EOF\n"
        found.shutdown()


def test_an_address_that_is_taken_is_an_error() -> None:
    with server("127.0.0.1", 0, str) as found, pytest.raises(UsageError, match="cannot listen on"):
        server("127.0.0.1", found.server_port, str)
