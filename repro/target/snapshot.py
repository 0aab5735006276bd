"""From what the probe and the engine say to a manifest."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from repro import __version__
from repro.manifest import Fact, Manifest, Target, assemble
from repro.target.about import About
from repro.target.answer import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from repro.target.answer import Output
    from repro.target.options import Options


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
    ask: Callable[[dict[str, Any]], Output],
    told: dict[str, Any],
    outside: Callable[[], tuple[Iterable[Fact], About]] = lambda: ((), About([])),
) -> Manifest:
    """Ask the probe, and put its facts and those from outside, of image and engine, together."""
    answer = parse(ask(told), told["nonce"])
    image, engine = outside()
    facts = [*answer.facts, *image, *engine.facts]
    return assemble(target, facts, volatile(answer.milliseconds, engine.host))


def volatile(milliseconds: dict[str, int], host: str | None = None) -> dict[str, Any]:
    """Say when and where a snapshot was taken: on this host, unless an engine has another."""
    return {
        "probed_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "milliseconds": milliseconds,
        "repro": __version__,
        "host": host or os.uname().nodename,
    }
