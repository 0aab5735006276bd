"""Verdicts built by hand, one for each thing that a report must be able to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from repro.diff import LayerOrigin, Layers, LeftOut, Origins, Scopes
from repro.diff.change import Change, FieldChange, How
from repro.manifest import Component, Fact, Manifest, Target, Unreadable, assemble
from repro.policy import Policy
from repro.rules.finding import Basis, Finding, Impact, Status
from repro.verdict import Subject, Verdict
from tests.report import measuring

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.manifest import Scope

HOSTILE = (
    "\x1b[31mred\x1b[0m\r\x07[bold]markup[/bold] \u202eevil\u202c a\u200bb\x9b31m \ud800"
    " | `code` <script>alert(1)</script> @everyone https://evil.example www.evil.example"
    " #1 **bold** [link](http://evil.example) ![i](x) :tada: $x$\nnext\u2028line \U000e0041"
)
"""What an image may put into any string, to fool the eye, the terminal or the page."""


def package(name: str, version: str, **properties: Any) -> Component:
    """An installed distribution."""
    return Component(
        scope="image",
        kind="python.package",
        name=name,
        version=version,
        source="metadata",
        location="/opt/venv/lib/python3.11/site-packages",
        properties={"environment": "/opt/venv", **properties},
    )


def change(
    old: Fact | None, new: Fact | None, *, how: How = "changed", fields: tuple[str, ...] = ()
) -> Change:
    """A change between two facts; the fields are named, their values are the versions."""
    fact = old or new
    assert fact is not None
    versions = [f.version if isinstance(f, Component) else None for f in (old, new)]
    return Change(
        how=how,
        scope=fact.scope,
        kind=fact.kind,
        name=fact.name,
        old=old,
        new=new,
        fields=tuple(FieldChange(path=path, old=versions[0], new=versions[1]) for path in fields),
    )


def finding(subject: str = "tokenizers", **fields: Any) -> Finding:
    """A finding with defaults for what a case does not care about."""
    old, new = fields.get("old", "0.19.1"), fields.get("new", "0.20.3")
    standard: dict[str, Any] = {
        "code": "TOK001",
        "title": "Added tokens are split in another way",
        "status": Status.DIVERGENT,
        "impact": Impact.TOKENS,
        "basis": Basis.DOCUMENTED,
        "change": change(package(subject, old or "0"), package(subject, new or "0")),
        "old": old,
        "new": new,
        "why": "The two releases put text into different tokens.",
    }
    return Finding(subject=subject, **(standard | fields))


def subject(name: str, digit: str, *, image: str = "", **fields: Any) -> Subject:
    """A side that was run; `digit` makes its digests."""
    standard: dict[str, Any] = {
        "name": name,
        "kind": "image",
        "digest": "sha256:" + (digit + "1b2c3d4e5f60718") * 4,
        "image_digest": "sha256:" + (image or digit) * 64,
        "facts": 412,
        "mode": "run",
        "image_id": "sha256:" + (digit + "0d1e2f3a4b5c6d7") * 4,
    }
    return Subject(**(standard | fields))


def verdict(status: Status, findings: Iterable[Finding] = (), **fields: Any) -> Verdict:
    """A verdict between two images."""
    standard: dict[str, Any] = {
        "a": subject("registry.example/serve:2024.06", "a"),
        "b": subject("registry.example/serve:2024.11", "b"),
        "ignored": 0,
        "policy": Policy(),
        "same_image": False,
    }
    return Verdict(status=status, findings=tuple(findings), **(standard | fields))


def _tokens() -> list[Finding]:
    return [
        finding(
            basis=Basis.MEASURED,
            why="14 of 300 strings came out as different tokens in the text canary, for example "
            "'ﬁ' and 'Straße'. The normalizer of 0.20 composes characters that 0.19 left alone.",
            sources=(
                "https://github.com/huggingface/tokenizers/releases/tag/v0.20.0",
                "https://github.com/huggingface/tokenizers/pull/1555",
            ),
            advice="Pin tokenizers to one version on both sides, then take the snapshots again.",
            canary="text",
            change=change(
                package("tokenizers", "0.19.1"),
                package("tokenizers", "0.20.3"),
                fields=("version",),
            ),
        ),
        finding(
            "chat_template (Qwen2.5-7B-Instruct)",
            code="TPL002",
            title="The chat template differs",
            impact=Impact.PROMPT,
            old="sha256:" + "3f786850e387550f" * 4,
            new="sha256:" + "89e6c98d92887913" * 4,
            why="Every prompt goes through the template, so another template is another prompt.",
            sources=("https://huggingface.co/docs/transformers/chat_templating",),
            advice="Take the template from the revision that was evaluated.",
            canary="template",
        ),
    ]


def _numerics() -> list[Finding]:
    return [
        finding(
            "NVIDIA_TF32_OVERRIDE",
            code="SET004",
            title="TF32 is forced on one side",
            impact=Impact.NUMERICS,
            old=None,
            new="0",
            why="Matrix products in float32 keep 10 bits of mantissa with TF32 and 23 without.",
            sources=("https://docs.nvidia.com/cuda/cublas/",),
            advice="Set the variable to the same value on both sides, or unset it.",
            canary="numerics",
        ),
        finding(
            "cublas (loaded)",
            code="CUD011",
            title="Another cuBLAS chooses other kernels",
            status=Status.SUSPECT,
            impact=Impact.BITS,
            old="12.1.3.1",
            new="12.4.5.8",
            why="A release may sum in another order; results differ in the last bits, and a near-"
            "tie between two tokens can then fall the other way.",
            sources=("https://docs.nvidia.com/cuda/cublas/#results-reproducibility",),
            advice="Run the numerics canary on both sides.",
            canary="numerics",
        ),
    ]


def _harmless(count: int) -> list[Finding]:
    names = ("tqdm", "rich", "httpx", "certifi", "click", "idna", "urllib3", "colorama", "pluggy")
    reasons = (
        "It draws, fetches or parses options; no model output passes through it.",
        "Version and content are equal; only where it lies differs.",
        "It is used when packages are built and tested, not when a model runs.",
    )
    return [
        finding(
            names[index % len(names)] + ("" if index < len(names) else f"-{index}"),
            code="BYSTAND",
            title="a package that no output depends on",
            status=Status.EQUIVALENT,
            impact=Impact.NONE,
            basis=Basis.INFERRED,
            old=f"4.{index}.0",
            new=f"4.{index + 1}.2",
            why=reasons[index % 3],
        )
        for index in range(count)
    ]


def _shared() -> Finding:
    return finding(
        "cudnn (on disk)",
        code="CUD020",
        title="Two copies of cuDNN",
        status=Status.IDENTICAL,
        impact=Impact.NUMERICS,
        change=None,
        old="8.9.7 and 9.1.0",
        new="8.9.7 and 9.1.0",
        why="Which of them a process loads depends on the order of its search paths.",
        advice="Remove one of them from the image.",
    )


def divergent() -> Verdict:
    """The main case, shown in the documents: a bit of everything."""
    findings = [*_tokens(), *_numerics(), *_harmless(11), _shared()]
    return verdict(Status.DIVERGENT, findings)


def identical() -> Verdict:
    same = subject("registry.example/serve:2024.06", "a")
    return verdict(Status.IDENTICAL, a=same, b=same, same_image=True)


def equivalent() -> Verdict:
    return verdict(Status.EQUIVALENT, _harmless(3))


def indeterminate() -> Verdict:
    """One image on two hosts, and the GPU of one of them could not be read."""
    known = Component(
        scope="host", kind="gpu.driver", name="nvidia", version="580.65.06", source="nvml"
    )
    lost = Unreadable(
        scope="host", kind="gpu.driver", name="nvidia", reason="nvmlInit answered 999"
    )
    unread = finding(
        "nvidia",
        code="UNREAD",
        title="a fact could not be read",
        status=Status.INDETERMINATE,
        impact=Impact.NUMERICS,
        basis=Basis.INFERRED,
        change=change(known, lost, how="lost"),
        old="580.65.06",
        new=None,
        why="nvmlInit answered 999",
        advice="Make it readable (permissions, --gpus), then snapshot again.",
    )
    sides = {
        "a": subject("serve@gpu-01", "a", image="c"),
        "b": subject("serve@gpu-02", "b", image="c"),
    }
    return verdict(Status.INDETERMINATE, [unread, *_harmless(1)], same_image=True, **sides)


def layer(number: int, step: str | None, digit: str = "7", **fields: Any) -> LayerOrigin:
    """A layer of an image of seven; `digit` makes its digest."""
    standard: dict[str, Any] = {"of": 7, "shared": False}
    digest = "sha256:" + (digit + "7e21c4d09b8f6a3") * 4
    return LayerOrigin(layer=number, digest=digest, step=step, **(standard | fields))


def static() -> Verdict:
    """Two images that were read and not run, with the build steps that brought the drift."""
    tokens, template = _tokens()
    wheels = Origins(
        a=layer(4, "RUN pip install -r requirements.txt", "a"),
        b=layer(4, "RUN |1 HF_TOKEN pip install -r requirements.txt", "b", of=8),
    )
    base = layer(2, "RUN apt-get update && apt-get install -y tqdm", "c", shared=True)
    own = layer(5, "RUN pip install --upgrade tqdm", "d", of=8)
    origins = [
        (tokens, wheels),
        (template, Origins(a=None, b=layer(7, "COPY models /models", "e", of=8))),
        *((light, wheels) for light in _harmless(2)),
        (_numerics()[1], Origins(a=layer(3, None, "f"), b=None)),
        (_harmless(3)[2], Origins(a=base, b=own)),
        (_harmless(4)[3], None),
    ]
    findings = [msgspec.structs.replace(one, origin=origin) for one, origin in origins]
    left_out = LeftOut(reason="not taken", sides=("a", "b"))
    return verdict(
        Status.DIVERGENT,
        sorted(findings, key=lambda one: -one.status.rank),
        a=subject("registry.example/serve:2024.06", "a", mode="read"),
        b=subject(
            "registry.example/serve:2024.11",
            "b",
            mode="read",
            repo_digests=("sha256:" + "b9c8d7e6f5a4b3c2" * 4,),
        ),
        scopes=Scopes(compared=("image",), left_out={"process": left_out, "host": left_out}),
        layers=Layers(shared=2, a=5, b=6),
    )


def hostile() -> Verdict:
    """Every string that an image can choose is an attack."""
    texts = dict.fromkeys(("old", "new", "why", "title", "advice"), HOSTILE)
    origin = Origins(a=layer(1, HOSTILE, digit=HOSTILE), b=layer(2, HOSTILE))
    bad = finding(HOSTILE, sources=(HOSTILE,), canary=HOSTILE, origin=origin, **texts)
    light = finding(HOSTILE, status=Status.EQUIVALENT, impact=Impact.NONE, origin=origin, **texts)
    side = subject(HOSTILE, "a", kind=HOSTILE, image_id=HOSTILE, repo_digests=(HOSTILE,))
    return verdict(Status.DIVERGENT, [bad, light], a=side, b=side)


def many() -> Verdict:
    """500 findings that matter and 500 that do not, as between two unrelated images."""
    heavy = [
        finding(
            f"package-{index:03}", code=f"PKG{index:03}", advice="Pin it.", why="It matters. " * 9
        )
        for index in range(500)
    ]
    return verdict(Status.DIVERGENT, [*heavy, *_harmless(500)], ignored=2)


def on_both_sides() -> Verdict:
    same = subject("registry.example/serve:2024.06", "a")
    return verdict(Status.IDENTICAL, [_shared()], a=same, b=same, same_image=True)


CASES = {
    case.__name__: case
    for case in (
        divergent,
        identical,
        equivalent,
        indeterminate,
        static,
        hostile,
        many,
        on_both_sides,
        measuring.measured,
    )
}


def manifest_of_nothing() -> Manifest:
    return assemble(Target(kind="host", name="gpu-01"), [])


def manifest() -> Manifest:
    """A manifest with one of everything that the view shows."""
    process: Scope = "process"
    facts: list[Fact] = [
        package("torch", "2.5.1+cu124"),
        package("transformers", "4.46.3"),
        package("tokenizers", "0.20.3"),
        *(package(f"bystander-{index:03}", "1.0") for index in range(120)),
        Component(
            scope="image",
            kind="python.interpreter",
            name="/opt/venv",
            version="3.11.9",
            source="file",
            location="/opt/venv/bin/python",
            properties={"entry": True, "implementation": "cpython"},
        ),
        *(
            Component(
                scope="image",
                kind="cuda.library",
                name=name,
                version=version,
                source="soname",
                location=f"/opt/venv/lib/python3.11/site-packages/nvidia/{name}/lib/lib{name}.so",
            )
            for name, version in (
                ("cublas", "12.4.5.8"),
                ("cudnn", "9.1.0"),
                ("cudart", "12.4.127"),
            )
        ),
        Component(
            scope=process, kind="cuda.library.loaded", name="cudnn", version="9.1.0", source="maps"
        ),
        Component(
            scope="host",
            kind="gpu.device",
            name="0",
            source="nvml",
            properties={"name": "NVIDIA H100 80GB HBM3", "compute_capability": "9.0", "sm": 132},
        ),
        Component(
            scope=process,
            kind="setting",
            name="NVIDIA_TF32_OVERRIDE",
            source="environment",
            properties={"value": "0"},
        ),
        Unreadable(
            scope="host", kind="gpu.driver", name="nvidia", reason="nvmlInit answered 999 (unknown)"
        ),
    ]
    target = Target(kind="image", name="registry.example/serve:2024.11")
    return assemble(target, facts, {"probedAt": "2024-11-02T10:00:00Z"})
