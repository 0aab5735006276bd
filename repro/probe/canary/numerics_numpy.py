"""What NumPy computes on fixed arrays: BLAS and LAPACK, functions, sums, sorts, casts, types."""

from functools import partial

from .filled import numpy_floats as floats
from .record import same_bits

NEEDS = ("numpy",)
FAMILY = "numerics"
IMPACTS = ("numerics",)
COVERS = (
    "python.package:numpy",
    "framework:numpy",
    "libc:*",
    "setting:NPY_*",
    "setting:OPENBLAS_*",
)
TYPES = ("float32", "float64")
POINTS = 4096
FUNCTIONS = ("exp", "exp2", "expm1", "sin", "cos", "tan", "sinh", "tanh", "arctan", "cbrt")
POSITIVE = ("log", "log2", "log10", "log1p", "sqrt", "reciprocal")


def run(case, job):
    import numpy as np

    few, more = partial(case, samples=4), partial(case, samples=16)
    with np.errstate(all="ignore"):
        for kind in TYPES:
            _functions(few, np, kind)
            _products(more, np, kind)
            _decompositions(few, np, kind)
            _reductions(few, np, kind)
        _transforms(few, np)
        _orders(case, np)
        _casts(case, np)
        _types(case, np)


def _functions(case, np, kind):
    wide = floats((POINTS,), 1, kind) * 8
    positive = abs(wide) + wide.dtype.type(2.0**-20)
    for names, points in ((FUNCTIONS, wide), (POSITIVE, positive)):
        for name in names:
            case("%s/%s" % (name, kind), lambda name=name, at=points: getattr(np, name)(at))
    narrow = wide / 8
    case("arcsin/%s" % kind, lambda: np.arcsin(narrow))
    case("power/%s" % kind, lambda: np.power(positive, wide))
    case("arctan2/%s" % kind, lambda: np.arctan2(wide, positive[::-1]))
    case("hypot/%s" % kind, lambda: np.hypot(wide, positive[::-1]))
    case("logaddexp/%s" % kind, lambda: np.logaddexp(wide, wide[::-1]))
    _special(case, np, kind)


def _special(case, np, kind):
    """Where functions have no ordinary value; what is not a number has one sign here."""
    odd = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0], kind)
    for name in ("exp", "log", "sin", "tanh"):
        found = partial(_signless, np, lambda name=name: getattr(np, name)(odd))
        case("special %s/%s" % (name, kind), found)
    ends = np.array([88.72, 88.73, 709.78, 709.79, -103.9, -104.0, -745.1, -745.2], kind)
    case("ends of exp/%s" % kind, partial(_ends, np, ends))
    tiny = np.array([1e-40, -1e-39, 1e-310, 5e-324], "float64").astype(kind)
    case("denormals/%s" % kind, lambda: tiny * 1)


def _signless(np, compute):
    found = compute()
    return np.where(np.isnan(found), np.array(np.nan, found.dtype), found)


def _ends(np, points):
    """Where the function ends: infinite, zero or neither."""
    return [int(np.isinf(value)) - int(value == 0) for value in np.exp(points)]


def _products(case, np, kind):
    a, b = floats((64, 2048), 2, kind), floats((2048, 256), 3, kind)
    case("matmul/%s [64, 2048, 256]" % kind, lambda: a @ b)
    case("matmul/%s [1, 2048, 256]" % kind, lambda: a[:1] @ b)
    case("row 0 alone or among 64/%s" % kind, lambda: same_bits((a @ b)[:1], a[:1] @ b))
    case("matmul/%s [7, 33, 5]" % kind, lambda: a[:7, :33] @ b[:33, :5])
    case("transposed matmul/%s" % kind, lambda: b.T @ a.T)
    case("matrix times vector/%s" % kind, lambda: a @ b[:, 0])
    case("dot/%s [2048]" % kind, lambda: np.dot(a[0], a[1]))
    case("einsum/%s" % kind, lambda: np.einsum("ij,kj->ik", a, a[:8]))
    case("complex matmul/%s" % kind, lambda: (a[:8] + 1j * a[8:16]) @ (b[:, :8] - 1j * b[:, 8:16]))


def _decompositions(case, np, kind):
    square = floats((48, 48), 4, kind)
    positive = square @ square.T + 48 * np.eye(48, dtype=kind)
    linear = np.linalg
    case("solve/%s" % kind, lambda: linear.solve(positive, square[0]))
    case("inv/%s" % kind, lambda: linear.inv(square))
    case("det/%s" % kind, lambda: linear.det(square))
    case("qr/%s" % kind, lambda: linear.qr(square)[1])
    case("cholesky/%s" % kind, lambda: linear.cholesky(positive))
    case("singular values/%s" % kind, lambda: linear.svd(square)[1])
    case("singular vectors/%s" % kind, lambda: linear.svd(square)[0])
    case("eigenvalues/%s" % kind, lambda: linear.eigvalsh(positive))
    case("norm/%s" % kind, lambda: linear.norm(square))


def _reductions(case, np, kind):
    many = floats((1 << 20,), 5, kind)
    table = many.reshape(1024, 1024)
    for name in ("sum", "mean", "std"):
        case("%s/%s [2^20]" % (name, kind), lambda name=name: getattr(many, name)())
    case("sum of columns/%s" % kind, lambda: table.sum(0))
    case("sum of rows/%s" % kind, lambda: table.sum(1))
    case("cumsum/%s" % kind, lambda: np.cumsum(many[:POINTS]))
    case("prod/%s" % kind, lambda: np.prod(many[:256] * 2))
    case("quantile/%s" % kind, lambda: np.quantile(many[:POINTS], [0.1, 0.5, 0.9]))
    case("sum/float16 from %s" % kind, lambda: many[:POINTS].astype("float16").sum())


def _transforms(case, np):
    for kind in TYPES:
        signal = floats((1000,), 6, kind)
        for count in (1000, 256, 997):
            case("rfft/%s [%d]" % (kind, count), lambda s=signal, n=count: np.fft.rfft(s[:n]))
        case("convolve/%s" % kind, lambda s=signal: np.convolve(s, s[:9]))
        case("interp/%s" % kind, lambda s=signal: np.interp(s, np.linspace(-1, 1, 9), s[:9]))
    case("linspace", lambda: np.linspace(0.1, 0.9, 50))
    case("arange", lambda: np.arange(0, 1, 0.1))


def _orders(case, np):
    """Orders of equal elements: unstable sorts order them as their vector code does."""
    for kind in ("int64", "int16", *TYPES):
        ties = np.array([1000] * 6 + [0, 1000], dtype=kind)
        case("argsort of ties/%s" % kind, lambda ties=ties: np.argsort(ties).tolist())
        case("stable argsort/%s" % kind, lambda t=ties: np.argsort(t, kind="stable").tolist())
        longer = (floats((500,), 7) * 8).astype("int64").astype(kind)
        case("argsort of many ties/%s" % kind, lambda many=longer: np.argsort(many), samples=16)
        case("top 5/%s" % kind, lambda many=longer: np.argpartition(-many, 5)[:5].tolist())
    case("argmax of ties", lambda: int(np.argmax([1.0, 3.0, 3.0])))
    case("sort with nan", lambda: np.sort(np.array([2.0, np.nan, -1.0, np.inf, 0.0])).tolist())
    case("unique", lambda: np.unique(np.array([3.0, np.nan, 1.0, np.nan, 3.0])).tolist())


def _casts(case, np):
    numbers = np.array([0.5, 1.5, 2.5, -0.5, 2049.0, 65519.0, 65520.0, 1e-8, 3e38], "float64")
    odd = np.array([np.nan, np.inf, -np.inf, 3e9, -3e9, 1e20, -1.5, 256.7], "float64")
    for kind in ("float16", "float32"):
        case("cast to %s" % kind, lambda kind=kind: numbers.astype(kind))
    for kind in ("int8", "uint8", "int32", "uint32", "int64"):
        case("cast to %s" % kind, lambda kind=kind: odd.astype(kind))
    case("round", lambda: np.round(np.array([0.5, 1.5, 2.5, 2.675, -1.25]), 1))
    case("floor division", lambda: np.array([7, -7]) // np.array([2, 2]))
    case("remainder", lambda: np.mod(np.array([7.5, -7.5]), 2.0))
    case("integers wrap", lambda: np.array([200], "uint8") + np.array([100], "uint8"))


def _types(case, np):
    """Types of mixed operands, and how scalars are written: both changed with NumPy 2."""
    mixed = {
        "float32 + float": lambda: np.float32(3) + 3.0,
        "float32 + large float": lambda: np.float32(3) + 1e300,
        "uint8 + int": lambda: np.uint8(1) + 200,
        "uint8 + large int": lambda: np.uint8(1) + 300,
        "float32 array + float": lambda: np.ones(1, "float32") + 3.0,
        "float32 array + float64": lambda: np.ones(1, "float32") + np.float64(3),
        "int8 array + int": lambda: np.ones(1, "int8") + 100,
        "int64 + uint64": lambda: np.int64(1) + np.uint64(1),
        "default integer": lambda: np.array([1]),
    }
    for name, compute in mixed.items():
        case("type of %s" % name, lambda compute=compute: str(compute().dtype))
    case(
        "text of scalars", lambda: [repr(np.float32(0.1)), repr(np.int64(3)), str(np.float64(0.1))]
    )
    case("text of an array", lambda: str(np.array([0.1, 1e-9, 12345.678], "float32")))
