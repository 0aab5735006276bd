"""What `repro show` says of one manifest."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from repro.manifest import Absent, Fact, Target, Unreadable, assemble
from repro.report import manifest as view
from repro.report.plain import HOSTILE
from tests.report import cases


def show(width: int = 100, kind: str | None = None) -> str:
    return view.render(cases.manifest(), width=width, color=False, kind=kind)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("kind", [None, "*", "gpu.*", "nothing"])
def test_lines_fit_the_width(width: int, kind: str | None) -> None:
    assert all(cell_len(line) <= width for line in show(width, kind).splitlines())


def test_the_overview_fits_one_screen_and_names_what_matters() -> None:
    text = show()
    assert len(text.splitlines()) <= 45
    for word in (
        "registry.example/serve:2024.11",
        "3.11.9",
        "2.5.1+cu124",
        "NVIDIA H100 80GB HBM3",
    ):
        assert word in text
    assert "bystander" not in text
    assert "python.package:123" in text
    assert text.count("sha256:") == 4


def test_installed_and_loaded_are_told_apart() -> None:
    lines = [line.split()[-3:] for line in show().splitlines() if " cudnn " in line]
    assert lines == [["cudnn", "9.1.0", "cuda.library.loaded"], ["cudnn", "9.1.0", "cuda.library"]]


def test_what_could_not_be_read_is_shown_with_its_reason() -> None:
    assert "could not be read (1)" in show()
    assert "gpu.driver nvidia: nvmlInit answered 999 (unknown)" in show()
    assert show().count(" nvidia") == 1, "and nowhere else"


def test_what_only_a_run_shows_is_one_line_and_listed_on_demand() -> None:
    reasons = ["not run: only files were read"] * 30 + ["permission denied"]
    facts = [
        Unreadable(scope="process", kind=f"kind{number:02}", name="*", reason=reason)
        for number, reason in enumerate(reasons)
    ]
    target = Target(kind="image", name="x")
    text = view.render(assemble(target, facts), width=80, color=False)
    assert "could not be read (1)\n  kind30 *: permission denied\n" in text
    assert "\n30 facts that only running shows: not run\n" in text
    assert text.count("not run") == 1
    every = view.render(assemble(target, facts), width=80, color=False, everything=True)
    assert "could not be read (31)" in every
    assert every.count(" *: not run: only files were read\n") == 30
    assert "that only running shows" not in every
    one = view.render(assemble(target, facts[:1]), width=80, color=False)
    assert "could not be read" not in one
    assert "\n1 fact that only running shows: not run\n" in one


def test_everything_leaves_no_row_out() -> None:
    packages = [cases.package(f"onnxruntime-{number}", "1") for number in range(20)]
    manifest = assemble(Target(kind="image", name="x"), packages)
    assert "… 14 more" in view.render(manifest, width=80, color=False)
    every = view.render(manifest, width=80, color=False, everything=True)
    assert every.count(" onnxruntime-") == 20
    assert " more" not in every


def test_what_is_absent_is_said_to_be() -> None:
    gone = Absent(scope="host", kind="gpu.device", name="*", reason="no NVIDIA device file")
    text = view.render(
        assemble(Target(kind="image", name="x"), [gone]), width=80, color=False, kind=None
    )
    assert "\ngpu        absent: gpu.device\n" in text


def test_a_kind_lists_every_component_of_it() -> None:
    text = show(kind="python.package")
    assert text.startswith("python.package (123)\n")
    assert text.count("bystander-") == 120
    assert "sha256" not in text


def test_few_components_are_shown_with_all_their_properties() -> None:
    text = show(kind="gpu.*")
    assert "compute_capability=9.0 name=NVIDIA H100 80GB HBM3 sm=132" in text
    assert "unreadable: nvmlInit answered 999" in text


def test_a_kind_that_is_not_there_says_which_are() -> None:
    assert show(kind="gpus").startswith("nothing of kind gpus; it has cuda.library,")


def test_colour_changes_no_text() -> None:
    assert "\x1b" not in show()
    assert "\x1b" in view.render(cases.manifest(), width=100, color=True)


@settings(max_examples=60)
@given(st.text(), st.text(), st.none() | st.just("*"))
def test_no_text_whatever_puts_a_control_character_into_it(
    name: str, reason: str, kind: str | None
) -> None:
    facts: list[Fact] = [
        cases.package("torch", reason, **{f"x{name}": [reason]}),
        Unreadable(scope="host", kind=name, name=name, reason=reason),
        Absent(scope="host", kind=f"gpu.{name}", name=name, reason=reason),
    ]
    manifest = assemble(Target(kind=name, name=reason), facts)
    text = view.render(manifest, width=80, color=False, kind=kind)
    assert set(HOSTILE.findall(text)) == {"\n"}
