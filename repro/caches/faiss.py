"""Indexes of FAISS: type, distance and dimension by the header (faiss/impl/index_read.cpp)."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final

from repro.caches import facts
from repro.retrieval.facts import COLLECTION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.caches.folder import Files, Folder
    from repro.manifest import Fact

KIND: Final = COLLECTION
SUFFIXES: Final = (".faiss", ".index", ".ivf")
WRAPPERS: Final = frozenset({b"IxMp", b"IxM2", b"IxPT", b"IxRF"})
"""Around another index: it is what follows that searches."""
TYPES: Final = {
    b"IxFI": "flat", b"IxF2": "flat", b"IxFl": "flat", b"IwFl": "ivf,flat", b"IwPQ": "ivf,pq",
    b"IwQR": "ivf,pq,refined", b"IwSq": "ivf,sq", b"IxSQ": "sq", b"IxPq": "pq", b"IxPo": "pq",
    b"IxPQ": "pq", b"IHNf": "hnsw,flat", b"IHNp": "hnsw,pq", b"IHNs": "hnsw,sq",
    b"IHN2": "hnsw,2level", b"IHNc": "hnsw,cagra", b"INSf": "nsg,flat", b"IxHe": "lsh",
    b"IxHE": "lsh", b"IwPf": "ivf,pq,fastscan", b"IPfs": "pq,fastscan",
}  # fmt: skip
METRICS: Final = {
    0: "inner product", 1: "l2", 2: "l1", 3: "linf", 4: "lp", 20: "canberra", 21: "braycurtis",
    22: "jensenshannon", 23: "jaccard", 24: "nan-euclidean",
}  # fmt: skip
"""faiss/MetricType.h."""
MARK: Final = re.compile(rb"I[A-Za-z0-9]{3}")
"""How every index begins; a type that is not in the list is shown by these letters."""
HEAD: Final = struct.Struct("<iqqqBi")
"""Dimension, number of vectors, two fillers, trained, metric."""
FOURTH: Final = 4
FURTHER: Final = 4
"""Bytes of an argument that metrics after L2 have."""


def collected(folder: Folder, files: Files) -> Iterator[Fact]:
    """Yield the indexes in a folder: what ends like one and begins like one."""
    for name in folder.names:
        if name.endswith(SUFFIXES):
            path = folder.inside(name)
            try:
                data = files.part(path, 0, 3 * (HEAD.size + FOURTH + FURTHER))
            except OSError as error:
                yield facts.unread(KIND, path, error)
                continue
            yield from _described(path, data)


def _described(path: str, data: bytes) -> Iterator[Fact]:
    wrapped = []
    while data[:FOURTH] in WRAPPERS and len(data) >= FOURTH + HEAD.size:
        wrapped.append(data[:FOURTH].decode("ascii"))
        *_, metric = HEAD.unpack_from(data, FOURTH)
        data = data[FOURTH + HEAD.size + (FURTHER if metric > 1 else 0) :]
    kind = MARK.match(data)
    if kind is None or len(data) < FOURTH + HEAD.size:
        return
    dimension, count, _, _, trained, metric = HEAD.unpack_from(data, FOURTH)
    if dimension <= 0 or count < 0 or trained > 1 or metric not in METRICS:
        return
    yield facts.known(
        KIND,
        path,
        path,
        dimension=dimension,
        distance=METRICS[metric],
        index={
            "type": TYPES.get(kind[0], kind[0].decode("ascii")),
            **({"wrapped": wrapped} if wrapped else {}),
        },
        count=count,
    )
