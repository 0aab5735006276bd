"""What ONNX Runtime computes on a CPU: small graphs, optimized by default and not at all."""

from functools import partial

from .filled import numpy_floats as floats
from .onnx_graph import FLOAT, INT8, INT32, INT64, UINT8, model
from .onnx_session import constants, gelu, layer_norm, session
from .record import same_bits

NEEDS = ("onnxruntime|onnxruntime-gpu", "numpy")
FAMILY = "numerics"
DEVICE = "cpu"
IMPACTS = ("numerics",)
COVERS = ("python.package:onnxruntime", "python.package:onnxruntime-gpu", "cpu:*")
UNARY = ("Exp", "Log", "Erf", "Tanh", "Sigmoid", "Sqrt", "Sin")


def run(case, job):
    kept = partial(case, samples=16)
    graphs = {
        "matmul-gelu-matmul-layer_norm": _layers(),
        "conv-tanh": _picture(),
        "attention": _attention(),
    }
    for name, (data, inputs) in graphs.items():
        _ways(kept, name, data, inputs)
    for name, (data, inputs) in _plain().items():
        kept(name, partial(_run, data, inputs))


def _ways(case, name, data, inputs):
    """A graph that the runtime may rewrite, and whether that or its threads move the bits."""
    case("%s/float32 default" % name, partial(_run, data, inputs))
    case("%s/float32 not optimized" % name, partial(_run, data, inputs, optimized=False))
    case("%s/optimized or not" % name, partial(_same, data, inputs, optimized=False))
    case("%s/one thread or all" % name, partial(_same, data, inputs, threads=1))


def _run(data, inputs, **how):
    return session(data, **how).run(None, inputs)[0]


def _same(data, inputs, **how):
    return same_bits(_run(data, inputs), _run(data, inputs, **how))


def _layers():
    nodes = [
        ("MatMul", ["x", "w1"], "wide"),
        ("Add", ["wide", "b1"], "biased"),
        *gelu("gelu", "biased", "active"),
        ("MatMul", ["active", "w2"], "narrow"),
        ("Add", ["narrow", "x"], "residual"),
        *layer_norm("norm", "residual", "y"),
    ]
    tensors = dict(
        constants(128),
        w1=floats((128, 512), 81) / 8,
        b1=floats((512,), 82),
        w2=floats((512, 128), 83) / 16,
    )
    told = {"x": (FLOAT, (16, 128))}, {"y": (FLOAT, (16, 128))}
    return model(nodes, *told, tensors), {"x": floats((16, 128), 84)}


def _picture():
    nodes = [
        ("Conv", ["x", "w"], "c", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
        ("Tanh", ["c"], "y"),
    ]
    shape = (1, 16, 24, 24)
    data = model(
        nodes, {"x": (FLOAT, shape)}, {"y": (FLOAT, shape)}, {"w": floats((16, 16, 3, 3), 85) / 4}
    )
    return data, {"x": floats(shape, 86)}


def _attention():
    nodes = [
        ("MatMul", ["q", "k"], "scores"),
        ("Softmax", ["scores"], "weights", {"axis": -1}),
        ("MatMul", ["weights", "v"], "y"),
    ]
    shapes = {"q": (4, 32, 64), "k": (4, 64, 32), "v": (4, 32, 64)}
    data = model(
        nodes,
        {name: (FLOAT, shape) for name, shape in shapes.items()},
        {"y": (FLOAT, (4, 32, 64))},
        {},
    )
    return data, {name: floats(shape, 87 + at) for at, (name, shape) in enumerate(shapes.items())}


def _plain():
    """Graphs of one operator each: functions, bytes that may overflow, a long sum, ties."""
    points = floats((4096,), 91)
    found = {"%s/float32" % name.lower(): _unary(name, abs(points) * 8) for name in UNARY}
    for name, factor in (("usual", 1), ("largest", 0)):
        found["MatMulInteger/uint8 int8 %s" % name] = _bytes(factor)
    many = floats((1, 1 << 18), 92)
    found["sum/float32 [2^18]"] = _one("ReduceSum", many, (1, 1), FLOAT)
    ties = (floats((1, 500), 93) * 8).round()
    found["argmax of ties/float32"] = _one("ArgMax", ties, (1, 1), INT64, {"axis": 1})
    found["cast/float32 int8"] = _one("Cast", points * 200, (4096,), INT8, {"to": INT8})
    found["top 5 of ties/float32"] = _top(ties)
    return found


def _one(operator, array, shape, kind, attributes=None):
    node = operator, ["x"], "y", attributes
    told = {"x": (FLOAT, array.shape)}, {"y": (kind, shape)}
    return model([node], *told, {}), {"x": array}


def _unary(name, points):
    return _one(name, points, points.shape, FLOAT)


def _bytes(factor):
    """With 255 times 127 everywhere, 16-bit sums of CPUs without VNNI overflow."""
    a = abs(floats((16, 256), 94) * 255 * factor).round() if factor else floats((16, 256)) * 0 + 255
    b = (floats((256, 32), 95) * 127).round() if factor else floats((256, 32)) * 0 + 127
    told = {"x": (UINT8, (16, 256))}, {"y": (INT32, (16, 32))}
    data = model([("MatMulInteger", ["x", "w"], "y")], *told, {"w": b.astype("int8")})
    return data, {"x": a.astype("uint8")}


def _top(ties):
    import numpy as np

    told = {"x": (FLOAT, ties.shape)}, {"at": (INT64, (1, 5)), "y": (FLOAT, (1, 5))}
    data = model([("TopK", ["x", "five"], "y at")], *told, {"five": np.array([5], "int64")})
    return data, {"x": ties}
