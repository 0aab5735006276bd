"""Which group a subject is in, and when nobody can tell."""

from __future__ import annotations

import re

import pytest

from repro.diff.grouping import Criterion, Grouping, Pattern, UnplacedError, criterion, place
from tests.manifests import absent, known, manifest, setting, unreadable

H100 = manifest(
    known("gpu.device", "0", model="H100"),
    known("gpu.device", "1", model="H100"),
    known("gpu.driver", "nvidia", "550.54"),
    setting("TP_SIZE", "2"),
)


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("gpu.device@model", "gpu.device@model 2 × H100"),
        ("gpu.device:0@model", "gpu.device:0@model H100"),
        ("gpu.device@memory", "gpu.device@memory 2 × unknown"),
        ("gpu.driver", "gpu.driver 550.54"),
        ("setting:TP_SIZE", "setting:TP_SIZE 2"),
        ("setting:TP_*", "setting:TP_* 2"),
        ("setting:OTHER", "setting:OTHER none"),
        ("gpu.device:0", "gpu.device:0 0"),
    ],
)
def test_subjects_are_grouped_by_what_facts_say(text: str, group: str) -> None:
    assert place("host", H100, Grouping(by=(criterion(text),))) == group


@pytest.mark.parametrize(
    "gone", [unreadable("gpu.driver"), unreadable("gpu", "*"), unreadable("gpu.driver", "nvidia")]
)
def test_what_could_not_be_read_puts_a_subject_in_no_group(gone: object) -> None:
    side = manifest(gone)  # type: ignore[arg-type]  # one of the facts above
    with pytest.raises(UnplacedError, match=r"gpu\.driver: permission denied"):
        place("host", side, Grouping(by=(criterion("gpu.driver"),)))


def test_what_is_absent_is_a_value_like_another() -> None:
    side = manifest(absent("gpu.driver"))
    assert place("host", side, Grouping(by=(criterion("gpu.driver"),))) == "gpu.driver none"


def test_names_and_folders_group_too() -> None:
    patterns = (Pattern(name="new", match=("h100-*", "h200-*")), Pattern(name="old", match=("*",)))
    assert place("h200-7", H100, Grouping(patterns=patterns)) == "new"
    assert place("a100-7", H100, Grouping(patterns=patterns)) == "old"
    assert place("a100-7", H100, Grouping(patterns=patterns[:1])) == "others"
    assert place("rack/a", H100, Grouping(folder=True)) == "rack"
    both = Grouping(folder=True, by=(criterion("gpu.driver"),))
    assert place("a", H100, both) == "., gpu.driver 550.54"
    assert place("a", H100, Grouping()) == ""


@pytest.mark.parametrize("text", ["", ":x", "@x", "a:", "a@", "a:@b"])
def test_what_names_no_fact_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        criterion(text)


def test_a_criterion_is_a_kind_a_name_and_a_property() -> None:
    assert criterion("a.b:c:d@e.f") == Criterion(
        text="a.b:c:d@e.f", kind="a.b", name="c:d", property="e.f"
    )
