"""What was measured leads: another result is certain, the same one settles what rules suspect."""

from __future__ import annotations

import base64
import struct
import time
from typing import TYPE_CHECKING, Any

import pytest

from repro.report import wording
from repro.rules.finding import Basis, Impact, Status
from tests.manifests import absent, canary, known, manifest, unreadable, verdict
from tests.rules.making import catalog, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from repro.manifest import Component, Fact
    from repro.rules.finding import Finding
    from repro.verdict import Verdict

VENV = "/opt/venv"
RULES = catalog(
    rule(
        "TOK900",
        "python.package",
        "lib",
        impact=Impact.TOKENS,
        basis=Basis.DOCUMENTED,
        version=True,
        canary="text",
    )
)


def lib(version: str, environment: str = VENV) -> Component:
    return known("python.package", "lib", version, environment=environment)


def text(results: dict[str, Any], name: str = "text/lib", **more: Any) -> Component:
    told = {"covers": ["python.package:lib"], "environment": VENV, "impacts": ["tokens"], **more}
    return canary(name, results, **told)


def judged(a: Sequence[Fact], b: Sequence[Fact]) -> Verdict:
    return verdict(manifest(*a), manifest(*b), RULES)


def coded(found: Verdict, code: str) -> Finding:
    return next(finding for finding in found.findings if finding.code == code)


def floats(*values: float) -> dict[str, Any]:
    data = struct.pack(f"<{len(values)}f", *values)
    sample = base64.b64encode(data).decode()
    return {"hash": repr(values), "dtype": "float32", "shape": [len(values)], "sample": sample}


def test_another_result_is_certain_and_comes_first() -> None:
    a = [lib("1"), text({"ﬁ": [1, 2], "a": [3]})]
    found = judged(a, [lib("2"), text({"ﬁ": [1, 9], "a": [3]})])
    first = found.findings[0]
    assert (first.code, first.basis, first.status) == ("MEASURED", Basis.MEASURED, Status.DIVERGENT)
    assert first.impact is Impact.TOKENS
    assert first.title == "1 of 2 texts tokenize differently"
    assert "ﬁ: [1, 2] → [1, 9]" in first.why
    assert coded(found, "TOK900").status is Status.DIVERGENT


def test_an_equal_canary_settles_what_a_rule_says_of_its_library() -> None:
    found = judged([lib("1"), text({"a": [3]})], [lib("2"), text({"a": [3]})])
    settled = coded(found, "TOK900")
    assert (found.status, settled.basis) == (Status.EQUIVALENT, Basis.MEASURED)
    assert settled.why.startswith("Measured: no change seen in 1 cases (text/lib).")


@pytest.mark.parametrize(
    "b",
    [
        [],
        [text({"a": [3]}, name="text/other")],
        [text({"a": [3]}, covers=["python.package:other"])],
        [text({"a": [3]}, environment="/usr")],
        [text({"a": [3]}, family="numerics")],
        [text({"a": [3]}, edition=2)],
        [text({"a": [3]}), text({"a": [3]}, name="text/second")],
        [text({"a": [3]}), unreadable("canary", "text/second", "killed by signal 11")],
        [text({"a": [3]}), unreadable("canary", "text/second", "not run: no time left")],
        [text({}, unstable=["a"])],
    ],
    ids=[
        "none on one side",
        "another canary",
        "another library",
        "another environment",
        "another family",
        "another edition",
        "one more on one side",
        "one that failed",
        "one that had no time",
        "one that is not stable",
    ],
)
def test_less_than_the_same_result_on_both_sides_settles_nothing(b: list[Fact]) -> None:
    found = judged([lib("1"), text({"a": [3]})], [lib("2"), *b])
    assert coded(found, "TOK900").basis is Basis.DOCUMENTED
    assert found.exit_code != 0


def series(hashes: str, *texts: list[str]) -> list[Fact]:
    corpus = known("canary.input", "corpus", source="canary", texts=list(texts))
    return [text({}, series={"ids": hashes}, input="corpus"), corpus]


def test_a_baseline_with_fewer_texts_is_compared_in_those_and_settles_nothing() -> None:
    one, two = ["one", "1"], ["two", "2"]
    whole = judged(
        [lib("1"), *series("AAAAABBBBB", one, two)], [lib("2"), *series("AAAAABBBBB", one, two)]
    )
    assert coded(whole, "TOK900").basis is Basis.MEASURED
    for other in ("AAAAABBBBB", "AAAAACCCCC"):
        found = judged([lib("1"), *series("AAAAA", one)], [lib("2"), *series(other, one, two)])
        assert coded(found, "TOK900").basis is Basis.DOCUMENTED
        left = coded(found, "UNPAIRED")
        assert (left.title, left.status) == ("1 texts not compared", Status.EQUIVALENT)
        assert "1 cases were compared" in left.why
        assert "UNSTABLE" not in {finding.code for finding in found.findings}
    differs = judged([*series("AAAAA", one)], [*series("DDDDDBBBBB", one, two)])
    assert differs.status is Status.DIVERGENT
    assert {"MEASURED", "UNPAIRED"} < {finding.code for finding in differs.findings}


def test_where_no_rule_speaks_every_canary_of_the_library_does() -> None:
    other = known("python.package", "other", "1", environment=VENV)
    newer = known("python.package", "other", "2", environment=VENV)
    same = text({"a": [3]}, covers=["python.package:other"])
    found = judged([other, same], [newer, same])
    assert (coded(found, "INFER").basis, found.status) == (Basis.MEASURED, Status.EQUIVALENT)
    differs = canary("random/other", {"a": 1}, covers=["python.package:other"], environment=VENV)
    changed = canary("random/other", {"a": 2}, covers=["python.package:other"], environment=VENV)
    found = judged([other, same, differs], [newer, same, changed])
    assert coded(found, "INFER").basis is Basis.INFERRED


def test_a_canary_in_both_manifests_for_another_environment_settles_nothing() -> None:
    same = text({"a": [3]})
    assert judged([lib("1", "/usr"), same], [lib("2", "/usr"), same]).status is Status.DIVERGENT


def test_what_is_on_one_side_alone_is_settled_though_the_environments_lie_elsewhere() -> None:
    rules = catalog(rule("TOK901", "python.package", "lib", presence=True, canary="text"))
    a = manifest(lib("1"), text({"a": [3]}))
    b = manifest(text({"a": [3]}, environment="/opt/other"))
    assert verdict(a, b, rules).status is Status.EQUIVALENT


@pytest.mark.parametrize(
    ("others", "status"),
    [
        ([], Status.DIVERGENT),
        ([text({"a": [3]}, "text/reader:model")], Status.EQUIVALENT),
        ([text({"a": [3]}, "text/readers:model")], Status.DIVERGENT),
        ([text({"a": [3]}, "text/reader:model", environment="/usr")], Status.DIVERGENT),
        ([text({"a": [3]}, "text/reader"), unreadable("canary", "text/else")], Status.DIVERGENT),
    ],
)
def test_a_canary_that_a_rule_names_has_to_be_among_the_equal_ones(
    others: list[Fact], status: Status
) -> None:
    rules = catalog(rule("TOK902", "python.package", "lib", version=True, canary="text/reader"))
    same = [text({"a": [3]}), *others]
    a, b = (manifest(lib(version), *same) for version in ("1", "2"))
    assert verdict(a, b, rules).status is status


def test_what_was_measured_on_a_cpu_says_nothing_of_a_gpu() -> None:
    rules = catalog(rule("NUM900", "python.package", "lib", version=True, canary="numerics"))
    told = {"covers": ["python.package:lib"], "environment": VENV}
    cudnn = known("cuda.library", "cudnn", "9.1")
    for device, beside, status in (
        ("cpu", [], Status.EQUIVALENT),
        ("cpu", [cudnn], Status.DIVERGENT),
        ("cuda", [cudnn], Status.EQUIVALENT),
    ):
        same = canary("numerics/lib", {"a": 1}, device=device, **told)
        a, b = (manifest(lib(version), same, *beside) for version in ("1", "2"))
        assert verdict(a, b, rules).status is status


def test_a_cpu_speaks_for_builds_that_say_that_they_have_no_code_for_a_gpu() -> None:
    rules = catalog(rule("NUM900", "python.package", "lib", version=True, canary="numerics"))
    told = {"covers": ["python.package:lib"], "environment": VENV, "device": "cpu"}
    cudart = known("cuda.library", "cudart", "13.0")
    providers = {"CPUExecutionProvider": Status.EQUIVALENT, "CUDAExecutionProvider": None}
    for beside, name, status in (
        *(
            (known("framework", "onnxruntime", "1", providers=[p]), "onnx", s)
            for p, s in providers.items()
        ),
        (known("framework", "onnxruntime", "1"), "onnx", None),
        (known("framework", "torch", "2.5.0+cpu"), "lib", Status.EQUIVALENT),
        (known("framework", "torch", "2.5.0"), "lib", None),
        (known("framework", "torch", "2.5.0+cpu"), "jax", None),
    ):
        same = canary(f"numerics/{name}", {"a": 1}, **told)
        a, b = (manifest(lib(version), same, cudart, beside) for version in ("1", "2"))
        assert verdict(a, b, rules).status is (status or Status.DIVERGENT)


def test_canaries_of_a_library_speak_for_what_it_says_of_itself_and_what_it_maps() -> None:
    same = canary("numerics/lib", {"a": 1}, covers=["python.package:lib"], environment=VENV)
    other = canary("numerics/other", {"a": 1}, covers=["python.package:other"], environment=VENV)

    def beside(version: str) -> list[Component]:
        blas = known("blas.loaded", "openblas", version, source="maps of lib", environment=VENV)
        return [known("framework", "lib", version, environment=VENV), blas]

    kinds = ("framework", "blas.loaded")
    rules = [
        rule(f"NUM90{n}", kind, "*", version=True, canary="numerics")
        for n, kind in enumerate(kinds)
    ]
    for who, status in ((same, Status.EQUIVALENT), (other, Status.DIVERGENT)):
        a, b = (manifest(*beside(version), who) for version in ("1", "2"))
        assert verdict(a, b, catalog(*rules)).status is status


def test_rounding_is_suspect_and_says_how_much() -> None:
    sides = [canary("numerics/lib", {"sum": floats(1.0, last)}) for last in (2.0, 2.0 + 2**-22)]
    found = judged([sides[0]], [sides[1]])
    assert [finding.code for finding in found.findings] == ["ROUNDING"]
    assert (found.status, found.findings[0].impact) == (Status.SUSPECT, Impact.BITS)
    assert "1 ulp at most" in found.findings[0].why


def test_whether_a_batch_moves_the_bits_is_about_bits_alone() -> None:
    a, b = ({"row 0": {"same_bits": same}} for same in (True, False))
    found = judged([text(a)], [text(b)])
    assert [(f.code, f.impact, f.status) for f in found.findings] == [
        ("ROUNDING", Impact.BITS, Status.SUSPECT)
    ]
    more = judged([text(a)], [text({"row 0": {"same_bits": False, "tokens": [1]}})])
    assert more.findings[0].code == "MEASURED"


def test_more_than_rounding_is_divergent_and_says_how_much() -> None:
    sides = [canary("numerics/lib", {"sum": floats(1.0, last)}) for last in (2.0, 2.01)]
    found = judged([sides[0]], [sides[1]])
    assert (found.status, found.findings[0].impact) == (Status.DIVERGENT, Impact.NUMERICS)
    assert "5e-03 relative in 1 of 2: beyond rounding" in found.findings[0].why


def test_text_that_no_input_can_have_has_no_effect() -> None:
    sides = [
        manifest(
            canary("text/lib", series={"ids": f"AAAAA{end}"}, input="corpus", impacts=["tokens"]),
            known("canary.input", "corpus", texts=[["a", "x"], ["s", "caf\\udce9"]]),
        )
        for end in ("BBBBB", "CCCCC")
    ]
    found = verdict(sides[0], sides[1], RULES)
    assert [finding.code for finding in found.findings] == ["INVALID"]
    assert found.status is Status.EQUIVALENT


def test_a_library_that_cannot_be_imported_on_one_side_is_suspect() -> None:
    gone = absent("canary", "numerics/lib", "cannot be imported: ImportError: libGL.so.1")
    ran, beside = canary("numerics/lib", {"a": 1}), canary("random/python", {"a": 1})
    found = judged([ran, beside], [gone, beside])
    assert [(f.code, f.status) for f in found.findings] == [("BROKEN", Status.SUSPECT)]
    assert "libGL" in found.findings[0].why
    skipped = absent("canary", "numerics/lib", "no GPU")
    assert judged([ran, beside], [skipped, beside]).status is Status.EQUIVALENT


def test_a_difference_of_unknown_size_is_not_called_rounding() -> None:
    sides = [
        canary("numerics/lib", {"sum": {**floats(1.0, 2.0), "hash": digest}}) for digest in "ab"
    ]
    found = judged([sides[0]], [sides[1]])
    first = found.findings[0]
    assert (first.code, first.status) == ("MEASURED", Status.SUSPECT)
    assert first.impact is Impact.NUMERICS
    assert "by how much is not known" in first.why


def test_texts_are_counted_once_and_the_most_telling_is_shown_first() -> None:
    corpus = known("canary.input", "corpus", texts=[["a", "plain"], ["b", "ﬁ"]])
    sides = [
        manifest(
            corpus,
            canary(
                "text/lib",
                series={"decoded": f"AAAAA{end}", "ids": f"AAAAA{end}"},
                kept={"ids": {"b": [ord(end[0])]}},
                input="corpus",
            ),
        )
        for end in ("BBBBB", "CCCCC")
    ]
    first = verdict(sides[0], sides[1], RULES).findings[0]
    assert first.title == "1 of 2 texts tokenize differently"
    assert first.why.startswith("'ﬁ' (ids): [66] → [67]")


def test_a_report_says_how_many_canaries_were_not_run() -> None:
    late = unreadable("canary", "numerics/lib", "not run: no time left")
    found = judged([canary("random/a", {"a": 1})], [canary("random/a", {"a": 1}), late])
    assert found.measured.not_run == 1
    assert wording.measured(found).endswith("no change seen; 1 not run on a side, so not compared")


def test_a_report_says_so_where_no_canary_fitted_the_time_of_either_side() -> None:
    late = unreadable("canary", "numerics/lib", "not run: no time left")
    off = unreadable("canary", "*", "not run: canaries are turned off")
    found = judged([late], [late, known("python.package", "lib")])
    assert wording.measured(found) == "nothing; 1 not run on a side, so not compared"
    assert not wording.measured(judged([off], [off, known("python.package", "lib")]))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            [*range(1000, 1060)],
            [*range(1000, 1045), 7, *range(1046, 1060)],
            ("[… 42 alike, 1042, 1043, 1044, 1045, ", "[… 42 alike, 1042, 1043, 1044, 7, 1046, "),
        ),
        ([*range(1000, 1060)], [*range(1000, 1059)], ("1058, 1059]", "1057, 1058]")),
        ("a" * 200 + "é" + "b" * 200, "a" * 200 + "e" + "b" * 200, ("aaéb", "aaeb")),
        ([7] * 80, [8] * 80, ("[7, 7, ", "[8, 8, ")),
        ([1] * 80, None, ("[1, 1, ", "null")),
    ],
)
def test_long_results_are_shown_from_near_their_first_difference(
    old: Any, new: Any, said: tuple[str, str]
) -> None:
    found = judged([text({"long": old})], [text({"long": new})])
    (finding,) = found.findings
    assert finding.old is not None
    assert finding.new is not None
    assert said[0] in finding.old
    assert said[1] in finding.new
    assert max(map(len, (finding.old, finding.new))) <= 120


def test_indices_that_differ_are_counted_and_not_measured_in_parts() -> None:
    sides = [
        canary("numerics/lib", {"order": {**floats(0.0, last), "dtype": "int32"}})
        for last in (1.0, 2.0)
    ]
    found = judged([sides[0]], [sides[1]])
    assert "order: 1 of 2 values differ" in found.findings[0].why


def test_what_is_not_stable_on_both_sides_is_no_drift() -> None:
    sides = [canary("numerics/lib", {"a": 1}, unstable=["atomics"]) for _ in range(2)]
    assert judged([sides[0]], [sides[1]]).status is Status.IDENTICAL


def test_what_is_stable_on_one_side_alone_is_suspect() -> None:
    stable = canary("numerics/lib", {"a": 1, "atomics": 2})
    found = judged([stable], [canary("numerics/lib", {"a": 1}, unstable=["atomics"])])
    assert (found.status, found.findings[0].code) == (Status.SUSPECT, "UNSTABLE")


def generation(tokens: list[str], gaps: list[float], logprobs: list[float] | None = None) -> Any:
    told = {"tokens": tokens, "gaps": [gap.hex() for gap in gaps]}
    value = {**told, "logprobs": [number.hex() for number in logprobs or []]}
    return {"hash": repr(value), "value": value}


def test_generations_say_where_they_part_and_how_near_the_choice_was() -> None:
    a = {"p1": generation(["x", "y"], [5.0, 0.003]), "p2": generation(["x"], [2.0])}
    b = {"p1": generation(["x", "z"], [5.0, 0.002]), "p2": generation(["x"], [2.0])}
    found = judged([canary("own/mine", a)], [canary("own/mine", b)])
    first = found.findings[0]
    assert first.title == "1 of 2 outputs diverge"
    assert "First at token 1 (p1), log-probability gap 0.002 (near-tie)" in first.why
    assert found.status is Status.DIVERGENT


def test_the_same_tokens_with_other_log_probabilities_are_rounding() -> None:
    a = canary("own/mine", {"p": generation(["x", "y"], [5.0, 4.0], [-0.1, -0.2])})
    b = canary("own/mine", {"p": generation(["x", "y"], [5.0, 4.0], [-0.1, -0.2001])})
    found = judged([a], [b])
    assert (found.status, found.findings[0].code) == (Status.SUSPECT, "ROUNDING")


def test_a_handful_of_own_outputs_settles_nothing_and_twenty_do() -> None:
    rules = catalog(rule("GEN900", "python.package", "lib", version=True, canary="model"))
    for count, status in ((3, Status.DIVERGENT), (20, Status.EQUIVALENT)):
        mine = canary("own/mine", {str(n): n for n in range(count)}, covers=["*:*"])
        a, b = (manifest(lib(version), mine) for version in ("1", "2"))
        assert verdict(a, b, rules).status is status


def test_a_report_counts_what_was_measured() -> None:
    found = judged([lib("1"), text({"a": [3]})], [lib("1"), text({"a": [4]})]).measured
    assert (found.canaries, found.cases, found.changed, found.cases_changed) == (1, 1, 1, 1)


def test_ten_thousand_cases_that_differ_take_seconds() -> None:
    def many(side: str) -> Fact:
        return text({f"c{n}": {**floats(1.0), "hash": f"{side}{n}"} for n in range(10_000)})

    begun = time.process_time()
    found = judged([many("a")], [many("b")])
    assert (
        coded(found, "MEASURED").title
        == "10000 of 10000 differ outside of the values that were kept"
    )
    assert time.process_time() - begun < 12
