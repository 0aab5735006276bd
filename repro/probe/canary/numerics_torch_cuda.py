"""What torch computes on a GPU: the operators of the CPU's canary, and what a GPU alone decides."""

from .torch_cuda import device, spared
from .torch_kernels import collectives, kernels
from .torch_operators import BACKENDS, operators

NEEDS = ("torch",)
FAMILY = "numerics"
DEVICE = "cuda"
IMPACTS = ("numerics",)
COVERS = (
    "python.package:torch",
    "framework:torch",
    "cuda.library*:cublas*",
    "cuda.library*:cudnn*",
    "gpu.device:*",
    "gpu.driver:*",
    "setting:NVIDIA_TF32_OVERRIDE",
    "setting:CUBLAS*",
)
SEVERAL = 8
"""GPUs that sum together at most."""


def run(case, job):
    import torch

    where, case = device(), spared(case)
    operators(case, where, (*BACKENDS, "EFFICIENT_ATTENTION", "CUDNN_ATTENTION"))
    kernels(case, where)
    count = min(torch.cuda.device_count(), SEVERAL)
    if count > 1 and hasattr(torch.cuda, "nccl"):
        collectives(case, [torch.device("cuda", each) for each in range(count)], _reduced)


def _reduced(parts):
    import torch

    totals = [torch.empty_like(part) for part in parts]
    torch.cuda.nccl.all_reduce(parts, totals)
    return totals
