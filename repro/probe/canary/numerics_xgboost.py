"""What XGBoost predicts with a stored model, and what it fits."""

import json

from . import fixed

NEEDS = ("xgboost|xgboost-cpu", "numpy")
FAMILY = "numerics"
IMPACTS = ("numerics",)
COVERS = ("python.package:xgboost", "python.package:xgboost-cpu")

OPTIONS = {"nthread": 1, "seed": 3, "max_depth": 3}
SPLIT = {
    "split_indices": [0, 1, 0, 0, 0],
    "split_conditions": [0.1, -0.3, 0.33, 0.7, -1.1],
    "left_children": [1, 3, -1, -1, -1],
    "right_children": [2, 4, -1, -1, -1],
    "parents": [2147483647, 0, 0, 1, 1],
    "default_left": [1, 0, 0, 0, 0],
    "base_weights": [0.0] * 5,
    "loss_changes": [2.0, 1.0, 0.0, 0.0, 0.0],
    "sum_hessian": [4.0, 2.0, 2.0, 1.0, 1.0],
    "split_type": [0] * 5,
}
"""One tree by the JSON schema of XGBoost's manual ("Introduction to Model IO")."""


def model():
    """A booster of two such trees with its own base score, as JSON."""
    shape = {"num_deleted": "0", "num_feature": "2", "num_nodes": "5", "size_leaf_vector": "1"}
    none = {"categories" + end: [] for end in ("", "_nodes", "_segments", "_sizes")}
    trees = [dict(SPLIT, id=at, tree_param=shape, **none) for at in (0, 1)]
    counts = {"num_parallel_tree": "1", "num_trees": "2"}
    inner = {"gbtree_model_param": counts, "tree_info": [0, 0], "trees": trees}
    inner["iteration_indptr"] = [0, 1, 2]
    about = {"base_score": "3E-1", "num_class": "0", "num_feature": "2", "num_target": "1"}
    learner = {
        "attributes": {},
        "feature_names": [],
        "feature_types": [],
        "gradient_booster": {"model": inner, "name": "gbtree"},
        "learner_model_param": about,
        "objective": {"name": "binary:logistic", "reg_loss_param": {"scale_pos_weight": "1"}},
    }
    return bytearray(json.dumps({"learner": learner, "version": [1, 7, 0]}).encode())


def run(case, job):
    import numpy as np
    import xgboost

    x = np.array(fixed.floats(400, 31), np.float32).reshape(200, 2)
    x[::9, 0], x[::7, 1] = np.nan, np.nan
    y = np.nan_to_num(x[:, 0]) * 2 - np.nan_to_num(x[:, 1])
    rows = xgboost.DMatrix(x)
    stored = xgboost.Booster(model_file=model())
    case("stored/probability", lambda: stored.predict(rows))
    case("stored/margin", lambda: stored.predict(rows, output_margin=True))
    case("stored/leaves", lambda: stored.predict(rows, pred_leaf=True))
    case("stored/contributions", lambda: stored.predict(rows, pred_contribs=True))
    positive = (y > 0).astype(int)
    for objective, target in (("reg:squarederror", y), ("binary:logistic", positive)):
        for method in ("hist", "exact"):
            told = dict(OPTIONS, objective=objective, tree_method=method)
            title = "fit/%s %s" % (objective, method)
            case(title, lambda told=told, target=target: fitted(xgboost, told, x, target))
    case("fit/default", lambda: fitted(xgboost, dict(OPTIONS), x, y))
    case("fit/subsample", lambda: fitted(xgboost, dict(OPTIONS, subsample=0.5), x, y))


def fitted(xgboost, told, x, y):
    data = xgboost.DMatrix(x, y)
    return xgboost.train(told, data, 8).predict(data)
