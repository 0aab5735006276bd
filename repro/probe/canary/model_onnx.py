"""What a tiny transformer in ONNX generates on ONNX Runtime's CPU."""

from functools import partial

from .filled import numpy_floats as floats
from .generation import PROMPT, VOCABULARY, greedy
from .onnx_graph import FLOAT, INT64, model
from .onnx_session import constants, gelu, layer_norm, session

NEEDS = ("onnxruntime|onnxruntime-gpu", "numpy")
FAMILY = "model"
DEVICE = "cpu"
IMPACTS = ("tokens", "numerics")
COVERS = ("python.package:onnxruntime", "python.package:onnxruntime-gpu")
WIDTH, LAYERS, LENGTH, COUNT = 64, 2, 48, 32


def run(case, job):
    data = _data()
    for name, optimized in (("default", True), ("not optimized", False)):
        at = session(data, optimized)
        case("greedy/float32 %s" % name, lambda at=at: greedy(partial(_scores, at), COUNT))
        case("logits/float32 %s" % name, lambda at=at: _logits(at, PROMPT), samples=64)


def _logits(at, tokens):
    """Logits after the last token; what stands behind it is masked."""
    import numpy as np

    padded = list(tokens) + [0] * (LENGTH - len(tokens))
    return at.run(None, {"tokens": np.array(padded, "int64")})[0][len(tokens) - 1]


def _scores(at, tokens):
    return [float(score) for score in _logits(at, tokens)]


def _data():
    import numpy as np

    tensors = dict(constants(WIDTH), size=np.array(WIDTH**0.5, "float32"))
    tensors["mask"] = np.triu(np.full((LENGTH, LENGTH), -1e9, "float32"), 1)
    tensors["embed"] = floats((VOCABULARY, WIDTH), 3001)
    tensors["place"] = floats((LENGTH, WIDTH), 3002)
    nodes = [("Gather", ["embed", "tokens"], "read"), ("Add", ["read", "place"], "hidden/0")]
    for layer in range(LAYERS):
        for at, (name, shape) in enumerate(_shapes().items()):
            scale = (3.0 / shape[0]) ** 0.5
            numbers = floats(shape, 3010 + 10 * layer + at, "float64")
            tensors["%s %d" % (name, layer)] = (numbers * scale).astype("float32")
        nodes += _layer(layer)
    numbers = floats((WIDTH, VOCABULARY), 3003, "float64")
    tensors["out"] = (numbers * 3 * (3.0 / WIDTH) ** 0.5).astype("float32")
    nodes += layer_norm("last", "hidden/%d" % LAYERS, "final")
    nodes += [("MatMul", ["final", "out"], "logits")]
    told = {"tokens": (INT64, (LENGTH,))}, {"logits": (FLOAT, (LENGTH, VOCABULARY))}
    return model(nodes, *told, tensors)


def _shapes():
    square = (WIDTH, WIDTH)
    wide = {"up": (WIDTH, 4 * WIDTH), "down": (4 * WIDTH, WIDTH)}
    return dict(dict.fromkeys("qkvo", square), **wide)


def _layer(layer):
    """One head of attention and two matrices with a GELU between them, each beside its input."""
    a, given = "%d/" % layer, "hidden/%d" % layer
    weight = {name: "%s %d" % (name, layer) for name in _shapes()}
    nodes = layer_norm(a + "before", given, a + "x")
    nodes += [("MatMul", [a + "x", weight[name]], a + name) for name in "qkv"]
    nodes += [
        ("Transpose", [a + "k"], a + "kt", {"perm": [1, 0]}),
        ("MatMul", [a + "q", a + "kt"], a + "products"),
        ("Div", [a + "products", "size"], a + "sized"),
        ("Add", [a + "sized", "mask"], a + "masked"),
        ("Softmax", [a + "masked"], a + "weights", {"axis": -1}),
        ("MatMul", [a + "weights", a + "v"], a + "mixed"),
        ("MatMul", [a + "mixed", weight["o"]], a + "attended"),
        ("Add", [given, a + "attended"], a + "between"),
        *layer_norm(a + "after", a + "between", a + "y"),
        ("MatMul", [a + "y", weight["up"]], a + "wide"),
        *gelu(a + "gelu", a + "wide", a + "active"),
        ("MatMul", [a + "active", weight["down"]], a + "narrow"),
        ("Add", [a + "between", a + "narrow"], "hidden/%d" % (layer + 1)),
    ]
    return nodes
