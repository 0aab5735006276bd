"""What a tiny transformer in plain torch generates on a CPU."""

from .torch_model import generations

NEEDS = ("torch",)
FAMILY = "model"
DEVICE = "cpu"
IMPACTS = ("tokens", "numerics", "sampling")
COVERS = ("python.package:torch", "framework:torch")


def run(case, job):
    generations(case, "cpu")
