"""What torch draws on a CPU from a fixed seed."""

from .torch_draws import draws

NEEDS = ("torch",)
FAMILY = "random"
DEVICE = "cpu"
IMPACTS = ("sampling",)
COVERS = ("python.package:torch", "framework:torch")


def run(case, job):
    draws(case, "cpu")
