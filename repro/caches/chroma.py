"""Chroma's database in a volume: the configurations of its collections, without any server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from repro.caches import facts
from repro.probe import sqlite
from repro.retrieval.chroma import named, properties
from repro.retrieval.facts import COLLECTION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.caches.folder import Files, Folder
    from repro.manifest import Fact

KIND: Final = COLLECTION
FILE: Final = "chroma.sqlite3"
COLUMNS: Final = 6
"""Of the table `collections`: id, name, dimension, database, configuration, schema; so since
migration 10 of sysdb (chroma, rust/sqlite/migrations)."""
MOST: Final = 1000
"""Collections of one file."""
rows: Any = sqlite.rows


def collected(folder: Folder, files: Files) -> Iterator[Fact]:
    """Yield the collections of a database in a folder."""
    if FILE not in folder.names:
        return
    path = folder.inside(FILE)
    try:
        found = list(_collections(path, files))
    except OSError as error:
        yield facts.unread(KIND, path, error)
    except (ValueError, UnicodeError, RecursionError, msgspec.DecodeError) as error:
        # It may also be in the middle of a change; then reading it again helps.
        yield facts.malformed(KIND, path, error)
    else:
        yield from found


def _collections(path: str, files: Files) -> Iterator[Fact]:
    databases = {row[0]: _text(row[1]) for row in _table(path, files, b"databases") if row[1:]}
    for number, row in enumerate(_table(path, files, b"collections")):
        if number >= MOST or len(row) != COLUMNS:
            raise ValueError(f"more than {MOST} collections, or {len(row)} columns of each")
        _, name, dimension, database, written, schema = row
        said = msgspec.json.decode(written or b"{}", type=dict[str, Any])
        configuration = said or _of_schema(schema)
        yield facts.known(
            KIND,
            f"{path.rpartition('/')[0]}/{named(databases.get(database, ''), _text(name))}",
            path,
            **properties(configuration, dimension if isinstance(dimension, int) else None),
        )


def _table(path: str, files: Files, table: bytes) -> Iterator[list[Any]]:
    found: Iterator[list[Any]] = rows(
        lambda at, size: files.part(path, at, size), files.size(path), table
    )
    return found


class _Config(msgspec.Struct):
    space: str | None = None
    hnsw: dict[str, Any] | None = None
    spann: dict[str, Any] | None = None
    embedding_function: Any = None


class _Vector(msgspec.Struct):
    config: _Config


class _Vectors(msgspec.Struct):
    vector_index: _Vector


class _Key(msgspec.Struct):
    float_list: _Vectors


class _Keys(msgspec.Struct):
    embedding: _Key = msgspec.field(name="#embedding")


class _Schema(msgspec.Struct):
    keys: _Keys


def _of_schema(text: bytes | None) -> dict[str, Any]:
    """Put a collection's schema, where releases since 1.1 keep it, as its configuration says it."""
    config = msgspec.json.decode(text or b"", type=_Schema).keys.embedding.float_list.vector_index
    kinds = {"hnsw": config.config.hnsw, "spann": config.config.spann}
    index = {kind: {"space": config.config.space, **said} for kind, said in kinds.items() if said}
    return {**index, "embedding_function": config.config.embedding_function}


def _text(value: Any) -> str:
    if not isinstance(value, bytes):
        raise ValueError("a name that is no text")  # noqa: TRY004 - as all that is malformed.
    return value.decode("utf-8")
