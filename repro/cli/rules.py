"""`repro rules`: the catalogue, so that every line of a report can be questioned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from repro.errors import UsageError

if TYPE_CHECKING:
    from repro.rules.rule import Rule


@click.group(no_args_is_help=True)
def rules() -> None:
    """List and explain the rules.

    \b
    Examples:
      repro rules list --impact tokens
      repro rules explain TOK001
    """


@rules.command("list")
@click.option("--impact", metavar="IMPACT", help="Only rules of this impact.")
@click.option("--kind", metavar="KIND", help="Only rules that speak of this kind of component.")
def list_rules(impact: str | None, kind: str | None) -> None:
    """List rules, one a line: code, impact, basis, title.

    \b
    Example:
      repro rules list --kind python.package | grep tokenizers
    """
    from repro.rules.catalog import load  # noqa: PLC0415

    catalog = load()
    for rule in catalog.of_kind(kind) if kind else catalog.rules:
        if impact in (None, rule.impact.value):
            click.echo(f"{rule.code:<8}{rule.impact:<14}{rule.basis:<12}{rule.title}")


@rules.command()
@click.argument("code")
def explain(code: str) -> None:
    """Explain a rule: what it looks at, why outputs change, on what evidence, what to do.

    \b
    Example:
      repro rules explain TOK001
    """
    from repro.demands import CODES as DEMANDS  # noqa: PLC0415
    from repro.rules.catalog import load  # noqa: PLC0415
    from repro.rules.judge import CODES as JUDGED  # noqa: PLC0415

    codes = {**JUDGED, **DEMANDS}
    if code.upper() in codes:
        click.echo(f"{code.upper()}  {codes[code.upper()]}")
        return
    rule = load().rule(code)
    if rule is None:
        raise UsageError(f"no rule {code!r}", advice="See: repro rules list")
    click.echo("\n".join(_lines(rule)))


def _lines(rule: Rule) -> list[str]:
    from repro.rules.wording import looks_at  # noqa: PLC0415

    lines = [f"{rule.code}  {rule.title}", "", f"  impact   {rule.impact} ({rule.basis})"]
    lines += [f"  fires    {looks_at(rule)}", "", *_wrapped(rule.why), ""]
    lines += ["What to do:", *_wrapped(rule.advice)]
    if rule.canary:
        lines.append(f"  What would settle it: the {rule.canary} canary on both sides.")
    lines += ["", "Sources:" if rule.sources else "Sources: none; the rule is inferred."]
    return lines + [f"  {source}" for source in rule.sources]


def _wrapped(text: str) -> list[str]:
    import textwrap  # noqa: PLC0415

    return textwrap.wrap(" ".join(text.split()), 88, initial_indent="  ", subsequent_indent="  ")
