"""The catalogue: every rule is well formed, sourced, and does what its examples say."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from repro.diff.compare import compare
from repro.manifest import Absent, Component, Fact, Scope, Target, assemble
from repro.probe import flags, variables
from repro.rules import catalog
from repro.rules.finding import Basis, Finding, Impact, Status
from repro.rules.judge import judge
from repro.rules.versions import satisfies
from repro.target.canaries import rows
from tests.manifests import known

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.rules.rule import Condition, Example, Rule

FOLDER: Final = Path(catalog.__file__).parent / "catalog"
PREFIXES: Final = {
    "driver-gpu": "GPU",
    "cuda-libraries": "CUD",
    "collectives": "NCC",
    "torch": "TOR",
    "kernels": "KRN",
    "engines": "ENG",
    "jax-tf": "JAX",
    "cpu-math": "CPU",
    "tokenizers": "TOK",
    "templates": "TPL",
    "models": "MOD",
    "sampling": "SAM",
    "preprocessing": "PRE",
    "classical": "CLS",
    "retrieval": "RET",
    "system": "SYS",
    "settings": "ENV",
    "stacks": "STK",
    "caches": "CCH",
}
CANARIES: Final = (None, "text", "template", "random", "numerics", "preprocessing", "model")
RULES: Final = catalog.load().rules
PROCESS_KINDS: Final = ("setting", "framework", "argument", "python.runtime", "gpu.libcuda")
HOST_KINDS: Final = ("gpu.driver", "gpu.device", "cpu", "kernel", "runtime")
REQUIRED: Final = (
    "tokenizer", "model", "model.revision", "framework", "setting", "argument",
    "cuda.library", "cuda.library.call", "cuda.library.loaded",
    "gpu.driver", "gpu.device", "gpu.libcuda",
    "python.package", "python.interpreter", "python.runtime",
    "stack.service", "stack.reference", "retrieval.collection", "retrieval.server",
)  # fmt: skip

TEXTS: Final = ("torch",
    "8.0", "9.0", "10.0", "12.0", "6.1", "1", "2", "true", "fp8", "LlamaTokenizerFast",
    "T5TokenizerFast", "Qwen2Tokenizer", "CLIPTokenizer", "tekken.json", "chat_template.jinja",
    "tojson tools strftime_now generation", "sm_75 compute_90", "WordPiece", "pairs",
    "{'ignore_merges': True}",
)  # fmt: skip
"""Values of which one meets each pattern that a condition asks for."""


def scope_of(kind: str) -> Scope:
    if kind in HOST_KINDS:
        return "host"
    live = (
        kind in PROCESS_KINDS
        or kind.startswith(("stack.", "retrieval."))
        or kind.endswith((".call", ".loaded", ".threads"))
    )
    return "process" if live else "image"


def literal(pattern: str) -> str:
    """Make a name that a pattern of names matches."""
    return re.sub(r"\[(.)[^]]*\]", r"\1", pattern).replace("*", "").replace("?", "x") or "any"


def kind_of(rule: Rule) -> str:
    concrete = {"cuda.library*": "cuda.library", "*.loaded": "blas.loaded"}
    return concrete.get(rule.match.kind, rule.match.kind.replace("[ir]*", "interpreter"))


def component(rule: Rule, side: dict[str, Any] | str, kind: str) -> Component:
    fields: dict[str, Any] = {"version": side} if isinstance(side, str) else dict(side)
    names = rule.match.name
    fields.setdefault("name", literal(names if isinstance(names, str) else names[0]))
    scope = rule.match.scope or scope_of(kind)
    return Component(scope=scope, kind=kind, source="example", **fields)


def inside(specifier: str) -> str:
    """Find a version that a specifier accepts, near the versions that it names."""
    named = [part.version.removesuffix(".*") for part in SpecifierSet(specifier)]
    near = [*named, *(f"{version}.1" for version in named), "0.0.1", "999"]
    return next(version for version in near if satisfies(version, specifier))


def said(condition: Condition, *, met: bool) -> str:
    """Find a text that a condition's pattern matches, or one that it does not."""
    pattern = condition.pattern or ""
    return next(text for text in TEXTS if (re.match(pattern, text) is not None) == met)


def key(condition: Condition) -> str:
    return (condition.path or "").removeprefix("properties.")


def meeting(condition: Condition) -> Fact:
    """Make a fact that a condition asks for, or one beside what it asks to be absent."""
    if condition.absent and condition.name == "*" and condition.path is None:
        return Absent(scope=scope_of(condition.kind), kind=condition.kind, name="*", reason="none")
    if condition.absent:
        # A fact of the kind that does not meet it: with none at all it would be unknown.
        return Component(
            scope=scope_of(condition.kind),
            kind=condition.kind,
            name="unrelated",
            source="x",
            properties={key(condition): said(condition, met=False)} if condition.silent else {},
        )
    properties: dict[str, Any] = {}
    if condition.path is not None:
        value = said(condition, met=True)
        if condition.path == "name":
            return known(condition.kind, value, "1.0")
        properties[key(condition)] = value
    return Component(
        scope=scope_of(condition.kind),
        kind=condition.kind,
        name=literal(condition.name) + ("x" if condition.name.endswith("*") else ""),
        source="example",
        version=inside(condition.versions) if condition.versions else "1.0",
        properties=properties,
    )


def found(rule: Rule, example: Example) -> list[Finding]:
    """Run an example through the real comparison and the real judge."""
    kind = kind_of(rule)
    old, new = (
        [component(rule, side, kind)] if side is not None else []
        for side in (example.old, example.new)
    )
    if rule.when.copies:
        old, new = [], old + new
    around = [meeting(condition) for condition in rule.requires]
    target = Target(kind="example", name="example")
    comparison = compare(assemble(target, old + around), assemble(target, new + around))
    return [f for f in judge(comparison, catalog.load()) if f.code == rule.code]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_fires_on_its_example_and_not_on_the_other(rule: Rule) -> None:
    assert {example.fires for example in rule.example} == {True, False}
    for example in rule.example:
        findings = [f for f in found(rule, example) if f.change is not None or rule.when.copies]
        assert bool(findings) == example.fires, example


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_material_and_documented_means_divergent(rule: Rule) -> None:
    for example in rule.example:
        for finding in found(rule, example):
            if rule.impact in (Impact.NONE, Impact.SPEED):
                assert finding.status is Status.EQUIVALENT
            elif rule.impact.material and rule.basis is Basis.DOCUMENTED:
                assert finding.status is Status.DIVERGENT
            else:
                assert finding.status is Status.SUSPECT


@pytest.mark.parametrize("family", PREFIXES)
def test_a_file_holds_the_rules_of_its_family_in_order(family: str) -> None:
    rows = tomllib.loads((FOLDER / f"{family}.toml").read_text("utf-8"))["rule"]
    codes = [row["code"] for row in rows]
    assert all(re.fullmatch(PREFIXES[family] + r"\d{3}", code) for code in codes)
    assert len(codes) >= 5


def test_no_file_is_without_a_family() -> None:
    assert {path.stem for path in FOLDER.glob("*.toml")} == {
        *(*PREFIXES, "kinds", "bystanders", "variables")
    }


def test_codes_are_unique_and_many() -> None:
    codes = Counter(rule.code for rule in RULES)
    assert [code for code, count in codes.items() if count > 1] == []
    assert len(codes) >= 130


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_is_sourced_and_says_what_to_do(rule: Rule) -> None:
    assert all(re.fullmatch(r"https://[^\s/]+\.[^\s/]+(/\S*)?", url) for url in rule.sources)
    assert rule.basis is not Basis.MEASURED, "only canaries measure"
    assert rule.sources or rule.basis is Basis.INFERRED
    assert rule.why.strip().endswith(".")
    assert rule.advice.strip().endswith(".")
    assert not rule.title.endswith(".")
    family, _, name = (rule.canary or "").partition("/")
    assert (family or None) in CANARIES
    assert not name or f"{family}_{name}" in {row.stem for row in rows()}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_versions_specifiers_and_patterns_can_be_read(rule: Rule) -> None:
    when = rule.when
    for boundary in when.crosses or ():
        Version(boundary)
    for specifier in (*(when.between or ()), when.within, when.inside):
        SpecifierSet(specifier or "")
    for condition in rule.requires:
        SpecifierSet(condition.versions or "")
        re.compile(condition.pattern or "")
        assert (condition.path is None) == (condition.pattern is None)
    ways = {
        "any", "version", "presence", "crosses", "between", "within", "inside", "copies", "fields",
    }  # fmt: skip
    assert sum(getattr(when, way) is not None for way in ways) == 1
    assert when.values is None or when.fields is not None


def names_of(rule: Rule) -> Iterable[str]:
    return (rule.match.name,) if isinstance(rule.match.name, str) else rule.match.name


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_distribution_names_are_normalized(rule: Rule) -> None:
    if rule.match.kind == "python.package":
        for name in names_of(rule):
            assert name == re.sub(r"[-_.]+", "-", name).lower()


def test_bystanders_are_sorted_unique_and_many() -> None:
    rows = tomllib.loads((FOLDER / "bystanders.toml").read_text("utf-8"))["bystander"]
    names = [row["name"] for row in rows]
    assert names == sorted(set(names))
    assert len(names) >= 150
    assert all(row["reason"].endswith(".") for row in rows)


def test_no_rule_speaks_of_a_bystander() -> None:
    known = catalog.load()
    claimed = {
        name: [rule.code for rule in known.matching("image", "python.package", name)]
        for name in known.bystanders
    }
    assert {name: codes for name, codes in claimed.items() if codes} == {}


@pytest.mark.parametrize(
    "name", ["regex", "jinja2", "markupsafe", "pyyaml", "protobuf", "ftfy", "numpy", "tokenizers"]
)
def test_what_text_and_tensors_pass_through_is_no_bystander(name: str) -> None:
    assert name not in catalog.load().bystanders


@pytest.mark.parametrize("name", sorted(variables.NAMES))
def test_every_variable_that_is_read_has_a_rule(name: str) -> None:
    rules = catalog.load().matching("process", "setting", name)
    versioned = [rule for rule in rules if any(c.versions for c in rule.requires)]
    assert len(rules) > len(versioned) or {rule.impact for rule in versioned} > {Impact.NONE}


def test_kinds_that_a_verdict_needs_are_required() -> None:
    known = catalog.load()
    assert [kind for kind in REQUIRED if not known.inference(kind).required] == []


def test_a_gpu_on_one_side_only_is_divergent() -> None:
    target = Target(kind="example", name="example")
    gpu = Component(scope="host", kind="gpu.device", name="gpu0", source="nvml")
    comparison = compare(assemble(target, []), assemble(target, [gpu]))
    statuses = [finding.status for finding in judge(comparison, catalog.load())]
    assert Status.DIVERGENT in statuses


def test_a_driver_alone_changes_no_output() -> None:
    target = Target(kind="example", name="example")
    sides = [
        assemble(
            target,
            [
                Component(
                    scope="host", kind="gpu.driver", name="nvidia", source="nvml", version=version
                ),
                Component(
                    scope="process",
                    kind="framework",
                    name="torch",
                    source="call",
                    properties={"arch_list": ["sm_80", "sm_90"]},
                ),
                Component(
                    scope="host",
                    kind="gpu.device",
                    name="gpu0",
                    source="nvml",
                    properties={"compute_capability": "9.0"},
                ),
                Component(scope="process", kind="setting", name="PATH", source="environment"),
                Component(scope="process", kind="argument", name="--seed", source="cmdline"),
                Component(
                    scope="image",
                    kind="cuda.library",
                    name="cudart",
                    source="file",
                    version="12.8.90",
                ),
            ],
        )
        for version in ("550.54.15", "580.95.05")
    ]
    older, newer = sides
    findings = judge(compare(older, newer), catalog.load())
    assert {finding.code for finding in findings} == {"GPU011"}
    assert {finding.status for finding in findings} == {Status.EQUIVALENT}


def read_by_the_probe(kind: str, pattern: str) -> bool:
    flagged = {f"--{name}" for name in flags.VALUED | flags.SWITCHES} | {"-O0", "-O1", "-O2", "-O3"}
    names = flagged if kind == "argument" else variables.NAMES
    return any(fnmatchcase(name, pattern) for name in names)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_names_only_variables_and_arguments_that_are_read(rule: Rule) -> None:
    resolved = re.compile(r"(torch|jax|tensorflow)\..+|timezone|nccl\.conf")
    if rule.match.kind in ("setting", "argument"):
        unread = [
            name
            for name in names_of(rule)
            if not resolved.fullmatch(name) and not read_by_the_probe(rule.match.kind, name)
        ]
        assert unread == []


@pytest.mark.parametrize("name", sorted(flags.VALUED | flags.SWITCHES))
def test_every_argument_that_is_read_has_a_rule(name: str) -> None:
    assert catalog.load().matching("process", "argument", f"--{name}")
