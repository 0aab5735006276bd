"""Where facts come from: the right layer of the right side, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repro.diff import LayerOrigin, Layers, Origins, Tracer, compare, in_common
from repro.manifest import Component, Fact, Layer, Manifest, Origin, Target, assemble
from repro.rules.judge import judge
from tests.manifests import absent, known, manifest, setting, unreadable
from tests.rules.making import catalog, rule

if TYPE_CHECKING:
    from collections.abc import Iterable

BASE, A_ONLY, B_ONLY = (f"sha256:{digit * 64}" for digit in "abc")


def package(name: str, version: str, location: str = "/venv") -> Component:
    return known("python.package", name, version, location=location)


def image(digests: Iterable[str], *brought: tuple[Fact, int]) -> Manifest:
    """An image of layers, with each fact in the layer of that index."""
    layers = [Layer(digest=digest, step=f"RUN {digest[7]}") for digest in digests]
    origins = [
        Origin(
            layer=index,
            kind=fact.kind,
            name=fact.name,
            location=fact.location if isinstance(fact, Component) else None,
        )
        for fact, index in brought
    ]
    target = Target(kind="image", name="x")
    return assemble(target, [fact for fact, _ in brought], layers=layers, origins=origins)


OLD, NEW = package("numpy", "1"), package("numpy", "2")
A = image([BASE, A_ONLY], (OLD, 1), (package("os", "1"), 0))
B = image([BASE, BASE, B_ONLY], (NEW, 2), (package("os", "2"), 0))


def of_a(layer: int) -> LayerOrigin:
    digest = [BASE, A_ONLY][layer]
    step = f"RUN {digest[7]}"
    return LayerOrigin(layer=layer + 1, of=2, digest=digest, step=step, shared=digest == BASE)


def of_b(layer: int) -> LayerOrigin:
    digest = [BASE, BASE, B_ONLY][layer]
    step = f"RUN {digest[7]}"
    return LayerOrigin(layer=layer + 1, of=3, digest=digest, step=step, shared=digest == BASE)


def test_a_fact_is_found_by_its_kind_name_and_place_on_each_side() -> None:
    trace = Tracer(A, B)
    assert trace([OLD], [NEW]) == Origins(a=of_a(1), b=of_b(2))
    assert trace([OLD], [None]) == Origins(a=of_a(1), b=None)
    assert trace([None], [NEW]) == Origins(a=None, b=of_b(2))
    assert trace([OLD], [absent("python.package", "numpy")]) == Origins(a=of_a(1), b=None)
    elsewhere = package("numpy", "1", "/other")
    for nothing in (elsewhere, known("os.package", "numpy", location="/venv"), None):
        assert trace([nothing], [nothing]) is None


def test_a_fact_without_a_place_is_found_without_one() -> None:
    hidden = unreadable("tokenizer", "/m")
    side = image([BASE], (hidden, 0))
    assert Tracer(side, manifest())([hidden], []) is not None
    assert Tracer(side, manifest())([known("tokenizer", "/m", location="/m")], []) is None


def test_what_is_no_fact_of_the_image_comes_from_no_layer() -> None:
    variable = setting("X", "1")
    assert Tracer(image([BASE], (variable, 0)), manifest())([variable], []) is None


def test_where_two_layers_are_named_for_one_thing_none_is_said() -> None:
    other = package("numpy", "1.5")
    side = image([BASE, A_ONLY], (OLD, 0), (other, 1))
    assert Tracer(side, side)([OLD], [other]) is None


def test_of_several_facts_the_topmost_layer_is_said() -> None:
    copies = [known("cuda.library", "cudnn", "9", location=f"/{place}") for place in "ab"]
    side = image([BASE, A_ONLY], (copies[0], 1), (copies[1], 0))
    found = Tracer(side, manifest())(copies, [])
    assert found
    assert found.a
    assert found.a.layer == 2


def test_layers_that_both_have_are_counted_as_often_as_both_have_them() -> None:
    assert in_common(A, B) == Layers(shared=1, a=1, b=2)
    assert in_common(B, A) == Layers(shared=1, a=2, b=1)
    assert in_common(B, B) == Layers(shared=3, a=0, b=0)
    assert in_common(A, manifest(OLD)) is None
    assert in_common(manifest(OLD), A) is None


def test_every_finding_of_a_change_says_where_it_comes_from() -> None:
    found = {f.subject: f.origin for f in judge(compare(A, B), catalog())}
    assert found["numpy"] == Origins(a=of_a(1), b=of_b(2))
    assert found["os"] == Origins(a=of_a(0), b=of_b(0))
    assert all(f.origin is None for f in judge(compare(manifest(OLD), manifest(NEW)), catalog()))


def test_a_fault_says_which_layer_brought_it() -> None:
    copies = [known("cuda.library", "cudnn", v, location=f"/{v}") for v in ("8", "9")]
    table = catalog(rule("XXX001", "cuda.library", "cudnn", copies=True))
    good = image([BASE], (copies[0], 0))
    bad = image([BASE, B_ONLY], (copies[0], 0), (copies[1], 1))
    fault = next(f for f in judge(compare(good, bad), table) if f.code == "XXX001")
    assert fault.change is None
    assert fault.origin
    assert fault.origin.a
    assert fault.origin.b
    assert (fault.origin.a.layer, fault.origin.b.layer) == (1, 2)


def test_layers_explain_and_change_no_finding() -> None:
    bare = [manifest(*side.facts) for side in (A, B)]
    plain, explained = (judge(compare(*sides), catalog()) for sides in (bare, (A, B)))
    assert [(f.code, f.status, f.subject) for f in plain] == [
        (f.code, f.status, f.subject) for f in explained
    ]
