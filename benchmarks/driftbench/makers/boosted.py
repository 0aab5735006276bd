"""Train and store a small XGBoost model."""

import os
import sys

import numpy as np
import xgboost

steps = np.arange(500 * 6, dtype=np.float64) * 0.7548776662466927
table = (steps % 1.0).astype(np.float32).reshape(500, 6)
label = (table[:, 0] * table[:, 1] + table[:, 4] > 0.8).astype(int)
told = {"max_depth": 5, "objective": "binary:logistic", "nthread": 1, "seed": 1}
model = xgboost.train(told, xgboost.DMatrix(table, label=label), 30)
model.save_model(os.path.join(sys.argv[1], "model.json"))
