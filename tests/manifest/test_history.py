"""Build steps out of an image's config: the right one or none, and never a secret."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.manifest import Layer, assemble, decode, encode, layers, steps
from repro.manifest.model import STEP, Target

DIGESTS = [f"sha256:{digit * 64}" for digit in "abcdef"]


def config(*history: Any, count: int | None = None) -> dict[str, Any]:
    """An image's config; by itself it has as many layers as the history says."""
    made = sum(not (isinstance(e, dict) and e.get("empty_layer")) for e in history)
    diff_ids = [f"sha256:{n:064x}" for n in range(made if count is None else count)]
    return {"rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": list(history)}


def ran(created_by: str, **fields: Any) -> dict[str, Any]:
    return {"created": "2026-01-01T00:00:00Z", "created_by": created_by, **fields}


def step(created_by: str) -> str | None:
    return steps(config(ran(created_by)))[0]


def test_steps_that_made_no_layer_are_passed_over() -> None:
    found = config(
        ran("/bin/sh -c #(nop) ADD file:1f2e in / "),
        ran('/bin/sh -c #(nop)  CMD ["bash"]', empty_layer=True),
        ran("ENV TOKEN=abc", empty_layer=True),
        ran("RUN /bin/sh -c pip install numpy==1.26.4 # buildkit", empty_layer=False),
        ran("COPY models /models # buildkit"),
    )
    expected = ["ADD file:1f2e in /", "RUN pip install numpy==1.26.4", "COPY models /models"]
    assert steps(found) == expected
    digests = found["rootfs"]["diff_ids"]
    made = [Layer(digest=d, step=s) for d, s in zip(digests, expected, strict=True)]
    assert layers(found) == tuple(made)


@pytest.mark.parametrize(
    "history",
    [
        [],
        [ran("RUN a")],
        [ran("RUN a"), ran("RUN b"), ran("RUN c")],
        [ran("RUN a"), ran("RUN b", empty_layer=True)],
        [ran("RUN a"), ran("RUN b"), "RUN c"],
        [ran("RUN a"), ran("RUN b"), ran("RUN c", empty_layer="yes")],
        [ran("RUN a"), ran("RUN b", empty_layer=None)],
        [ran("RUN a"), "RUN b"],
        [None] * 2,
        None,
        "RUN a",
        {"0": ran("RUN a"), "1": ran("RUN b")},
    ],
)
def test_a_history_that_does_not_fit_the_layers_attributes_nothing(history: Any) -> None:
    document = {**config(count=2), "history": history}
    assert steps(document) == [None, None]
    assert [layer.step for layer in layers(document)] == [None, None]


def test_a_config_without_a_history_or_layers_has_no_steps() -> None:
    assert steps({"rootfs": {"diff_ids": DIGESTS}}) == [None] * 6
    for nothing in ({}, {"rootfs": None}, {"rootfs": {"diff_ids": None}}, config()):
        assert steps(nothing) == []
        assert layers(nothing) == ()


@pytest.mark.parametrize("created_by", [None, 7, [], {}, "", "  \n", "# buildkit"])
def test_a_layer_whose_step_is_not_said_has_none(created_by: Any) -> None:
    assert steps(config({"created_by": created_by})) == [None]
    assert steps(config({})) == [None]


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ("/bin/sh -c #(nop) COPY dir:0aB1 in /srv ", "COPY dir:0aB1 in /srv"),
        ("/bin/bash -c #(nop) COPY a /b", "COPY a /b"),
        ("/bin/sh -c apt-get update \\\n &&   apt-get  install x", None),
        ("RUN /bin/sh -c make # buildkit", "RUN make"),
        ("RUN pip install 'numpy>=2' # comment", "RUN pip install 'numpy>=2' # comment"),
        ("WORKDIR /app", "WORKDIR /app"),
        ("bazel build //image", "bazel build //image"),
        ("cmd /S /C choco install x", "cmd /S /C choco install x"),
        ("/bin/bash -o pipefail -c make", "/bin/bash -o pipefail -c make"),
    ],
)
def test_steps_read_like_a_dockerfile_whatever_builder_wrote_them(
    recorded: str, expected: str | None
) -> None:
    assert step(recorded) == (expected or "RUN apt-get update \\ && apt-get install x")


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ("RUN |2 A=x B=y /bin/sh -c make # buildkit", "RUN |2 A B make"),
        ("|1 A=x y z /bin/sh -c make", "RUN |1 A make"),
        ("RUN |1 A=x /bin/bash -o pipefail -c make", "RUN |1 A make"),
        ("RUN |1 A=x y=z /bin/sh -c make", "RUN |1 … make"),
        ("RUN |2 A= B= /bin/ash -ec make", "RUN |2 A B make"),
        ("RUN |1 A=hush pip install numpy", "RUN |1 A …"),
        ("ENV A=b C=d", "ENV A C"),
        ('ENV A="b c" D=e', "ENV A D"),
        ("ENV A hush=hush", "ENV A"),
        ("ARG A=b", "ARG A"),
        ("ARG A", "ARG A"),
        ("LABEL org.opencontainers.image.title=b c=d", "LABEL org.opencontainers.image.title c"),
        ("/bin/sh -c #(nop)  ENV A=b", "ENV A"),
    ],
)
def test_of_arguments_and_variables_the_names_alone_are_kept(recorded: str, expected: str) -> None:
    assert step(recorded) == expected


HUSH = "hunter2"
TOKEN = "a1B2" * 8


@pytest.mark.parametrize(
    "recorded",
    [
        "RUN pip install -i https://me:hunter2@host/simple x",
        "RUN pip install git+https://hunter2@github.com/a/b@v1",
        "RUN curl 'https://host/x?sig=hunter2&y=1' -o y",
        "RUN HF_TOKEN=hunter2 make",
        "RUN export HF_TOKEN='hunter2 x' && make",
        'RUN MY_SECRET="hunter2 and no end',
        "RUN x --password hunter2 y",
        "RUN x --password=hunter2 y",
        "RUN x --api-key 'x hunter2' y",
        "RUN aws_secret_access_key=hunter2 x",
        "RUN npm config set //registry/:_authToken=hunter2",
        "RUN curl -H 'Authorization: Bearer hunter2' https://x",
        'RUN curl -H "Authorization: hunter2" https://x',
        'RUN curl -H "PRIVATE-TOKEN: hunter2" https://x',
        "RUN curl -u me:hunter2 https://x",
        "RUN curl --user me:hunter2 https://x",
        "RUN docker login -u me -p hunter2 registry",
        "RUN sshpass -p hunter2 ssh x",
        "RUN echo machine x login me password hunter2 > ~/.netrc",
        "RUN rsync me:hunter2@host.example:/x .",
        'RUN echo {"password": "hunter2"} > x',
        "RUN x hf_hunter2hunter2",
        "RUN x ghp_hunter2hunter2",
        "RUN x glpat-hunter2hunter2",
        "ENV PASSWORD=hunter2",
        "RUN |1 PASSWORD=hunter2 /bin/sh -c make",
        "RUN |1 PASSWORD=hunter2 make",
        "RUN " + "x" * 8_000 + " HF_TOKEN=" + "y" * 400 + "hunter2",
    ],
)
def test_no_secret_is_kept(recorded: str) -> None:
    assert HUSH not in (step(recorded) or "")


def test_a_long_word_of_mixed_letters_and_digits_is_taken_for_a_secret() -> None:
    assert step(f"RUN x {TOKEN} y") == "RUN x … y"
    assert step(f"RUN x {'0a1b' * 8} y") == f"RUN x {'0a1b' * 8} y", "a digest is none"


@pytest.mark.parametrize(
    "kept",
    [
        "RUN pip install tokenizers==0.20.3 tokenizers>=0.20 author==1",
        "RUN conda install tokenizers=0.20.3",
        "RUN serve --tokenizer /models/demo --max-model-len 8",
        "RUN useradd -u 1000 app && apt-get install -y passwd login",
        'RUN CMAKE_ARGS="-DGGML_CUDA=on" pip install llama-cpp-python',
        "RUN wget https://host/Miniconda3-py311_24.7.1-0-Linux-x86_64.sh",
        "RUN pip install torch --index-url https://download.pytorch.org/whl/cu124",
        "RUN npm install @scope/pkg@1.2.3 https://host/pkg@1.2.3",
        "COPY --from=ghcr.io/a/b:1 /usr/bin/uv /bin/",
    ],
)
def test_what_names_versions_and_places_is_kept(kept: str) -> None:
    assert step(kept) == kept


def test_what_acts_on_a_terminal_is_escaped_and_white_space_folded() -> None:
    assert step("RUN \x1b[31m a\r\n\tb\u2028c\u202ed\ud800\U000e0041") == (
        "RUN \\x1b[31m a b c\\u202ed\\ud800\\U000e0041"
    )


def test_a_step_has_a_bounded_length() -> None:
    assert step("RUN " + "a" * 196) == "RUN " + "a" * 196
    assert step("RUN " + "a" * 197) == "RUN " + "a" * 195 + "…"
    assert len(step("RUN x " + "\x1b" * 5_000) or "") == STEP


@given(st.lists(st.text(st.characters(exclude_categories=())), max_size=4))
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
def test_whatever_a_history_says_becomes_a_manifest(texts: list[str]) -> None:
    found = layers(config(*map(ran, texts)))
    assert len(found) == len(texts)
    assert all(layer.step is None or 0 < len(layer.step) <= STEP for layer in found)
    made = assemble(Target(kind="image", name="x"), (), layers=found)
    assert decode(encode(made)) == made


PIECES = (
    "token=", "--token \"", "a://b@", "https://a?", "login ", "a.b-", "x:y", "sh -x ", "basic ",
    "/bin/", "'", '"', "-", " ", "|1 ", "ENV ", "A=", "a+", "_token", "password: ", "\\", "#",
)  # fmt: skip


@pytest.mark.parametrize("start", ["RUN ", "RUN |1 ", "ENV "])
@pytest.mark.parametrize("piece", PIECES)
def test_no_step_takes_long_to_clean(start: str, piece: str) -> None:
    recorded = start + piece * (1_000_000 // len(piece))
    begun = time.process_time()
    step(recorded)
    step(f"{start}{piece * (8_000 // len(piece))} x")
    assert time.process_time() - begun < 0.2


def test_a_huge_history_is_counted_and_left_alone() -> None:
    document = {**config(count=1), "history": [ran("RUN x")] * 1_000_000}
    assert steps(document) == [None]
