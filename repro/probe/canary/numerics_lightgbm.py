"""What LightGBM predicts with a stored model, and what it fits."""

from . import fixed

NEEDS = ("lightgbm", "numpy")
FAMILY = "numerics"
IMPACTS = ("numerics",)
COVERS = ("python.package:lightgbm",)

OPTIONS = {"num_threads": 1, "deterministic": True, "verbose": -1, "min_data_in_leaf": 5, "seed": 3}
MODEL = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=2
objective=binary sigmoid:1
feature_names=a b c
feature_infos=[-1:1] [-1:1] 0:1:2
tree_sizes=%d

%s
end of trees
"""
TREE = """Tree=0
num_leaves=4
num_cat=1
split_feature=0 1 2
split_gain=3 2 1
threshold=0.1 -0.30000000000000004 0
decision_type=2 8 1
left_child=1 -1 -3
right_child=2 -2 -4
leaf_value=0.1 -0.7 0.33 1.1
leaf_weight=1 1 1 1
leaf_count=9 9 9 9
internal_value=0 0 0
internal_weight=1 1 1
internal_count=36 18 18
cat_boundaries=0 1
cat_threshold=5
is_linear=0
shrinkage=1

"""
"""Written by hand to the format that Booster.save_model writes: splits by size, by missing value
(one that goes left, one that is not a number) and by category."""


def run(case, job):
    import lightgbm
    import numpy as np

    x = np.array(fixed.floats(600, 21)).reshape(200, 3)
    x[:, 2] = np.floor(x[:, 2] * 1.5 + 1.5)
    x[::9, 0], x[::7, 1] = np.nan, np.nan
    y = np.nan_to_num(x[:, 0]) * 2 - np.nan_to_num(x[:, 1]) + x[:, 2] / 3
    stored = lightgbm.Booster(model_str=MODEL % (len(TREE) + 1, TREE))
    case("stored/raw", lambda: stored.predict(x, raw_score=True))
    case("stored/probability", lambda: stored.predict(x))
    case("stored/leaves", lambda: stored.predict(x, pred_leaf=True))
    case("stored/contributions", lambda: stored.predict(x[:32], pred_contrib=True))
    for objective in ("regression", "binary", "lambdarank"):
        case("fit/" + objective, lambda o=objective: fitted(lightgbm, x, y, o).predict(x))


def fitted(lightgbm, x, y, objective):
    label = y if objective == "regression" else (y > 0.5).astype(int)
    group = [20] * 10 if objective == "lambdarank" else None
    data = lightgbm.Dataset(x, label, group=group, free_raw_data=False)
    return lightgbm.train(dict(OPTIONS, objective=objective, num_leaves=7), data, 10)
