"""Which pods a selector means."""

from __future__ import annotations

from repro.errors import UsageError
from repro.target.kubernetes import api, kubectl


def pods(
    selector: str,
    *,
    context: str | None,
    namespace: str | None = None,
    everywhere: bool = False,
    fields: str | None = None,
) -> tuple[api.Pod, ...]:
    """Ask the API for pods. EngineError where it does not say, UsageError where there are none."""
    where = ["--all-namespaces"] if everywhere else [f"--namespace={namespace}"] * bool(namespace)
    which = [f"--selector={selector}", *([f"--field-selector={fields}"] if fields else [])]
    words = ("get", "pods", "--output=json", *which, *where)
    found = api.parse(kubectl.read(kubectl.command(context, *words)), api.Pods).items
    if not found:
        place = "in all namespaces" if everywhere else f"in {namespace or 'the namespace in use'}"
        raise UsageError(
            f"no pod {place} fits {' '.join(filter(None, (selector, fields)))!r}",
            advice="See kubectl get pods --show-labels.",
        )
    return found
