"""What Python's own generator draws from fixed seeds."""

import random

NEEDS = ()
FAMILY = "random"
IMPACTS = ("sampling",)
COVERS = ("python.interpreter:*",)


def run(case, job):
    for seed in (0, 1, "repro", b"bytes"):
        name = seed if isinstance(seed, int) else type(seed).__name__
        case("random/%s" % name, lambda seed=seed: _draws(seed))


def _draws(seed):
    source = random.Random(seed)
    order = list(range(20))
    source.shuffle(order)
    return {
        "random": [source.random() for _ in range(8)],
        "shuffle": order,
        "sample": source.sample(range(1000), 8),
        "choices": source.choices("abcdef", weights=(1, 2, 3, 4, 5, 6), k=12),
        "gauss": [source.gauss(0, 1) for _ in range(4)],
        "randint": [source.randint(0, 10**9) for _ in range(4)],
    }
