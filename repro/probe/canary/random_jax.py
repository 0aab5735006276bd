"""What JAX draws from a fixed key, with each implementation of its generator."""

from .jax_cpu import jax as imported
from .record import Skip

NEEDS = ("jax", "jaxlib")
FAMILY = "random"
DEVICE = "cpu"
IMPACTS = ("sampling",)
COVERS = (
    "python.package:jax",
    "python.package:jaxlib",
    "framework:jax",
    "setting:JAX_DEFAULT_PRNG_IMPL",
    "setting:JAX_THREEFRY_PARTITIONABLE",
)
SHAPE = (1000,)
OTHERS = ("threefry2x32", "rbg")
"""What may be asked for by name; the default is one of them, unless a setting says otherwise."""
TELLING = ("split", "bits", "normal")


def run(case, job):
    jax = imported()
    draws = _draws(jax)
    for label, draw in draws.items():
        case(label, lambda draw=draw: draw(jax.random.PRNGKey(42)), samples=4)
    for name in OTHERS:
        for label in TELLING:
            case(
                "%s/%s" % (name, label),
                lambda name=name, draw=draws[label]: draw(_key(jax, name)),
                samples=4,
            )


def _key(jax, name):
    try:
        return jax.random.key(42, impl=name)
    except AttributeError:
        raise Skip("this release has no typed keys") from None


def _draws(jax):
    random, float32 = jax.random, jax.numpy.float32
    return {
        "key": lambda key: key,
        "split": lambda key: random.bits(random.split(key, 5)[3], SHAPE),
        "fold_in": lambda key: random.fold_in(key, 7),
        "bits": lambda key: random.bits(key, SHAPE),
        "uniform": lambda key: random.uniform(key, SHAPE, float32),
        "uniform bfloat16": lambda key: random.uniform(key, SHAPE, jax.numpy.bfloat16),
        "normal": lambda key: random.normal(key, SHAPE, float32),
        "randint": lambda key: random.randint(key, SHAPE, 0, 1000003),
        "permutation": lambda key: random.permutation(key, 100),
        "bernoulli": lambda key: random.bernoulli(key, 0.3, SHAPE),
        "gumbel": lambda key: random.gumbel(key, SHAPE, float32),
        "exponential": lambda key: random.exponential(key, SHAPE, float32),
        "truncated_normal": lambda key: random.truncated_normal(key, -2.0, 2.0, SHAPE, float32),
        "categorical": lambda key: random.categorical(
            key, jax.numpy.arange(64, dtype=float32) / 8, shape=(100,)
        ),
    }
