"""Arrays of the numbers of `fixed`, computed at once by the library that is measured."""

from .fixed import MASK

STEP, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def numpy_floats(shape, seed=0, dtype="float32"):
    """A NumPy array of numbers in [-1, 1): integers that wrap, then one exact conversion."""
    import numpy as np

    count = 1
    for length in shape:
        count *= length
    state = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(STEP) + np.uint64(seed)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(FIRST)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(SECOND)
    state ^= state >> np.uint64(31)
    numbers = (state >> np.uint64(40)).astype("float64") / 2.0**23 - 1
    return numbers.reshape(shape).astype(dtype)


def torch_floats(shape, seed=0, dtype=None, device="cpu"):
    """A tensor of the same numbers; it has signed integers alone, which wrap alike."""
    import torch

    count = 1
    for length in shape:
        count *= length
    state = torch.arange(1, count + 1, dtype=torch.int64, device=device) * _signed(STEP) + seed
    state = (state ^ _shifted(state, 30)) * _signed(FIRST)
    state = (state ^ _shifted(state, 27)) * _signed(SECOND)
    state = state ^ _shifted(state, 31)
    numbers = _shifted(state, 40).to(torch.float64) / 2.0**23 - 1
    return numbers.reshape(shape).to(torch.float32 if dtype is None else dtype)


def _signed(value):
    """The same 64 bits as a signed integer."""
    return value - MASK - 1 if value >> 63 else value


def _shifted(state, by):
    """Shift to the right with zeros coming in, not the sign."""
    return (state >> by) & ((1 << (64 - by)) - 1)
