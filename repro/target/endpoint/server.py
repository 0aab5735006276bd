"""What a server tells of itself: its version, its model and what is set."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from repro.errors import TargetError
from repro.manifest import Absent, Component, Fact, Unreadable
from repro.probe import flags, values
from repro.target.endpoint.client import MISSING, complaint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from repro.target.endpoint.client import Client

_text: Callable[[str], str] = values.text
_public: Callable[[str], str] = values.public

KIND: Final = "server"
PLACES: Final = ("/version", "/get_server_info", "/info", "/props")
"""Of vLLM, SGLang, Text Generation Inference and llama.cpp, as their documentation has them."""
VERSIONS: Final = ("version", "build_info")
CARD: Final = ("owned_by", "root", "parent", "max_model_len")
"""What vLLM and SGLang say of a model beside its name."""
META: Final = ("n_vocab", "n_ctx", "n_ctx_train", "n_embd", "n_params", "size", "ftype")
"""What llama.cpp says of it."""
ALSO: Final = frozenset(
    """
model-sha model-dtype model-device-type max-input-tokens max-total-tokens sha docker-label
model-ftype bos-token eos-token n-ctx total-slots attention-backend kv-cache-dtype
""".split()  # noqa: SIM905 - words read better than a list.
)
"""Keys of those places that are no flags, and move outputs or name what does."""
TEMPLATE: Final = "chat-template"
MODELS: Final = 20
DEPTH: Final = 4


class Told(NamedTuple):
    """What is known of a server before it is asked to generate."""

    facts: list[Fact]
    model: str
    """The name to ask for; empty where the server names none."""


def describe(client: Client) -> Told:
    """Ask a server of itself; TargetError where none answers, or it refuses us."""
    facts: list[Fact] = []
    model = _model(client, facts)
    for place in PLACES:
        facts += _settings(client, place)
    return Told(facts, model)


def _model(client: Client, facts: list[Fact]) -> str:
    """Note the models; return the one that was named, else the first."""
    reply = client.greet()
    said = _document(reply.data) if reply.status == 200 else None
    rows = said.get("data") if said else None
    cards = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    found = {row["id"]: row for row in cards if isinstance(row.get("id"), str)}
    model = client.address.model or next(iter(found), "")
    if reply.status not in MISSING and not found:
        facts.append(_unreadable("model", complaint(reply, "/v1/models")))
    elif not found:
        facts.append(_absent("model", "/v1/models"))
    elif model not in found:
        listed = ", ".join(sorted(found)[:MODELS])
        raise TargetError(
            f"{client.address.shown}: the server has no such model",
            advice=f"It has {_text(listed)}.",
        )
    else:
        facts.append(_component("model", "/v1/models", **_card(found[model], model)))
    return model


def _card(row: dict[str, Any], model: str) -> dict[str, Any]:
    meta = row.get("meta")
    told = {key: row.get(key) for key in CARD}
    told |= {key: meta.get(key) for key in META} if isinstance(meta, dict) else {}
    return {"value": model, **{key: _plain(value) for key, value in told.items() if value}}


def _settings(client: Client, place: str) -> Iterator[Fact]:
    """Yield what is set, and the version; or that the server has no such place."""
    try:
        reply = client.ask(place)
    except TargetError as error:
        yield _unreadable(place, error.message)
        return
    said = _document(reply.data) if reply.status == 200 else None
    if reply.status in MISSING:
        yield _absent(place, place)
    elif said is None:
        yield _unreadable(place, complaint(reply, place))
    else:
        yield from (_version(said[k], place) for k in VERSIONS if isinstance(said.get(k), str))
        for key, text in dict(_kept(said)).items():
            yield _component(f"setting:{key}", place, value=text)


def _version(text: str, place: str) -> Component:
    known = _text(text)[:200]
    return Component(scope="process", kind=KIND, name="version", version=known, source=place)


def _kept(said: dict[str, Any], depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield what is known to move outputs, and no other value: a server may tell its keys."""
    for key, value in said.items():
        name = key.replace("_", "-")
        if isinstance(value, dict) and depth < DEPTH:
            yield from _kept(value, depth + 1)
        elif name == TEMPLATE and isinstance(value, str) and value:
            yield name, "sha256:" + hashlib.sha256(value.encode()).hexdigest()
        elif name in flags.VALUED | flags.SWITCHES | ALSO and value is not None:
            yield name, _plain(value)


def _plain(value: Any) -> str:
    """Write a value as bounded text: floats have no place in a manifest."""
    text = value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
    return _public(_text(text))[:1000]


def _document(data: bytes) -> dict[str, Any] | None:
    try:
        said = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _component(name: str, source: str, **properties: Any) -> Component:
    return Component(scope="process", kind=KIND, name=name, source=source, properties=properties)


def _absent(name: str, place: str) -> Absent:
    return Absent(
        scope="process", kind=KIND, name=name, reason=f"the server does not offer {place}"
    )


def _unreadable(name: str, reason: str) -> Unreadable:
    return Unreadable(scope="process", kind=KIND, name=name, reason=reason[:500])
