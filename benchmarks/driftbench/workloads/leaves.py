"""Predictions of a stored LightGBM model, and of one that is trained anew."""

import os

import lightgbm
import numpy as np
from outputs import array, emit, numbers

table = np.array(numbers(300 * 6, 23)).reshape(300, 6)
label = (table[:, 0] + table[:, 1] * table[:, 2] > 0.75).astype(int)
stored = lightgbm.Booster(model_file=os.path.join(os.environ["MODEL"], "model.txt"))
told = {"objective": "binary", "num_leaves": 9, "seed": 5, "verbose": -1, "num_threads": 1}
told.update(bagging_fraction=0.8, bagging_freq=1, feature_fraction=0.7, deterministic=True)
fresh = lightgbm.train(told, lightgbm.Dataset(table, label), 15)
emit({"stored": array(stored.predict(table)), "fresh": array(fresh.predict(table))})
