"""What USearch finds, and how it measures a distance."""

from . import fixed

NEEDS = ("usearch", "numpy")
FAMILY = "retrieval"
IMPACTS = ("numerics",)
COVERS = ("python.package:usearch",)


def run(case, job):
    import numpy as np
    from usearch.index import Index

    many = np.array(fixed.floats(300 * 16, 43), np.float32).reshape(300, 16)
    asked = np.concatenate([many[:4], many[100:104] * np.float32(1.01)])
    for metric in ("cos", "l2sq", "ip"):
        for dtype in ("f32", "f16", "i8"):

            def found(metric=metric, dtype=dtype):
                index = Index(ndim=16, metric=metric, dtype=dtype)
                index.add(np.arange(300), many, threads=1)
                return index.search(asked, 5, threads=1)

            title = "%s %s" % (metric, dtype)
            case(title + "/which", lambda found=found: found().keys)
            case(title + "/distances", lambda found=found: found().distances)
    case("default", lambda: str(Index(ndim=16).metric_kind))
    case("default/type", lambda: str(Index(ndim=16).dtype))
