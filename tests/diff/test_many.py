"""Who is the most ordinary, and what agrees with what."""

from __future__ import annotations

import pytest

from repro.diff.many import Agreement, Key, fold
from tests.manifests import absent, known, manifest, unreadable


def test_equal_manifests_are_folded_by_what_they_hold() -> None:
    one, other = (
        manifest(known("cpu", "cpu"), name="one"),
        manifest(known("cpu", "cpu"), name="two"),
    )
    (only,) = fold([("b", other), ("a", one)])
    assert (only.names, only.size, only.manifest.target.name) == (("a", "b"), 2, "one")


def test_the_most_ordinary_is_no_mere_majority_of_whole_manifests() -> None:
    # By whole manifests the two of old are most; by their package five are new.
    new = [
        ("n" + k, manifest(known("python.package", "lib", "2"), known("kernel", "linux", k)))
        for k in "12345"
    ]
    old = [
        (f"o{n}", manifest(known("python.package", "lib", "1"), known("kernel", "linux", "9")))
        for n in "12"
    ]
    folds = fold([*new, *old])
    assert folds[0].names == ("o1", "o2")
    assert folds[Agreement(folds).ordinary()].names[0].startswith("n")


def test_what_is_not_there_agrees_with_what_is_not_there() -> None:
    rich = [("r1", manifest(known("cpu", "cpu"), *(known("os.package", n) for n in "abc")))]
    poor = [
        (f"p{n}", manifest(known("cpu", "cpu"), known("kernel", "linux", str(n)))) for n in range(3)
    ]
    folds = fold([*rich, *poor])
    assert folds[Agreement(folds).ordinary()].names[0].startswith("p")


@pytest.mark.parametrize("reason", [f"error {number}" for number in range(8)])
def test_what_could_not_be_read_agrees_with_nothing_and_makes_nobody_ordinary(
    reason: str,
) -> None:
    # The dark ones are more, and agree in five packages; of four GPUs they can tell nothing.
    ours, theirs = ([known("python.package", name, v) for name in "abcde"] for v in "12")
    dark = manifest(unreadable("gpu.device", "*", reason), *ours)
    bare = manifest(absent("gpu.device", "*"), *theirs)
    gpus = manifest(*(known("gpu.device", f"gpu{n}", value="H100") for n in range(4)))
    folds = fold(
        [
            ("dark-1", dark),
            ("dark-2", dark),
            ("dark-3", dark),
            ("bare-1", bare),
            ("bare-2", bare),
            ("gpus", gpus),
        ]
    )
    agreement = Agreement(folds)
    index = next(i for i, each in enumerate(folds) if each.names[0] == "dark-1")
    key: Key = ("host", "gpu.device", "gpu0")
    assert agreement.value(index, key) is None
    assert agreement.counts(key)[None] == 3
    assert agreement.counts(key)[()] == 2
    assert folds[agreement.ordinary()].names == ("bare-1", "bare-2")


def test_several_of_one_name_are_one_value() -> None:
    two = [known("python.package", "lib", v, environment=e) for v, e in (("1", "/a"), ("2", "/b"))]
    folds = fold([("a", manifest(*two)), ("b", manifest(*two[::-1])), ("c", manifest(two[0]))])
    agreement = Agreement(folds)
    key: Key = ("image", "python.package", "lib")
    assert sorted(agreement.counts(key).values()) == [0, 1, 2]


def test_scopes_that_are_not_asked_for_make_nobody_ordinary() -> None:
    subjects = [
        (f"s{n}", manifest(known("cpu", "cpu", str(n % 2)), known("os.package", "a", "12"[n > 2])))
        for n in range(5)
    ]
    folds = fold(subjects)
    best = folds[Agreement(folds, ["image"]).ordinary()]
    assert best.names[0] in {"s0", "s1", "s2"}
