"""Which JSON schema and which text pydantic makes of a tool's arguments."""

import enum
import typing

NEEDS = ("pydantic",)
FAMILY = "template"
IMPACTS = ("prompt",)
COVERS = ("python.package:pydantic", "python.package:pydantic-core")


class Unit(enum.Enum):
    """Unit of temperature."""

    C = "celsius"
    F = "fahrenheit"


def run(case, job):
    import pydantic

    class Place(pydantic.BaseModel):
        """Where."""

        city: str = pydantic.Field(description="City, é", min_length=1)
        position: typing.Tuple[float, float] = (0.0, 0.0)

    class Call(pydantic.BaseModel):
        place: Place
        unit: Unit = Unit.C
        days: typing.Optional[int] = pydantic.Field(None, ge=1, le=14)
        tags: typing.List[typing.Union[int, str]] = []
        more: typing.Dict[str, typing.Any] = {}

    value = {"place": {"city": "Zürich"}, "tags": [1, "2", "x"], "days": "3"}
    dump = "model_dump_json" if hasattr(Call, "model_dump_json") else "json"
    schema = "model_json_schema" if hasattr(Call, "model_json_schema") else "schema"
    case("schema", lambda: ordered(getattr(Call, schema)()))
    case("text", lambda: text(Call(**value), dump))
    case("repr", lambda: repr(Call(**value)))
    case("errors", lambda: complaints(Call, pydantic))


def text(value, dump):
    return getattr(value, dump)()


def ordered(value):
    """A schema as text, since a prompt shows its keys in their order."""
    import json

    return json.dumps(value, ensure_ascii=False)


def complaints(call, pydantic):
    try:
        call(place={"city": ""}, days=99)
    except pydantic.ValidationError as error:
        return [[list(map(str, found["loc"])), found["msg"]] for found in error.errors()]
