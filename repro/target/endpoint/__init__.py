"""A running server with OpenAI's API: what it tells of itself, and what it answers.

Facts, all of the scope `process`:

- kind `server`: `version`, `model`, `fingerprint`, and `setting:NAME` for what is known to move
  outputs; `absent` where the server does not tell, `unreadable` where it fails.
- kind `canary`: `model/endpoint:completions`, `model/endpoint:chat` (both greedy) and
  `model/endpoint:sampled` (seeded), with `results`:
  `{case: {"hash": …, "value": {"tokens": […], "logprobs": [hex…], "gaps": [hex…], "text": …}}}`.
  Tokens are pieces of text; a log-probability is the chosen token's, in nats; a gap is what the
  likeliest token is ahead of the next. Floats are `float.hex` without trailing zeros. A server that
  tells no log-probabilities has `text` alone; one that refuses a prompt has `{"hash", "error"}`.
  `loose` names cases whose tokens are the same each time while their log-probabilities are not:
  these have `tokens` and `text` alone. `unstable` names those with other tokens each time.
- `model/endpoint:NAME.rest` is unreadable where the prompts were not all asked, and says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from repro.errors import UsageError
from repro.manifest import Manifest, Target, Unreadable, assemble
from repro.probe import notrun
from repro.target.endpoint.address import Address
from repro.target.endpoint.asking import measure
from repro.target.endpoint.client import Client
from repro.target.endpoint.server import describe
from repro.target.snapshot import volatile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.manifest import Fact
    from repro.target.options import Options

MODE = "endpoint"
"""The `mode` of a target of which only answers are known; repro/diff/scopes.py reads it."""
ONLY_ASKED = "not run: a server was asked, and nothing else of its process was seen"


def snapshot(text: str, options: Options) -> Manifest:
    """Take the snapshot of a server alone; TargetError where none answers there."""
    _check(options)
    with Client(Address.parse(text), options) as client:
        facts = [*_facts(client), *_unseen()]
    target = Target(
        kind="endpoint", name=f"endpoint:{client.address.shown}", properties={"mode": MODE}
    )
    return assemble(target, facts, volatile({}))


class Beside:
    """A server that is asked beside another target, which is taken to be what serves there."""

    def __init__(self, text: str, options: Options) -> None:
        """Look whether a server answers, before anything is started; TargetError where not."""
        self._client = Client(Address.parse(text), options)
        try:
            self._client.greet()
        finally:
            self._client.close()

    def add(self, manifest: Manifest) -> Manifest:
        """Return the manifest with what the server says."""
        with self._client as client:
            facts = [*manifest.facts, *_facts(client)]
        return assemble(
            manifest.target,
            facts,
            manifest.volatile,
            layers=manifest.layers,
            origins=manifest.origins,
        )


def _facts(client: Client) -> Iterator[Fact]:
    told = describe(client)
    yield from told.facts
    yield from measure(client, told.model)


def _unseen() -> Iterator[Fact]:
    """Yield what a process has that no server tells."""
    for scope, kind in notrun.KINDS:
        if scope == "process" and kind != "canary":
            yield Unreadable(scope="process", kind=kind, name="*", reason=ONLY_ASKED)


def _check(options: Options) -> None:
    if options.gpus or options.volumes or options.env or options.platform or options.static:
        raise UsageError(
            "--gpus, --volume, --env, --platform and --static mean nothing for endpoint:",
            advice="A server is asked as it runs.",
        )
    if options.endpoint:
        raise UsageError("--endpoint beside endpoint:", advice="Leave one of them out.")
    if any(own.asked for own in options.own):
        raise UsageError(
            "--canary needs a target to run in, and endpoint: is none",
            advice="Name the container or image, and the server with --endpoint.",
        )
