"""`repro diff` of many: reads the subjects, puts them in groups and writes what a survey says."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from repro.cli.options import files
from repro.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from repro.cli.subjects import Taken
    from repro.diff.grouping import Grouping, Pattern
    from repro.manifest import Manifest, Scope
    from repro.manifest.pool import Pool
    from repro.policy import Policy
    from repro.survey import Baseline, Survey
    from repro.target.options import Options

Places = list[tuple[str, Path | None]]
"""Formats and where they go; None is standard output."""
GROUPING: Final = (
    click.option(
        "--baseline",
        "baselines",
        multiple=True,
        metavar="[GROUP=]FILE",
        shell_complete=files,
        help="Compare all with this manifest or target, which is no subject itself. "
        "Repeatable: one for each group.",
    ),
    click.option(
        "--group-by",
        "group_by",
        multiple=True,
        metavar="FACT",
        help="Compare only subjects that are alike in this: KIND[:NAME][@PROPERTY], or `folder`. "
        "Repeatable.",
    ),
    click.option(
        "--group",
        "groups",
        multiple=True,
        metavar="NAME=PATTERN",
        help="Compare only subjects whose names fit this with each other. Repeatable.",
    ),
)
WATCH: Final = click.option(
    "--watch",
    is_flag=True,
    help="Look at folders and files again when they change, until Ctrl-C.",
)


class Asked(NamedTuple):
    """What a comparison of many is to do."""

    arguments: tuple[str, ...]
    baselines: tuple[tuple[str | None, str], ...]
    """Groups, None where the baseline itself says it, and files or targets."""
    grouping: Grouping
    policy: Policy
    scopes: tuple[Scope, ...] | None
    roots: tuple[str, ...]
    options: Options


def survey_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a comparison of many to a command."""
    return grouping_options(WATCH(command))


def grouping_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what is compared with what."""
    for option in reversed(GROUPING):
        command = option(command)
    return command


def is_asked(arguments: tuple[str, ...], values: dict[str, Any]) -> bool:
    """Tell whether many are to be compared: so many are named, or an option is for many."""
    from repro.cli.subjects import are_many  # noqa: PLC0415

    return are_many(arguments) or any(
        values[name] for name in ("baselines", "group_by", "groups", "watch")
    )


def asked(arguments: tuple[str, ...], values: dict[str, Any], **further: Any) -> Asked:
    """Put together what is asked for, with the groups that the project declares.

    `further` are the fields of Asked that are the same for two.
    """
    from repro.cli.fleet_policy import declared  # noqa: PLC0415

    if further["options"].endpoint:
        raise UsageError(
            "--endpoint is one server, and there are many targets",
            advice="Take snapshots, each with its own server, and compare their files.",
        )
    found = declared(Path())
    by = values["group_by"] or found.group_by
    grouping = _grouping(by, values["groups"], found.groups)
    baselines = tuple(map(_baseline, values["baselines"])) or found.baselines
    return Asked(arguments=arguments, baselines=baselines, grouping=grouping, **further)


def _baseline(text: str) -> tuple[str | None, str]:
    """Read `[GROUP=]FILE`; the name of a file that is there may hold an equals sign."""
    from repro.cli.source import is_manifest  # noqa: PLC0415

    group, equals, file = text.partition("=")
    return (None, text) if not equals or not group or is_manifest(text) else (group, file)


def _grouping(by: Iterable[str], groups: Iterable[str], declared: tuple[Pattern, ...]) -> Grouping:
    from repro.diff.grouping import FOLDER, Grouping, Pattern, criterion  # noqa: PLC0415

    patterns: dict[str, list[str]] = {}
    for text in groups:
        name, _, match = text.partition("=")
        if not name or not match:
            raise UsageError(f"--group {text!r}", advice="For example --group h100='h100-*'.")
        patterns.setdefault(name, []).append(match)
    named = tuple(Pattern(name=n, match=tuple(m)) for n, m in patterns.items())
    try:
        facts = tuple(criterion(text) for text in by if text != FOLDER)
    except ValueError as error:
        raise UsageError(
            f"--group-by {str(error)!r}",
            advice="For example --group-by gpu.device@name, or --group-by folder.",
        ) from error
    return Grouping(by=facts, patterns=named or declared, folder=FOLDER in by)


def run(what: Asked, places: Places, *, everything: bool, watch: bool) -> int:
    """Compare many once, or until Ctrl-C; return the exit code of the last comparison."""
    from repro.manifest.pool import Pool  # noqa: PLC0415

    if watch:
        from repro.cli.watching import watched  # noqa: PLC0415

        return watched(what, places, everything=everything)
    # Manifests hold no cycles, and all is kept to the end: to look for what is not, again and
    # again, takes a fifth of the time.
    gc.disable()
    survey = look(what, Pool())
    write(survey, places, everything=everything)
    return survey.exit_code


def look(what: Asked, pool: Pool) -> Survey:
    """Read all subjects and judge them."""
    from repro.cli.progress import working  # noqa: PLC0415
    from repro.cli.subjects import listed, taken  # noqa: PLC0415

    found = listed(what.arguments)
    with working(f"reading {len(found.sources):,} subjects"):
        every = taken(found.sources, what.options, pool)
    return judged(every, what, pool, found.notes)


def judged(every: Taken, what: Asked, pool: Pool, notes: Iterable[str]) -> Survey:
    """Judge subjects that were read."""
    from repro.rules.catalog import load  # noqa: PLC0415
    from repro.survey import survey  # noqa: PLC0415

    baselines = _baselines(what, pool)
    manifests = [*(m for _, m in every.subjects), *(b.manifest for b in baselines)]
    return survey(
        every.subjects,
        load(),
        what.policy,
        baselines=baselines,
        grouping=what.grouping,
        scopes=what.scopes,
        roots=roots(what.roots, manifests),
        unjudged=every.unjudged,
        notes=notes,
    )


def _baselines(what: Asked, pool: Pool) -> list[Baseline]:
    """Read the baselines; one that cannot be read is an error, for nothing could be judged."""
    from repro.cli.source import is_manifest  # noqa: PLC0415
    from repro.cli.subjects import Source, one  # noqa: PLC0415
    from repro.survey import Baseline  # noqa: PLC0415

    found = []
    for group, text in dict.fromkeys(what.baselines):
        path = Path(text) if text != "-" and is_manifest(text) else None
        read = one(Source(text, text, path), what.options, pool)
        found.append(Baseline(name=text, manifest=read, group=group))
    return found


def roots(names: tuple[str, ...], manifests: Iterable[Manifest]) -> frozenset[str]:
    """Normalize the roots (PEP 503); each has to be somewhere, or all would count as unneeded."""
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    wanted = frozenset(canonicalize_name(name) for name in names)
    there = {f.name for m in manifests for f in m.facts if wanted and f.kind == "python.package"}
    if missing := sorted(wanted - there):
        raise UsageError(
            f"--root {missing[0]}: no subject has a package of that name",
            advice="Name distributions as `pip list` does.",
        )
    return wanted


def write(survey: Survey, places: Places, *, everything: bool) -> None:
    """Render a survey for each place."""
    from repro.cli import output  # noqa: PLC0415
    from repro.report.survey import FORMATS as RENDERERS  # noqa: PLC0415
    from repro.report.survey import terminal  # noqa: PLC0415

    for name, path in places:
        if name == "text" and path is None:
            text = terminal.render(
                survey, width=output.width(), color=output.color(), everything=everything
            )
        else:
            text = RENDERERS[name].render(survey)
        if path is None:
            output.stdout(text.encode("utf-8"))
        else:
            output.write(path, text.encode("utf-8"))
            click.echo(f"repro: {name} report → {path}", err=True)
