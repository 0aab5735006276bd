"""The probe's answer is accepted whole and true, or not at all."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from repro.errors import CannotRunError, ProbeError
from repro.manifest import Component, Unreadable
from repro.probe.answer import wrapped
from repro.target.answer import MOST, Output, parse

FACTS: list[dict[str, Any]] = [
    {
        "state": "known",
        "scope": "image",
        "kind": "python.package",
        "name": "numpy",
        "source": "metadata",
        "version": "2.1.3",
    },
    {
        "state": "unreadable",
        "scope": "host",
        "kind": "gpu.device",
        "name": "*",
        "reason": "library mismatch: café",
    },
]


def printed(payload: object = None, nonce: str = "abc") -> bytes:
    """What a probe prints for a payload."""
    facts = {"facts": FACTS} if payload is None else payload
    return str(wrapped(facts, nonce)).encode()  # type: ignore[no-untyped-call]  # the probe is 3.7


def signed(body: bytes) -> bytes:
    """Put true markers around a body that may be anything."""
    digest = hashlib.sha256(body).hexdigest().encode()
    return b"@repro-begin abc %d %s\n%s\n@repro-end abc\n" % (len(body), digest, body)


def refusal(output: bytes, errors: bytes = b"") -> str:
    with pytest.raises(ProbeError) as caught:
        parse(Output(output, errors), "abc")
    return caught.value.message


def test_an_answer_comes_back_as_facts_in_their_states() -> None:
    found = parse(Output(printed()), "abc").facts

    assert isinstance(found[0], Component)
    assert found[0].version == "2.1.3"
    assert isinstance(found[1], Unreadable)
    assert found[1].reason == "library mismatch: café"


def test_lines_of_an_answer_stay_short_enough_for_every_log_driver() -> None:
    payload = {"facts": [dict(FACTS[0], properties={"long": "x" * 100_000})]}

    assert max(map(len, printed(payload).splitlines())) <= 4000


def test_other_output_around_an_answer_is_passed_over() -> None:
    noise = b"NGC banner\n@repro-begin other 3 zzz\n" + printed() + b"Exception ignored in: ...\n"

    assert len(parse(Output(noise), "abc").facts) == 2


def test_carriage_returns_of_a_terminal_do_no_harm() -> None:
    assert len(parse(Output(printed().replace(b"\n", b"\r\n")), "abc").facts) == 2


@pytest.mark.parametrize("cut", [1, 15, 40, 200])
def test_an_answer_without_its_end_is_damaged(cut: int) -> None:
    text = refusal(printed()[: -len(b"@repro-end abc\n") - cut])

    assert "damaged" in text


def test_an_answer_with_a_lost_line_is_damaged() -> None:
    payload = {"facts": [dict(FACTS[0], properties={"long": "x" * 20_000})]}
    lines = printed(payload).splitlines(keepends=True)
    del lines[3]

    assert "damaged" in refusal(b"".join(lines))


def test_an_altered_answer_is_damaged() -> None:
    assert "damaged" in refusal(printed().replace(b"2.1.3", b"2.1.4"))


def test_the_answer_to_another_question_is_none() -> None:
    assert refusal(printed(nonce="old")) == (
        f"the probe gave no answer; it printed {len(printed(nonce='old'))} bytes that are none"
    )


def test_silence_and_garbage_say_so() -> None:
    assert refusal(b"") == "the probe gave no answer"
    assert refusal(b"\x1b[31m\xff\xfe") == (
        "the probe gave no answer; it printed 7 bytes that are none"
    )


def test_the_last_word_on_standard_error_is_told() -> None:
    errors = b"Traceback (most recent call last):\nMemoryError\n"

    assert refusal(b"", errors) == "the probe gave no answer: MemoryError"


def test_an_old_python_is_named() -> None:
    with pytest.raises(CannotRunError) as caught:
        parse(Output(b"", b"@repro-old-python 3.6\n"), "abc")
    assert caught.value.message == "the target's Python is 3.6; the probe needs 3.7 or newer"


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'{"facts": 1}',
        b'{"facts": [{"state": "maybe"}]}',
        b'{"facts": [{"state": "known", "scope": "moon", "kind": "k", "name": "n"}]}',
        b"not json",
        b"[" * 100_000,
        b'{"facts": [{"state": "known", "scope": "image", "kind": "k", "name": "n"}]}',
    ],
)
def test_malformed_answers_are_refused(body: bytes) -> None:
    assert refusal(signed(body)).startswith("the probe's answer is malformed")


def test_floats_are_refused() -> None:
    fact = dict(FACTS[0], properties={"x": [0.1]})

    assert "a float" in refusal(printed({"facts": [fact]}))


def test_a_flood_of_facts_is_refused() -> None:
    one = json.dumps(FACTS[1]).encode()
    body = b'{"facts":[' + b",".join([one] * (MOST + 1)) + b"]}"

    assert refusal(signed(body)) == f"the probe's answer has {MOST + 1} facts, over {MOST}"
