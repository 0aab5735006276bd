"""What scikit-learn fits and predicts on a made table, with fixed seeds."""

import warnings

import numpy as np
from corpus import TEXTS
from outputs import array, emit, numbers
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import QuantileTransformer, StandardScaler
from sklearn.svm import SVC

warnings.simplefilter("ignore")
table = np.array(numbers(240 * 8, 3)).reshape(240, 8)
hidden = table[:, 0] * 2 - table[:, 3] + 0.6 * np.sin(6 * table[:, 5]) + 0.4 * table[:, 7]
label = (hidden > np.median(hidden)).astype(int)
train, test, known, asked = train_test_split(table, label, test_size=0.3, random_state=4)
found = {"split": array(test[:, 0])}
MODELS = {
    "logistic": LogisticRegression(max_iter=200),
    "forest": RandomForestClassifier(n_estimators=25, random_state=0),
    "boosting": GradientBoostingClassifier(n_estimators=20, random_state=0),
    "vectors": SVC(probability=False),
    "nearest": KNeighborsClassifier(),
}
for name, model in MODELS.items():
    model.fit(StandardScaler().fit(train).transform(train), known)
    given = StandardScaler().fit(train).transform(test)
    found[f"{name}.labels"] = model.predict(given).tolist()
    if hasattr(model, "predict_proba"):
        found[f"{name}.scores"] = array(model.predict_proba(given)[:, 1])
found["ridge"] = array(Ridge(alpha=0.3).fit(train, known).predict(test))
found["auc"] = float(roc_auc_score(asked, test[:, 0]))
found["ap"] = float(average_precision_score(asked, test[:, 0]))
found["pca"] = array(np.abs(PCA(3).fit_transform(table)))
found["clusters"] = KMeans(4, n_init=3, random_state=1).fit_predict(table).tolist()
found["quantiles"] = array(QuantileTransformer(n_quantiles=50).fit_transform(table)[:40])
words = TfidfVectorizer(ngram_range=(1, 2))
matrix = words.fit_transform(TEXTS)
found["terms"] = sorted(words.vocabulary_)
found["tfidf"] = array(np.asarray(matrix.sum(0)).ravel())
found["topics"] = array(np.abs(TruncatedSVD(4, random_state=2).fit_transform(matrix)))
emit(found)
