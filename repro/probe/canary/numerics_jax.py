"""What JAX computes on a CPU, compiled and step by step."""

from functools import partial

from .filled import numpy_floats as floats
from .jax_cpu import jax as imported
from .record import same_bits

NEEDS = ("jax", "jaxlib", "numpy")
FAMILY = "numerics"
DEVICE = "cpu"
IMPACTS = ("numerics",)
COVERS = (
    "python.package:jax",
    "python.package:jaxlib",
    "framework:jax",
    "setting:JAX_DISABLE_JIT",
    "setting:jax.disable_jit",
    "setting:JAX_ENABLE_X64",
    "setting:jax.enable_x64",
    "setting:XLA_FLAGS",
    "cpu:*",
)
FUNCTIONS = ("exp", "tanh", "sin", "expm1", "arctan", "log", "log1p", "sqrt")
POSITIVE = ("log", "log1p", "sqrt")
ACTIVATIONS = ("gelu", "silu", "softmax", "log_softmax")


def run(case, job):
    jax = imported()
    for name in ("float32", "bfloat16"):
        made = partial(_made, jax, name)
        _products(partial(case, samples=16), jax, name, made)
        _functions(partial(case, samples=4), jax, name, made)
    _reductions(partial(case, samples=4), jax)
    _orders(case, jax)
    _types(case, jax)


def _made(jax, name, shape, seed):
    return jax.numpy.asarray(floats(shape, seed)).astype(name)


def _products(case, jax, name, made):
    a, b = made((64, 1024), 101), made((1024, 128), 102)
    case("matmul/%s [64, 1024, 128]" % name, lambda: a @ b)
    case("matmul/%s [1, 1024, 128]" % name, lambda: a[:1] @ b)
    case("row 0 alone or among 64/%s" % name, lambda: same_bits((a @ b)[:1], a[:1] @ b))
    case("conv/%s" % name, partial(_convolved, jax, made))
    case("attention/%s" % name, partial(_attention, jax, made))
    compiled = jax.jit(_normal)
    case("rms_norm compiled/%s" % name, lambda: compiled(a))
    case("compiled or not/%s rms_norm" % name, lambda: same_bits(compiled(a), _normal(a)))


def _convolved(jax, made):
    return jax.lax.conv(made((1, 8, 24, 24), 103), made((12, 8, 3, 3), 104), (1, 1), "SAME")


def _attention(jax, made):
    q, k, v = (made((4, 32, 64), seed) for seed in (105, 106, 107))
    return jax.nn.softmax(q @ k.swapaxes(1, 2) / 8, axis=-1) @ v


def _normal(rows):
    import jax

    return rows * jax.lax.rsqrt((rows * rows).mean(-1, keepdims=True) + 1e-6)


def _functions(case, jax, name, made):
    wide = made((16, 256), 108) * 8
    for each in FUNCTIONS:
        points = abs(wide) + 2.0**-7 if each in POSITIVE else wide
        case("%s/%s" % (each, name), partial(getattr(jax.numpy, each), points))
    for each in ACTIVATIONS:
        case("%s/%s" % (each, name), partial(getattr(jax.nn, each), wide))


def _reductions(case, jax):
    many = _made(jax, "float32", (1 << 20,), 109)
    square = _made(jax, "float32", (32, 32), 110)
    case("sum/float32 [2^20]", many.sum)
    case("cumsum/float32", many[:4096].cumsum)
    case("variance/float32", lambda: many.reshape(1024, 1024).var(-1))
    case("logsumexp/float32", lambda: jax.scipy.special.logsumexp(many.reshape(1024, 1024), 1))
    case("rfft/float32", lambda: jax.numpy.fft.rfft(many[:1000]))
    case("singular values/float32", lambda: jax.numpy.linalg.svd(square)[1])
    case("solve/float32", lambda: jax.numpy.linalg.solve(square, square[0]))


def _orders(case, jax):
    ties = jax.numpy.asarray((floats((500,), 111) * 8).round())
    case("argsort of ties", lambda: jax.numpy.argsort(ties), samples=16)
    case("top 5 of ties", lambda: [int(at) for at in jax.lax.top_k(ties, 5)[1]])
    case("argmax of ties", lambda: int(ties.argmax()))


def _types(case, jax):
    numpy = jax.numpy
    mixed = {
        "a float": lambda: numpy.asarray(1.5),
        "an integer": lambda: numpy.asarray(1),
        "float32 + float": lambda: numpy.ones(1, "float32") + 1.5,
        "bfloat16 + float32": lambda: numpy.ones(1, "bfloat16") + numpy.ones(1, "float32"),
        "int32 / int32": lambda: numpy.ones(1, "int32") / numpy.ones(1, "int32"),
    }
    for name, compute in mixed.items():
        case("type of %s" % name, lambda compute=compute: str(compute().dtype))
    case("denormals/float32", lambda: [float(x) for x in numpy.asarray([1e-40, 1e-45]) * 1.0])
