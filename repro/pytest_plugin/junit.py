"""The report that pytest writes with --junit-xml, and what is added to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def record(config: pytest.Config, properties: dict[str, str]) -> None:
    """Add properties of the test suite, where a report is written.

    The fixture record_testsuite_property does the same, but a plugin has no fixtures, and under
    pytest-xdist its values are lost.
    """
    from _pytest.junitxml import xml_key  # noqa: PLC0415

    if xml := config.stash.get(xml_key, None):
        for name, value in properties.items():
            xml.add_global_property(name, value)
