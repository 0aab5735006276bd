"""From what the probe and the engine say to a manifest."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from repro import __version__
from repro.manifest import Fact, Manifest, Target, Unreadable, assemble
from repro.target import canaries, pack
from repro.target.about import About
from repro.target.answer import marked, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from repro.target.answer import Output
    from repro.target.canaries import Ask
    from repro.target.options import Options
    from repro.target.progress import Progress

ANSWERED: Final = "not run: what has answered already cannot be asked for canaries"


def probe_options(options: Options, **more: Any) -> dict[str, Any]:
    """Return what the probe is told; `nonce` marks its answer among other output."""
    return {
        "nonce": secrets.token_hex(8),
        "timeout": options.timeout,
        "frameworks": options.frameworks,
        "paths": list(options.paths),
        **more,
    }


def take(
    target: Target,
    ask: Ask,
    told: dict[str, Any],
    options: Options,
    outside: Callable[[], tuple[Iterable[Fact], About]] = lambda: ((), About([])),
    *,
    progress: Progress | None = None,
    at_work: bool = False,
) -> Manifest:
    """Ask the probe, then the canaries, and put what they and the engine say together."""
    answer = parse(ask(pack.arguments(told), options.timeout, None), told["nonce"])
    image, engine = outside()
    measured = canaries.measure(answer.facts, options, ask, progress, at_work=at_work)
    facts = [*answer.facts, *measured, *image, *engine.facts]
    return assemble(target, facts, volatile(answer.milliseconds, engine.host, engine.machine))


def answered(target: Target, output: Output, engine: About, *, at: str | None) -> Manifest:
    """Put together what a probe said at a time (RFC 3339) when nobody was listening."""
    answer = parse(output, marked(output))
    unread = Unreadable(scope="process", kind=canaries.KIND, name="*", reason=ANSWERED)
    said = volatile(answer.milliseconds, engine.host)
    when = {"probed_at": at} if at else {}
    return assemble(target, [*answer.facts, unread, *engine.facts], {**said, **when})


def volatile(
    milliseconds: dict[str, int], host: str | None = None, machine: str | None = None
) -> dict[str, Any]:
    """Say when and where a snapshot was taken: on this host, unless an engine has another."""
    return {
        **({"machine": machine} if machine else {}),
        "probed_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "milliseconds": milliseconds,
        "repro": __version__,
        "host": host or os.uname().nodename,
    }
