"""JAX on a CPU, and on nothing else: on a GPU it would take most of the memory at once."""

import os
import sys

from .record import Skip


def jax():
    """The module `jax`, held to its CPU backend; Skip where something else chose already."""
    if "jax" not in sys.modules:
        os.environ["JAX_PLATFORMS"] = os.environ["JAX_PLATFORM_NAME"] = "cpu"
    import jax as module

    if module.default_backend() != "cpu":
        raise Skip("JAX was started on %s" % module.default_backend())
    return module
