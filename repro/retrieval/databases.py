"""The databases that can be asked: by which image each is known, and where it listens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from repro.retrieval import chroma, milvus, qdrant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from repro.manifest import Fact
    from repro.retrieval.asking import Ask

LABEL: Final = "dev.repro.database"
"""A container's label that says what it is, `NAME[:PORT]`, where its image does not; `none` for
what is not to be asked."""
PGVECTOR: Final = "pgvector"
"""Asked by its own program, not over HTTP."""


class Database(NamedTuple):
    """A kind of database with an API over HTTP."""

    port: int
    """Where its image listens."""
    collected: Callable[[str, Ask], Iterator[Fact]]


HTTP: Final = {
    "chroma": Database(8000, chroma.collected),
    "milvus": Database(19530, milvus.collected),
    "qdrant": Database(6333, qdrant.collected),
}
IMAGES: Final = (
    (re.compile(r"chroma(db)?"), "chroma"),
    (re.compile(r"milvus"), "milvus"),
    (re.compile(r"pgvector"), PGVECTOR),
    (re.compile(r"qdrant"), "qdrant"),
)
"""Last parts of the names of images, such as `chromadb/chroma` and `qdrant/qdrant`."""


class Known(NamedTuple):
    """What a container is taken for."""

    name: str
    port: int
    """0 where none is asked."""


def known(image: str, label: str | None) -> Known | None:
    """Tell which database a container is, by its label or its image; None for any other."""
    if label is not None:
        name, _, port = label.partition(":")
        asked = HTTP[name].port if name in HTTP else 0
        return Known(name, int(port) if re.fullmatch(r"\d{1,5}", port) else asked)
    last = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    name = next((name for pattern, name in IMAGES if pattern.fullmatch(last)), "")
    if not name:
        return None
    return Known(name, HTTP[name].port if name in HTTP else 0)
