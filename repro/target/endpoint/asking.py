"""Asks a server for generations from fixed prompts, and puts the answers as canaries."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import msgspec

from repro.errors import TargetError
from repro.manifest import Absent, Component, Fact, Unreadable
from repro.target.endpoint.client import MISSING, complaint
from repro.target.endpoint.generation import Generation, parse, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.target.endpoint.client import Client

EDITION: Final = 1
"""Raised when a prompt or a parameter changes."""
TOKENS: Final = 24
TOP: Final = 5
"""Log-probabilities that are asked for at each token: what vLLM, SGLang and OpenAI allow."""
ALTERNATIVES: Final = ({"logprobs", "top_logprobs"}, {"logprobs", "top_logprobs", "seed", "top_p"})
"""Parameters that are left out, a set after the other, where the first prompt is refused."""
SEEDS: Final = (1, 2)
COMPLETIONS, CHAT = "/v1/completions", "/v1/chat/completions"
FINGERPRINTS: Final = 8


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """A text that goes in: `part`, `times` over, and `text`."""

    name: str
    text: str
    part: str = ""
    times: int = 1

    @property
    def whole(self) -> str:
        """The text as it is sent."""
        return self.part * self.times + self.text


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """Messages that go in."""

    name: str
    messages: list[dict[str, str]]


class Prompts(msgspec.Struct, frozen=True, kw_only=True):
    """All that is asked."""

    completions: list[Prompt]
    chats: list[Conversation]
    sampled: list[str]
    """Names of prompts that are asked with a temperature, too."""


class Surface(msgspec.Struct, frozen=True, kw_only=True):
    """One way to ask: a path, and questions under the names of their cases."""

    name: str
    path: str
    impacts: tuple[str, ...]
    questions: list[tuple[str, dict[str, Any]]]


class Refused(Exception):  # noqa: N818  # Not an error: a server may not take a prompt.
    """A server answers that a question is not to be asked so."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@cache
def prompts() -> Prompts:
    """Read the prompts that come with repro."""
    data = resources.files(__package__).joinpath("prompts.json").read_bytes()
    return msgspec.json.decode(data, type=Prompts)


def surfaces() -> Iterator[Surface]:
    """Yield what is asked, the most telling first: time may run out."""
    greedy = {"max_tokens": TOKENS, "temperature": 0, "seed": 1}
    listed = {"logprobs": True, "top_logprobs": TOP}
    texts = {prompt.name: prompt.whole for prompt in prompts().completions}
    yield Surface(
        name="completions",
        path=COMPLETIONS,
        impacts=("tokens", "numerics"),
        questions=[(n, {"prompt": t, **greedy, "logprobs": TOP}) for n, t in texts.items()],
    )
    chats = [(c.name, {"messages": c.messages, **greedy, **listed}) for c in prompts().chats]
    yield Surface(name="chat", path=CHAT, impacts=("tokens", "prompt", "numerics"), questions=chats)
    drawn = {"max_tokens": TOKENS, "temperature": 0.8, "top_p": 0.95, "logprobs": TOP}
    yield Surface(
        name="sampled",
        path=COMPLETIONS,
        impacts=("sampling",),
        questions=[
            (f"{name}/{seed}", {"prompt": texts[name], **drawn, "seed": seed})
            for name in prompts().sampled
            for seed in SEEDS
        ],
    )


def measure(client: Client, model: str) -> Iterator[Fact]:
    """Ask all, one question after the other, and yield a canary for each surface."""
    fingerprints: set[str] = set()
    for surface in surfaces():
        yield from _Asking(client, model, surface, fingerprints).facts()
    if fingerprints:
        yield Component(
            scope="process",
            kind="server",
            name="fingerprint",
            source="system_fingerprint",
            properties={"value": sorted(fingerprints)[:FINGERPRINTS]},
        )


class _Asking:
    """The questions of one surface, and what has come of them."""

    def __init__(
        self, client: Client, model: str, surface: Surface, fingerprints: set[str]
    ) -> None:
        self._client, self._model, self._surface = client, model, surface
        self._name = f"model/endpoint:{surface.name}"
        self._fingerprints = fingerprints
        self._without: set[str] = set()
        self._refusal = ""
        self._results: dict[str, dict[str, Any]] = {}
        self._unstable: list[str] = []
        self._loose: list[str] = []

    def facts(self) -> Iterator[Fact]:
        """Ask, and yield what came; what did not come says why."""
        try:
            self._settle_parameters()
            for name, question in self._surface.questions:
                self._case(name, question)
        except _NotOfferedError as error:
            yield Absent(scope="process", kind="canary", name=self._name, reason=str(error))
            return
        except TargetError as error:
            some = bool(self._results or self._unstable)
            name = f"{self._name}.rest" if some else self._name
            yield Unreadable(scope="process", kind="canary", name=name, reason=error.message[:500])
        if self._wavers():
            why = f"none of {len(self._unstable)} prompts was answered alike twice"
            yield Unreadable(scope="process", kind="canary", name=self._name, reason=why)
        elif self._unstable or any("value" in result for result in self._results.values()):
            yield self._component()
        elif self._results:
            why = f"the server takes no prompt: {self._refusal}"
            yield Unreadable(scope="process", kind="canary", name=self._name, reason=why[:500])

    def _wavers(self) -> bool:
        """Tell whether nothing stands that should: draws may go on where a server takes no seed."""
        greedy = all(question["temperature"] == 0 for _, question in self._surface.questions)
        return greedy and bool(self._unstable) and not self._results

    def _settle_parameters(self) -> None:
        """Find out which parameters the server takes: not all of them know log-probabilities."""
        _, first = self._surface.questions[0]
        for without in (set[str](), *ALTERNATIVES):
            self._without = without
            try:
                self._answer(first)
            except Refused:
                continue
            return
        self._without = set()

    def _case(self, name: str, question: dict[str, Any]) -> None:
        """Ask twice, and once more where that differs: a cached prompt may be computed otherwise.

        So it is the second answer that counts, if it comes again.
        """
        try:
            before, after = self._answer(question), self._answer(question)
            if before != after:
                before, after = after, self._answer(question)
        except Refused as refusal:
            self._results[name], self._refusal = refused(refusal.status), str(refusal)
            return
        if before.words != after.words:
            self._unstable.append(name)
            return
        if loose := before.tokens != after.tokens:
            self._loose.append(name)
        self._results[name] = after.result(loose=loose)

    def _answer(self, question: dict[str, Any]) -> Generation:
        """Return what is generated; TargetError where the server fails."""
        asked = {key: value for key, value in question.items() if key not in self._without}
        path = self._surface.path
        reply = self._client.ask(path, {"model": self._model, **asked, "stream": False})
        if reply.status in MISSING:
            raise _NotOfferedError(complaint(reply, path))
        if reply.status in (400, 413, 422):
            raise Refused(reply.status, complaint(reply, path))
        if reply.status != 200:
            raise TargetError(complaint(reply, path))
        try:
            found = parse(reply.data)
        except ValueError as error:
            raise TargetError(f"{complaint(reply, path)}, which is no answer: {error}") from error
        self._fingerprints.update(filter(None, [found.fingerprint]))
        return msgspec.structs.replace(found, fingerprint=None)

    def _component(self) -> Component:
        told = {
            "cases": len(self._results) + len(self._unstable),
            "results": self._results,
            "unstable": self._unstable,
            "loose": self._loose,
            "without": sorted(self._without),
        }
        return Component(
            scope="process",
            kind="canary",
            name=self._name,
            source="canary",
            properties={
                "family": "model",
                "impacts": list(self._surface.impacts),
                "covers": ["*:*"],
                "edition": EDITION,
                **{key: value for key, value in told.items() if value},
            },
        )


class _NotOfferedError(Exception):
    """The server has no such path."""
