"""Neighbours that vector indexes find: exact, and approximate."""

import importlib.util

import numpy as np
from outputs import array, emit, numbers

base = np.array(numbers(600 * 24, 61), np.float32).reshape(600, 24)
asked = np.array(numbers(20 * 24, 62), np.float32).reshape(20, 24)
found = {}
if importlib.util.find_spec("faiss"):
    import faiss

    faiss.omp_set_num_threads(1)
    for name in ("Flat", "IVF16,Flat", "HNSW16", "SQ8", "PQ6x4"):
        index = faiss.index_factory(24, name)
        index.train(base)
        index.add(base)
        distances, ids = index.search(asked, 5)
        found[f"faiss.{name}.ids"] = ids.tolist()
        found[f"faiss.{name}.distances"] = array(distances)
if importlib.util.find_spec("hnswlib"):
    import hnswlib

    index = hnswlib.Index(space="cosine", dim=24)
    index.init_index(max_elements=600, ef_construction=60, M=12, random_seed=7)
    index.set_num_threads(1)
    index.add_items(base)
    ids, distances = index.knn_query(asked, k=5)
    found["hnswlib.ids"] = ids.tolist()
    found["hnswlib.distances"] = array(distances)
emit(found)
