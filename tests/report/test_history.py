"""A history as text and as a table: every width, and names that want to be more than text."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from rich.cells import cell_len

from repro.history import History
from repro.history.model import Unplaced
from repro.history.timeline import Judging
from repro.history.wanted import Wanted
from repro.policy import Policy
from repro.report.history import FORMATS, terminal
from repro.report.plain import HOSTILE
from tests.history.made import taken, told, torch
from tests.manifests import known, unreadable
from tests.report.cases import HOSTILE as TEXT
from tests.rules.making import catalog

EVIL = TEXT.replace("\ud800", "")


def hostile() -> History:
    """Names, hosts, values and reasons that would act on a terminal, and more than fits."""
    many = [known("python.package", f"p{n}", "1") for n in range(50)]
    more = [known("python.package", f"p{n}", "2") for n in range(50)]
    days = [
        taken("01-01", *many, known(EVIL, EVIL, EVIL), host=EVIL, name=EVIL, machine=EVIL),
        taken("01-02", *more, known(EVIL, EVIL, "2"), host=EVIL, name=EVIL, machine=EVIL),
        taken("01-02", unreadable("gpu", reason=EVIL), host="dark"),
        taken("", torch("1"), at=None),
    ]
    found = told(*days, judging=Judging(catalog(), Policy()), notes=[EVIL])
    lost = Unplaced(place=TEXT, reason=TEXT, readable=False)
    return History(timelines=found.timelines, unplaced=(*found.unplaced, lost), notes=found.notes)


@pytest.mark.parametrize("name", ["text", "csv"])
def test_nothing_acts_or_hides(name: str) -> None:
    text = FORMATS[name].render(hostile())
    text.encode("utf-8")
    shown = set(HOSTILE.findall(text))
    assert shown <= {"\n", "\r"}


@pytest.mark.parametrize("everything", [True, False])
@pytest.mark.parametrize("width", [40, 60, 100])
def test_lines_fit_the_width(width: int, everything: bool) -> None:
    text = terminal.render(hostile(), width=width, everything=everything)
    assert max(map(cell_len, text.splitlines())) <= width


def test_lists_are_bounded_and_say_so() -> None:
    short, whole = (terminal.render(hostile(), everything=each) for each in (False, True))
    assert "more changes, listed with --all" in short
    assert "--all" not in whole
    assert len(whole.splitlines()) > len(short.splitlines())


def test_no_cell_is_a_formula_and_every_line_is_whole() -> None:
    rows = list(csv.reader(StringIO(FORMATS["csv"].render(hostile()))))
    assert len({len(row) for row in rows}) == 1
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]


def test_a_word_that_nothing_has_is_told_as_no_change() -> None:
    found = told(taken("01-01", torch("1")), wanted=Wanted.parse("cudnn"))
    assert "no change" in terminal.render(found)
