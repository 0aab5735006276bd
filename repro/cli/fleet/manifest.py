"""`repro fleet manifest`: what makes a cluster run the probe by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from repro.errors import UsageError

if TYPE_CHECKING:
    from repro.fleet.workload import Workload


NONCE: Final = "0" * 16
"""One and the same, so that the same words give the same bytes; nothing else is in that log."""
STARTING: Final = 3600
"""Seconds that a job may wait for nodes and for the image, besides the time of the probe."""


@click.group(no_args_is_help=True)
def manifest() -> None:
    """Write what a cluster has to be told, for somebody else to read and apply."""


@manifest.command(no_args_is_help=True)
@click.argument("image")
@click.option("--name", default="repro-probe", show_default=True, help="Name of all objects.")
@click.option("-n", "--namespace", metavar="NAME", help="Namespace (default: the one in use).")
@click.option(
    "--kind",
    type=click.Choice(["daemonset", "job"]),
    default="daemonset",
    show_default=True,
    help="On each fitting node until it is deleted, or once on so many nodes.",
)
@click.option(
    "--nodes",
    type=click.IntRange(1, 10_000),
    metavar="N",
    help="Nodes that a job runs on, one pod each (default: 1).",
)
@click.option(
    "--node-selector",
    "selectors",
    multiple=True,
    metavar="LABEL=VALUE",
    help="Nodes with this label alone. Repeatable.",
)
@click.option(
    "--gpus",
    type=click.IntRange(0, 64),
    default=0,
    metavar="N",
    help="GPUs for the probe (nvidia.com/gpu); a daemonset's are taken until it is deleted.",
)
@click.option(
    "--output-claim",
    "claim",
    metavar="PVC",
    help="Write answers to this volume claim, not to the log.",
)
@click.option(
    "--writer",
    metavar="IMAGE",
    help="An image of repro, which writes manifests to that claim in place of answers.",
)
@click.option("--pull-secret", metavar="NAME", help="Secret for the image's registry.")
@click.option("--python", default="python3", show_default=True, help="Interpreter in the image.")
@click.option(
    "--user",
    type=click.IntRange(0, 2**31 - 1),
    default=65532,
    show_default=True,
    metavar="UID",
    help="Whom to run as; what this user may not read stays unread.",
)
@click.option("--memory", default="4g", show_default=True, metavar="SIZE", help="At most.")
@click.option(
    "--timeout",
    type=click.IntRange(1, 86400),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="Time that the probe may take.",
)
@click.option(
    "--frameworks/--no-frameworks",
    default=True,
    help="Import torch, JAX, … and ask them (default), or leave them alone.",
)
@click.option(
    "--path",
    "paths",
    multiple=True,
    metavar="PATH",
    help="Where in the image tokenizers and models lie, besides the usual places. Repeatable.",
)
def kubernetes(image: str, **values: Any) -> int:
    """Write Kubernetes objects that run the probe in IMAGE on many nodes.

    They have no rights in the cluster and no network; a NetworkPolicy says so, where the cluster's
    network heeds it. `repro fleet kubernetes --logs` gathers the answers.

    \b
    Examples:
      repro fleet manifest kubernetes registry.example/serving@sha256:… -n audit > probe.yaml
      kubectl apply --server-side -f probe.yaml
      repro fleet kubernetes -l app.kubernetes.io/instance=repro-probe -n audit --logs -o fleet/
      repro fleet manifest kubernetes IMAGE --kind job --nodes 40 --output-claim answers
      repro fleet manifest kubernetes IMAGE --output-claim fleet --writer registry.example/repro
      repro fleet manifest kubernetes IMAGE --gpus 1 --node-selector nvidia.com/gpu.present=true
    """
    from repro.cli.output import stdout  # noqa: PLC0415
    from repro.fleet.documents import written  # noqa: PLC0415
    from repro.fleet.workload import objects  # noqa: PLC0415

    if values["nodes"] and values["kind"] != "job":
        raise UsageError("--nodes is for --kind job", advice="A daemonset is on each node.")
    stdout(written(objects(_workload(image, values))).encode())
    if "@sha256:" not in image:
        click.echo("repro: a tag may mean another image on each node; name its digest", err=True)
    return 0


def _workload(image: str, values: dict[str, Any]) -> Workload:
    from repro.fleet.workload import Workload  # noqa: PLC0415
    from repro.target import pack  # noqa: PLC0415
    from repro.target.options import Options, parse_memory  # noqa: PLC0415
    from repro.target.snapshot import probe_options  # noqa: PLC0415

    probe = Options(**{key: values.pop(key) for key in ("timeout", "frameworks", "paths")})
    told = {**probe_options(probe), "nonce": NONCE}
    return Workload(
        image=image,
        words=tuple(pack.arguments(told)),
        node_selector=dict(map(_label, values.pop("selectors"))),
        nodes=values.pop("nodes") or 1,
        memory=parse_memory(values.pop("memory")),
        seconds=probe.timeout + STARTING,
        **values,
    )


def _label(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise UsageError(
            f"--node-selector {text!r} is not LABEL=VALUE",
            advice="For example --node-selector nvidia.com/gpu.present=true",
        )
    return key, value
