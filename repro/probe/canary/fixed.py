"""Fixed numbers from an integer hash, so that no library's own generator has a say in the input."""

MASK = (1 << 64) - 1


def integers(count, seed=0):
    """Integers of 64 bits: SplitMix64 (Steele, Lea, Flood: Fast splittable generators, 2014)."""
    found, state = [], seed & MASK
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        value = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
        found.append(value ^ (value >> 31))
    return found


def floats(count, seed=0):
    """Numbers in [-1, 1), in steps that a float32 has exactly."""
    return [(value >> 40) / 2.0**23 - 1 for value in integers(count, seed)]


def octets(count, seed=0):
    """Bytes that look like noise."""
    return bytes(value >> 56 for value in integers(count, seed))
