"""What hnswlib finds, and how it measures a distance."""

from . import fixed

NEEDS = ("hnswlib|chroma-hnswlib",)
FAMILY = "retrieval"
IMPACTS = ("numerics",)
COVERS = ("python.package:hnswlib", "python.package:chroma-hnswlib")


def run(case, job):
    import hnswlib
    import numpy as np

    many = np.array(fixed.floats(300 * 16, 42), np.float32).reshape(300, 16)
    asked = np.concatenate([many[:4], many[100:104] * np.float32(1.01)])
    for space in ("l2", "ip", "cosine"):

        def found(space=space):
            index = hnswlib.Index(space=space, dim=16)
            index.init_index(max_elements=300, M=8, ef_construction=50)
            index.set_num_threads(1)
            index.add_items(many, num_threads=1)
            return index.knn_query(asked, k=5, num_threads=1)

        case(space + "/which", lambda found=found: found()[0])
        case(space + "/distances", lambda found=found: found()[1])
