"""Predictions of a stored XGBoost model, and of one that is trained anew."""

import os

import numpy as np
import xgboost
from outputs import array, emit, numbers

table = np.array(numbers(200 * 6, 21), np.float32).reshape(200, 6)
label = (table[:, 0] + table[:, 1] * table[:, 2] > 0.75).astype(int)
stored = xgboost.Booster(model_file=os.path.join(os.environ["MODEL"], "model.json"))
told = {"max_depth": 4, "objective": "binary:logistic", "seed": 3, "nthread": 1}
given = xgboost.DMatrix(table, label=label)
fresh = xgboost.train(told, given, 15)
sampled = xgboost.train({**told, "subsample": 0.7, "tree_method": "hist"}, given, 15)
emit(
    {
        "stored": array(stored.predict(xgboost.DMatrix(table))),
        "stored.labels": (stored.predict(xgboost.DMatrix(table)) > 0.5).tolist(),
        "fresh": array(fresh.predict(given)),
        "sampled": array(sampled.predict(given)),
    }
)
