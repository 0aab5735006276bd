"""Random manifests and catalogues that meet each other often: few names, few versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from repro.rules.finding import Basis, Impact
from repro.rules.rule import Condition, Rule
from tests.manifests import absent, canary, known, manifest, unreadable
from tests.rules.making import catalog, rule

if TYPE_CHECKING:
    from repro.manifest import Component, Fact, Manifest
    from repro.rules.catalog import Catalog

KEYS = (
    ("python.package", "lib"),
    ("python.package", "tqdm"),
    ("os.package", "zip"),
    ("os.package", "sed"),
    ("setting", "KNOB"),
    ("image.env", "KNOB"),
    ("gpu.device", "gpu0"),
    ("gpu.device", "gpu1"),
    ("cpu", "cpu"),
    ("kernel", "linux"),
    ("cuda.library", "cudnn"),
    ("moon.phase", "x.y"),
)
VERSIONS = ("1.0", "1.5", "2.0", "2.0+cu1", "2:2.5-1", "garbage", None)
VALUES: tuple[Any, ...] = ("a", "b", 1, True, ["a"], {"k": 1}, {"k": True, "l": "a"}, {})
PATHS = ("properties.value", "properties.x", "properties.x.k", "properties.*", "version")

properties = st.dictionaries(
    st.sampled_from(["value", "x", "environment"]), st.sampled_from(VALUES), max_size=3
)
keys = st.sampled_from(KEYS)


@st.composite
def components(draw: st.DrawFn) -> Component:
    kind, name = draw(keys)
    return known(
        kind,
        name,
        draw(st.sampled_from(VERSIONS)),
        location=draw(st.sampled_from(["/a", "/b", None])),
        **draw(properties),
    )


@st.composite
def canaries(draw: st.DrawFn) -> Component:
    """Results of two cases for few values, so that sides agree and differ."""
    results = draw(st.dictionaries(st.sampled_from("ab"), st.integers(0, 1), min_size=1))
    more: dict[str, Any] = draw(
        st.sampled_from([{}, {}, {"unstable": ["a"]}, {"environment": "a"}])
    )
    covered = st.sampled_from(["python.package:lib", "gpu.device:*", "*:*"])
    return canary(
        draw(st.sampled_from(["text/lib", "numerics/lib", "numerics/other"])),
        results,
        covers=draw(st.lists(covered, max_size=2)),
        edition=draw(st.sampled_from([1, 1, 1, 2])),
        **more,
    )


@st.composite
def gaps(draw: st.DrawFn) -> Fact:
    kind, name = draw(keys)
    wide = draw(st.sampled_from([(kind, name), (kind, "*"), (kind.partition(".")[0], "*")]))
    return absent(*wide) if draw(st.booleans()) else unreadable(*wide)


facts = st.one_of(components(), components(), components(), canaries(), gaps())
manifests = st.lists(facts, max_size=7).map(lambda found: manifest(*found))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Manifest, Manifest]:
    """Two manifests that have much in common."""
    shared = draw(st.lists(components() | canaries(), max_size=4))
    left, right = (draw(st.lists(facts, max_size=4)) for _ in range(2))
    return manifest(*shared, *left), manifest(*shared, *right)


conditions = st.sampled_from(
    [
        Condition(kind="gpu.device", path="properties.value", pattern="a"),
        Condition(kind="gpu.device", absent=True),
        Condition(kind="os.package", name="sed", versions=">=2"),
    ]
)
ways: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.sampled_from(
        [
            {"any": True},
            {"version": True},
            {"crosses": ("2",)},
            {"between": ("<1.2", ">=2")},
            {"within": ">=1,<3"},
            {"inside": ">=2"},
            {"copies": True},
        ]
    ),
    st.fixed_dictionaries(
        {"fields": st.sampled_from(PATHS).map(lambda path: (path,))},
        optional={
            "values": st.sampled_from([("a",), ("true", "b")]),
            "unchanged": st.just(("version",)),
        },
    ),
)


@st.composite
def rules(draw: st.DrawFn, code: str) -> Rule:
    kind, name = draw(keys)
    return rule(
        code,
        draw(st.sampled_from([kind, "cuda.library*"])),
        draw(st.sampled_from([name, "*", "z*"])),
        impact=draw(st.sampled_from([Impact.TOKENS, Impact.BITS, Impact.SPEED, Impact.NONE])),
        basis=draw(st.sampled_from([Basis.DOCUMENTED, Basis.INFERRED])),
        requires=tuple(draw(st.lists(conditions, max_size=1))),
        canary=draw(st.sampled_from([None, "text", "numerics"])),
        **draw(ways),
    )


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    """A few rules of all ways, beside the kinds and the one bystander."""
    count = draw(st.integers(0, 6))
    return catalog(*(draw(rules(f"XXX{number:03}")) for number in range(count)))
