"""One manifest for people: what a target is, on one screen, or all that it holds of one kind."""

from __future__ import annotations

import json
from collections import Counter
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from repro.diff.scopes import NOT_RUN
from repro.manifest import SCOPES, Absent, Component, Unreadable, Value
from repro.report.plain import plain, prose, value

if TYPE_CHECKING:
    from repro.manifest import Fact, Manifest
    from repro.report.page import Page

Pattern = tuple[str, tuple[str, ...]]
"""A pattern for the kind, and patterns for the name."""

ANY: Final = ("*",)
FRAMEWORKS: Final = (
    "torch", "torchvision", "jax", "jaxlib", "flax", "tensorflow", "onnxruntime*", "transformers",
    "diffusers", "vllm", "sglang", "tensorrt-llm", "llama-cpp-python", "triton", "flash-attn",
    "xformers", "bitsandbytes", "numpy", "scipy",
)  # fmt: skip
"""Distributions whose code computes what a model answers, the frameworks first."""
TEXT: Final = (
    "tokenizers",
    "sentencepiece",
    "tiktoken",
    "mistral-common",
    "jinja2",
    "regex",
    "ftfy",
)
"""Distributions through which the text goes on its way to tokens."""
SECTIONS: Final[tuple[tuple[str, tuple[Pattern, ...]], ...]] = (
    ("python", (("python.interpreter", ANY), ("python.runtime", ANY))),
    ("frameworks", (("framework", ANY), ("python.package", FRAMEWORKS))),
    ("cuda", (("cuda.library.loaded", ANY), ("cuda.library", ANY), ("cuda.*", ANY))),
    ("gpu", (("gpu*", ANY),)),
    ("text", (("tokenizer*", ANY), ("python.package", TEXT))),
    ("models", (("model*", ANY),)),
    ("stack", (("stack.*", ANY),)),
    ("retrieval", (("retrieval.*", ANY),)),
    ("caches", (("cache.*", ANY),)),
    ("settings", (("setting", ANY),)),
    ("system", (("os.release", ANY), ("libc", ANY), ("kernel", ANY), ("cpu", ANY), ("blas*", ANY))),
)
"""What the first screen shows, in this order; what a pattern names first stands first."""
ROWS: Final = 6
"""Rows of a section on the first screen."""
FEW: Final = 25
"""Up to so many facts of a kind are shown with all their properties."""
MARGIN: Final = 11


def render(
    manifest: Manifest,
    *,
    width: int,
    color: bool,
    kind: str | None = None,
    everything: bool = False,
) -> str:
    """Show a manifest in `width` columns; `kind`, a pattern such as `cuda.*`, lists every match.

    With `everything` nothing of the overview is folded.
    """
    from repro.report.page import Page  # noqa: PLC0415 - rich costs 50 ms that `--help` can spare

    page = Page(width=width, color=color)
    if kind is None:
        _overview(page, manifest, everything=everything)
    else:
        _kind(page, manifest, kind)
    return page.text()


def _overview(page: Page, manifest: Manifest, *, everything: bool) -> None:
    target, digests = manifest.target, manifest.digests
    page.paragraph(f"{value(target.name)} ({plain(target.kind, 20)})", "bold")
    page.blank()
    for scope in ("whole", *SCOPES):
        held = sum(scope in ("whole", fact.scope) for fact in manifest.facts)
        label, digest = scope.ljust(MARGIN), value(getattr(digests, scope), 40)
        page.line(
            (label, "dim"),
            (digest, "" if held else "dim"),
            (f"{held:>4} fact{'s' * (held != 1)}", "dim"),
        )
    page.blank()
    for title, patterns in SECTIONS:
        facts = _select(manifest, patterns)
        _section(page, title, facts, len(facts) if everything else ROWS)
    _unreadable(page, manifest, everything=everything)
    page.blank()
    counts = Counter(fact.kind for fact in manifest.facts)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    text = " ".join(f"{plain(found, 40)}:{count}" for found, count in ordered[:40])
    page.paragraph(text or "no facts", "dim", label="kinds".ljust(MARGIN))


def _select(manifest: Manifest, patterns: tuple[Pattern, ...]) -> list[Fact]:
    ranked = [
        (rank, fact)
        for fact in manifest.facts
        if not isinstance(fact, Unreadable) and (rank := _rank(fact, patterns)) is not None
    ]
    return [fact for _, fact in sorted(ranked, key=lambda item: item[0])]


def _rank(fact: Fact, patterns: tuple[Pattern, ...]) -> tuple[int, int] | None:
    for first, (kind, names) in enumerate(patterns):
        for second, name in enumerate(names):
            if fnmatchcase(fact.kind, kind) and fnmatchcase(fact.name, name):
                return first, second
    return None


def _section(page: Page, title: str, facts: list[Fact], rows: int) -> None:
    found = [fact for fact in facts if isinstance(fact, Component)]
    absent = [fact for fact in facts if isinstance(fact, Absent)]
    for number, fact in enumerate(found[:rows]):
        _row(page, title if number == 0 else "", fact)
    if (more := len(found) - rows) > 0:
        page.line((f"… {more} more", "dim"), indent=MARGIN)
    if absent:
        names = dict.fromkeys(f"{fact.kind} {fact.name}".removesuffix(" *") for fact in absent)
        text = f"absent: {', '.join(plain(name, 60) for name in list(names)[:rows])}"
        page.paragraph(text, "dim", label=("" if found else title).ljust(MARGIN))


def _row(page: Page, title: str, fact: Component) -> None:
    from repro.report.page import clip, fill  # noqa: PLC0415 - as above

    room = page.width - MARGIN - 4
    name, shown = min(32, room * 3 // 8), min(28, room * 3 // 8)
    kind, rest = plain(fact.kind, 40), room - name - shown
    page.line(
        (title.ljust(MARGIN), "dim"),
        (fill(plain(fact.name), name) + "  ", ""),
        (fill(_shown(fact), shown) + "  ", ""),
        (clip(kind if len(kind) <= rest else kind.rpartition(".")[2], rest), "dim"),
    )


def _shown(fact: Component) -> str:
    """The one value that says most: the version, a setting's value, a device's name."""
    properties = fact.properties
    for found in (fact.version, *(properties.get(key) for key in ("value", "name", "model"))):
        if found is not None:
            return _text(found)
    return _properties(fact)


def _unreadable(page: Page, manifest: Manifest, *, everything: bool) -> None:
    """List what could not be read; what only running shows is one line where nothing was run."""
    unread = [fact for fact in manifest.facts if isinstance(fact, Unreadable)]
    failed = [fact for fact in unread if everything or not fact.reason.startswith(NOT_RUN)]
    if failed:
        page.blank()
        page.line((f"could not be read ({len(failed)})", "magenta"))
    rows = len(failed) if everything else 2 * ROWS
    for fact in failed[:rows]:
        page.paragraph(
            f"{plain(fact.kind, 40)} {plain(fact.name, 80)}: {prose(fact.reason, 300)}", indent=2
        )
    if (more := len(failed) - rows) > 0:
        page.line((f"… {more} more", "dim"), indent=2)
    if not_run := len(unread) - len(failed):
        facts = "1 fact" if not_run == 1 else f"{not_run} facts"
        page.blank()
        page.paragraph(f"{facts} that only running shows: not run", "dim")


def _kind(page: Page, manifest: Manifest, pattern: str) -> None:
    facts = [fact for fact in manifest.facts if fnmatchcase(fact.kind, pattern)]
    if not facts:
        kinds = sorted({plain(fact.kind, 40) for fact in manifest.facts})
        page.paragraph(
            f"nothing of kind {plain(pattern, 80)}; it has {', '.join(kinds) or 'no facts'}"
        )
    kinds = sorted({fact.kind for fact in facts})
    for number, kind in enumerate(kinds):
        chosen = [fact for fact in facts if fact.kind == kind]
        if number:
            page.blank()
        page.line((f"{plain(kind, 60)} ({len(chosen)})", "bold"))
        for fact in chosen:
            _entry(page, fact, full=len(facts) <= FEW)


def _entry(page: Page, fact: Fact, *, full: bool) -> None:
    if not isinstance(fact, Component):
        state = "absent" if isinstance(fact, Absent) else "unreadable"
        page.paragraph(f"{plain(fact.name)}  {state}: {prose(fact.reason, 300)}", indent=2)
        return
    from repro.report.page import clip  # noqa: PLC0415 - as above

    text = "  ".join(filter(None, [plain(fact.name), value(fact.version or "")]))
    page.line((clip(text, page.width - 2), ""), indent=2)
    if full:
        place = f"{value(fact.location, 300)} " if fact.location else ""
        page.paragraph(f"{place}({fact.scope}, by {plain(fact.source, 60)})", "dim", indent=4)
        if fact.properties:
            page.paragraph(_properties(fact), "dim", indent=4)


def _properties(fact: Component) -> str:
    return prose(" ".join(f"{key}={_text(item)}" for key, item in sorted(fact.properties.items())))


def _text(item: Value) -> str:
    return value(item if isinstance(item, str) else json.dumps(item, ensure_ascii=False), 200)
