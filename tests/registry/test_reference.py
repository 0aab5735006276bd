"""Names of images, by Docker's rules."""

from __future__ import annotations

import pytest

from repro.errors import UsageError
from repro.registry.reference import Reference

HEX = "0123456789abcdef" * 4
DIGEST = f"sha256:{HEX}"
HUB = "registry-1.docker.io"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alpine", (HUB, "library/alpine", "latest", None)),
        ("alpine:3.20", (HUB, "library/alpine", "3.20", None)),
        ("docker.io/alpine", (HUB, "library/alpine", "latest", None)),
        ("index.docker.io/vllm/vllm-openai", (HUB, "vllm/vllm-openai", "latest", None)),
        ("vllm/vllm-openai:v1", (HUB, "vllm/vllm-openai", "v1", None)),
        ("registry-1.docker.io/library/x", (HUB, "library/x", "latest", None)),
        (f"alpine@{DIGEST}", (HUB, "library/alpine", None, DIGEST)),
        (f"ghcr.io/a/b:c@{DIGEST}", ("ghcr.io", "a/b", "c", DIGEST)),
        ("nvcr.io/nvidia/pytorch:24.01-py3", ("nvcr.io", "nvidia/pytorch", "24.01-py3", None)),
        ("localhost/x", ("localhost", "x", "latest", None)),
        ("localhost:5000/x:y", ("localhost:5000", "x", "y", None)),
        ("host:5000/x", ("host:5000", "x", "latest", None)),
        ("[::1]:5000/x", ("[::1]:5000", "x", "latest", None)),
        ("127.0.0.1:5000/a/b/c", ("127.0.0.1:5000", "a/b/c", "latest", None)),
        ("UPPER/x", ("UPPER", "x", "latest", None)),
        ("a__b/c--d.e_f", (HUB, "a__b/c--d.e_f", "latest", None)),
        (f"x@sha512:{HEX}{HEX}", (HUB, "library/x", None, f"sha512:{HEX}{HEX}")),
    ],
)
def test_names(text: str, expected: tuple[str, str, str | None, str | None]) -> None:
    found = Reference.parse(text)
    assert (found.host, found.repository, found.tag, found.digest) == expected
    assert Reference.parse(str(found)) == found
    assert found.wanted == (found.digest or found.tag)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "lower-case"),
        ("Alpine", "lower-case"),
        ("a//b", "lower-case"),
        ("a/../b", "lower-case"),
        ("ghcr.io/", "lower-case"),
        ("a_/b", "lower-case"),
        ("x\n", "lower-case"),
        ("a?b", "lower-case"),
        (f"ghcr.io/{'a' * 256}", "lower-case"),
        ("x:", "A tag"),
        ("x:-y", "A tag"),
        (f"x:{'y' * 129}", "A tag"),
        ("x:y\n", "A tag"),
        ("x@", "After @"),
        ("x@sha256:abc", "After @"),
        (f"x@md5:{HEX}", "After @"),
        (f"x@sha256:{HEX.upper()}", "After @"),
        (f"x@{DIGEST}\n", "After @"),
        (HEX, "bare digest"),
        ("user:pass@host.example/x", "After @"),
        ("-a.b/x", "a host"),
        ("a..b/x", "a host"),
        ("host:port/x", "a host"),
        ("docker://alpine", "Leave out docker://"),
        ("https://ghcr.io/x", "Leave out https://"),
    ],
)
def test_what_names_no_image(text: str, advice: str) -> None:
    with pytest.raises(UsageError, match="names no image") as caught:
        Reference.parse(text)
    assert advice in caught.value.advice
    assert "\n" not in caught.value.message
