"""A fixed sound: a wave of three tones with noise, in steps that a float32 has exactly."""

from . import fixed

PERIODS = (100, 37, 8)
"""Samples of a period of each tone: 441, 1192 and 5513 Hz at 44.1 kHz."""


def samples(count):
    """Numbers in [-1, 1): triangles, whose values need no sine of anybody's library."""
    noise = fixed.floats(count, 7)
    return [
        (sum(_triangle(at, period) for period in PERIODS) + int(noise[at] * 8)) / 1024
        for at in range(count)
    ]


def _triangle(at, period):
    """Whole numbers from -256 to 256."""
    phase = at % period * 1024 // period
    return (phase if phase < 512 else 1024 - phase) - 256
