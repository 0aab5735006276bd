"""What FAISS finds: exact and approximate indexes over fixed vectors."""

from . import fixed

NEEDS = ("faiss-cpu|faiss-gpu|faiss-gpu-cu12|faiss-gpu-cuvs", "numpy")
FAMILY = "retrieval"
IMPACTS = ("numerics",)
COVERS = ("python.package:faiss-cpu",)
"""No GPU build: what is searched here is its half for the CPU."""

INDEXES = ("Flat", "HNSW16", "IVF8,Flat", "SQ8", "PCA8,Flat")
ONE = ("LSH", "IVF4,PQ2x4")
"""Those that know one metric, or take long to train."""


def run(case, job):
    import faiss
    import numpy as np

    faiss.omp_set_num_threads(1)
    many = np.array(fixed.floats(400 * 16, 41), np.float32).reshape(400, 16)
    many[7], many[9] = many[3], many[3]  # Equal distances: which comes first?
    asked = np.concatenate([many[:4], many[100:104] * np.float32(1.01)])
    for name in INDEXES:
        for metric in ("L2", "INNER_PRODUCT"):
            searched(case, faiss, name, metric, many, asked)
    for name in ONE:
        searched(case, faiss, name, "L2", many, asked)

    def normal():
        unit = many[:32].copy()
        faiss.normalize_L2(unit)
        return unit

    case("normalize", normal)
    case("clusters", lambda: clusters(faiss, many))


def searched(case, faiss, name, metric, many, asked):
    def found():
        index = faiss.index_factory(16, name, getattr(faiss, "METRIC_" + metric))
        index.train(many)
        index.add(many)
        return index.search(asked, 5)

    title = "%s %s" % (name, metric)
    case(title + "/which", lambda: found()[1])
    case(title + "/distances", lambda: found()[0])


def clusters(faiss, many):
    found = faiss.Kmeans(16, 4, niter=5, seed=1)
    found.train(many)
    return found.centroids
