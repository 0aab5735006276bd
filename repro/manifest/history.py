"""Which build step made which layer, by the history in an image's config."""

from __future__ import annotations

import re
from typing import Any, Final

from repro.manifest.model import LAYERS, STEP, Layer

READ: Final = 8 << 10
"""Characters of a step that are looked at; a here-document may hold a whole program."""
HIDDEN: Final = "…"
"""What stands where a value was taken out."""

BUILDKIT: Final = "# buildkit"
NO_COMMAND: Final = re.compile(r"^[^#]{0,200}#\(nop\)\s*")
"""How builders before BuildKit mark what runs nothing: COPY, ADD, ENV."""
RUN: Final = re.compile(r"^(?:RUN\s+)?(?:/bin/sh -c\s+)(?=\S)")
ARGUMENTS: Final = re.compile(r"^(?:RUN\s+)?\|(\d{1,4})\s+")
"""Values of build arguments before a command: `|2 A=x B=y /bin/sh -c …`."""
SHELL: Final = re.compile(r"(?:^|\s)(?:/\S{0,200}/)?(?:ba|da|a|z|k)?sh(?: -\S+| pipefail)* -\w*c\s")
DECLARED: Final = re.compile(r"^(ENV|ARG|LABEL)\s+(.*)$", re.DOTALL)
NAME: Final = re.compile(r"(?:^|(?<=\s))[\"']?([A-Za-z_][A-Za-z0-9_.-]{0,100})[\"']?(?==)")

VALUE: Final = r"(?:\"[^\"]*(?:\"|$)|'[^']*(?:'|$)|[^\s\"';|&]+)"
WORD: Final = (
    r"(?:secret|token(?!i[sz])|passw(?:or)?d|passphrase|pass(?![a-z])|credential|api[_-]?key|"
    r"(?:access|private|auth|account|encryption|signing)[_-]?key|auth(?:orization)?(?![a-z]))"
)
SECRETS: Final = (
    (re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20}://)[^\s/\"']*@"), rf"\1{HIDDEN}@"),
    (re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s?\"']{0,2000})\?[^\s\"']*"), rf"\1?{HIDDEN}"),
    (re.compile(r"(?<![\w/.+-])[\w.+-]{1,100}:[^\s/@:\"']{1,200}@(?=[\w-]{1,63}\.)"), f"{HIDDEN}@"),
    (re.compile(rf"(?i)\b(bearer|basic)\s+{VALUE}"), rf"\1 {HIDDEN}"),
    (
        re.compile(
            rf"(?i)(?<![\w.-])([\w.-]*{WORD}[\w-]{{0,100}}[\"']?(?:\s*:\s*|=(?!=)))"
            rf"(?!(?:bearer|basic)\s){VALUE}"
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(rf"(?i)(?<!\S)(--?[\w-]{{0,100}}{WORD}[\w-]{{0,100}}\s+){VALUE}"), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)(?<!\S)((?:-u|--user)[= ]\s*)(?=\S*:){VALUE}"), rf"\1{HIDDEN}"),
    (re.compile(rf"(\b(?:sshpass|login [^;&|]{{0,200}}?)\s*-p\s*){VALUE}"), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)(?<!\S)(login\s+\S{{1,200}}\s+password\s+){VALUE}"), rf"\1{HIDDEN}"),
)
"""What is taken out: user info and query of URLs, and what stands after a word for a secret."""
PREFIXED: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:hf_|gh[a-z]_|github_pat_|glpat-|sk-|xox[a-z]-|nvapi-|pypi-|AKIA|eyJ)"
    r"[A-Za-z0-9_.-]{8,}"
)
"""Tokens that say by their first letters whose they are, as their makers document them."""
LONG: Final = re.compile(r"[A-Za-z0-9]{24,}")


def layers(config: dict[str, Any]) -> tuple[Layer, ...]:
    """List an image's layers, bottom first, with the steps that made them."""
    found = zip(_diff_ids(config), steps(config), strict=True)
    return tuple(Layer(digest=digest, step=step) for digest, step in found)


def steps(config: dict[str, Any]) -> list[str | None]:
    """Give one cleaned build step for each layer; all None where the counts do not match.

    `config` is the document as OCI's config.md has it: entries of `history` with `empty_layer` made
    no layer. A step has at most `STEP` characters. Values of build arguments, environment variables
    and labels, user info and query of URLs, and what looks like a secret are taken out of it: a
    manifest travels further than its image.
    """
    count = len(_diff_ids(config))
    history = config.get("history")
    entries = history if isinstance(history, list) and len(history) <= 10 * LAYERS else []
    empty = [entry.get("empty_layer", False) for entry in entries if isinstance(entry, dict)]
    whole = len(empty) == len(entries) and all(isinstance(flag, bool) for flag in empty)
    made = [entry for entry, flag in zip(entries, empty, strict=False) if not flag]
    if not whole or len(made) != count:
        return [None] * count
    return [_step(entry.get("created_by")) for entry in made]


def _diff_ids(config: dict[str, Any]) -> list[str]:
    rootfs = config.get("rootfs")
    found = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    return [str(digest) for digest in found] if isinstance(found, list) else []


def _step(text: object) -> str | None:
    if not isinstance(text, str):
        return None
    # A value that the cut goes through might not look like a secret any more.
    read = text if len(text) <= READ else text[:READ].rpartition(" ")[0]
    clean = " ".join(_without_secrets(_instruction(read)).split())
    shown = "".join(map(_visible, clean[: STEP + 1]))
    return (shown if len(shown) <= STEP else shown[: STEP - 1] + "…") or None


def _instruction(text: str) -> str:
    """Write a step as a Dockerfile has it, whatever builder recorded it."""
    line = NO_COMMAND.sub("", text.strip().removesuffix(BUILDKIT).rstrip())
    if found := ARGUMENTS.match(line):
        return _with_arguments(line[found.end() :], int(found[1]))
    if found := DECLARED.match(line):
        return f"{found[1]} {_names(found[2])}"
    return RUN.sub("RUN ", line)


def _with_arguments(text: str, count: int) -> str:
    """Keep the names of build arguments; where no shell ends them, nothing else is sure to be."""
    shell = SHELL.search(text)
    before, command = (text[: shell.start()], text[shell.end() :]) if shell else (text, HIDDEN)
    names = NAME.findall(before)
    # More or fewer names than arguments: then some are parts of values.
    return " ".join(["RUN", f"|{count}", *(names if len(names) == count else [HIDDEN]), command])


def _names(text: str) -> str:
    """Keep names alone: of `A=b C=d`, or of the old form `A b`."""
    first = text.split(maxsplit=1)[0]
    return " ".join(NAME.findall(text)) if "=" in first else first


def _without_secrets(text: str) -> str:
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return LONG.sub(_unless_plain, PREFIXED.sub(HIDDEN, text))


def _unless_plain(found: re.Match[str]) -> str:
    """Take out what has capitals, small letters and digits: digests have one case."""
    word = found[0]
    mixed = any(map(str.isupper, word)) and any(map(str.islower, word))
    return HIDDEN if mixed and any(map(str.isdigit, word)) else word


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
