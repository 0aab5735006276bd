"""JSON Schemas as pages for people, in Markdown: one a schema, a table a type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

INTRODUCTION: Final = """\
# Schemas

What repro writes for programs, as tables made from the published JSON Schemas (draft 2020-12).
`repro schema NAME` prints each. Fields that a reader does not know are ignored; a major version
changes or takes away, a minor one adds.

"""
PLAIN: Final = {"string": "text", "integer": "integer", "boolean": "boolean", "null": "null"}


def pages(schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return texts by file name: `README.md`, and one a schema by its name."""
    made = {f"{name}.md": _page(name, schema) for name, schema in schemas.items()}
    rows = "".join(f"- [{name}]({name}.md)\n" for name in schemas)
    return {"README.md": INTRODUCTION + rows, **made}


def _page(name: str, schema: Mapping[str, Any]) -> str:
    types = schema["$defs"]
    first = _name(schema)
    ordered = [first, *(each for each in sorted(types) if each != first)]
    head = f"# {name}\n\n`repro schema {name}` prints the schema. The document is a "
    tables = ("\n".join(_table(each, types[each])) for each in ordered)
    return f"{head}{_link(first)}.\n\n" + "\n".join(tables)


def _table(name: str, type_: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {name}\n"
    if said := type_.get("description"):
        yield f"{' '.join(said.split())}\n".replace("<", r"\<")
    required = type_.get("required", ())
    if fields := type_.get("properties"):
        yield "| Field | Is | |\n|:--|:--|:--|"
        for field, value in sorted(fields.items()):
            yield f"| `{field}` | {_is(value)} | {'required' if field in required else ''} |"
    else:
        yield _is(type_)
    yield ""


def _is(type_: Mapping[str, Any]) -> str:
    """Say in words what a value is."""
    if "$ref" in type_:
        return _link(_name(type_))
    if "anyOf" in type_:
        return " or ".join(map(_is, type_["anyOf"]))
    if "enum" in type_:
        return ", ".join(f"`{value}`" for value in type_["enum"])
    if type_.get("type") == "array":
        return f"list of {_items(type_)}"
    if type_.get("type") == "object":
        return f"object of {_is(type_.get('additionalProperties') or {})}"
    return PLAIN.get(type_.get("type", ""), "any JSON")


def _items(type_: Mapping[str, Any]) -> str:
    if "prefixItems" in type_:
        return ", ".join(map(_is, type_["prefixItems"]))
    return _is(type_.get("items") or {})


def _name(type_: Mapping[str, Any]) -> str:
    reference: str = type_["$ref"]
    return reference.rpartition("/")[2]


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"
