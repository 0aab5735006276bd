"""What ONNX Runtime computes of three small nets: dense, convolutional, attention."""

import glob
import os

import numpy as np
import onnxruntime
from outputs import array, emit, numbers

found = {}
for path in sorted(glob.glob(os.path.join(os.environ["MODEL"], "*.onnx"))):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    shape = [size if isinstance(size, int) else 3 for size in given.shape]
    values = np.array(numbers(int(np.prod(shape)), 11), np.float32).reshape(shape) * 2 - 1
    name = os.path.basename(path)[:-5]
    for output, value in zip(session.get_outputs(), session.run(None, {given.name: values})):
        found[f"{name}.{output.name}"] = array(value)
        if value.ndim == 2 and value.shape[1] > 1:
            found[f"{name}.{output.name}.label"] = value.argmax(1).tolist()
emit(found)
