"""What torch draws on a GPU from a fixed seed, also past what one grid of threads draws at once."""

from .torch_cuda import device, spared
from .torch_draws import boundaries, draws

NEEDS = ("torch",)
FAMILY = "random"
DEVICE = "cuda"
IMPACTS = ("sampling",)
COVERS = ("python.package:torch", "framework:torch", "gpu.device:*")


def run(case, job):
    where, case = device(), spared(case)
    draws(case, where)
    boundaries(case, where)
