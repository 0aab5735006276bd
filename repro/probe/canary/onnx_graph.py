"""Writes small ONNX graphs, so that a target needs no package that writes them.

Source: github.com/onnx/onnx, onnx/onnx.proto (numbers of fields); IR version 7, operator set 13.
"""

import struct

FLOAT, UINT8, INT8, INT32, INT64 = 1, 2, 3, 6, 7
TYPES = {"float32": FLOAT, "uint8": UINT8, "int8": INT8, "int32": INT32, "int64": INT64}


def model(nodes, inputs, outputs, tensors):
    """The bytes of a model.

    `nodes` are (operator, names in, name out, attributes), `inputs` and `outputs` names with
    (type, shape), `tensors` names with NumPy arrays.
    """
    graph = [_field(1, _node(*node)) for node in nodes]
    graph += [_field(2, b"canary")]
    graph += [_field(5, _tensor(name, array)) for name, array in tensors.items()]
    graph += [_field(11, _value(name, *told)) for name, told in inputs.items()]
    graph += [_field(12, _value(name, *told)) for name, told in outputs.items()]
    operators = _field(8, _field(1, b"") + _number(2, 13))
    return _number(1, 7) + _field(7, b"".join(graph)) + operators


def _node(operator, taken, given, attributes=None):
    """One node; a few operators give several results."""
    parts = [_field(1, name.encode()) for name in taken]
    parts += [_field(2, name.encode()) for name in given.split()]
    parts += [_field(4, operator.encode())]
    parts += [_field(5, _attribute(name, value)) for name, value in (attributes or {}).items()]
    return b"".join(parts)


def _attribute(name, value):
    head = _field(1, name.encode())
    if isinstance(value, float):
        return head + _key(2, 5) + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, int):
        return head + _number(3, value) + _number(20, 2)
    return head + b"".join(_number(8, each) for each in value) + _number(20, 7)


def _tensor(name, array):
    parts = [_number(1, length) for length in array.shape]
    parts += [_number(2, TYPES[str(array.dtype)]), _field(8, name.encode())]
    return b"".join(parts) + _field(9, array.tobytes())


def _value(name, kind, shape):
    lengths = b"".join(_field(1, _number(1, length)) for length in shape)
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, kind) + _field(2, lengths)))


def _field(number, data):
    return _key(number, 2) + _varint(len(data)) + data


def _number(number, value):
    return _key(number, 0) + _varint(value & (1 << 64) - 1)


def _key(number, wire):
    return _varint(number << 3 | wire)


def _varint(value):
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)
