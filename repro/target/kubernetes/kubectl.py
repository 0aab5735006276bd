"""Runs kubectl, which knows clusters and certificates, and passes on what it complains of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from repro.errors import EngineError, ProbeError, TargetError
from repro.target.carried import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from repro.target.answer import Output

SECONDS: Final = 60
"""That reading from the API may take."""
SAID: Final = 1000
"""Characters of a complaint that are kept."""
COMPLAINTS: Final = (
    "Error from server",
    "Error in configuration",
    "error: ",
    "Unable to connect",
    "The connection to the server",
)
"""How lines begin that are kubectl's own, where a container writes to standard error besides."""
LOGGED: Final = re.compile(r"[IWEF]\d{4} \d\d:")
"""How a line of its log begins (k8s.io/klog); what went wrong is said below once more."""
ADVICE: Final = {
    "forbidden": "Whoever runs this needs to get and list pods, and to create and get pods/exec "
    "(or to get pods/log): kubectl auth can-i create pods/exec",
    "NotFound": "Is it still there? See kubectl get pods.",
    "Unauthorized": "Log in to the cluster again.",
}
OTHERWISE: Final = "Does kubectl get pods work? The cluster is that of KUBECONFIG and --context."


def command(context: str | None, *words: str) -> list[str]:
    """Return the words of a call of kubectl."""
    return ["kubectl", *([f"--context={context}"] if context else []), *words]


def read(words: Sequence[str]) -> bytes:
    """Return what a call prints. EngineError where it fails, hangs, or prints without end."""
    try:
        done = run(words, SECONDS, what="kubectl")
    except ProbeError as error:
        raise EngineError(error.message, advice=OTHERWISE) from error
    except TargetError as error:
        raise EngineError(error.message, advice="kubectl reaches clusters: install it.") from error
    if done.code:
        said = "\n".join(_lines(done.output)) or f"it ended with exit code {done.code}"
        raise _error(said[-SAID:])
    return done.output.out


def failed(output: Output) -> EngineError | None:
    """Return the error that kubectl wrote below what a container did, None where it wrote none."""
    lines = _lines(output)
    starts = [at for at, line in enumerate(lines) if line.startswith(COMPLAINTS)]
    return _error("\n".join(lines[starts[-1] :])[:SAID]) if starts else None


def _lines(output: Output) -> list[str]:
    lines = output.err.decode("utf-8", "replace").strip().splitlines()
    return [line for line in lines if not LOGGED.match(line)]


def _error(said: str) -> EngineError:
    advice = next((advice for mark, advice in ADVICE.items() if mark in said), OTHERWISE)
    return EngineError(f"kubectl: {said}", advice=advice)
