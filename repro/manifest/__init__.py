"""The manifest: what one target is, as data that two machines can compare."""

from repro.manifest.codec import decode, encode, load, schema
from repro.manifest.history import layers, steps
from repro.manifest.model import (
    SCHEMA,
    SCOPES,
    Absent,
    Component,
    Digests,
    Fact,
    Layer,
    Manifest,
    Origin,
    Scope,
    Target,
    Unreadable,
    Value,
    assemble,
)

__all__ = [
    "SCHEMA",
    "SCOPES",
    "Absent",
    "Component",
    "Digests",
    "Fact",
    "Layer",
    "Manifest",
    "Origin",
    "Scope",
    "Target",
    "Unreadable",
    "Value",
    "assemble",
    "decode",
    "encode",
    "layers",
    "load",
    "schema",
    "steps",
]
