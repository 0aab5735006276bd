"""Files of stacks on the command line: compared, shown, and told apart from manifests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from repro.cli import main
from repro.manifest import Target, assemble
from repro.manifest import encode as encode_manifest
from repro.stack import encode
from tests.manifests import known
from tests.survey.test_stacks import named, service

if TYPE_CHECKING:
    from pathlib import Path

    from repro.manifest import Manifest


@pytest.fixture(autouse=True)
def within(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(path: Path, lost: dict[str, str] | None = None, **services: Manifest) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(encode(named(path.stem, lost or {}, **services).stack))
    return str(path)


@pytest.fixture
def a(tmp_path: Path) -> str:
    return write(tmp_path / "a.json", web=service(), db=service())


@pytest.fixture
def b(tmp_path: Path) -> str:
    return write(tmp_path / "b.json", web=service(), db=service("0.13.3"))


def test_two_stacks_are_compared_and_the_second_is_judged(
    a: str, b: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["diff", a, b, "-f", "json"]) == 1
    found = json.loads(capfd.readouterr().out)
    statuses = {group["name"]: group["status"] for group in found["groups"]}
    assert statuses == {"(stack)": "identical", "db": "divergent", "web": "identical"}
    assert main.run(["diff", b, a]) == 1
    assert "reference db@b: the baseline" in capfd.readouterr().out


def test_a_stack_is_identical_to_itself(a: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main.run(["diff", a, a]) == 0
    assert "IDENTICAL  3 subjects in 3 groups" in capfd.readouterr().out


@pytest.mark.parametrize("form", ["text", "markdown", "junit", "github", "csv", "html"])
def test_every_format_of_many_says_it(
    form: str, a: str, b: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["diff", a, b, "-f", form]) == 1
    assert "tokenizers" in capfd.readouterr().out


def test_a_folder_of_stacks_has_an_odd_one_and_bad_files_are_rows(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("s1", "s2", "s3"):
        write(tmp_path / "many" / f"{name}.json", web=service())
    write(tmp_path / "many" / "s4.json", web=service("0.13.3"))
    (tmp_path / "many" / "t.json").write_text("{")
    assert main.run(["diff", f"{tmp_path}/many/", "-f", "json"]) == 1
    found = json.loads(capfd.readouterr().out)
    assert [lost["name"] for lost in found["unjudged"]] == ["t"]
    (web,) = (group for group in found["groups"] if group["name"] == "web")
    assert web["clusters"][-1]["names"] == ["web@s4"]


def test_one_of_the_stacks_may_be_the_baseline(
    a: str, b: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["diff", b, b, "--baseline", a, "-f", "json"]) == 1
    assert json.loads(capfd.readouterr().out)["status"] == "divergent"


def test_what_a_project_says_of_its_fleet_is_not_about_stacks(
    a: str, b: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "repro.toml").write_text(
        '[fleet]\ngroup-by = ["cpu"]\n\n[[fleet.group]]\nname = "x"\nmatch = ["*"]\n'
        'baseline = "nowhere.json"\n'
    )
    assert main.run(["diff", a, b]) == 1
    assert "reference db@a: the baseline" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["diff", "a.json"], "B is missing"),
        (["diff", "a.json", "m.json"], "m.json: not a stack"),
        (["diff", "m.json", "a.json"], "m.json: not a stack"),
        (["diff", "a.json", "none.json"], "none.json: no such file"),
        (["diff", "a.json", "app:v1"], "A stack is compared with stacks"),
        (["diff", "a.json", "a.json", "-f", "sarif"], "--format 'sarif'"),
        (["diff", "a.json", "a.json", "--group-by", "cpu"], "mean nothing for stacks"),
        (["diff", "a.json", "a.json", "--root", "nope"], "--root nope"),
        (["export", "a.json"], "a stack of several manifests, not a manifest"),
        (["show", "a.json", "--service", "nope"], "has no service 'nope'"),
        (["show", "m.json", "--service", "web"], "m.json: not a stack"),
        (["snapshot", "--compose", "x", "--network", "y"], "Say --compose or --network alone"),
        (["snapshot", "--compose", "x", "app:v1"], "Say --compose or --network alone"),
        (["snapshot", "--compose", "x", "--gpus", "all"], "mean nothing for a stack"),
        (["snapshot", "--compose", "x", "--static"], "for images alone"),
        (["snapshot", "--compose", "../none.yaml"], "No such file"),
        (["snapshot", "--compose", "A" * 5000], "or a project as `docker compose ls"),
        (["snapshot", "-o", "x.json"], "no target is named"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "a.json", web=service())
    made = assemble(Target(kind="image", name="m"), [known("libc", "glibc", "2.36")])
    (tmp_path / "m.json").write_bytes(encode_manifest(made))
    assert main.run(arguments) == 2
    out, err = capfd.readouterr()
    assert (out, "Traceback" in err) == ("", False)
    assert said in err


def test_a_stack_and_each_of_its_services_can_be_seen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.json", {"db": "gone"}, web=service("0.13.2"))
    assert main.run(["show", path]) == 0
    assert "stack.service db: gone" in capfd.readouterr().out
    assert main.run(["show", path, "--service", "web"]) == 0
    assert "0.13.2" in capfd.readouterr().out
    assert main.run(["show", path, "--service", "db"]) == 2
    assert "db could not be read: gone" in capfd.readouterr().err
