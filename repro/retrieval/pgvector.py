"""pgvector: asked in SQL, in a transaction that may only read; https://github.com/pgvector/pgvector."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from repro.retrieval import facts
from repro.retrieval.asking import Answer, few, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.manifest import Fact

QUERY: Final = """\
select json_build_object(
  'server', current_setting('server_version'),
  'extension', (select extversion from pg_extension where extname = 'vector'),
  'columns', (select coalesce(json_agg(json_build_object(
      'table', n.nspname || '.' || c.relname, 'name', a.attname,
      'type', format_type(a.atttypid, a.atttypmod))), '[]')
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace join pg_type t on t.oid = a.atttypid
    where t.typname in ('vector', 'halfvec', 'sparsevec') and c.relkind in ('r', 'p', 'm')
    and a.attnum > 0 and not a.attisdropped),
  'indexes', (select coalesce(json_agg(json_build_object(
      'table', n.nspname || '.' || c.relname, 'what', pg_get_indexdef(i.indexrelid, 1, true),
      'method', m.amname, 'operators', o.opcname, 'options', to_json(x.reloptions))), '[]')
    from pg_index i join pg_class x on x.oid = i.indexrelid join pg_am m on m.oid = x.relam
    join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_opclass o on o.oid = i.indclass[0] where m.amname in ('hnsw', 'ivfflat')),
  'settings', (select coalesce(json_object_agg(name, setting), '{}') from pg_settings
    where name like 'hnsw.%' or name like 'ivfflat.%'))"""
"""All that is asked, as one row of JSON."""
SHELL: Final = (
    'PGOPTIONS="-c default_transaction_read_only=on -c statement_timeout=5000" exec psql -X -q -A '
    '-t -w -U "${POSTGRES_USER:-postgres}" -d "${POSTGRES_DB:-${POSTGRES_USER:-postgres}}" -c "$0"'
)
"""Run by `sh -c` with the query behind it. The variables are those of PostgreSQL's own image; its
local socket needs no password."""
DIMENSION: Final = re.compile(r"\w+\((\d+)\)")


class _Column(msgspec.Struct):
    table: str
    name: str
    type: str


class _Index(msgspec.Struct):
    table: str
    what: str
    """A column, or an expression over columns."""
    method: str
    operators: str
    """`vector_cosine_ops`; pg_get_indexdef() leaves out the one that is the default."""
    options: list[str] | None = None


class _Answer(msgspec.Struct):
    server: str
    extension: str | None
    columns: list[_Column]
    indexes: list[_Index]
    settings: dict[str, str]


def collected(service: str, answer: Answer) -> Iterator[Fact]:
    """Yield the server, and a collection for each column of vectors.

    DatabaseError where it cannot be read.
    """
    found = read(answer, _Answer)
    yield facts.server(
        service,
        "pgvector",
        found.extension or "not installed",
        postgresql=found.server,
        settings=found.settings,
    )
    for column in few(found.columns):
        yield _collection(service, column, found.indexes)


def _collection(service: str, column: _Column, indexes: list[_Index]) -> Fact:
    size = DIMENSION.fullmatch(column.type)
    own = [
        said for each in indexes if each.table == column.table and (said := _index(each, column))
    ]
    return facts.collection(
        service,
        f"{column.table}.{column.name}",
        dimension=int(size[1]) if size else None,
        type=column.type.partition("(")[0],
        distance=sorted({each["distance"] for each in own}),
        index=sorted(own, key=str),
    )


def _index(each: _Index, column: _Column) -> dict[str, Any] | None:
    """Describe an index on a column; one on an expression belongs to each column that it names."""
    if not re.search(rf"(?<!\w){re.escape(column.name)}(?!\w)", each.what):
        return None
    options = dict(pair.split("=", 1) for pair in each.options or () if "=" in pair)
    distance = each.operators.removesuffix("_ops").rpartition("_")[2]
    return {"method": each.method, "distance": distance, **options}
