"""The catalogue as pages for people, in Markdown: one a family, and a list of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from repro.rules.judge import CODES
from repro.rules.wording import looks_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from repro.rules.catalog import Bystander, Catalog
    from repro.rules.rule import Rule

INTRODUCTION: Final = """\
# Rules

What a difference means, as data. `repro rules list` prints them, `repro rules explain CODE`
explains one. These pages are made from `repro/rules/catalog/`. A rule that says `inferred` has no
document that measured it.

{count} rules, and {bystanders} packages that no output depends on.
"""
WITHOUT: Final = """
## Where no rule speaks

| Code | Meaning |
|:--|:--|
"""


def pages(families: Mapping[str, Iterable[Rule]], catalog: Catalog) -> dict[str, str]:
    """Return texts by file name: `README.md`, one a family, `bystanders.md`."""
    found = {f"{name}.md": _family(name, rules) for name, rules in families.items() if rules}
    found["README.md"] = _index(families, catalog)
    found["bystanders.md"] = _bystanders(catalog.bystanders.values())
    return found


def _index(families: Mapping[str, Iterable[Rule]], catalog: Catalog) -> str:
    head = INTRODUCTION.format(count=len(catalog.rules), bystanders=len(catalog.bystanders))
    rows = ["", "| Family | Rules |", "|:--|--:|"]
    for name, rules in families.items():
        if count := len(list(rules)):
            rows.append(f"| [{_title(name)}]({name}.md) | {count} |")
    rows.append(f"| [Bystanders](bystanders.md) | {len(catalog.bystanders)} |")
    codes = "".join(f"| `{code}` | {_cell(text)} |\n" for code, text in sorted(CODES.items()))
    return head + "\n".join(rows) + "\n" + WITHOUT + codes


def _family(name: str, rules: Iterable[Rule]) -> str:
    return "\n".join([f"# {_title(name)}", "", *(line for rule in rules for line in _rule(rule))])


def _rule(rule: Rule) -> Iterator[str]:
    yield f"## {rule.code} {_cell(rule.title)}"
    yield ""
    yield f"**{rule.impact}** ({rule.basis}) · {_code(looks_at(rule))}"
    yield ""
    yield _line(rule.why)
    yield ""
    yield f"*What to do:* {_line(rule.advice)}"
    yield ""
    if rule.canary:
        yield f"*What would settle it:* the `{rule.canary}` canary on both sides."
        yield ""
    for source in rule.sources:
        yield f"- <{source}>"
    yield "" if rule.sources else "- no source: inferred\n"


def _bystanders(rows: Iterable[Bystander]) -> str:
    head = "# Bystanders\n\nPackages that no output of a model depends on.\n\n"
    lines = [f"| {row.name} | {_cell(row.reason)} |" for row in rows]
    return head + "\n".join(["| Package | Why |", "|:--|:--|", *lines]) + "\n"


def _title(name: str) -> str:
    return name.replace("-", " ").capitalize()


def _line(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;").replace("*", r"\*")


def _cell(text: str) -> str:
    return _line(text).replace("|", r"\|")


def _code(text: str) -> str:
    return f"`{text.replace('`', '')}`"
