"""The user's canaries: from the command line, and from the project's file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from repro.cli.config import canaries
from repro.errors import UsageError
from repro.target.options import Own

if TYPE_CHECKING:
    from pathlib import Path

TABLE = '[canary.greedy]\ncommand = "python canary.py"\n'


def test_commands_are_numbered_unless_they_have_a_name(tmp_path: Path) -> None:
    found = canaries(["python a.py --x=1", "greedy=python b.py", "A=1 program"], tmp_path)
    assert found == (
        Own(name="1", command="python a.py --x=1"),
        Own(name="greedy", command="python b.py"),
        Own(name="3", command="A=1 program"),
    )


@pytest.mark.parametrize("commands", [["x=a", "x=b"], [""], ["x="], ["sh -c 'open"], ["a\0b"]])
def test_a_command_that_is_none_is_refused(commands: list[str], tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        canaries(commands, tmp_path)


def test_a_project_s_file_names_canaries(tmp_path: Path) -> None:
    (tmp_path / "repro.toml").write_text(TABLE + "seconds = 300\n")
    assert canaries([], tmp_path) == (
        Own(name="greedy", command="python canary.py", seconds=300, asked=False),
    )


def test_pyproject_does_where_there_is_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(TABLE.replace("[canary", "[tool.repro.canary"))
    (own,) = canaries([], tmp_path)
    assert (own.name, own.asked) == ("greedy", False)


def test_both_files_are_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "repro.toml").write_text(TABLE)
    (tmp_path / "pyproject.toml").write_text("[tool.repro]\n")
    with pytest.raises(UsageError, match="both there"):
        canaries([], tmp_path)


def test_other_people_s_pyproject_is_nothing_to_us(tmp_path: Path) -> None:
    (tmp_path / "repro.toml").write_text(TABLE)
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    assert len(canaries([], tmp_path)) == 1


def test_the_command_line_has_the_last_word(tmp_path: Path) -> None:
    (tmp_path / "repro.toml").write_text(TABLE)
    assert canaries(["greedy=other"], tmp_path) == (Own(name="greedy", command="other"),)


def test_no_file_is_no_canary(tmp_path: Path) -> None:
    assert canaries([], tmp_path) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[canry.x]\ncommand = 'a'\n", "'canry' is nothing that repro knows"),
        ("[canary.x]\ncommnd = 'a'\n", "'commnd' is nothing that repro knows"),
        ("[canary.x]\n", "canary.x.command is not a command"),
        ("[canary.x]\ncommand = 3\n", "canary.x.command is not a command"),
        ('[canary.x]\ncommand = "sh -c \'open"\n', "No closing quotation"),
        ("[canary.x]\ncommand = 'a'\nseconds = 0\n", "seconds is not a whole number"),
        ("[canary.x]\ncommand = 'a'\nseconds = true\n", "seconds is not a whole number"),
        ("[canary.x]\ncommand = 'a'\nseconds = 1.5\n", "seconds is not a whole number"),
        ("[canary]\nx = 'a'\n", "canary.x is not a table"),
        ("canary = 1\n", "canary is not a table of tables"),
        ("[canary.'a b']\ncommand = 'a'\n", "is not a name"),
        ("[canary.x\n", "repro.toml: "),
        ("#" * (2 << 20), "repro.toml is not a file of at most 1 MiB"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "repro.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        canaries([], tmp_path)
    assert said in caught.value.message
    assert caught.value.advice


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "repro.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"repro\.toml"):
        canaries([], tmp_path)


def test_a_folder_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "repro.toml").mkdir()
    with pytest.raises(UsageError, match=r"repro\.toml"):
        canaries([], tmp_path)
