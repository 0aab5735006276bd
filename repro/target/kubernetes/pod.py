"""A container of a running pod: the probe is executed in it, and nothing is written into it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from repro.errors import ProbeError, TargetError, UsageError
from repro.manifest import Manifest, Target
from repro.target.answer import Output
from repro.target.carried import asking
from repro.target.kubernetes import api, kubectl, node
from repro.target.snapshot import answered, probe_options, take

if TYPE_CHECKING:
    from collections.abc import Callable

    from repro.target.canaries import Ask
    from repro.target.options import Options
    from repro.target.progress import Progress, Watch

LOADER: Final = "import sys; exec(compile(sys.stdin.read({size}), '<repro>', 'exec'))"
"""Takes the program from standard input. `kubectl exec` puts words into the URL of its request, and
there a hundred kilobytes would be in every proxy's way and in every line of the audit log."""
PATIENCE: Final = 30
"""Seconds for the way to the container, beside those for the probe."""
PROGRAMS: Final = (
    "python3",
    "python",
    *(f"{prefix}/bin/python3" for prefix in ("/opt/venv", "/venv", "/app/.venv", "/opt/conda")),
    "/usr/local/bin/python3",
    "/usr/bin/python3",
)
"""Where a Python is looked for: each that is not there costs a request."""
MOST_LOG: Final = 64 << 20
"""Bytes of a log that are asked for."""


class Place(NamedTuple):
    """Which container is meant."""

    namespace: str
    pod: str
    container: str
    """Empty where the pod's own choice is meant."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read NAMESPACE/POD[/CONTAINER]; UsageError for what cannot be names."""
        parts = text.split("/")
        patterns = (api.LABEL, api.SUBDOMAIN, api.LABEL)
        if len(parts) not in (2, 3) or not all(map(re.match, patterns, parts)):
            raise UsageError(
                f"{text[:300]!r} is not NAMESPACE/POD or NAMESPACE/POD/CONTAINER",
                advice="For example kubernetes:prod/serving-0; the cluster is that of --context.",
            )
        return cls(parts[0], parts[1], "".join(parts[2:]))


def snapshot(text: str, options: Options, progress: Progress | None = None) -> Manifest:
    """Run the probe in a container of a pod that runs. TargetError where none runs there."""
    place, before = _found(text, options, api.trouble)
    made = take(
        _target(before, place.container),
        _asking(place, options),
        probe_options(options, running=True),
        options,
        lambda: ((), node.about(before.spec.node_name, options.context)),
        progress=progress,
        at_work=True,
    )
    _still(before, _look_up(place, options), place.container)
    return made


def from_log(text: str, options: Options) -> Manifest:
    """Read the answer of a probe that ran as a container of its own, from its log."""
    place, pod = _found(text, options, api.unanswered)
    where = (f"--namespace={place.namespace}", f"--container={place.container}")
    words = ("logs", *where, f"--limit-bytes={MOST_LOG}", place.pod)
    log = kubectl.read(kubectl.command(options.context, *words))
    status = pod.status_of(place.container)
    ended = status.state.terminated.finished_at if status and status.state.terminated else None
    about = node.about(pod.spec.node_name, options.context)
    return answered(_target(pod, place.container), Output(log), about, at=ended)


def _found(
    text: str, options: Options, wrong: Callable[[api.Pod, str], str | None]
) -> tuple[Place, api.Pod]:
    """Look a pod up, and settle which of its containers is meant."""
    place = Place.parse(text)
    pod = _look_up(place, options)
    place = place._replace(container=place.container or pod.meant)
    if reason := wrong(pod, place.container):
        raise TargetError(
            f"{text}: {reason}",
            advice=f"See kubectl describe pod {place.pod} -n {place.namespace}.",
        )
    return place, pod


def _look_up(place: Place, options: Options) -> api.Pod:
    words = ("get", "pod", f"--namespace={place.namespace}", "--output=json", place.pod)
    return api.parse(kubectl.read(kubectl.command(options.context, *words)), api.Pod)


def _target(pod: api.Pod, container: str) -> Target:
    asked, status = pod.container(container), pod.status_of(container)
    said = {
        "image": asked.image if asked else None,
        "image_id": status.image_id if status else None,
        "node": pod.spec.node_name,
    }
    return Target(
        kind="container",
        name=f"{pod.metadata.namespace}/{pod.metadata.name}/{container}",
        properties={key: value for key, value in said.items() if value},
    )


def _asking(place: Place, options: Options) -> Ask:
    """Return what executes Python's arguments in a container, the program by standard input."""
    words = (f"--namespace={place.namespace}", f"--container={place.container}", "--stdin")
    prefix = kubectl.command(options.context, "exec", *words, place.pod, "--")
    where = f"the container {place.container} of {place.pod}"

    def ask(arguments: list[str], seconds: int, watch: Watch | None) -> Output:
        *flags, program, told = arguments
        carry = asking(
            prefix, where, programs=PROGRAMS, patience=PATIENCE, given=program.encode("ascii")
        )
        output = carry([*flags, LOADER.format(size=len(program)), told], seconds, watch)
        if b"@repro-begin" not in output.out and (error := kubectl.failed(output)):
            raise error
        return output

    return ask


def _still(before: api.Pod, after: api.Pod, container: str) -> None:
    """Check that one container was asked, not two that had its name one after the other."""
    states = [(pod.metadata.uid, pod.status_of(container)) for pod in (before, after)]
    ids = [(uid, status.container_id if status else None) for uid, status in states]
    if ids[0] != ids[1]:
        raise ProbeError(
            f"{container} of {before.metadata.name} was started anew while it was read",
            advice="Try again when it is at rest; kubectl describe pod says why it started.",
        )
