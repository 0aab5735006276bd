"""Runs ONNX graphs on ONNX Runtime's CPU, optimized as it does by itself or not at all."""


def session(data, optimized=True, threads=0):
    """A session of a model's bytes, which warns of nothing."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def layer_norm(prefix, given, result):
    """Nodes that normalize the last axis, as exporters write them; the runtime may fuse them."""
    a = prefix + "/"
    return [
        ("ReduceMean", [given], a + "mean", {"axes": [-1]}),
        ("Sub", [given, a + "mean"], a + "centred"),
        ("Pow", [a + "centred", "two"], a + "square"),
        ("ReduceMean", [a + "square"], a + "variance", {"axes": [-1]}),
        ("Add", [a + "variance", "epsilon"], a + "safe"),
        ("Sqrt", [a + "safe"], a + "deviation"),
        ("Div", [a + "centred", a + "deviation"], a + "normal"),
        ("Mul", [a + "normal", "scale"], a + "scaled"),
        ("Add", [a + "scaled", "shift"], result),
    ]


def gelu(prefix, given, result):
    """Nodes of the exact GELU, as exporters write them."""
    a = prefix + "/"
    return [
        ("Div", [given, "root"], a + "narrow"),
        ("Erf", [a + "narrow"], a + "erf"),
        ("Add", [a + "erf", "one"], a + "up"),
        ("Mul", [given, a + "up"], a + "twice"),
        ("Mul", [a + "twice", "half"], result),
    ]


def constants(size):
    """The tensors that those nodes name."""
    import numpy as np

    numbers = {"two": 2.0, "one": 1.0, "half": 0.5, "root": 2.0**0.5, "epsilon": 1e-5}
    found = {name: np.array(number, "float32") for name, number in numbers.items()}
    return dict(found, scale=np.ones(size, "float32"), shift=np.zeros(size, "float32"))
