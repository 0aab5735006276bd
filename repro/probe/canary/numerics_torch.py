"""What torch computes on a CPU, with as many threads as it chooses and with one."""

from functools import partial

from .filled import torch_floats
from .record import Skip, same_bits
from .torch_operators import MORE, operators

NEEDS = ("torch",)
FAMILY = "numerics"
DEVICE = "cpu"
IMPACTS = ("numerics",)
COVERS = (
    "python.package:torch",
    "framework:torch",
    "cpu:*",
    "cpu.threads:*",
    "setting:ATEN_CPU_CAPABILITY",
    "setting:ONEDNN_*",
    "setting:DNNL_*",
    "setting:MKL_*",
    "setting:OMP_*",
)


def run(case, job):
    operators(case, "cpu")
    _threads(case)
    _quantized(case)


def _threads(case):
    """Whether the number of threads has a say: it decides how a long sum is cut up."""
    import torch

    many, a = torch_floats((1 << 20,), 52), torch_floats((256, 1024), 53)
    ways = {
        "sum [2^20]": many.sum,
        "matmul [256, 1024, 256]": lambda: a @ a.T,
        "softmax [256, 1024]": lambda: a.softmax(-1),
    }
    for name, compute in ways.items():
        case("one thread or all/float32 %s" % name, partial(_alone, torch, compute))


def _alone(torch, compute):
    threads, found = torch.get_num_threads(), compute()
    torch.set_num_threads(1)
    try:
        return same_bits(found, compute())
    finally:
        torch.set_num_threads(threads)


def _quantized(case):
    """A linear layer with weights of 8 bits, and inputs that are quantized as they come."""
    import torch

    rows = torch_floats((4, 256), 54)
    weight = torch_floats((64, 256), 55)
    for name, scaled in (("usual", weight), ("largest", weight.sign())):
        case("linear/qint8 %s" % name, partial(_linear, torch, rows, scaled), samples=MORE)


def _linear(torch, rows, weight):
    quantized = torch.quantize_per_tensor(weight, 1 / 127, 0, torch.qint8)
    try:
        packed = torch.ops.quantized.linear_prepack(quantized, None)
    except (RuntimeError, AttributeError):
        raise Skip("this build has no quantized kernels") from None
    return torch.ops.quantized.linear_dynamic(rows, packed)
