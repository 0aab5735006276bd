"""What to say where no rule speaks, and where a fact could not be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from repro.diff.scopes import ENDPOINT, HOST, LACKING, NOT_RUN, STATIC
from repro.manifest import Component, Unreadable
from repro.rules.doubt import needed
from repro.rules.finding import Basis, Finding, Impact, Status
from repro.rules.printing import printed, subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from repro.diff.change import Change, Comparison, FieldChange
    from repro.manifest import Manifest, Scope
    from repro.rules.catalog import Catalog
    from repro.rules.relevance import Relevance
    from repro.rules.rule import Rule

PLACE: Final = frozenset(
    {
        "location",
        "source",
        "properties.owner",
        "properties.environment",
        "properties.entry",
        "properties.links",
        "properties.certainty",
    }
)
"""Where a thing is and how it was known, not what it is."""
GRAFTED: Final = re.compile(r"-[0-9a-f]{8}\.")
"""A library that was copied into a wheel: its name holds the start of its SHA-256.

https://github.com/pypa/auditwheel/blob/main/src/auditwheel/repair.py
"""
CODES: Final = {
    "UNREAD": "A fact could not be read on a side, so the sides cannot be called equal in it.",
    "MOVED": "Version and content are equal; only the place, or how it was known, differs.",
    "BYSTAND": "The package is listed as one that no output depends on.",
    "UNNEEDED": "Only packages that no output depends on require it, or none of the named roots.",
    "FORM": "Bytes of a file differ, and what it says is the same: it was only written anew.",
    "DECLARED": "The image declares another value; the one that the process sees is judged.",
    "DOUBT": "Rules speak of a version, and it is not known, or has no order, on both sides.",
    "NOTHING": "A side holds no fact that was read, so there is nothing to compare.",
    "INFER": "No rule speaks of this change; what its kind of component does was inferred.",
}
"""Codes of findings that no rule stands behind."""
UNREAD: Final = "Make it readable (permissions, --gpus, --path, --timeout), then snapshot again."
NEEDS_RUN: Final = "Only a run can tell: take a snapshot of the image that runs it, or a container."
HOW: Final = {
    STATIC: "was read, not run",
    ENDPOINT: "is a server that was asked",
    HOST: "is a host alone",
}
"""How targets of a mode were looked at, for all of which there are scopes that were not taken."""
NAMED: Final = ("python.package", "os.package", "conda.package")
"""Kinds whose bystanders are known by name."""


def unread(change: Change, catalog: Catalog) -> Finding:
    """Say that a fact could not be read, so it cannot be called equal."""
    row = catalog.inference(change.kind)
    reasons = {f.reason for f in (change.old, change.new) if isinstance(f, Unreadable)}
    matters = needed(change, catalog)
    return _finding(
        change,
        code="UNREAD",
        title="a fact could not be read",
        status=Status.INDETERMINATE if matters else Status.EQUIVALENT,
        impact=row.impact if matters else Impact.NONE,
        why="; ".join(sorted(reasons)) or "It could not be read.",
        advice=NEEDS_RUN if all(map(_not_run, reasons)) and reasons else UNREAD,
    )


def _not_run(reason: str) -> bool:
    return reason.startswith(NOT_RUN)


def nothing(comparison: Comparison) -> Iterator[Finding]:
    """Say that a side is empty: what was never looked at is not equal.

    Where scopes were asked for, each has to hold something; else one of them is enough.
    """
    scopes = comparison.scopes
    if not scopes.compared:
        yield _empty("both manifests", "Nothing was taken on both sides that could be compared.")
    for name, manifest in (("A", comparison.a), ("B", comparison.b)):
        read = {fact.scope for fact in manifest.facts if isinstance(fact, Component)}
        missing = [scope for scope in scopes.compared if scope not in read]
        if missing and (scopes.asked or len(missing) == len(scopes.compared)):
            yield _not_taken(name, missing, manifest) or _unread(
                name, missing if scopes.asked else ()
            )


def _not_taken(name: str, missing: Sequence[Scope], manifest: Manifest) -> Finding | None:
    """Say that a side was not looked at in a way that could tell; None where it was."""
    mode = manifest.target.properties.get("mode")
    if not isinstance(mode, str) or not set(missing) <= set(LACKING.get(mode, ())):
        return None
    what = " and ".join(missing)
    return _empty(
        f"manifest {name}",
        f"{name} {HOW[mode]}, so nothing is known of its {what}.",
        title=f"{what} {'were' if missing[1:] else 'was'} not taken",
        advice=f"Compare a snapshot of a run in its stead, or leave {what} out of --scope.",
    )


def _unread(name: str, missing: Sequence[Scope]) -> Finding:
    what = f" of {' and '.join(missing)}" if missing else ""
    why = f"{name} holds no fact{what} that was read, so there is nothing to compare."
    return _empty(f"manifest {name}", why)


def _empty(
    subject: str,
    why: str,
    title: str = "nothing was read",
    advice: str = "Take the snapshot again, and see what it could not read.",
) -> Finding:
    return Finding(
        code="NOTHING",
        title=title,
        status=Status.INDETERMINATE,
        impact=Impact.NONE,
        basis=Basis.INFERRED,
        change=None,
        subject=subject,
        old=None,
        new=None,
        why=why,
        advice=advice,
    )


def doubted(change: Change, rules: Sequence[Rule]) -> Finding:
    """Say that rules might accuse a change, if its versions were known and had an order."""
    codes = sorted(rule.code for rule in rules)
    listed = ", ".join(codes[:4]) + (f" and {len(codes) - 4} more" if len(codes) > 4 else "")
    return _finding(
        change,
        code="DOUBT",
        title="versions that cannot be compared",
        status=Status.SUSPECT,
        impact=min((rule.impact for rule in rules), key=list(Impact).index),
        why=f"Its version decides ({listed}), and is not known, or has no order, on both sides.",
        advice="Compare outputs on both sides, or pin it to one version.",
    )


def rewritten(change: Change, fields: Sequence[FieldChange]) -> Finding:
    """Say that files were only written anew: their bytes differ, and what they say does not."""
    names = ", ".join(field.path.rpartition("files.")[2] for field in fields[:4])
    why = f"Only white space, the order of keys or the way of writing differs in {names}."
    return _harmless(change, "FORM", "same content in another form", why)


def declared(change: Change) -> Finding:
    """Say that what an image declares is judged by the value that the process really has."""
    why = "Both sides ran, so the value that the process really sees is judged in its stead."
    return _harmless(change, "DECLARED", "declared, not effective", why)


def infer(change: Change, catalog: Catalog, relevance: Relevance) -> Finding:
    """Infer what a change means from what the component is, and from what needs it."""
    if change.how == "changed" and _moved(change):
        why = "Version and content are equal; only where it lies or how it was known differs."
        return _harmless(change, "MOVED", "same content, other place", why)
    bystander = catalog.bystanders.get(change.name) if change.kind in NAMED else None
    if bystander:
        return _harmless(change, "BYSTAND", "a package that no output depends on", bystander.reason)
    if unneeded := relevance.unneeded(change):
        return _harmless(change, "UNNEEDED", "a package that nothing that serves needs", unneeded)
    return _by_kind(change, catalog, relevance)


def _moved(change: Change) -> bool:
    """Tell whether only the place differs of what is otherwise known by version or content."""
    if not isinstance(change.old, Component):
        return False
    content = {f"properties.{key}" for key in change.old.properties} - PLACE
    known = change.old.version is not None or bool(content) or _named_by_content(change)
    return known and {field.path for field in change.fields} <= PLACE


def _named_by_content(change: Change) -> bool:
    """Tell whether both files have one name that is made from their content."""
    names = {
        str(fact.location).rpartition("/")[2]
        for fact in (change.old, change.new)
        if isinstance(fact, Component)
    }
    return len(names) == 1 and GRAFTED.search(names.pop()) is not None


def _by_kind(change: Change, catalog: Catalog, relevance: Relevance) -> Finding:
    row = catalog.inference(change.kind)
    harmless = row.impact in (Impact.NONE, Impact.SPEED)
    return _finding(
        change,
        code="INFER",
        title="no rule speaks of this change",
        status=Status.EQUIVALENT if harmless else Status.SUSPECT,
        impact=row.impact,
        why=" ".join(filter(None, [row.why, None if harmless else relevance.needs(change)])),
        advice="" if harmless else "Compare outputs on both sides, or pin it to one version.",
    )


def _harmless(change: Change, code: str, title: str, why: str) -> Finding:
    return _finding(
        change,
        code=code,
        title=title,
        status=Status.EQUIVALENT,
        impact=Impact.NONE,
        why=why,
    )


def _finding(
    change: Change,
    *,
    code: str,
    title: str,
    status: Status,
    impact: Impact,
    why: str,
    advice: str = "",
) -> Finding:
    old, new = printed(change)
    return Finding(
        code=code,
        title=title,
        status=status,
        impact=impact,
        basis=Basis.INFERRED,
        change=change,
        subject=subject(change.kind, change.name),
        old=old,
        new=new,
        why=why,
        advice=advice,
    )
