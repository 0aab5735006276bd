"""Write three small ONNX nets with weights from a counter: dense, convolutional, attention."""

import os
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save


def weights(name, *shape, scale=0.4):
    count = int(np.prod(shape))
    steps = (
        np.arange(count, dtype=np.float64) * 0.6180339887498949 + len(name) * 0.31 + shape[0] * 0.17
    )
    return numpy_helper.from_array(
        ((steps % 1.0 - 0.5) * scale).astype(np.float32).reshape(shape), name
    )


def write(name, nodes, given, output, held):
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, given)]
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, name, inputs, outputs, held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)])
    model.ir_version = 7
    save(model, os.path.join(sys.argv[1], name + ".onnx"))


node = helper.make_node
write(
    "dense",
    [
        node("Gemm", ["x", "w1", "b1"], ["h1"]),
        node("Relu", ["h1"], ["h2"]),
        node("Gemm", ["h2", "w2", "b2"], ["h3"]),
        node("Softmax", ["h3"], ["y"], axis=1),
    ],
    [9, 24],
    "y",
    [weights("w1", 24, 48), weights("b1", 48), weights("w2", 48, 7), weights("b2", 7)],
)
write(
    "convolutional",
    [
        node("Conv", ["x", "w1", "b1"], ["c1"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("Sigmoid", ["c1"], ["s1"]),
        node("Mul", ["c1", "s1"], ["a1"]),
        node("AveragePool", ["a1"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
        node(
            "Resize",
            ["p1", "", "scales"],
            ["r1"],
            mode="cubic",
            coordinate_transformation_mode="half_pixel",
        ),
        node("GlobalAveragePool", ["r1"], ["g1"]),
        node("Flatten", ["g1"], ["f1"]),
        node("Gemm", ["f1", "w2", "b2"], ["y"]),
    ],
    [2, 3, 20, 20],
    "y",
    [
        weights("w1", 12, 3, 3, 3),
        weights("b1", 12),
        numpy_helper.from_array(np.array([1, 1, 1.5, 1.5], np.float32), "scales"),
        weights("w2", 12, 5, scale=3),
        weights("b2", 5),
    ],
)
write(
    "attention",
    [
        node("MatMul", ["x", "wq"], ["q"]),
        node("MatMul", ["x", "wk"], ["k"]),
        node("MatMul", ["x", "wv"], ["v"]),
        node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
        node("MatMul", ["q", "kt"], ["s"]),
        node("Softmax", ["s"], ["p"], axis=2),
        node("MatMul", ["p", "v"], ["o"]),
        node("Add", ["x", "o"], ["r"]),
        node("ReduceMean", ["r"], ["m"], axes=[2]),
        node("Sub", ["r", "m"], ["d"]),
        node("Mul", ["d", "d"], ["d2"]),
        node("ReduceMean", ["d2"], ["var"], axes=[2]),
        node("Add", ["var", "eps"], ["vare"]),
        node("Sqrt", ["vare"], ["std"]),
        node("Div", ["d", "std"], ["n"]),
        node("Div", ["n", "root"], ["e1"]),
        node("Erf", ["e1"], ["e2"]),
        node("Add", ["e2", "one"], ["e3"]),
        node("Mul", ["n", "e3"], ["y"]),
    ],
    [2, 16, 32],
    "y",
    [
        weights("wq", 32, 32, scale=1),
        weights("wk", 32, 32, scale=1),
        weights("wv", 32, 32, scale=1),
        numpy_helper.from_array(np.array(1e-5, np.float32), "eps"),
        numpy_helper.from_array(np.array(2**0.5, np.float32), "root"),
        numpy_helper.from_array(np.array(1, np.float32), "one"),
    ],
)
