"""Tool schemas as pydantic gives them to a model, and answers as it reads them back."""

from typing import Dict, List, Optional

import pydantic
from outputs import attempt, emit


class Place(pydantic.BaseModel):
    """Where something is."""

    city: str
    zip: Optional[str] = None


class Search(pydantic.BaseModel):
    """Search the catalogue."""

    words: List[str] = pydantic.Field(..., description="what to look for")
    limit: int = pydantic.Field(10, ge=1, le=100)
    near: Optional[Place] = None
    weights: Dict[str, float] = {}


TWO = pydantic.VERSION.startswith("2")
schema = (Search.model_json_schema if TWO else Search.schema)()
read = Search.model_validate_json if TWO else Search.parse_raw
written = (lambda x: x.model_dump_json()) if TWO else (lambda x: x.json())
ANSWERS = (
    '{"words": ["tea"], "limit": 5}',
    '{"words": ["tea", 7], "limit": "5"}',
    '{"words": [], "limit": 5.0, "near": {"city": "Oulu", "zip": 90100}}',
    '{"words": ["a"], "weights": {"x": 1, "y": "2.5"}}',
    '{"words": "tea"}',
    '{"words": ["a"], "limit": 500}',
)
emit(
    {
        "schema": [f"{key}: {value}" for key, value in schema.items()],
        "answers": [attempt(lambda a=answer: written(read(a))) for answer in ANSWERS],
    }
)
