"""A stand-in for a cluster's API: it lists what it is given, and executes in processes of its own.

Paths and answers are those of Kubernetes' API reference (v1.37), and the protocol of exec is
`v5.channel.k8s.io` (k8s.io/apimachinery, pkg/util/remotecommand): the first byte of a message says
which stream it is of.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PROTOCOL: Final = Subprotocol("v5.channel.k8s.io")
STDIN, STDOUT, STDERR, ERROR, CLOSE = 0, 1, 2, 3, 255
INSIDE: Final = (
    *("/usr/bin/unshare", "--pid", "--fork", "--mount-proc", "--kill-child"),
    *(() if os.geteuid() == 0 else ("--map-root-user",)),
)
"""Processes of a pod see themselves alone, as in a container."""
RESOURCES: Final = [
    {"name": "pods", "kind": "Pod", "namespaced": True, "verbs": ["get", "list"]},
    {"name": "pods/exec", "kind": "PodExecOptions", "namespaced": True, "verbs": ["get"]},
    {"name": "nodes", "kind": "Node", "namespaced": False, "verbs": ["get", "list"]},
]
DISCOVERY: Final[dict[str, dict[str, Any]]] = {
    "api": {"kind": "APIVersions", "versions": ["v1"]},
    "apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": RESOURCES},
}


@dataclass
class Cluster:
    """What is in the cluster, and how its API behaves."""

    pods: list[dict[str, Any]] = field(default_factory=list)
    nodes: list[dict[str, Any]] = field(default_factory=list)
    logs: dict[str, bytes] = field(default_factory=dict)
    """By NAMESPACE/POD/CONTAINER."""
    variables: dict[str, dict[str, str]] = field(default_factory=dict)
    """The environment of a pod's processes, by its name."""
    inside: dict[str, list[str]] = field(default_factory=dict)
    """What leads into a pod's real container, by its name, where it has one."""
    forbidden: frozenset[str] = frozenset()
    """Resources that the account may not read."""
    silent: bool = False
    """Whether nothing is ever answered."""
    meanwhile: Callable[[], None] = lambda: None
    """Happens while something is executed."""
    executed: list[dict[str, Any]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    """Every path that was asked for, with its query."""


def pod(name: str, **more: Any) -> dict[str, Any]:
    """A pod that runs on a node, with one container."""
    said: dict[str, Any] = {
        "namespace": "prod",
        "labels": {"app": "serving"},
        "node": "node-1",
        "container": "main",
        "image_id": f"registry.example/serving@sha256:{'a' * 64}",
        "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
        "phase": "Running",
        **more,
    }
    status = {
        "name": said["container"],
        "state": said["state"],
        "image": "registry.example/serving:v1",
        "imageID": said["image_id"],
        "containerID": f"containerd://{name}-0",
        "ready": True,
        "restartCount": 0,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": said["namespace"],
            "uid": f"uid-{name}",
            "labels": said["labels"],
        },
        "spec": {
            "nodeName": said["node"],
            "containers": [{"name": said["container"], "image": "registry.example/serving:v1"}],
        },
        "status": {"phase": said["phase"], "containerStatuses": [status]},
    }


def node(name: str, **labels: str) -> dict[str, Any]:
    """A node, with labels of GPU Feature Discovery by the ends of their names."""
    named = {f"nvidia.com/{key.replace('_', '.')}": text for key, text in labels.items()}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **named}},
        "status": {
            "nodeInfo": {
                "containerRuntimeVersion": "containerd://2.1.4",
                "kubeletVersion": "v1.37.1",
            }
        },
    }


@contextmanager
def serving(cluster: Cluster, kubeconfig: Path) -> Iterator[None]:
    """Serve a cluster, and write how kubectl finds it."""

    def process(_: ServerConnection, request: Request) -> Response | None:
        cluster.lines.append(request.path)
        while cluster.silent:
            time.sleep(0.05)
        return _answer(cluster, request)

    with serve(
        lambda connection: _execute(cluster, connection),
        "127.0.0.1",
        0,
        process_request=process,
        subprotocols=[PROTOCOL],
        compression=None,
        max_size=None,
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        kubeconfig.write_text(_config(server.socket.getsockname()[1]))
        try:
            yield
        finally:
            cluster.silent = False
            server.shutdown()
            thread.join()


def _config(port: int) -> str:
    cluster = {"name": "standin", "cluster": {"server": f"http://127.0.0.1:{port}"}}
    context = {"name": "standin", "context": {"cluster": "standin", "user": "u"}}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [cluster],
            "contexts": [context],
            "users": [{"name": "u", "user": {}}],
            "current-context": "standin",
        }
    )


def _answer(cluster: Cluster, request: Request) -> Response | None:
    """Answer what is only read; None lets an exec begin."""
    url = urlsplit(request.path)
    words, query = url.path.strip("/").split("/"), parse_qs(url.query)
    if "/".join(words) in DISCOVERY:
        return _json(DISCOVERY["/".join(words)])
    if found := [each for each in words[-2:] if each in cluster.forbidden]:
        message = f'{found[0]} is forbidden: User "u" cannot read resource "{found[0]}"'
        return _refusal(HTTPStatus.FORBIDDEN, "Forbidden", message)
    if words[-1] == "pods":
        place = words[3] if words[2] == "namespaces" else None
        return _listed(cluster.pods, place, query)
    if words[-2] == "nodes":
        return _one(cluster.nodes, words[-1])
    if words[-2] == "namespaces":  # kubectl looks where a pod should have been.
        return _one([{"metadata": {"name": words[-1]}}], words[-1])
    return _of_pod(cluster, words[3], words[5], words[6:], query)


def _of_pod(
    cluster: Cluster, namespace: str, name: str, what: list[str], query: dict[str, list[str]]
) -> Response | None:
    found = _one([p for p in cluster.pods if p["metadata"]["namespace"] == namespace], name)
    if found.status_code != HTTPStatus.OK or not what:
        return found
    if what == ["exec"]:
        return None
    return _text(cluster.logs[f"{namespace}/{name}/{query['container'][0]}"])


def _listed(
    pods: list[dict[str, Any]], namespace: str | None, query: dict[str, list[str]]
) -> Response:
    wanted = dict(part.split("=") for part in query["labelSelector"][0].split(","))
    phase = query.get("fieldSelector", ["status.phase="])[0].removeprefix("status.phase=")
    fitting = [
        each
        for each in pods
        if phase in ("", each["status"]["phase"])
        and wanted.items() <= each["metadata"]["labels"].items()
        and namespace in (None, each["metadata"]["namespace"])
    ]
    return _json({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": fitting})


def _one(every: list[dict[str, Any]], name: str) -> Response:
    found = [each for each in every if each["metadata"]["name"] == name]
    if found:
        return _json(found[0])
    return _refusal(HTTPStatus.NOT_FOUND, "NotFound", f'"{name}" not found')


def _refusal(status: HTTPStatus, reason: str, message: str) -> Response:
    said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "metadata": {}}
    return _json({**said, "reason": reason, "message": message, "code": status.value}, status)


def _json(value: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    return _text(json.dumps(value).encode(), status, "application/json")


def _text(body: bytes, status: HTTPStatus = HTTPStatus.OK, kind: str = "text/plain") -> Response:
    headers = Headers({"Content-Type": kind, "Content-Length": str(len(body))})
    return Response(status.value, status.phrase, headers, body)


def _execute(cluster: Cluster, connection: ServerConnection) -> None:
    assert connection.request is not None
    url = urlsplit(connection.request.path)
    query = parse_qs(url.query)
    cluster.executed.append({"pod": url.path.split("/")[-2], **query})
    cluster.meanwhile()
    name = url.path.split("/")[-2]
    environment = {"PATH": "/usr/bin:/bin", **cluster.variables.get(name, {})}
    words = query["command"]
    program = (
        words[0] if name in cluster.inside else shutil.which(words[0], path=environment["PATH"])
    )
    with suppress(ConnectionClosed):
        if program is None:
            said = f'exec: "{words[0]}": executable file not found in $PATH: unknown'
            end = {"status": "Failure", "reason": "InternalError", "message": said, "code": 500}
        else:
            prefix = cluster.inside.get(name, INSIDE)
            end = _run(connection, [*prefix, program, *words[1:]], environment)
        connection.send(bytes([ERROR]) + json.dumps(end).encode())


def _run(
    connection: ServerConnection, command: list[str], environment: dict[str, str]
) -> dict[str, Any]:
    """Run a command with its streams over the connection, and say how it ended."""
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        threads = [
            threading.Thread(target=_forward, args=(connection, stream, number))
            for number, stream in ((STDOUT, process.stdout), (STDERR, process.stderr))
        ]
        threading.Thread(target=_feed, args=(connection, process), daemon=True).start()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        code = process.wait()
    cause = {"reason": "ExitCode", "message": str(code)}
    failure = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": [cause]}}
    return failure if code else {"status": "Success"}


def _feed(connection: ServerConnection, process: subprocess.Popen[bytes]) -> None:
    """Give what comes to standard input, and end the process where nobody is there any more."""
    assert process.stdin is not None
    try:
        for message in connection:
            assert isinstance(message, bytes)
            if message[:1] == bytes([STDIN]):
                process.stdin.write(message[1:])
                process.stdin.flush()
            elif message == bytes([CLOSE, STDIN]):
                process.stdin.close()
        process.kill()
    except (OSError, ValueError):
        return


def _forward(connection: ServerConnection, stream: Any, number: int) -> None:
    with suppress(ConnectionClosed):
        while chunk := stream.read1(1 << 16):
            connection.send(bytes([number]) + chunk)
