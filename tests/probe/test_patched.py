"""Files of installed packages that were changed afterwards are named, and nothing else is."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import base64
import hashlib
import os
from typing import TYPE_CHECKING, Any

import pytest

from repro.probe import patched
from repro.probe.context import Context, Environment
from repro.probe.files import Files

if TYPE_CHECKING:
    from pathlib import Path

INSTALLED = 1_700_000_000
TEXT = b"trim = True\n"


def line(path: str, content: bytes = TEXT, size: str | None = None) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(content) if size is None else size}"


def installed(site: Path, *lines: str, info: str = "Example_Lib-1.0.dist-info") -> Path:
    """Write a package of one file, as an installer leaves it."""
    (site / "lib").mkdir(parents=True, exist_ok=True)
    (site / "lib" / "a.py").write_bytes(TEXT)
    (site / info).mkdir(exist_ok=True)
    record = site / info / "RECORD"
    record.write_text("\n".join([*(lines or (line("lib/a.py"),)), f"{info}/RECORD,,"]))
    for path in (site / "lib" / "a.py", record):
        os.utime(path, (INSTALLED, INSTALLED))
    return site / "lib" / "a.py"


def found(site: Path) -> list[dict[str, Any]]:
    context = Context()
    context.environments = [Environment("/venv", "3.11", ["/venv/bin/python"], [str(site)])]
    return list(patched.collect(Files(), context))


def test_what_is_as_it_was_installed_is_absent(tmp_path: Path) -> None:
    installed(tmp_path)
    (fact,) = found(tmp_path)
    assert (fact["state"], fact["name"]) == ("absent", "*")


@pytest.mark.parametrize(
    ("content", "written"),
    [(b"trim = None\n", INSTALLED + 60), (b"trim = False\n", INSTALLED - 60)],
    ids=["of the same size and newer", "of another size and older"],
)
def test_a_file_that_was_changed_is_named_with_its_digest(
    tmp_path: Path, content: bytes, written: int
) -> None:
    path = installed(tmp_path)
    path.write_bytes(content)
    os.utime(path, (written, written))
    (fact,) = found(tmp_path)
    assert (fact["name"], fact["location"]) == ("example-lib", str(tmp_path))
    digest = hashlib.sha256(content).hexdigest()[:24]
    assert fact["properties"]["files"] == {"lib/a.py": digest}
    assert (fact["properties"]["count"], fact["properties"]["environment"]) == (1, "/venv")


def test_a_newer_file_with_the_same_content_is_not_changed(tmp_path: Path) -> None:
    path = installed(tmp_path)
    os.utime(path, (INSTALLED + 60, INSTALLED + 60))
    assert [fact["state"] for fact in found(tmp_path)] == ["absent"]


@pytest.mark.parametrize(
    "other",
    [
        line("lib/gone.py"),
        line("lib/native.so", b"other"),
        line("../outside.py", b"other"),
        line("lib/../../outside.py", b"other"),
        line("/etc/hostname", b"other"),
        line("Example_Lib-1.0.dist-info/INSTALLER", b"other"),
        "lib/a.py,md5=abc,3",
        "lib/a.py",
        "",
    ],
)
def test_what_is_gone_stripped_outside_or_not_recorded_says_nothing(
    tmp_path: Path, other: str
) -> None:
    (tmp_path / "outside.py").write_text("x")
    site = tmp_path / "site"
    installed(site, line("lib/a.py"), other)
    (site / "lib" / "native.so").write_text("stripped")
    (site / "Example_Lib-1.0.dist-info" / "INSTALLER").write_text("another")
    assert [fact["state"] for fact in found(site)] == ["absent"]


def test_what_conda_has_written_its_prefix_into_is_not_called_changed(tmp_path: Path) -> None:
    path = installed(tmp_path)
    path.write_bytes(b"prefix = '/opt/conda'\n")
    installer = tmp_path / "Example_Lib-1.0.dist-info" / "INSTALLER"
    installer.write_text("conda\n")
    assert [fact["state"] for fact in found(tmp_path)] == ["absent"]
    installer.write_text("pip\n")
    assert [fact["state"] for fact in found(tmp_path)] == ["known"]


def test_a_package_without_a_record_is_none_that_could_be_checked(tmp_path: Path) -> None:
    (tmp_path / "lib-1.0.dist-info").mkdir()
    assert [fact["state"] for fact in found(tmp_path)] == ["absent"]


def test_a_record_that_cannot_be_read_is_unreadable(tmp_path: Path) -> None:
    installed(tmp_path, line("lib/a.py"), "x" * 200_000 + ",sha256=a,1")
    (fact,) = found(tmp_path)
    assert (fact["state"], fact["name"]) == ("unreadable", "example-lib")


def test_what_is_hashed_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patched, "MOST", 5)
    path = installed(tmp_path)
    os.utime(path, (INSTALLED + 60, INSTALLED + 60))
    (fact,) = found(tmp_path)
    assert fact["state"] == "unreadable"
