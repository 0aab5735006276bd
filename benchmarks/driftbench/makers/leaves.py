"""Train and store a small LightGBM model."""

import os
import sys

import lightgbm
import numpy as np

steps = np.arange(500 * 6, dtype=np.float64) * 0.7548776662466927
table = (steps % 1.0).reshape(500, 6)
label = (table[:, 0] * table[:, 1] + table[:, 4] > 0.8).astype(int)
told = {"objective": "binary", "num_leaves": 15, "verbose": -1, "num_threads": 1, "seed": 1}
model = lightgbm.train(told, lightgbm.Dataset(table, label), 30)
model.save_model(os.path.join(sys.argv[1], "model.txt"))
