"""What counts is what a known key said of this very image, last; all else is never a pass."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.attest import attested_manifest, dsse, gate_result, statement, store
from repro.attest.gate_result import GateResult
from repro.attest.judging import judge
from repro.attest.verification import Wanted, exit_code, lacks
from repro.errors import AttestationError
from tests.attest.made import DIGEST, LAYERS, NOW, attached, manifest
from tests.attest.test_dsse import JSON

if TYPE_CHECKING:
    from datetime import datetime

    from repro.attest.judging import Image, Judged
    from repro.attest.keys import PrivateKey
    from repro.attest.statement import Statement
    from repro.manifest import Manifest

HOUR = timedelta(hours=1)
OTHER = "sha256:" + "b" * 64
POLICY = "sha256:" + "c" * 64


def said(made: Manifest, when: datetime = NOW, digest: str = DIGEST) -> Statement:
    return attested_manifest.statement(made, "app", digest, when)


def gated(made: Manifest, result: str = "PASSED", when: datetime = NOW, **more: Any) -> Statement:
    failed = ("TOK006 tokenizers",) if result == "FAILED" else ()
    found = GateResult(
        result=result,  # type: ignore[arg-type]  # One of the three.
        verdict="divergent" if failed else "identical",
        manifest=made.digests.whole,
        baseline=OTHER,
        policy=POLICY,
        failed=failed,
    )
    return gate_result.statement(found, "app", more.get("digest", DIGEST), when)


def outcome(found: Judged, **wanted: Any) -> int:
    return exit_code(lacks(found, Wanted(**wanted), NOW))


def refusals(found: Judged) -> str:
    return "; ".join(each.why for each in found.refused)


def test_what_was_signed_comes_back_whole(key: PrivateKey, image: Image) -> None:
    made = manifest()
    found = judge([attached(said(made), key)], image, [key.public], NOW)

    assert found.manifest
    assert (found.manifest.what, found.manifest.at) == (made, NOW)
    assert found.manifest.key == key.public
    assert found.refused == ()
    assert outcome(found, gate=False) == 0


def test_times_and_host_names_stay_at_home(key: PrivateKey, image: Image) -> None:
    made = msgspec.structs.replace(manifest(), volatile={"host": "build-17"})
    statement_ = said(made)
    packed = gzip.decompress(base64.b64decode(statement_.predicate["manifest"]["content"]))
    found = judge([attached(statement_, key)], image, [key.public], NOW)

    assert b"build-17" not in packed
    assert found.manifest
    assert found.manifest.what.digests == made.digests


def test_a_passed_gate_and_its_manifest_are_enough(key: PrivateKey, image: Image) -> None:
    made = manifest()
    found = judge([attached(said(made), key), attached(gated(made), key)], image, [key.public], NOW)

    assert outcome(found) == 0
    assert outcome(found, policy=POLICY) == 0
    assert outcome(found, policy=OTHER) == 1


def test_nothing_is_no_pass(image: Image, key: PrivateKey) -> None:
    found = judge([], image, [key.public], NOW)

    assert (outcome(found), outcome(found, gate=False)) == (3, 3)


def test_a_manifest_without_a_gate_is_no_pass(key: PrivateKey, image: Image) -> None:
    found = judge([attached(said(manifest()), key)], image, [key.public], NOW)

    assert outcome(found) == 3


def test_a_gate_without_a_manifest_is_no_pass(key: PrivateKey, image: Image) -> None:
    found = judge([attached(gated(manifest()), key)], image, [key.public], NOW)

    assert outcome(found) == 3


def test_a_stranger_s_word_does_not_count(
    key: PrivateKey, stranger: PrivateKey, image: Image
) -> None:
    made = manifest()
    lies = [attached(said(made), stranger), attached(gated(made), stranger)]

    found = judge(lies, image, [key.public], NOW)
    assert outcome(found) == 3
    assert "not signed by a key that was given" in refusals(found)
    # The same by who is believed would pass: the test does not pass for another reason.
    assert outcome(judge(lies, image, [stranger.public], NOW)) == 0


def test_what_was_altered_does_not_count(key: PrivateKey, image: Image) -> None:
    envelope = dsse.sealed(statement.encode(said(manifest("2.4.0"))), key)
    body = json.loads(base64.b64decode(envelope.payload))
    body["predicate"]["attestedAt"] = statement.moment(NOW)
    text = base64.b64encode(json.dumps(body).encode()).decode()
    altered = msgspec.structs.replace(envelope, payload=text)

    found = judge([store.Attached(place="x", envelope=altered)], image, [key.public], NOW)

    assert found.manifest is None
    assert "altered" in refusals(found)


def test_what_was_said_of_another_image_does_not_count(key: PrivateKey, image: Image) -> None:
    """An older manifest of another digest, put beside this image by who may write there."""
    made = manifest()
    moved = [attached(said(made, digest=OTHER), key), attached(gated(made, digest=OTHER), key)]

    found = judge(moved, image, [key.public], NOW)

    assert outcome(found) == 3
    assert "another image" in refusals(found)


def test_a_manifest_of_other_layers_does_not_count_though_it_is_signed(
    key: PrivateKey, image: Image
) -> None:
    wrong = manifest(layers=LAYERS[:1])

    found = judge([attached(said(wrong), key)], image, [key.public], NOW)

    assert found.manifest is None
    assert "other layers" in refusals(found)


def test_the_newest_manifest_counts(key: PrivateKey, image: Image) -> None:
    old, new = manifest("2.4.0"), manifest("2.5.1")
    both = [attached(said(new), key), attached(said(old, NOW - HOUR), key, "sha256:z")]

    for order in (both, both[::-1]):
        found = judge(order, image, [key.public], NOW)
        assert found.manifest
        assert found.manifest.what == new


def test_a_replayed_pass_does_not_outvote_a_newer_failure(key: PrivateKey, image: Image) -> None:
    made = manifest()
    found = judge(
        [
            attached(said(made), key),
            attached(gated(made, "FAILED"), key),
            attached(gated(made, "PASSED", NOW - HOUR), key, "sha256:z"),
        ],
        image,
        [key.public],
        NOW,
    )

    assert outcome(found) == 1
    assert lacks(found, Wanted(), NOW)[0].why == "the gate did not let it pass: divergent"


@pytest.mark.parametrize("reverse", [False, True])
def test_of_two_results_at_one_moment_the_failure_counts(
    key: PrivateKey, image: Image, reverse: bool
) -> None:
    made = manifest()
    results = [attached(gated(made, "FAILED"), key), attached(gated(made, "PASSED"), key)]
    found = judge(
        [attached(said(made), key), *(results[::-1] if reverse else results)],
        image,
        [key.public],
        NOW,
    )

    assert outcome(found) == 1


def test_a_gate_about_another_manifest_does_not_count(key: PrivateKey, image: Image) -> None:
    found = judge(
        [attached(said(manifest("2.5.1")), key), attached(gated(manifest("2.4.0")), key)],
        image,
        [key.public],
        NOW,
    )

    assert outcome(found) == 3
    assert "about another manifest" in refusals(found)


def test_what_is_older_than_allowed_is_forbidden(key: PrivateKey, image: Image) -> None:
    made = manifest()
    found = judge(
        [attached(said(made, NOW - HOUR), key), attached(gated(made, when=NOW - HOUR), key)],
        image,
        [key.public],
        NOW,
    )

    assert outcome(found, max_age=3599) == 1
    assert outcome(found, max_age=3600) == 0


def test_an_old_gate_beside_a_new_manifest_is_forbidden(key: PrivateKey, image: Image) -> None:
    made = manifest()
    found = judge(
        [attached(said(made), key), attached(gated(made, when=NOW - 2 * HOUR), key)],
        image,
        [key.public],
        NOW,
    )

    assert outcome(found, max_age=3600) == 1


def test_what_claims_to_come_from_the_future_does_not_count(key: PrivateKey, image: Image) -> None:
    found = judge([attached(said(manifest(), NOW + HOUR), key)], image, [key.public], NOW)

    assert found.manifest is None
    assert "future" in refusals(found)


def test_rubbish_beside_it_takes_nothing_from_a_good_statement(
    key: PrivateKey, stranger: PrivateKey, image: Image
) -> None:
    made = manifest()
    rubbish = store.Attached(place="sha256:bad", envelope=None, fault="it is no bundle")
    found = judge(
        [rubbish, attached(said(manifest("9")), stranger), attached(said(made), key)],
        image,
        [key.public],
        NOW,
    )

    assert found.manifest
    assert found.manifest.what == made
    assert len(found.refused) == 2


def test_without_a_gate_wanted_a_failed_one_changes_nothing(key: PrivateKey, image: Image) -> None:
    """To delete a result then helps nobody, since none is looked at."""
    made = manifest()
    every = [attached(said(made), key), attached(gated(made, "FAILED"), key)]

    with_it = judge(every, image, [key.public], NOW)
    without = judge(every[:1], image, [key.public], NOW)

    assert outcome(with_it, gate=False) == outcome(without, gate=False) == 0


@given(st.data())
def test_less_never_makes_it_pass(key: PrivateKey, image: Image, data: st.DataObject) -> None:
    """Taking statements away never turns a refusal into a pass, but for what was said before.

    The one thing that a registry can do is to hide what is newest; max_age bounds that.
    """
    made, other = manifest(), manifest("2.4.0")
    every = [
        attached(said(made), key),
        attached(gated(made, "FAILED"), key),
        attached(said(other, NOW - HOUR), key),
    ]
    kept = data.draw(st.lists(st.sampled_from(every), unique_by=id))

    assert outcome(judge(kept, image, [key.public], NOW)) != 0


def test_another_test_s_result_under_the_same_key_is_no_gate_s(
    key: PrivateKey, image: Image
) -> None:
    made = manifest()
    foreign = msgspec.structs.replace(
        gated(made), predicate={"result": "PASSED", "configuration": [], "passedTests": ["unit"]}
    )

    found = judge([attached(said(made), key), attached(foreign, key)], image, [key.public], NOW)

    assert outcome(found) == 3
    assert "no result of a gate" in refusals(found)


@pytest.mark.parametrize(("result", "failed"), [("PASSED", ["X"]), ("FAILED", []), ("MAYBE", [])])
def test_a_result_that_its_findings_deny_is_none(
    key: PrivateKey, image: Image, result: str, failed: list[str]
) -> None:
    made = manifest()
    held = gated(made)
    held.predicate.update({"result": result, "failed_tests": failed, "failedTests": failed})

    found = judge([attached(said(made), key), attached(held, key)], image, [key.public], NOW)

    assert outcome(found) == 3


def test_what_cosign_says_by_the_older_name_of_a_statement_is_read(
    key: PrivateKey, image: Image
) -> None:
    older = msgspec.structs.replace(said(manifest()), type="https://in-toto.io/Statement/v0.1")

    assert judge([attached(older, key)], image, [key.public], NOW).manifest


@pytest.mark.parametrize("kind", ["https://in-toto.io/Statement/v2", ""])
def test_what_is_no_statement_known_here_is_refused(
    key: PrivateKey, image: Image, kind: str
) -> None:
    other = msgspec.structs.replace(said(manifest()), type=kind)

    assert judge([attached(other, key)], image, [key.public], NOW).manifest is None


def test_a_statement_about_something_else_is_refused(key: PrivateKey, image: Image) -> None:
    other = msgspec.structs.replace(
        said(manifest()), predicate_type="https://slsa.dev/provenance/v1"
    )

    found = judge([attached(other, key)], image, [key.public], NOW)

    assert "it says something else" in refusals(found)


def test_a_bomb_is_not_unpacked(key: PrivateKey, image: Image) -> None:
    bomb = said(manifest())
    content = base64.b64encode(gzip.compress(bytes(65 << 20))).decode()
    bomb.predicate["manifest"]["content"] = content

    found = judge([attached(bomb, key)], image, [key.public], NOW)

    assert "damaged or too large" in refusals(found)


def test_another_manifest_than_its_digests_name_is_refused(key: PrivateKey, image: Image) -> None:
    swapped = said(manifest())
    swapped.predicate["digests"] = said(manifest("2.4.0")).predicate["digests"]

    found = judge([attached(swapped, key)], image, [key.public], NOW)

    assert "not the one that it names" in refusals(found)


@given(st.binary(max_size=200) | JSON.map(json.dumps).map(str.encode))
def test_whatever_was_signed_is_a_statement_or_an_error(data: bytes) -> None:
    try:
        found = statement.parse(data)
    except AttestationError:
        return
    assert found.type in statement.TYPES


FIELDS = (
    "attestedAt reproAttestedAt reproVerdict tool schema digests manifest result configuration "
    "failedTests"
)
PREDICATES = st.dictionaries(st.sampled_from(FIELDS.split()) | st.text(max_size=5), JSON)


@given(PREDICATES, st.sampled_from([attested_manifest.TYPE, gate_result.TYPE]))
def test_whatever_a_predicate_holds_there_is_no_crash_and_no_pass(
    key: PrivateKey, image: Image, predicate: dict[str, Any], kind: str
) -> None:
    odd = msgspec.structs.replace(said(manifest()), predicate=predicate, predicate_type=kind)
    found = judge([attached(odd, key)], image, [key.public], NOW)

    assert (found.manifest, found.gate) == (None, None)
