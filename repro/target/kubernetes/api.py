"""What a cluster's API says of pods and nodes, parsed as hostile."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

import msgspec

from repro.errors import EngineError

SUBDOMAIN: Final = r"^(?!.*\n)[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"
LABEL: Final = r"^(?!.*\n)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
"""RFC 1123, as "Object Names and IDs" has it: no name looks like an option or leaves a folder."""
KEY: Final = r"^(?!.*\n)([a-z0-9][-a-z0-9.]{0,252}/)?[A-Za-z0-9][-A-Za-z0-9_.]{0,62}$"
VALUE: Final = r"^(?!.*\n)([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"
"""A label's key and its value ("Labels and Selectors")."""

Name = Annotated[str, msgspec.Meta(pattern=SUBDOMAIN)]
Label = Annotated[str, msgspec.Meta(pattern=LABEL)]
Key = Annotated[str, msgspec.Meta(pattern=KEY)]
Value = Annotated[str, msgspec.Meta(pattern=VALUE)]
Text = Annotated[str, msgspec.Meta(max_length=16_384)]
"""Messages; what of them is shown is cut where it is shown."""

DEFAULT: Final = "kubectl.kubernetes.io/default-container"
"""The annotation by which a pod says which of its containers is meant where none is named."""


class _Said(msgspec.Struct, frozen=True, rename="camel"):
    """Part of an answer; what it does not name is left out."""


class Metadata(_Said, frozen=True):
    """Who an object is."""

    name: Name
    namespace: Label
    uid: Text = ""
    annotations: dict[str, str] = {}
    deletion_timestamp: Text | None = None


class Container(_Said, frozen=True):
    """A container as it was asked for."""

    name: Label
    image: Text = ""


class Waiting(_Said, frozen=True):
    """Why a container does not run yet, or not again."""

    reason: Text = ""
    message: Text = ""


class Terminated(_Said, frozen=True):
    """How a container ended."""

    exit_code: int
    reason: Text = ""
    message: Text = ""
    finished_at: Text | None = None


class State(_Said, frozen=True):
    """One of three."""

    waiting: Waiting | None = None
    running: dict[str, Text | None] | None = None
    terminated: Terminated | None = None


class Status(_Said, frozen=True):
    """A container as it is."""

    name: Label
    state: State = State()
    image_id: Text = msgspec.field(name="imageID", default="")
    container_id: Text = msgspec.field(name="containerID", default="")


class Condition(_Said, frozen=True):
    """Something about a pod that holds or does not."""

    type: Text
    status: Text
    reason: Text = ""
    message: Text = ""


class PodSpec(_Said, frozen=True):
    """A pod as it was asked for."""

    containers: Annotated[tuple[Container, ...], msgspec.Meta(min_length=1)]
    init_containers: tuple[Container, ...] = ()
    node_name: Name | None = None


class PodStatus(_Said, frozen=True):
    """A pod as it is."""

    phase: Text = "Unknown"
    reason: Text = ""
    message: Text = ""
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[Status, ...] = ()
    init_container_statuses: tuple[Status, ...] = ()


class Pod(_Said, frozen=True):
    """A pod."""

    metadata: Metadata
    spec: PodSpec
    status: PodStatus = PodStatus()

    @property
    def meant(self) -> str:
        """The container that is meant where none is named, as kubectl chooses it."""
        return self.metadata.annotations.get(DEFAULT) or self.spec.containers[0].name

    def container(self, name: str) -> Container | None:
        """Return a container by name, also one of those that run before the others."""
        every = (*self.spec.containers, *self.spec.init_containers)
        return next((each for each in every if each.name == name), None)

    def status_of(self, name: str) -> Status | None:
        """Return how a container is; None where nothing of it has begun."""
        every = (*self.status.container_statuses, *self.status.init_container_statuses)
        return next((each for each in every if each.name == name), None)


class Pods(_Said, frozen=True):
    """A list of pods."""

    items: tuple[Pod, ...]


class NodeInfo(_Said, frozen=True):
    """What a node says of its software."""

    container_runtime_version: Text = ""
    kubelet_version: Text = ""


class NodeStatus(_Said, frozen=True):
    """A node as it is."""

    node_info: NodeInfo = NodeInfo()


class NodeMetadata(_Said, frozen=True):
    """Who a node is, and what it is labelled with."""

    name: Name
    labels: dict[Key, Value] = {}


class Node(_Said, frozen=True):
    """A node."""

    metadata: NodeMetadata
    status: NodeStatus = NodeStatus()


Answer = TypeVar("Answer", Pod, Pods, Node)


def parse(data: bytes, form: type[Answer]) -> Answer:
    """Read an answer. EngineError where it is not what the API promises."""
    try:
        return msgspec.json.decode(data, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EngineError(
            f"kubectl's answer is no {form.__name__.lower()} as the API has them: {error}",
            advice="Is the first kubectl on the PATH kubectl, and nothing that prints besides?",
        ) from error


def trouble(pod: Pod, container: str) -> str | None:
    """Say why nothing can be executed in a container; None where it runs."""
    if reason := _gone(pod, container):
        return reason
    status = pod.status_of(container)
    return None if status and status.state.running is not None else _not_running(pod, status)


def unanswered(pod: Pod, container: str) -> str | None:
    """Say why a container's log holds no answer yet; None where it ended well."""
    if pod.container(container) is None:
        return f"it has no container {container}"
    status = pod.status_of(container)
    if status and status.state.terminated and status.state.terminated.exit_code == 0:
        return None
    if status and status.state.running is not None:
        return "it has not answered yet"
    return _not_running(pod, status)


def _gone(pod: Pod, container: str) -> str | None:
    if pod.container(container) is None:
        return f"it has no container {container}"
    return "it is being deleted" if pod.metadata.deletion_timestamp else None


def _not_running(pod: Pod, status: Status | None) -> str:
    if status and status.state.waiting and status.state.waiting.reason:
        waiting = status.state.waiting
        return _joined(waiting.reason, waiting.message)
    if status and status.state.terminated:
        ended = status.state.terminated
        return _joined(f"it has ended with exit code {ended.exit_code}", ended.reason)
    unmet = [each for each in pod.status.conditions if each.status == "False" and each.message]
    why = [_joined(each.reason, each.message) for each in unmet[:1]]
    said = _joined(pod.status.reason, pod.status.message)
    return _joined(f"it is {pod.status.phase}, not running", said or "".join(why))


def _joined(*parts: str) -> str:
    return ": ".join(part[:400] for part in parts if part)
