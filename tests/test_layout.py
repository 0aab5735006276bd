"""The layout: who may import whom, and how large, named and explained a module is."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import repro

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(repro.__file__).parent
MODULES: Final = sorted(ROOT.rglob("*.py"))
BELOW: Final = {
    "errors": set[str](),
    "manifest": {"errors"},
    "probe": set[str](),
    "hashing": set[str](),
    "registry": {"hashing", "errors"},
    "layers": {"hashing", "probe", "errors"},
    "attest": {"registry", "manifest", "errors"},
    "target": {
        "caches",
        "retrieval",
        "stack",
        "attest",
        "layers",
        "registry",
        "probe",
        "manifest",
        "errors",
    },
    "diff": {"manifest", "errors"},
    "rules": {"diff", "manifest", "errors"},
    "policy": {"rules", "errors"},
    "demands": {"policy", "rules", "diff", "manifest", "errors"},
    "verdict": {"policy", "rules", "diff", "manifest", "errors"},
    "stack": {"manifest", "errors"},
    "retrieval": {"probe", "manifest", "errors"},
    "caches": {"retrieval", "probe", "manifest", "errors"},
    "survey": {"stack", "verdict", "policy", "rules", "diff", "manifest", "errors"},
    "history": {"verdict", "policy", "rules", "diff", "manifest", "errors"},
    "store": {"target", "attest", "layers", "registry", "manifest", "errors"},
    "fleet": {"target", "manifest", "errors"},
    "report": {"history", "survey", "verdict", "policy", "rules", "diff", "manifest", "errors"},
    "cli": {
        "attest",
        "history",
        "store",
        "target",
        "layers",
        "probe",
        "report",
        "demands",
        "fleet",
        "stack",
        "survey",
        "verdict",
        "policy",
        "rules",
        "diff",
        "manifest",
        "errors",
    },
    "pytest_plugin": {
        "target",
        "report",
        "verdict",
        "policy",
        "rules",
        "diff",
        "manifest",
        "errors",
    },
    "__main__": {"cli"},
}
"""What each part may import besides itself and the version in `repro/__init__.py`."""
PLACES: Final = {
    "docker": ("target",),
    "click": ("cli",),
    "cryptography": ("attest",),
    "pytest": ("pytest_plugin",),
    "rich": ("cli", "report"),
    "yaml": ("fleet", "stack"),
}
"""Packages that are wanted in one place, with the parts that may import them."""


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def part(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Name what a module imports by its whole name, in functions and for types too."""
    return _imported(tree(path))


def _imported(within: ast.AST) -> Iterator[str]:
    for node in ast.walk(within):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            module = node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_part_imports_only_what_lies_below_it(path: Path) -> None:
    own = part(path)
    if own == "__init__":
        assert list(imports(path)) == []
        return
    found = {imported.split(".")[1] for imported in imports(path) if imported.startswith("repro.")}
    assert found - {own, "__version__"} <= BELOW[own]


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_package_is_imported_in_its_place_alone(path: Path) -> None:
    tops = {imported.split(".")[0] for imported in imports(path)}
    assert [top for top, parts in PLACES.items() if top in tops and part(path) not in parts] == []


@pytest.mark.parametrize("path", sorted((ROOT / "probe").rglob("*.py")), ids=name)
def test_the_probe_needs_the_standard_library_alone(path: Path) -> None:
    # A canary may import what it measures, but only where it runs: in a function.
    inside = path.is_relative_to(ROOT / "probe" / "canary")
    own = {name for function in functions(path) for name in _imported(function)} if inside else ()
    tops = {imported.split(".")[0] for imported in imports(path) if imported not in own}
    assert tops <= sys.stdlib_module_names
    froms = [node for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom)]
    depth = len(path.relative_to(ROOT / "probe").parts)
    assert all(node.level <= depth for node in froms), "no way out of the probe"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_says_in_one_sentence_why_it_exists(path: Path) -> None:
    first = (ast.get_docstring(tree(path)) or "").partition("\n\n")[0]
    assert first.endswith(".")
    assert not any(mark in first[:-1] for mark in (". ", ".\n")), first


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_named_after_what_it_knows(path: Path) -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "core", "misc", "base"}
    assert vague.isdisjoint({*path.relative_to(ROOT).parts[:-1], path.stem})


ELSEWHERE = ("probe/main.py", "target/ray_driver.py")
"""Programs that another Python runs, which prints what they found."""


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_only_the_command_line_and_what_answers_from_elsewhere_print(path: Path) -> None:
    calls = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    prints = any(isinstance(call, ast.Name) and call.id == "print" for call in calls)
    assert not prints or part(path) == "cli" or name(path) in ELSEWHERE


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_fits_in_300_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_function_fits_in_40_lines(path: Path) -> None:
    lengths = {node.name: body_length(node) for node in functions(path)}
    assert {called: length for called, length in lengths.items() if length > 40} == {}


def body_length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines from the name to the end, without decorators and docstring."""
    first = node.body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if is_text else 0
    return (node.end_lineno or 0) - node.lineno + 1 - docstring
