"""What NumPy's generators draw from fixed seeds: the legacy stream, and the new ones."""

from functools import partial

NEEDS = ("numpy",)
FAMILY = "random"
IMPACTS = ("sampling",)
COVERS = ("python.package:numpy",)
COUNT = 1000
SAMPLES = 4
SEED = 7
SHARED = {
    "normal": (1.0, 2.0),
    "uniform": (-3.0, 5.0),
    "exponential": (2.0,),
    "gamma": (2.5, 1.0),
    "beta": (0.5, 2.0),
    "binomial": (20, 0.3),
    "poisson": (4.5,),
    "geometric": (0.2,),
    "negative_binomial": (5, 0.4),
    "hypergeometric": (15, 25, 12),
    "logseries": (0.6,),
    "zipf": (2.0,),
    "standard_t": (4.0,),
    "chisquare": (3.0,),
    "f": (3.0, 7.0),
    "laplace": (0.0, 1.0),
    "logistic": (0.0, 1.0),
    "lognormal": (0.0, 1.0),
    "gumbel": (0.0, 1.0),
    "pareto": (3.0,),
    "power": (2.0,),
    "rayleigh": (1.0,),
    "standard_cauchy": (),
    "triangular": (-1.0, 0.0, 2.0),
    "vonmises": (0.0, 4.0),
    "wald": (1.0, 2.0),
    "weibull": (1.5,),
    "permutation": None,
    "multinomial": (100, [0.2, 0.3, 0.5]),
    "dirichlet": ([0.5, 1.0, 2.0],),
}
"""Distributions that both kinds of generator have, with parameters."""
STREAMS = ("PCG64", "Philox", "MT19937", "SFC64")


def run(case, job):
    import numpy as np

    kept = partial(case, samples=SAMPLES)
    _legacy(kept, np)
    if hasattr(np.random, "Generator"):  # Since NumPy 1.17.
        _generator(kept, np)


def _legacy(case, np):
    state = np.random.RandomState
    for seed in (0, 42, 2**32 - 1, [1, 2, 3]):
        case("RandomState(%s)/random" % seed, lambda seed=seed: state(seed).random_sample(COUNT))
    _shared(case, "RandomState", lambda: state(SEED))
    draws = {
        "randn": lambda it: it.randn(COUNT),
        "randint": lambda it: it.randint(0, 1000003, COUNT),
        "randint int8": lambda it: it.randint(-9, 9, COUNT, "int8"),
        "bytes": lambda it: it.bytes(16),
    }
    _drawn(case, "RandomState", lambda: state(SEED), draws)


def _generator(case, np):
    def fresh(name="PCG64"):
        return np.random.Generator(getattr(np.random, name)(SEED))

    for name in STREAMS:
        draws = {
            "random": lambda it: it.random(COUNT),
            "integers": lambda it: it.integers(0, 1000003, COUNT),
            "normal": lambda it: it.standard_normal(COUNT),
        }
        _drawn(case, name, partial(fresh, name), draws)
    _shared(case, "Generator", fresh)
    draws = {
        "random float32": lambda it: it.random(COUNT, "float32"),
        "normal float32": lambda it: it.standard_normal(COUNT, "float32"),
        "exponential float32": lambda it: it.standard_exponential(COUNT, "float32"),
        "integers int8": lambda it: it.integers(-9, 9, COUNT, "int8"),
        "integers uint64": lambda it: it.integers(0, 2**63 + 9, COUNT, "uint64"),
        "multivariate_normal": lambda it: it.multivariate_normal([0, 1], [[2, 1], [1, 2]], 100),
    }
    _drawn(case, "Generator", fresh, draws)
    seeds = np.random.SeedSequence
    case("SeedSequence/state", lambda: seeds(42).generate_state(8))
    case("SeedSequence/spawn", lambda: seeds(42).spawn(2)[1].generate_state(8))


def _shared(case, name, fresh):
    for method, parameters in sorted(SHARED.items()):
        if parameters is None:
            case("%s/%s" % (name, method), lambda method=method: getattr(fresh(), method)(COUNT))
            continue
        case(
            "%s/%s" % (name, method),
            lambda method=method, parameters=parameters: getattr(fresh(), method)(
                *parameters, size=COUNT
            ),
        )
    weights = [part / 55.0 for part in range(1, 11)]
    draws = {
        "choice": lambda it: it.choice(COUNT, 100),
        "choice unique": lambda it: it.choice(COUNT, 100, replace=False),
        "choice weighted": lambda it: it.choice(10, 100, p=weights),
        "shuffle": _shuffled,
    }
    _drawn(case, name, fresh, draws)


def _drawn(case, name, fresh, draws):
    """One case for each draw, from a generator that nobody has drawn from."""
    for label, draw in draws.items():
        case("%s/%s" % (name, label), lambda draw=draw: draw(fresh()))


def _shuffled(generator):
    order = list(range(100))
    generator.shuffle(order)
    return order
