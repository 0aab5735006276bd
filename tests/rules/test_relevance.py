"""A package that changed counts when something that serves may need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from repro.diff import compare
from repro.manifest import assemble
from repro.rules.catalog import load
from repro.rules.finding import Finding, Status
from repro.rules.judge import judge
from tests.manifests import known, manifest, unreadable

if TYPE_CHECKING:
    from repro.manifest import Component, Fact, Manifest

VENV = "/opt/venv"


def package(
    name: str, version: str = "1.0", requires: tuple[str, ...] = (), **more: str
) -> Component:
    return known(
        "python.package",
        name,
        version,
        environment=more.get("environment", VENV),
        requires=list(requires),
    )


def image(changed: str, *beside: Fact) -> Manifest:
    return manifest(package("mystery", changed), *beside)


def finding(*beside: Fact, roots: tuple[str, ...] = ()) -> Finding:
    comparison = compare(image("1.0", *beside), image("2.0", *beside))
    return judge(comparison, load(), roots)[0]


def test_a_package_that_a_server_needs_says_so() -> None:
    found = finding(
        package("vllm", requires=("outlines>=1; python_version > '3.8'",)),
        package("outlines", requires=("Mystery[extra] (>=1)",)),
    )
    assert (found.code, found.status) == ("INFER", Status.SUSPECT)
    assert found.why.endswith("vllm needs it.")


def test_a_package_that_nothing_requires_may_be_imported_by_your_own_code() -> None:
    found = finding(package("vllm"))
    assert (found.code, found.status) == ("INFER", Status.SUSPECT)
    assert found.why.endswith("Your own code may import it.")


def test_a_package_that_only_bystanders_require_has_no_effect() -> None:
    found = finding(package("pytest", requires=("mystery",)), package("vllm"))
    assert (found.code, found.status) == ("UNNEEDED", Status.EQUIVALENT)
    assert "pytest" in found.why


def test_what_needs_it_must_be_in_the_same_environment() -> None:
    found = finding(
        package("pytest", requires=("mystery",)),
        package("vllm", requires=("mystery",), environment="/usr"),
    )
    assert found.code == "UNNEEDED"


def test_a_ring_of_requirements_under_a_bystander_is_not_needed() -> None:
    found = finding(
        package("pytest", requires=("ring",)), package("ring", requires=("mystery", "ring"))
    )
    assert found.code == "UNNEEDED"


def test_a_ring_that_nothing_leads_to_may_be_imported_by_your_own_code() -> None:
    a, b = (
        manifest(package("mystery", v, ("ring",)), package("ring", requires=("mystery",)))
        for v in ("1.0", "2.0")
    )
    comparison = compare(a, b)
    assert [found.code for found in judge(comparison, load())] == ["INFER"]


@pytest.mark.parametrize("name", ["hidden", "*"])
def test_an_unread_package_might_need_anything(name: str) -> None:
    hidden = unreadable("python.package", name)
    comparison = compare(
        image("1.0", package("pytest", requires=("mystery",))),
        image("2.0", package("pytest", requires=("mystery",)), hidden),
    )
    codes = [found.code for found in judge(comparison, load())]
    assert "UNNEEDED" not in codes


def test_needed_on_one_side_is_needed() -> None:
    asks = package("vllm", requires=("mystery",))
    pytest_ = package("pytest", requires=("mystery",))
    comparison = compare(image("1.0", asks, pytest_), image("2.0", package("vllm"), pytest_))
    assert "UNNEEDED" not in [found.code for found in judge(comparison, load())]


def test_roots_that_are_named_decide_alone() -> None:
    beside = (package("vllm", requires=("outlines",)), package("outlines"))
    assert finding(*beside, roots=("vllm",)).code == "UNNEEDED"
    assert finding(*beside, roots=("mystery",)).code == "INFER"


@pytest.mark.parametrize("requires", [None, 7, ["", 3, None, "!!"], {"a": 1}])
def test_whatever_stands_in_requires_is_read(requires: object) -> None:
    odd = known("python.package", "odd", "1.0", environment=["x"], requires=requires)
    a, b = image("1.0", odd), image("2.0", odd)
    assert judge(compare(a, b), load())
    assert judge(compare(assemble(a.target, a.facts), b), load())


def test_a_package_that_a_process_has_loaded_says_so_and_decides_nothing() -> None:
    site = "/opt/venv/lib/python3.11/site-packages"

    def at(version: str) -> Component:
        return known("python.package", "mystery", version, location=site, environment=VENV)

    loaded = known("python.loaded", "mystery", "1.0", location=site)
    other = known("python.loaded", "mystery", "1.0", location="/usr/lib/python3/dist-packages")
    for beside, why in (
        (loaded, "A process has it loaded."),
        (other, "Your own code may import it."),
    ):
        comparison = compare(manifest(at("1.0"), beside), manifest(at("2.0"), beside))
        (found,) = judge(comparison, load())
        assert (found.status, found.why.endswith(why)) == (Status.SUSPECT, True)


def test_which_packages_are_loaded_is_no_difference_that_matters() -> None:
    loaded = known("python.loaded", "mystery", "1.0", location="/site")
    beside = known("python.package", "mystery", "1.0", location="/site")
    found = judge(compare(manifest(beside), manifest(beside, loaded)), load())
    assert {each.status for each in found} == {Status.EQUIVALENT}
