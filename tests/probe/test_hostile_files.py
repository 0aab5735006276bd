"""Collectors end in time on files made to keep them busy: the work grows with the size alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from repro.probe import model, owner, python, values

if TYPE_CHECKING:
    from tests.probe.rooted import Rooted

SECONDS = 5
"""Of a processor; what was quadratic takes minutes to hours on the same bytes."""

package_version: Any = owner._package_version
linked: Any = python._linked
document: Any = values.document


def test_blank_lines_in_a_triton_configuration_are_passed_over_once() -> None:
    began = time.process_time()
    assert model.SCALAR.findall("\n" * (1 << 20)) == []
    assert time.process_time() - began < SECONDS
    assert model.SCALAR.findall('\n  name: "a"\n')[0][:2] == ("name", "a")


def test_a_package_s_version_is_that_of_its_own_stanza(rooted: Rooted) -> None:
    stanzas = "Package: a\nStatus: x\n\nPackage: b\nVersion: 2\n\n"
    rooted.put("/var/lib/dpkg/status", stanzas + "Package: a\n" * 300_000)
    began = time.process_time()
    assert package_version(rooted, "b") == "2"
    assert package_version(rooted, "a") is None
    assert time.process_time() - began < SECONDS


def test_an_empty_egg_link_is_one_fault_and_not_the_end_of_all(rooted: Rooted) -> None:
    rooted.put("/site/x.egg-link", "")
    assert linked(rooted, "/site/x.egg-link") == "/site/x.egg-link"


@pytest.mark.parametrize("value", [b"[]", b"{}", b"0", b'""'])
def test_json_of_endless_values_is_refused_before_it_is_built(value: bytes) -> None:
    with pytest.raises(ValueError, match="values"):
        document(b"[" + (value + b",") * (values.CONTAINERS + 1) + b"0]")
