"""What a tiny transformer in plain torch generates on a GPU."""

from .torch_cuda import device, spared
from .torch_model import generations

NEEDS = ("torch",)
FAMILY = "model"
DEVICE = "cuda"
IMPACTS = ("tokens", "numerics", "sampling")
COVERS = ("python.package:torch", "framework:torch")


def run(case, job):
    generations(spared(case), device())
