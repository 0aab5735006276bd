"""A stack: services that run together, each with its manifest, and how they hold together."""

from repro.stack.codec import decode, encode, is_stack, schema
from repro.stack.model import SCHEMA, WHOLE, Stack

__all__ = ["SCHEMA", "WHOLE", "Stack", "decode", "encode", "is_stack", "schema"]
