"""Samples as an application draws them: NumPy's generators and Python's own."""

import random

import numpy as np
from outputs import array, emit

old = np.random.RandomState(12)
new = np.random.default_rng(12)
own = random.Random(12)
emit(
    {
        "old.normal": array(old.normal(size=50)),
        "old.choice": old.choice(40, 12, replace=False).tolist(),
        "old.permutation": old.permutation(30).tolist(),
        "old.gamma": array(old.gamma(2.0, size=20)),
        "new.normal": array(new.standard_normal(50)),
        "new.integers": new.integers(0, 1000, 30).tolist(),
        "new.choice": new.choice(40, 12, replace=False, p=np.arange(40) / 780).tolist(),
        "new.shuffled": new.permutation(30).tolist(),
        "new.dirichlet": array(new.dirichlet(np.ones(6), 4)),
        "new.poisson": new.poisson(3.2, 30).tolist(),
        "new.multinomial": new.multinomial(20, [0.2, 0.3, 0.5]).tolist(),
        "own.random": [own.random() for _ in range(20)],
        "own.sample": own.sample(range(100), 12),
        "own.choices": own.choices("abcdef", weights=[1, 2, 3, 4, 5, 6], k=15),
        "own.shuffle": own.sample(list(range(20)), 20),
        "own.gauss": [own.gauss(0, 1) for _ in range(8)],
    }
)
