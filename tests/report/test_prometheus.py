"""Metrics: what two readers of Prometheus's own make of them, whatever subjects are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families

from repro.report import metrics
from repro.report.metrics import Family
from repro.report.survey import prometheus
from repro.rules.finding import Status
from tests.report import surveys

if TYPE_CHECKING:
    from repro.survey import Survey

READERS = {
    "prometheus 0.0.4": text_string_to_metric_families,
    "openmetrics 1.0": openmetrics_parser.text_string_to_metric_families,
}


def read(text: str, reader: str = "openmetrics 1.0") -> dict[str, dict[tuple[str, ...], float]]:
    """Samples by metric and the values of their labels."""
    return {
        family.name: {tuple(each.labels.values()): each.value for each in family.samples}
        for family in READERS[reader](text)  # type: ignore[no-untyped-call]  # not typed there
    }


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("case", surveys.CASES)
def test_every_subject_is_told_of_once(case: str, reader: str) -> None:
    survey = surveys.CASES[case]()
    found = read(prometheus.render(survey), reader)
    for name in ("repro_drift_verdict", "repro_subject_judged"):
        assert len(found[name]) == survey.subjects
    assert sum(found["repro_subject_judged"].values()) == survey.subjects - len(survey.unjudged)
    assert found["repro_survey_verdict"][()] == survey.status.rank


def test_a_verdict_is_that_of_the_subject() -> None:
    found = read(prometheus.render(surveys.odd()))
    assert found["repro_drift_verdict"]["h100-57",] == Status.DIVERGENT.rank
    assert found["repro_drift_verdict"]["h100-01",] == 0
    assert found["repro_drift_findings"]["h100-57", "tokens"] == 1


def test_a_subject_that_was_not_judged_is_not_well() -> None:
    found = read(prometheus.render(surveys.odd()))
    assert found["repro_subject_judged"]["h100-61",] == 0
    assert found["repro_drift_verdict"]["h100-61",] == Status.INDETERMINATE.rank


def test_when_a_manifest_was_taken_is_told_where_it_says_so() -> None:
    survey = _probed({"h100-01": "2026-05-01T08:00:00Z", "h100-02": "yesterday"})
    found = read(prometheus.render(survey))["repro_subject_probed_timestamp_seconds"]
    assert found == {("h100-01",): 1777622400.0}


def _probed(times: dict[str, str]) -> Survey:
    return msgspec.structs.replace(surveys.odd(), probed=times)


@pytest.mark.parametrize("reader", READERS)
def test_names_that_look_alike_when_written_stay_apart(reader: str) -> None:
    names = ["a\nb", "a\\nb", 'a"b', "x" * 600, "x" * 601, "\x1b", "\\x1b", "\ud800", "é", ""]
    text = metrics.write([Family("m", "Some.", [({"subject": each}, 1) for each in names])])
    text.encode("utf-8")
    assert len(read(text, reader)["m"]) == len(names)
