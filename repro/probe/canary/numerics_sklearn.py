"""What scikit-learn fits, predicts and transforms.

A model that it stores is a pickle, which is never loaded: it runs code.
"""

from functools import partial

from . import fixed

NEEDS = ("scikit-learn", "numpy")
FAMILY = "numerics"
IMPACTS = ("numerics",)
COVERS = ("python.package:scikit-learn",)

WORDS = (
    "The quick brown fox jumps over the lazy dog.",
    "Le renard brun, l'été: naïve café 123 a_b",
    "quick quick slow; the DOG sleeps",
    "数据 模型 model-serving x",
)


def run(case, job):
    import numpy as np
    from sklearn import cluster, decomposition, ensemble, linear_model, neighbors, svm, tree

    case = partial(case, samples=64)
    x = np.array(fixed.floats(400, 11)).reshape(100, 4)
    y = x @ np.array([1.0, -2.0, 0.5, 0.0]) + np.array(fixed.floats(100, 12)) / 4
    label = (y > 0).astype(int) + (y > 1)
    for name, make, target in (
        ("linear", linear_model.LinearRegression, y),
        ("ridge", linear_model.Ridge, y),
        ("lasso", lambda: linear_model.Lasso(alpha=0.05), y),
        ("vector", svm.SVR, y),
        ("neighbours", neighbors.KNeighborsRegressor, y),
        ("tree", lambda: tree.DecisionTreeRegressor(max_depth=4, random_state=0), y),
        ("forest", lambda: ensemble.RandomForestRegressor(10, random_state=0), y),
        ("boosting", lambda: ensemble.GradientBoostingRegressor(random_state=0), y),
    ):
        case("fit/" + name, lambda make=make, target=target: make().fit(x, target).predict(x))
    for name, make in (
        ("logistic", linear_model.LogisticRegression),
        ("vector", lambda: svm.SVC(kernel="rbf")),
        ("forest", lambda: ensemble.RandomForestClassifier(10, random_state=0)),
        ("descent", lambda: linear_model.SGDClassifier(random_state=0)),
    ):
        case("classify/" + name, lambda make=make: make().fit(x, label).predict(x))
    logistic = linear_model.LogisticRegression
    case("probability", lambda: logistic().fit(x, label).predict_proba(x))
    means = {"n_clusters": 3, "n_init": 2, "random_state": 0}
    case("clusters", lambda: cluster.KMeans(**means).fit(x).cluster_centers_)
    case("components", lambda: decomposition.PCA(2).fit_transform(x))
    prepared(case, x, label)


def prepared(case, x, label):
    from sklearn import metrics, model_selection, preprocessing
    from sklearn.feature_extraction import text

    case("scale", lambda: preprocessing.StandardScaler().fit_transform(x))
    case("quantiles", lambda: preprocessing.KBinsDiscretizer(4, encode="ordinal").fit_transform(x))
    case("words", lambda: sorted(text.CountVectorizer().fit(WORDS).vocabulary_.items()))
    case("tf-idf", lambda: text.TfidfVectorizer().fit_transform(WORDS).toarray())
    case("hashing", lambda: text.HashingVectorizer(n_features=64).transform(WORDS).toarray())
    case("split", lambda: model_selection.train_test_split(list(range(40)), random_state=0)[1])
    case("folds", lambda: [t.tolist() for _, t in model_selection.KFold(3).split(x[:10])])
    case("area", lambda: metrics.roc_auc_score(label > 0, x[:, 0]))
