"""Which canaries a target gets follows from what was found in it, whatever that says of itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.errors import ProbeError
from repro.manifest import Component, Unreadable
from repro.probe.answer import wrapped
from repro.target import canaries
from repro.target.answer import Output
from repro.target.options import Options
from tests.manifests import known

if TYPE_CHECKING:
    from repro.manifest import Fact
    from repro.target.progress import Watch

SITE = "/opt/venv/lib/python3.11/site-packages"


def python(prefix: str = "/opt/venv", *, entry: bool = True, site: str = SITE) -> Component:
    return known(
        "python.interpreter",
        "python",
        "3.11",
        location=f"{prefix}/bin/python",
        environment=prefix,
        entry=entry,
        sites=[site],
    )


def package(name: str, site: str = SITE) -> Component:
    return known("python.package", name, "1.0", location=site)


class Asked:
    """Stands for a target: keeps what it was asked, and answers with no fact."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.seconds = 0

    def __call__(self, words: list[str], seconds: int, watch: Watch | None) -> Output:
        del watch
        self.told.append(json.loads(words[-1]))
        self.seconds = seconds
        payload: Any = {"facts": []}
        return Output(wrapped(payload, self.told[-1]["nonce"]).encode())  # type: ignore[no-untyped-call]

    @property
    def jobs(self) -> list[dict[str, Any]]:
        return [job for told in self.told for group in told["groups"] for job in group["jobs"]]

    @property
    def names(self) -> list[str]:
        return [job["name"] for job in self.jobs]


def planned(*facts: Fact, options: Options | None = None) -> Asked:
    asked = Asked()
    canaries.measure(facts, options or Options(), asked, at_work=False)
    return asked


def test_a_library_that_is_installed_gets_its_canaries() -> None:
    assert "random/numpy" in planned(python(), package("numpy")).names
    assert "random/numpy" not in planned(python(), package("numpy", "/elsewhere")).names


def test_what_needs_no_library_runs_once_in_the_environment_that_serves() -> None:
    asked = planned(python("/usr", entry=False, site="/usr/lib"), python())
    places = [
        group["python"]
        for told in asked.told
        for group in told["groups"]
        if any(job["name"] == "random/python" for job in group["jobs"])
    ]
    assert places == ["/opt/venv/bin/python"]


def test_jobs_come_in_the_order_of_how_telling_they_are() -> None:
    asked = planned(python(), *(package(row.needs[0]) for row in canaries.rows() if row.needs))
    firsts = [min(_rank(job) for job in g["jobs"]) for t in asked.told for g in t["groups"]]
    assert firsts == sorted(firsts)


def test_what_is_slow_begins_first_so_that_others_run_beside_it() -> None:
    asked = planned(python(), package("tokenizers"), package("transformers"), cached("abc"))
    assert asked.names[0].startswith("text/transformers:")


def _rank(job: dict[str, Any]) -> int:
    return canaries.FAMILIES.index(job["name"].partition("/")[0])


def test_a_tokenizer_in_the_hub_s_cache_is_found_where_it_lies() -> None:
    fact = known(
        "tokenizer",
        "owner/model",
        location="/cache/models--owner--model",
        revision="abc",
        files={"tokenizer.json": "sha256:0", "tokenizer_config.json": "sha256:1"},
    )
    asked = planned(python(), package("tokenizers"), package("transformers"), fact)
    jobs = [job for job in asked.jobs if job["name"].startswith("text/tokenizers:")]
    assert jobs
    assert all("/cache/models--owner--model/snapshots/abc" in json.dumps(job) for job in jobs)
    assert all(job["location"] == "/cache/models--owner--model" for job in jobs)


def cached(revision: str, name: str = "owner/model", **more: Any) -> Component:
    files = {"tokenizer.json": "sha256:0", "tokenizer_config.json": "sha256:1"}
    told = {"revision": revision, "files": files, **more}
    return known("tokenizer", name, location="/cache/models--owner--model", **told)


def test_a_tokenizer_below_a_snapshot_in_the_hub_s_cache_is_found_where_it_lies() -> None:
    asked = planned(python(), package("tokenizers"), cached("abc", "owner/model/text/tokenizer"))
    (job,) = (job for job in asked.jobs if job["name"].startswith("text/tokenizers:"))
    below = "/cache/models--owner--model/snapshots/abc/text/tokenizer/tokenizer.json"
    assert job["path"] == below
    assert job["name"] == "text/tokenizers:owner/model/text/tokenizer/tokenizer.json"


def test_two_revisions_of_a_repository_are_both_measured() -> None:
    libraries = [package("tokenizers"), package("transformers")]
    asked = planned(
        python(), *libraries, cached("abc"), cached("def"), cached("abc", "owner/model/sub")
    )
    for canary, count in (("text_tokenizers", 3), ("text_transformers", 3)):
        jobs = [job for job in asked.jobs if job["canary"] == canary]
        assert len({job["path"] for job in jobs}) == count
        assert sorted(job["about"]["revision"] for job in jobs) == ["abc", "abc", "def"]
    again = [job["path"] for job in asked.jobs if job["canary"].endswith("_transformers")]
    assert again == sorted(again)  # What two canaries look at is loaded once.


def test_a_thousand_tokenizers_are_not_measured_one_by_one() -> None:
    many = [
        known("tokenizer", f"t{n}", location=f"/m/{n}", files={"tokenizer.json": "sha256:0"})
        for n in range(1000)
    ]
    assert len(planned(python(), package("tokenizers"), *many).jobs) <= canaries.MOST


@pytest.mark.parametrize(
    ("canary", "at_work", "reason"),
    [(False, False, canaries.OFF), (False, True, canaries.OFF), (None, True, canaries.AT_WORK)],
)
def test_canaries_that_are_off_say_that_they_were_not_run(
    canary: bool | None, at_work: bool, reason: str
) -> None:
    asked = Asked()
    found = canaries.measure([python()], Options(canaries=canary), asked, at_work=at_work)
    assert asked.told == []
    assert [fact.reason for fact in found if isinstance(fact, Unreadable)] == [reason]


def test_what_is_at_work_is_measured_when_that_is_asked_for() -> None:
    asked = Asked()
    canaries.measure([python()], Options(canaries=True), asked, at_work=True)
    assert "random/python" in asked.names


def test_the_budget_is_told_and_the_engine_waits_a_little_longer() -> None:
    asked = planned(python(), options=Options(canary_budget=7))
    assert (asked.told[0]["budget"], asked.seconds) == (7, 7 + canaries.GRACE)


def test_a_target_without_python_has_no_canaries() -> None:
    assert planned().told == []


def test_no_answer_at_all_is_a_fact_that_could_not_be_read() -> None:
    def dead(words: list[str], seconds: int, watch: Watch | None) -> Output:
        del words, seconds, watch
        raise ProbeError("the probe ran out of memory at 64 MiB")

    (fact,) = canaries.measure([python()], Options(), dead, at_work=False)
    assert isinstance(fact, Unreadable)
    assert fact.name == "*"
    assert "out of memory" in fact.reason


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8) | st.just("tokenizer.json"), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(["files", "revision", "class", "config", "chat_templates"]), anything
    ),
    st.dictionaries(st.sampled_from(["sites", "entry", "environment"]), anything),
)
def test_whatever_an_image_says_of_itself_is_planned_for(
    tokenizer: dict[str, Any], interpreter: dict[str, Any]
) -> None:
    every = [package(name) for row in canaries.rows() for name in row.needs]
    odd = msgspec.structs.replace(python(), properties=interpreter)
    fact = known("tokenizer", "t", location="/t", **tokenizer)
    planned(python(), odd, fact, *every)
