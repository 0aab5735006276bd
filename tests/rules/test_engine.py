"""The engine: which rules fire on a change, which lead, and what is said where none does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
import pytest

from repro.diff import compare
from repro.errors import CatalogError
from repro.rules.catalog import Catalog, Kind
from repro.rules.finding import Basis, Finding, Impact, Status
from repro.rules.judge import judge
from repro.rules.rule import Condition, Rule
from tests.manifests import absent, known, manifest, setting, unreadable
from tests.rules.making import catalog, rule

if TYPE_CHECKING:
    from repro.manifest import Component, Fact

VENV = "/opt/venv"
HARMLESS: dict[str, Any] = {"impact": Impact.NONE, "basis": Basis.INFERRED}


def lib(version: str | None, **fields: Any) -> Component:
    return known("python.package", "lib", version, **fields)


def judged(
    a: list[Fact], b: list[Fact], *rules: Rule, table: Catalog | None = None
) -> list[Finding]:
    return judge(compare(manifest(*a), manifest(*b)), table or catalog(*rules))


def codes(a: list[Fact], b: list[Fact], *rules: Rule) -> list[tuple[str, str]]:
    return [(f.code, f.status.value) for f in judged([*a, COMPANY], [*b, COMPANY], *rules)]


COMPANY = known("kernel", "linux", "6.1")
"""Something that both sides have, so that none is empty."""

WAYS: list[tuple[dict[str, Any], str | None, str | None, bool]] = [
    ({"any": True}, "1", "2", True),
    ({"version": True}, "1.0", "1.0.0", True),
    ({"version": True}, "2.4.1+cu121", "2.4.1+cu124", True),
    ({"crosses": ("2",)}, "1", "2", True),
    ({"crosses": ("2", "3")}, "2.1", "3.1", True),
    ({"crosses": ("2",)}, "2", "3", False),
    ({"between": ("<2", ">=3")}, "1", "3", True),
    ({"between": ("<2", ">=3")}, "1", "2", False),
    ({"inside": ">=2,<3"}, "1", "2.5", True),
    ({"inside": ">=2,<3"}, "1", "3", False),
    ({"presence": True}, "1", None, True),
    ({"presence": True}, "1", "2", False),
    ({"fields": ("version",)}, "1", "2", True),
    ({"fields": ("version",), "values": ("2",)}, "1", "2", True),
    ({"fields": ("version",), "values": ("3",)}, "1", "2", False),
    ({"fields": ("location",)}, "1", "2", False),
]


@pytest.mark.parametrize(("when", "old", "new", "fired"), WAYS)
@pytest.mark.parametrize("turned", [False, True], ids=["up", "down"])
def test_a_rule_fires_in_both_directions(
    when: dict[str, Any], old: str, new: str | None, fired: bool, turned: bool
) -> None:
    sides: list[list[Fact]] = [[lib(version)] if version else [] for version in (old, new)]
    a, b = reversed(sides) if turned else sides
    expected = ("XXX001", "divergent") if fired else ("INFER", "suspect")
    assert codes(a, b, rule(**when)) == [expected]


def test_what_a_rule_says_is_in_its_finding() -> None:
    (found,) = judged([lib("1")], [lib("2")], rule())
    assert (found.code, found.title, found.impact, found.basis) == (
        "XXX001",
        "another version",
        Impact.TOKENS,
        Basis.DOCUMENTED,
    )
    assert (found.subject, found.old, found.new) == ("lib", "1", "2")
    assert (found.why, found.advice) == ("It decides.", "Pin it.")
    assert found.sources == ("https://example.org/notes",)


@pytest.mark.parametrize(
    ("impact", "basis", "status"),
    [
        (Impact.TOKENS, Basis.DOCUMENTED, Status.DIVERGENT),
        (Impact.NUMERICS, Basis.MEASURED, Status.DIVERGENT),
        (Impact.TOKENS, Basis.INFERRED, Status.SUSPECT),
        (Impact.BITS, Basis.DOCUMENTED, Status.SUSPECT),
        (Impact.COMPAT, Basis.DOCUMENTED, Status.SUSPECT),
        (Impact.SPEED, Basis.DOCUMENTED, Status.EQUIVALENT),
        (Impact.NONE, Basis.DOCUMENTED, Status.EQUIVALENT),
    ],
)
def test_impact_and_basis_make_the_status(impact: Impact, basis: Basis, status: Status) -> None:
    (found,) = judged([lib("1")], [lib("2")], rule(impact=impact, basis=basis))
    assert found.status is status


GENERAL = rule("GEN001", impact=Impact.BITS, version=True)
WITHIN = rule("WIT001", within=">=1,<3", **HARMLESS)
CROSSED = rule("CRO001", crosses=("2",))


def test_a_crossed_boundary_leads_before_any_version() -> None:
    assert codes([lib("1")], [lib("2")], GENERAL, CROSSED) == [("CRO001", "divergent")]


def test_a_general_rule_that_is_worse_is_still_said() -> None:
    mild = rule("MIL001", crosses=("2",), impact=Impact.BITS)
    found = codes([lib("1")], [lib("2")], mild, rule("GEN002", version=True))
    assert found == [("MIL001", "suspect"), ("GEN002", "divergent")]


def test_a_range_of_alike_versions_silences_the_general_rule() -> None:
    assert codes([lib("1")], [lib("1.5")], GENERAL, WITHIN) == [("WIT001", "equivalent")]
    assert codes([lib("1")], [lib("3")], GENERAL, WITHIN) == [("GEN001", "suspect")]


def test_a_range_of_alike_versions_does_not_silence_a_crossed_boundary() -> None:
    assert codes([lib("1")], [lib("2")], GENERAL, WITHIN, CROSSED) == [("CRO001", "divergent")]


def test_a_range_of_alike_versions_settles_nothing_but_versions() -> None:
    old, new = lib("1", direct_url="a"), lib("1.5", direct_url="b")
    assert codes([old], [new], GENERAL, WITHIN) == [("GEN001", "suspect")]
    assert codes([old], [new], WITHIN) == [("INFER", "suspect")]


def test_a_range_of_alike_versions_says_nothing_of_other_builds() -> None:
    assert codes([lib("1+cu121")], [lib("1+cu124")], WITHIN) == [("INFER", "suspect")]
    assert codes([lib("1+cu121")], [lib("2+cu121")], WITHIN) == [("WIT001", "equivalent")]


def test_harmless_fields_do_not_speak_for_others() -> None:
    tags = rule("TAG001", fields=("properties.tags",), **HARMLESS)
    assert codes([lib("1", tags=1)], [lib("1", tags=2)], tags) == [("TAG001", "equivalent")]
    both = codes([lib("1", tags=1)], [lib("2", tags=2)], tags)
    assert both == [("TAG001", "equivalent"), ("INFER", "suspect")]


DEFAULTS: dict[str, Any] = {"fields": ("properties.generation", "properties.generation.*")}
HEAT: dict[str, Any] = {"fields": ("properties.generation.temp*", "properties.generation.top_p")}


def test_a_field_is_left_to_the_rule_that_names_it_most_precisely() -> None:
    wide = rule(code="WID001", **DEFAULTS)
    narrow = rule(code="NAR001", **HEAT)
    cold, hot = {"temperature": "0.1", "top_p": "1"}, {"temperature": "0.9", "top_p": "1"}
    a, b = lib("1", generation=cold), lib("1", generation=hot)
    for rules in ([wide, narrow], [narrow, wide]):
        assert codes([a], [b], *rules) == [("NAR001", "divergent")]
        assert [f.code for f in judged([], [b], *rules) if f.subject == "lib"] == ["NAR001"]
    assert codes([a], [b], wide) == [("WID001", "divergent")]


def test_what_the_precise_rule_does_not_name_is_still_said() -> None:
    wide, narrow = rule(code="WID001", **DEFAULTS), rule(code="NAR001", **HEAT)
    a = lib("1", generation={"temperature": "0.1", "use_cache": True})
    b = lib("1", generation={"temperature": "0.9", "use_cache": False})
    first, second = sorted(judged([a], [b], wide, narrow), key=lambda found: found.code)
    assert (first.code, first.old, first.new) == (
        "NAR001",
        "generation.temperature=0.1",
        "generation.temperature=0.9",
    )
    assert (second.code, second.old, second.new) == (
        "WID001",
        "generation.use_cache=true",
        "generation.use_cache=false",
    )


@pytest.mark.parametrize(
    "milder",
    [
        {"basis": Basis.INFERRED},
        {"impact": Impact.SAMPLING},
        {"canary": "text"},
        {"requires": (Condition(kind="gpu.device", name="*"),)},
    ],
)
def test_a_precise_rule_that_says_less_silences_none(milder: dict[str, Any]) -> None:
    wide, narrow = rule(code="WID001", **DEFAULTS), rule(code="NAR001", **HEAT, **milder)
    a = lib("1", generation={"temperature": "0.1"})
    b = lib("1", generation={"temperature": "0.9"})
    assert "WID001" in [code for code, _ in codes([a], [b], wide, narrow)]


def test_content_that_moved_under_one_version_is_told() -> None:
    moved = rule("REC001", fields=("properties.record",), unchanged=("version",))
    assert codes([lib("1", record="a")], [lib("1", record="b")], moved) == [("REC001", "divergent")]
    assert codes([lib("1", record="a")], [lib("2", record="b")], moved) == [("INFER", "suspect")]


GPU = known("gpu.device", "gpu0", compute_capability="9.0")
OLD_GPU = known("gpu.device", "gpu0", compute_capability="7.5")
ON_HOPPER = Condition(kind="gpu.device", path="properties.compute_capability", pattern="9")
WITHOUT_GPU = Condition(kind="gpu.device", absent=True)
WITH_TWO = Condition(kind="os.package", name="two", versions=">=2")


@pytest.mark.parametrize(
    ("condition", "a", "b", "known_to_hold"),
    [
        (ON_HOPPER, [GPU], [GPU], True),
        (ON_HOPPER, [GPU], [], True),
        (ON_HOPPER, [OLD_GPU], [OLD_GPU], False),
        (ON_HOPPER, [], [], None),
        (ON_HOPPER, [absent("gpu.device")], [absent("gpu.device")], False),
        (ON_HOPPER, [OLD_GPU], [unreadable("gpu.device")], None),
        (ON_HOPPER, [OLD_GPU, known("gpu.driver", "d")], [unreadable("gpu.device", "gpu0")], None),
        (WITHOUT_GPU, [GPU], [GPU], False),
        (WITHOUT_GPU, [absent("gpu.device")], [GPU], True),
        (WITHOUT_GPU, [unreadable("gpu.device")], [GPU], None),
        (WITH_TWO, [known("os.package", "two", "2:2.1-1")], [], True),
        (WITH_TWO, [known("os.package", "two", "1.9-1")], [known("os.package", "x")], False),
        (WITH_TWO, [known("os.package", "two", None)], [known("os.package", "x")], None),
        (WITH_TWO, [known("os.package", "two", "deadbeef")], [known("os.package", "x")], None),
        (WITH_TWO, [known("os.package", "x")], [known("os.package", "x")], False),
    ],
)
def test_a_condition_holds_or_not_or_cannot_be_known(
    condition: Condition, a: list[Fact], b: list[Fact], known_to_hold: bool | None
) -> None:
    expected = {
        True: [("XXX001", Status.DIVERGENT)],
        False: [("INFER", Status.SUSPECT)],
        None: [("XXX001", Status.SUSPECT)],
    }
    findings = judged([lib("1"), *a], [lib("2"), *b], rule(requires=(condition,)))
    assert [(f.code, f.status) for f in findings if f.subject == "lib"] == expected[known_to_hold]


def test_a_whole_family_that_could_not_be_read_makes_its_conditions_unknown() -> None:
    wide = unreadable("gpu").__class__(scope="host", kind="gpu", name="*", reason="NVML")
    findings = judged([lib("1"), OLD_GPU], [lib("2"), OLD_GPU, wide], rule(requires=(ON_HOPPER,)))
    (found,) = (f for f in findings if f.subject == "lib")
    assert found.status is Status.SUSPECT
    assert found.why == "It decides. Whether its condition holds here could not be read."


def test_an_unknown_condition_never_makes_a_change_harmless() -> None:
    spared = rule("SPA001", requires=(ON_HOPPER,), **HARMLESS)
    assert codes([lib("1")], [lib("2")], spared) == [("INFER", "suspect")]
    assert codes([lib("1"), GPU], [lib("2"), GPU], spared) == [("SPA001", "equivalent")]


BAD = rule("BAD001", inside=">=5.3,<5.4")


def test_a_known_bad_version_on_both_sides_is_a_warning_and_no_drift() -> None:
    (found,) = judged([lib("5.3.1")], [lib("5.3.1")], BAD)
    assert (found.code, found.status, found.change) == ("BAD001", Status.IDENTICAL, None)
    assert (found.old, found.new) == ("5.3.1", "5.3.1")


def test_a_known_bad_version_on_one_side_is_drift() -> None:
    assert codes([lib("5.2")], [lib("5.3.1")], BAD) == [("BAD001", "divergent")]
    assert codes([lib("5.3.1")], [lib("5.4")], BAD) == [("BAD001", "divergent")]


def test_two_known_bad_versions_that_differ_are_a_fault_and_drift() -> None:
    found = codes([lib("5.3.0")], [lib("5.3.1")], BAD)
    assert found == [("INFER", "suspect"), ("BAD001", "identical")]


COPIES = rule("COP001", "cuda.library", "cudnn", copies=True, impact=Impact.BITS)


def cudnn(version: str, build: str, where: str = "/usr") -> Component:
    return known("cuda.library", "cudnn", version, location=f"{where}/{build}", build_id=build)


def test_copies_that_differ_on_both_sides_are_a_warning() -> None:
    both: list[Fact] = [cudnn("9.1", "a"), cudnn("9.10", "b")]
    (found,) = judged(both, both, COPIES)
    assert (found.code, found.status, found.old) == ("COP001", Status.IDENTICAL, "9.1 and 9.10")


def test_copies_that_differ_on_one_side_are_drift_of_their_own() -> None:
    found = judged([cudnn("9.1", "a")], [cudnn("9.1", "a"), cudnn("9.1", "b")], COPIES)
    assert ("COP001", Status.SUSPECT) in [(f.code, f.status) for f in found]


def test_equal_copies_are_none() -> None:
    twice: list[Fact] = [cudnn("9.1", "a"), cudnn("9.1", "a", "/lib")]
    assert judged(twice, twice, COPIES) == []


@pytest.mark.parametrize("way", [{"inside": ">=5.3,<5.4"}, {"copies": True}])
def test_faults_wait_for_their_conditions(way: dict[str, Any]) -> None:
    facts: list[Fact] = [lib("5.3"), lib("5.3.1"), OLD_GPU]
    assert judged(facts, facts, rule(requires=(ON_HOPPER,), **way)) == []


def test_a_bystander_is_harmless_by_name_among_packages_alone() -> None:
    sides = [known("python.package", "tqdm", version) for version in ("1", "2")]
    assert codes([sides[0]], [sides[1]]) == [("BYSTAND", "equivalent")]
    assert codes([setting("tqdm", "1")], [setting("tqdm", "2")]) == [("INFER", "suspect")]


def test_a_bystander_that_a_rule_speaks_of_is_judged_by_the_rule() -> None:
    sides = [known("python.package", "tqdm", version) for version in ("1", "2")]
    assert codes([sides[0]], [sides[1]], rule(name="tqdm")) == [("XXX001", "divergent")]


@pytest.mark.parametrize(
    ("kind", "status"), [("cpu", "suspect"), ("kernel", "equivalent"), ("gpu.device", "suspect")]
)
def test_without_a_rule_the_kind_decides_or_the_kind_that_it_belongs_to(
    kind: str, status: str
) -> None:
    assert codes([known(kind, "x", "1")], [known(kind, "x", "2")]) == [("INFER", status)]


def test_a_kind_that_nobody_knows_is_suspect_and_needed() -> None:
    assert codes([known("moon.phase", "x", "1")], [known("moon.phase", "x", "2")]) == [
        ("INFER", "suspect")
    ]
    assert codes([], [unreadable("moon.phase")]) == [("UNREAD", "indeterminate")]


def test_the_same_thing_at_another_place_is_harmless() -> None:
    assert codes([lib("1", location="/a")], [lib("1", location="/b")]) == [("MOVED", "equivalent")]


def test_a_library_whose_name_is_made_from_its_content_is_the_same_elsewhere() -> None:
    def mapped(path: str) -> Component:
        return known("blas.loaded", "openblas", location=path, environment=path[:2])

    same = "/libscipy_openblas64_-32a4b2a6.so"
    assert codes([mapped(f"/a{same}")], [mapped(f"/b{same}")]) == [("MOVED", "equivalent")]
    for other in ("/b/libscipy_openblas64_-0352e75f.so", "/b/libopenblas.so.0"):
        assert codes([mapped(f"/a{same}")], [mapped(other)]) == [("INFER", "suspect")]
    plain = "/libopenblas.so.0"
    assert codes([mapped(f"/a{plain}")], [mapped(f"/b{plain}")]) == [("INFER", "suspect")]


def test_a_thing_that_only_its_place_is_known_of_is_not_the_same_elsewhere() -> None:
    assert codes([lib(None, location="/a")], [lib(None, location="/b")]) == [("INFER", "suspect")]


UNDATED = [(None, "2.0"), ("garbage", "2.0"), ("a1b2c3d4", "deadbeef")]


@pytest.mark.parametrize(("old", "new"), UNDATED)
def test_versions_without_an_order_raise_doubt_where_a_rule_compares(
    old: str | None, new: str
) -> None:
    compared = rule("OSP001", "os.package", "zip", crosses=("2",))
    facts = [known("os.package", "zip", version) for version in (old, new)]
    found = codes([facts[0]], [facts[1]], compared)
    assert found == [("INFER", "equivalent"), ("DOUBT", "suspect")]
    assert codes([facts[0]], [facts[1]]) == [("INFER", "equivalent")]


def test_doubt_names_the_rules_that_might_speak() -> None:
    rules = [rule(f"OSP00{n}", "os.package", "zip", crosses=("2",)) for n in range(6)]
    facts = [known("os.package", "zip", "1")]
    found = judged([*facts, COMPANY], [COMPANY], *rules)
    (doubt,) = (f for f in found if f.code == "DOUBT")
    assert doubt.impact is Impact.TOKENS
    assert doubt.why == (
        "Its version decides (OSP000, OSP001, OSP002, OSP003 and 2 more), "
        "and is not known, or has no order, on both sides."
    )


def test_no_doubt_is_added_to_what_is_already_accused() -> None:
    assert codes([lib("1")], [], CROSSED) == [("INFER", "suspect")]


@pytest.mark.parametrize(
    ("fact", "rules", "status"),
    [
        (unreadable("python.package", "tqdm"), (), "indeterminate"),
        (unreadable("cpu", "cpu"), (), "indeterminate"),
        (unreadable("gpu"), (), "indeterminate"),
        (unreadable("kernel", "linux"), (), "equivalent"),
        (unreadable("os.package", "/var/lib/dpkg"), (), "equivalent"),
        (
            unreadable("os.package", "/var/lib/dpkg"),
            (rule("OSP001", "os.package", "zip"),),
            "indeterminate",
        ),
        (
            unreadable("os.package", "/var/lib/dpkg"),
            (rule("OSP001", "os.package", "zip", **HARMLESS),),
            "equivalent",
        ),
    ],
)
def test_what_was_not_read_is_needed_where_it_might_matter(
    fact: Fact, rules: tuple[Rule, ...], status: str
) -> None:
    assert codes([fact], [fact], *rules) == [("UNREAD", status)]


def test_a_lost_fact_is_needed_by_what_rules_say_of_its_name() -> None:
    table = rule("OSP001", "os.package", "zip")
    for name, status in (("zip", "indeterminate"), ("sed", "equivalent")):
        one, none = known("os.package", name, "1"), unreadable("os.package", name)
        assert codes([one], [none], table) == [("UNREAD", status)]


def test_a_wide_kind_is_needed_where_one_under_it_is() -> None:
    table = catalog(kinds=(Kind(kind="os.package", impact=Impact.BITS, why="x"),))
    wide = unreadable("os")
    (found,) = judged([wide, COMPANY], [wide, COMPANY], table=table)
    assert found.status is Status.INDETERMINATE


def declared(value: str) -> Component:
    return known("image.env", "KNOB", value=value)


KNOB = rule("ENV001", "setting", "KNOB", fields=("properties.value",))


def test_where_nothing_ran_the_declared_value_is_judged_as_a_setting() -> None:
    assert codes([declared("a")], [declared("b")], KNOB) == [("ENV001", "divergent")]
    assert codes([declared("a")], [declared("b")]) == [("INFER", "suspect")]


def test_where_both_ran_the_effective_value_is_judged_in_its_stead() -> None:
    same = setting("KNOB", "c")
    assert codes([declared("a"), same], [declared("b"), same], KNOB) == [("DECLARED", "equivalent")]
    found = codes(
        [declared("a"), setting("KNOB", "a")], [declared("b"), setting("KNOB", "b")], KNOB
    )
    assert found == [("DECLARED", "equivalent"), ("ENV001", "divergent")]


def test_a_run_that_did_not_see_the_variable_does_not_settle_it() -> None:
    other = setting("LANG", "C")
    found = codes([declared("a"), other], [declared("b"), other], KNOB)
    assert found == [("ENV001", "divergent")]


def test_a_run_on_one_side_does_not_settle_what_is_declared() -> None:
    found = codes([declared("a"), setting("KNOB", "a")], [declared("b")], KNOB)
    assert ("ENV001", "divergent") in found


def test_two_sides_of_which_nothing_was_read_are_indeterminate() -> None:
    (a, b) = judged([], [])
    assert (a.code, a.status, a.subject) == ("NOTHING", Status.INDETERMINATE, "manifest A")
    assert b.why == "B holds no fact that was read, so there is nothing to compare."


def test_a_code_is_used_once() -> None:
    with pytest.raises(CatalogError) as caught:
        catalog(rule("ONE001"), rule("TWO001"), rule("ONE001"))
    assert caught.value.message == "rule codes are used twice: ONE001"


@pytest.mark.parametrize(
    ("pattern", "name", "result"),
    [
        ("*", "x", True),
        ("lib", "lib", True),
        ("lib", "libx", False),
        ("lib*", "libx", True),
        ("lib*", "li", False),
        ("*lib", "xlib", True),
        ("l?b", "lib", True),
        ("l[ai]b", "lob", False),
        (("a", "b*"), "bc", True),
        (("a", "b*"), "c", False),
    ],
)
def test_a_name_is_matched_by_plain_text_or_pattern(
    pattern: str | tuple[str, ...], name: str, result: bool
) -> None:
    found = catalog(rule(name=pattern)).matching("image", "python.package", name)
    assert bool(found) is result


def test_a_name_with_wildcards_in_it_is_no_pattern() -> None:
    assert catalog(rule(name="lib")).matching("image", "python.package", "*") == []


def test_a_range_that_is_alike_in_one_impact_silences_rules_about_that_one_alone() -> None:
    tokens = rule("TOK900", version=True, impact=Impact.TOKENS)
    numerics = rule("NUM900", version=True, impact=Impact.NUMERICS)
    alike = msgspec.structs.replace(
        rule("ALK900", within=">=1,<3", impact=Impact.NONE), alike=(Impact.TOKENS,)
    )
    a, b = manifest(lib("1")), manifest(lib("2"))
    for rules, spoken in (
        ((tokens, alike), ["ALK900"]),
        ((numerics, alike), ["NUM900"]),
        ((tokens, numerics, alike), ["NUM900"]),
    ):
        assert [found.code for found in judge(compare(a, b), catalog(*rules))] == spoken


def test_a_condition_on_a_field_that_nothing_has_is_unknown_where_the_rule_says_so() -> None:
    ways: dict[Literal["unknown"] | None, str] = {"unknown": "suspect", None: "equivalent"}
    for silent, without in ways.items():
        wanted = Condition(
            kind="tokenizer", path="properties.model.type", pattern="BPE", silent=silent
        )
        told = rule("SIL900", version=True, requires=(wanted,))
        harmless = rule("SIL901", "python.package", version=True, impact=Impact.NONE)
        none = absent("tokenizer", "any")
        for fact, status in (
            (known("tokenizer", "m", model={"type": "BPE"}), "divergent"),
            (known("tokenizer", "m", model={"type": "WordPiece"}), "equivalent"),
            (known("tokenizer", "m", files={}), without),
            (none, without),
        ):
            found = judged([lib("1"), fact], [lib("2"), fact], told, harmless)
            assert max(found, key=lambda each: each.status.rank).status.value == status
