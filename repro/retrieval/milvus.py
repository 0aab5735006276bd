"""Milvus: asked by its REST API of version 2; https://milvus.io/api-reference/restful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from repro.retrieval import facts
from repro.retrieval.asking import DatabaseError, Request, few, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.manifest import Fact
    from repro.retrieval.asking import Answer, Ask

ROOT: Final = "/v2/vectordb"
FINE: Final = (0, 200)
"""Codes of success: of release 2.4 and newer, and of 2.3."""


class _Parameter(msgspec.Struct):
    key: str
    value: Any = None


class _Field(msgspec.Struct):
    name: str
    type: str
    params: list[_Parameter] = []


class _Index(msgspec.Struct):
    field: str = msgspec.field(name="fieldName")
    name: str = msgspec.field(name="indexName", default="")
    metric: str | None = msgspec.field(name="metricType", default=None)
    type: str | None = msgspec.field(name="indexType", default=None)


class _Collection(msgspec.Struct):
    fields: list[_Field] = []
    indexes: list[_Index] = []
    consistency: str | None = msgspec.field(name="consistencyLevel", default=None)
    functions: list[dict[str, Any]] = []


class _Document(msgspec.Struct):
    code: int
    data: msgspec.Raw = msgspec.Raw(b"null")
    message: str = ""


def collected(service: str, ask: Ask) -> Iterator[Fact]:
    """Yield the server and its collections; DatabaseError where it cannot be read.

    This API tells no version: the image is what says it.
    """
    (listed,) = ask([Request(f"{ROOT}/collections/list", {})])
    names = few(_data(listed, list[str]))
    yield facts.server(service, "milvus", None, api="v2")
    described = ask([Request(f"{ROOT}/collections/describe", _of(name)) for name in names])
    found = [_data(answer, _Collection) for answer in described]
    wanted = [
        (name, index) for name, each in zip(names, found, strict=True) for index in each.indexes
    ]
    asked = ask([Request(f"{ROOT}/indexes/describe", _of(n, indexName=i.name)) for n, i in wanted])
    kinds = {
        (name, index.field): _kind(answer, index)
        for (name, index), answer in zip(wanted, asked, strict=True)
    }
    for name, each in zip(names, found, strict=True):
        yield _collection(service, name, each, kinds)


def _of(name: str, **more: str) -> dict[str, Any]:
    return {"collectionName": name, **more}


def _data(answer: Answer, shape: type[Any]) -> Any:
    document = read(answer, _Document)
    if document.code not in FINE:
        raise DatabaseError(f"it refused with code {document.code}: {document.message[:200]}")
    return read(answer._replace(text=bytes(document.data).decode()), shape)


def _kind(answer: Answer, index: _Index) -> str | None:
    found = _data(answer, list[_Index])
    return next((each.type for each in found if each.field == index.field), None)


def _collection(
    service: str, name: str, each: _Collection, kinds: dict[tuple[str, str], str | None]
) -> Fact:
    vectors = [field for field in each.fields if field.type.endswith("Vector")]
    return facts.collection(
        service,
        name,
        distance={index.field: index.metric for index in each.indexes},
        dimension={field.name: _dimension(field) for field in vectors},
        vectors={field.name: field.type for field in vectors},
        index={index.field: kinds.get((name, index.field)) for index in each.indexes},
        consistency=each.consistency,
        functions=[
            {key: function.get(key) for key in ("name", "type", "inputFieldNames")}
            for function in each.functions
        ],
    )


def _dimension(field: _Field) -> Any:
    return next((each.value for each in field.params if each.key == "dim"), None)
