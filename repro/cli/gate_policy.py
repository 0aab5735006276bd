"""The gate's policy: read from the project's file, checked, and written a first time."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from packaging.utils import canonicalize_name

from repro.cli import config, trust
from repro.demands import checked as checked_pin
from repro.errors import UsageError
from repro.manifest import SCOPES, Component, Scope
from repro.manifest import load as load_manifest
from repro.policy import UNWAIVABLE, FailOn, Pin, Policy, Waiver
from repro.rules.finding import Impact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.manifest import Manifest


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[gate] as it stands in a file."""

    baseline: str | None = None
    fail_on: FailOn | None = msgspec.field(name="fail-on", default=None)
    impacts: tuple[Impact, ...] | None = None
    scopes: tuple[Scope, ...] | None = None
    require: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    pin: tuple[Pin, ...] = ()
    allow: tuple[Waiver, ...] = ()


class Demanded(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate checks."""

    policy: Policy
    baseline: str | None
    folder: Path
    """Where the policy lies."""
    scopes: tuple[Scope, ...] | None
    roots: frozenset[str]
    trust: trust.Trust = trust.Trust()
    """Whose word about a target or a baseline counts."""


NONE: Final = f"there is no policy here: neither {config.OWN} nor [tool.repro] in {config.SHARED}"
SHAPE: Final = (
    "[gate] takes baseline, fail-on (divergent, suspect, any, never), impacts, scopes, require, "
    "roots, [[gate.pin]] (kind, name, and versions or value) and [[gate.allow]] (code, subject, "
    "owner, reason, expires): docs/gate.md says what they mean."
)


def load(path: Path | None, folder: Path = Path()) -> Demanded:
    """Read the policy of a file, or of the project; UsageError where it demands nothing."""
    table, place = config.file(path) if path else config.project(folder)
    near = path.parent if path else folder
    said = table.get("gate")
    if not said:
        raise UsageError(
            f"{place} has no policy under [gate], or an empty one" if table or path else NONE,
            advice="An empty policy would let everything pass. Write a first one: repro gate init",
        )
    try:
        gate = msgspec.convert(said, Table, dec_hook=_day)
    except msgspec.ValidationError as error:
        raise UsageError(f"{place}: gate: {error}", advice=SHAPE) from error
    _sane(gate, place)
    return _demanded(gate, near, trust.of_table(table, place, near))


def lint(path: Path | None, folder: Path = Path()) -> Iterator[str]:
    """Check a policy without a target, and yield what is odd of it; UsageError for what is wrong.

    A file that has canaries alone, or a pyproject.toml that says nothing of repro, is none.
    """
    from repro.attest.keys import load_public  # noqa: PLC0415  # It is slow to load.

    table, place = config.file(path) if path else config.project(folder)
    config.of_table(table, place)
    for key in trust.of_table(table, place, path.parent if path else folder).keys:
        load_public(Path(key))
    if "gate" not in table and (table or (path and path.name == config.SHARED)):
        return
    demanded = load(path, folder)
    named = demanded.baseline
    if named and named.endswith(".json"):
        load_manifest(Path(named) if Path(named).is_file() else demanded.folder / named)
    for waiver in demanded.policy.waivers:
        which = f"{place}: the waiver of {waiver.owner} for {waiver.code}"
        yield from (f"{which} {said}" for said in _idle(waiver))


def _idle(waiver: Waiver) -> Iterator[str]:
    """Say why a waiver can let nothing pass."""
    from repro.rules.catalog import load  # noqa: PLC0415
    from repro.rules.judge import CODES  # noqa: PLC0415

    if waiver.expires < datetime.now(UTC).date():
        yield f"expired on {waiver.expires}"
    if waiver.code in UNWAIVABLE:
        yield "lets nothing pass: what the policy demands cannot be waived"
    elif waiver.code not in {*CODES, *(rule.code for rule in load().rules)}:
        yield "lets nothing pass: no rule has this code"


def _day(wanted: type, value: Any) -> Any:
    if wanted is date and isinstance(value, datetime):
        raise ValueError("Expected a day without a time")
    return value


def _sane(gate: Table, place: str) -> None:
    for pin in gate.pin:
        checked_pin(pin)
    rows = [(waiver.code, waiver.subject) for waiver in gate.allow]
    for row in rows:
        if rows.count(row) > 1:
            raise UsageError(
                f"{place}: gate: two waivers for {' '.join(row)}", advice="Keep one of them."
            )
    for waiver in gate.allow:
        if not (waiver.owner.strip() and waiver.reason.strip()):
            raise UsageError(
                f"{place}: gate: the waiver for {waiver.code} has no owner or no reason",
                advice="Somebody has to answer for it.",
            )
    if gate.scopes is not None and not gate.scopes:
        raise UsageError(
            f"{place}: gate: scopes is empty", advice=f"Say one or more of {', '.join(SCOPES)}."
        )


def _demanded(gate: Table, near: Path, believed: trust.Trust) -> Demanded:
    impacts = frozenset(gate.impacts) if gate.impacts is not None else frozenset(Impact)
    if not impacts:
        raise UsageError("gate: impacts is empty", advice="Leave it out to look at all of them.")
    return Demanded(
        policy=Policy(
            fail_on=gate.fail_on or "suspect",
            impacts=impacts,
            require=gate.require,
            pins=gate.pin,
            waivers=gate.allow,
        ),
        baseline=_near(gate.baseline, near),
        folder=near,
        scopes=gate.scopes,
        roots=frozenset(map(canonicalize_name, gate.roots)),
        trust=believed,
    )


def _near(baseline: str | None, folder: Path) -> str | None:
    """Take a baseline's path from where the policy lies; a target stays what it is."""
    if baseline is None or not (folder / baseline).is_file():
        return baseline
    return str(folder / baseline)


def first(manifest: Manifest, baseline: str) -> str:
    """Write a first policy for what a manifest holds, with comments."""
    kinds = {fact.kind for fact in manifest.facts if isinstance(fact, Component)}
    required = ", ".join(_text(kind) for kind in REQUIRED if kind in kinds)
    lines = [
        "# What has to hold before this ships: `repro gate TARGET` checks it. See docs/gate.md.",
        "[gate]",
        f"baseline = {_text(baseline)}",
        'fail-on = "suspect"  # or "divergent", "any"',
        "# What has to be known of the target: a gate that saw no GPU says nothing of one.",
        f"require = [{required}]",
    ]
    return "\n".join([*lines, *EXAMPLE, ""])


REQUIRED: Final = ("python.package", "model", "tokenizer", "gpu.device", "cuda.library.loaded")
"""Kinds that a first policy demands, where the baseline has them."""
EXAMPLE: Final = (
    "",
    "# What has to be of certain versions, whatever the baseline has:",
    "# [[gate.pin]]",
    '# kind = "cuda.library"',
    '# name = "cudnn"',
    '# versions = "==9.10.*"',
    "",
    "# Drift that somebody answers for, until a day:",
    "# [[gate.allow]]",
    '# code = "TOK006"',
    '# subject = "tokenizers"',
    '# owner = "ml-platform"',
    '# reason = "compared on the evaluation set"',
    "# expires = 2027-01-31",
)


def _text(value: str) -> str:
    """Write a TOML string: JSON's escapes are among TOML's (TOML 1.0, "String")."""
    return json.dumps(value, ensure_ascii=False)
