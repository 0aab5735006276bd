"""Kubernetes objects that run the probe in an image on many nodes, with few rights."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import msgspec

from repro.errors import UsageError

PROBE: Final = "probe"
"""The container whose log, or file, is the answer."""
ANSWERS: Final = "/repro-answers"
MANIFESTS: Final = "/repro-manifests"
"""Where what takes answers, and manifests, is mounted."""
TMP: Final = "/tmp"  # noqa: S108
FILE: Final = "$(NODE_NAME)_$(POD_NAME)"
"""What a file is called; neither a node's name nor a pod's has `_` in it (RFC 1123)."""
KEPT: Final = 24 * 3600
"""Seconds that a Job and its logs are kept."""
REDIRECT: Final = """\
import os, sys
os.dup2(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 1)
os.execv(sys.executable, [sys.executable] + sys.argv[2:])
"""
"""Writes to a file what would go to the log: an image need not have a shell."""
WAIT: Final = """\
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
signal.pause()
"""
"""What a DaemonSet's pod does once it has answered: it may not end."""

LABEL: Final = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
"""RFC 1123 label, as names of namespaces and containers are."""
SHORT: Final = r"[a-z0-9]([-a-z0-9]{0,45}[a-z0-9])?"
"""A label that leaves room for what a Job adds to it in the names of its pods."""
SUBDOMAIN: Final = rf"{LABEL}(\.{LABEL})*"
VALUE: Final = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
KEY: Final = rf"({SUBDOMAIN}/)?{VALUE}"
"""A label's value and its key (Kubernetes' docs, "Labels and Selectors")."""
IMAGE: Final = r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,1023}"


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """What is to run, and where."""

    name: str
    image: str
    words: tuple[str, ...]
    """What follows the interpreter on the command line of the probe."""
    kind: Literal["daemonset", "job"] = "daemonset"
    """One pod on each fitting node until it is deleted, or as many as there are `nodes` to try."""
    nodes: int = 1
    namespace: str | None = None
    node_selector: dict[str, str] = {}
    gpus: int = 0
    claim: str | None = None
    """A PersistentVolumeClaim that takes the answers, which are in the log otherwise."""
    writer: str | None = None
    """An image of repro, which makes manifests of the answers: the claim takes those instead."""
    pull_secret: str | None = None
    python: str = "python3"
    user: int = 65532
    """Whom the probe runs as: 0 is refused by clusters that are strict."""
    memory: int = 4 << 30
    """Bytes."""
    seconds: int = 600
    """After which a Job is given up."""

    def checked(self) -> Workload:
        """Return it; UsageError for a name that no object can have."""
        names = {
            "--name": (self.name, SHORT),
            "--namespace": (self.namespace, LABEL),
            "--output-claim": (self.claim, SUBDOMAIN),
            "--pull-secret": (self.pull_secret, SUBDOMAIN),
            "IMAGE": (self.image, IMAGE),
            "--writer": (self.writer, IMAGE),
        }
        for said, (text, pattern) in names.items():
            if text is not None and not re.fullmatch(pattern, text):
                raise UsageError(f"{said} {text[:80]!r} is no name that Kubernetes takes")
        for key, value in self.node_selector.items():
            if not re.fullmatch(KEY, key) or (value and not re.fullmatch(VALUE, value)):
                raise UsageError(
                    f"--node-selector {key}={value} is no label",
                    advice="For example --node-selector nvidia.com/gpu.product=NVIDIA-H100-80GB",
                )
        if self.writer and not self.claim:
            raise UsageError(
                "--writer without --output-claim", advice="Manifests need a volume to be kept on."
            )
        return self


def objects(workload: Workload) -> list[dict[str, Any]]:
    """Return the objects: an account without a token, a network without a way, and what runs."""
    work = workload.checked()
    return [
        _object("v1", "ServiceAccount", work, automountServiceAccountToken=False),
        _object(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            work,
            spec={
                "podSelector": {"matchLabels": labels(work.name)},
                "policyTypes": ["Ingress", "Egress"],  # Without a rule: nothing comes or goes.
            },
        ),
        _daemon_set(work) if work.kind == "daemonset" else _job(work),
    ]


def labels(name: str) -> dict[str, str]:
    """Return the labels by which the pods of a workload are found."""
    return {"app.kubernetes.io/name": "repro-probe", "app.kubernetes.io/instance": name}


def _object(version: str, kind: str, work: Workload, **more: Any) -> dict[str, Any]:
    place = {"namespace": work.namespace} if work.namespace else {}
    metadata = {"name": work.name, **place, "labels": labels(work.name)}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def _daemon_set(work: Workload) -> dict[str, Any]:
    """The probe comes before the pod is ready: it runs once, and again where it fails."""
    waiting = {
        "name": "answered",
        "image": work.image,
        "command": [work.python, "-I", "-S", "-B", "-c", WAIT],
        "securityContext": _confined(),
        "resources": _resources({"cpu": "100m", "memory": "64Mi"}),
    }
    pod = {"initContainers": _steps(work), "containers": [waiting], **_pod(work)}
    spec = {"selector": {"matchLabels": labels(work.name)}, "template": _template(work, pod)}
    return _object("apps/v1", "DaemonSet", work, spec=spec)


def _job(work: Workload) -> dict[str, Any]:
    apart = {
        "labelSelector": {"matchLabels": labels(work.name)},
        "topologyKey": "kubernetes.io/hostname",
    }
    *before, last = _steps(work)
    pod = {
        "restartPolicy": "Never",
        **({"initContainers": before} if before else {}),
        "containers": [last],
        "affinity": {
            "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [apart]}
        },
        **_pod(work),
    }
    spec = {
        "completions": work.nodes,
        "parallelism": work.nodes,
        "completionMode": "Indexed",
        "backoffLimitPerIndex": 0,  # One node's failure is its own.
        "activeDeadlineSeconds": work.seconds,
        "ttlSecondsAfterFinished": KEPT,
        "template": _template(work, pod),
    }
    return _object("batch/v1", "Job", work, spec=spec)


def _template(work: Workload, pod: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"labels": labels(work.name)}, "spec": pod}


def _pod(work: Workload) -> dict[str, Any]:
    """Return what both kinds of pods have; the profile `restricted` of clusters takes it."""
    return {
        "serviceAccountName": work.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 5,
        "securityContext": _user(work),
        "volumes": _volumes(work),
        **({"nodeSelector": work.node_selector} if work.node_selector else {}),
        **({"imagePullSecrets": [{"name": work.pull_secret}]} if work.pull_secret else {}),
        **({"tolerations": [GPU_TAINT]} if work.gpus else {}),
    }


def _volumes(work: Workload) -> list[dict[str, Any]]:
    """Return what is mounted.

    With a writer, the image that is looked at reaches neither what other nodes have written nor
    anything of the writer's but the answer.
    """
    memory = {"emptyDir": {"medium": "Memory", "sizeLimit": "256Mi"}}
    claim = {"persistentVolumeClaim": {"claimName": work.claim}}
    found: dict[str, dict[str, Any]] = {"tmp": memory}
    if work.writer:
        found |= {"answers": memory, "writer-tmp": memory, "manifests": claim}
    elif work.claim:
        found |= {"answers": claim}
    return [{"name": name, **volume} for name, volume in found.items()]


GPU: Final = "nvidia.com/gpu"
"""The resource of NVIDIA's device plugin, and the taint that its documents advise."""
GPU_TAINT: Final = {"key": GPU, "operator": "Exists", "effect": "NoSchedule"}


def _user(work: Workload) -> dict[str, Any]:
    group = {"fsGroup": work.user, "fsGroupChangePolicy": "OnRootMismatch"} if work.claim else {}
    return {
        "runAsNonRoot": work.user != 0,
        "runAsUser": work.user,
        "runAsGroup": work.user,
        "seccompProfile": {"type": "RuntimeDefault"},
        **group,
    }


def _steps(work: Workload) -> list[dict[str, Any]]:
    """Return what runs one after the other."""
    return [_probe(work), _writer(work)] if work.writer else [_probe(work)]


def _probe(work: Workload) -> dict[str, Any]:
    gpus = {GPU: str(work.gpus)} if work.gpus else {}
    return {
        "name": PROBE,
        "image": work.image,
        "command": [work.python, *_words(work)],
        **({"env": NAMED} if work.claim else {}),
        "securityContext": _confined(),
        "resources": _resources({"cpu": "2", "memory": str(work.memory), **gpus}, gpus),
        "volumeMounts": [_mount("tmp", TMP), *([_mount("answers", ANSWERS)] if work.claim else [])],
    }


def _writer(work: Workload) -> dict[str, Any]:
    return {
        "name": "writer",
        "image": work.writer,
        "args": [
            "snapshot",
            f"answer:{ANSWERS}/{FILE}.answer",
            f"--output={MANIFESTS}/{FILE}.json",
        ],
        "env": NAMED,
        "securityContext": _confined(),
        "resources": _resources({"cpu": "1", "memory": "1Gi"}),
        "volumeMounts": [
            _mount("writer-tmp", TMP),
            {**_mount("answers", ANSWERS), "readOnly": True},
            _mount("manifests", MANIFESTS),
        ],
    }


def _mount(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "mountPath": path}


def _from(name: str, field: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": field}}}


NAMED: Final = [_from("NODE_NAME", "spec.nodeName"), _from("POD_NAME", "metadata.name")]


def _words(work: Workload) -> list[str]:
    """Return the words after the interpreter, as Kubernetes has to be told them.

    It replaces $(NAME) in them, and takes $$ for $; the packed probe has both by chance.
    """
    words = [word.replace("$", "$$") for word in work.words]
    if work.claim is None:
        return words
    return ["-I", "-S", "-B", "-c", REDIRECT, f"{ANSWERS}/{FILE}.answer", *words]


def _confined() -> dict[str, Any]:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def _resources(limits: dict[str, str], asked: dict[str, str] | None = None) -> dict[str, Any]:
    least = {"cpu": "100m", "memory": "64Mi", **(asked or {})}
    return {"requests": least, "limits": {**limits, "ephemeral-storage": "256Mi"}}
