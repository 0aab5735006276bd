"""What Python and its C library compute on fixed numbers: functions, sums, and texts of numbers."""

import ctypes
import math
import struct
from decimal import Decimal
from fractions import Fraction
from functools import partial

from .fixed import floats
from .record import Block, Skip

NEEDS = ()
FAMILY = "numerics"
IMPACTS = ("numerics",)
COVERS = ("python.interpreter:*", "libc:*", "setting:GLIBC_TUNABLES")
POINTS = 1000
FUNCTIONS = ("exp", "expm1", "sin", "cos", "tan", "sinh", "tanh", "atan", "erf", "erfc")
POSITIVE = ("log", "log2", "log10", "log1p", "sqrt", "gamma", "lgamma")
SINGLE = ("expf", "logf", "sinf", "cosf", "tanf", "tanhf", "erff", "exp2f", "log2f")
LIBRARIES = ("libm.so.6", None)
"""Where functions of float32 are: glibc's own file, or what the interpreter is linked with."""


def run(case, job):
    few = partial(case, samples=4)
    wide = [8 * number for number in floats(POINTS, 21)]
    positive = [abs(number) + 2.0**-20 for number in wide]
    for names, points in ((FUNCTIONS, wide), (POSITIVE, positive)):
        for name in names:
            few("%s/float64" % name, partial(_mapped, getattr(math, name), points))
    few("pow/float64", lambda: _block([x**y for x, y in zip(positive, wide)]))
    few("hypot/float64", lambda: _block([math.hypot(x, y) for x, y in zip(positive, wide)]))
    few("fmod/float64", lambda: _block([math.fmod(1e6 * x, y) for x, y in zip(wide, positive)]))
    for name in SINGLE:
        points = positive if "log" in name else wide
        few("%s/float32" % name[:-1], partial(_single, name, points))
    _sums(case, wide)
    _texts(case)


def _block(numbers):
    return Block("float64", (len(numbers),), 8, struct.pack("<%dd" % len(numbers), *numbers))


def _mapped(function, points):
    return _block([function(point) for point in points])


def _single(name, points):
    """A function of the C library that Python itself does not use."""
    function = _found(name)
    function.argtypes, function.restype = [ctypes.c_float], ctypes.c_float
    numbers = [function(point) for point in points]
    return Block("float32", (len(numbers),), 4, struct.pack("<%df" % len(numbers), *numbers))


def _found(name):
    for library in LIBRARIES:
        try:
            return getattr(ctypes.CDLL(library), name)
        except (OSError, AttributeError):
            continue
    raise Skip("no libm to be called")


def _sums(case, numbers):
    case("sum of tenths", lambda: sum([0.1] * 10))
    case("sum that cancels", lambda: sum([1e16, 1.0, -1e16]))
    case("sum/float64", lambda: sum(numbers))
    case("fsum/float64", lambda: math.fsum(numbers))
    case("denormals", lambda: [5e-324 * 1.0, 1e-310 / 3, 2.0**-1074 + 2.0**-1073])


def _texts(case):
    numbers = (0.1, 1e22, 1e23, 5e-324, 1 / 3, 2.0**53, -0.0, 1.5e300)
    case("text of numbers", lambda: [repr(number) for number in numbers])
    case("formatted numbers", lambda: ["%.3f|%g|%e" % (x, x, x) for x in (2.0005, 0.125, 1e6 / 3)])
    case("rounded", lambda: [round(x, 2) for x in (2.675, 1.005, 0.125, -2.5)])
    case("read", lambda: [float(text) for text in ("0.1", "1e-323", "179769313486231580e291")])
    case("decimal", lambda: str(Decimal(2).sqrt() + Decimal(1) / Decimal(7)))
    case("fraction", lambda: str(Fraction(0.1)))
    case("integer power", lambda: [pow(3, 200, 10**18), -7 // 2, -7 % 3])
