"""How a workload gives what it computed: one JSON object, arrays bit for bit."""

import base64
import hashlib
import json
import sys


def array(values):
    """Keep an array whole: little-endian bytes, with type and shape; large integers as a hash."""
    import numpy as np

    values = np.ascontiguousarray(values)
    kept = values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
    named = {"dtype": values.dtype.str, "shape": list(values.shape)}
    if values.dtype.kind != "f" and len(kept) > 4096:
        return {**named, "data": hashlib.sha256(kept).hexdigest()}
    return {**named, "data": base64.b64encode(kept).decode()}


def emit(found):
    """Print the outputs by their names."""
    sys.stdout.write(json.dumps(found, ensure_ascii=True, sort_keys=False) + "\n")


def attempt(function, *arguments):
    """Return what a call gives; an exception is an output too, by its type."""
    try:
        return function(*arguments)
    except Exception as error:
        return f"raised {type(error).__name__}"


def numbers(count, seed=1):
    """Give the same floats in [0, 1) everywhere: xorshift64*, no library's generator."""
    state, found = (seed * 0x9E3779B97F4A7C15) & (2**64 - 1) or 1, []
    for _ in range(count):
        state ^= state >> 12
        state = (state ^ (state << 25)) & (2**64 - 1)
        state ^= state >> 27
        found.append(((state * 0x2545F4914F6CDD1D) & (2**64 - 1)) / 2.0**64)
    return found
