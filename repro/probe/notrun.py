"""Says of all that only a run can tell that it was not run, so that nothing is silently missing."""

from .facts import HOST, PROCESS, unreadable

REASON = "not run: only files were read"

KINDS = (
    (PROCESS, "argument"),
    (PROCESS, "blas.loaded"),
    (PROCESS, "canary"),
    (PROCESS, "command"),
    (PROCESS, "cpu.threads"),
    (PROCESS, "cuda.library.call"),
    (PROCESS, "cuda.library.loaded"),
    (PROCESS, "environment"),
    (PROCESS, "framework"),
    (PROCESS, "gpu.libcuda"),
    (PROCESS, "libc"),
    (PROCESS, "openmp.loaded"),
    (PROCESS, "python.loaded"),
    (PROCESS, "python.patched"),
    (PROCESS, "python.runtime"),
    (PROCESS, "setting"),
    (HOST, "cpu"),
    (HOST, "gpu.device"),
    (HOST, "gpu.driver"),
    (HOST, "kernel"),
    (HOST, "runtime"),
)
"""Every kind of the process and the host that a target that runs has; `runtime` is the engine's."""


def collect(files, context):
    """Yield one unreadable fact a kind; nothing where the target runs."""
    for scope, kind in () if context.live else KINDS:
        yield unreadable(scope, kind, "*", REASON)
