"""`repro fleet kubernetes`: the containers of all pods that a selector means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro.cli.fleet.collection import collection_options, compared
from repro.cli.options import files
from repro.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.fleet.plan import Job, Lost, Plan
    from repro.target.kubernetes.api import Pod


@click.command(no_args_is_help=True)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.option("-l", "--selector", required=True, metavar="LABELS", help="Pods, as kubectl has it.")
@click.option(
    "--field-selector",
    "fields",
    metavar="FIELDS",
    help="Of these those with such fields, as kubectl has it: what is left out is no row.",
)
@click.option("-n", "--namespace", metavar="NAME", help="Namespace (default: the one in use).")
@click.option("-A", "--all-namespaces", "everywhere", is_flag=True, help="All namespaces.")
@click.option("--context", metavar="NAME", help="Context of kubectl's (default: the one in use).")
@click.option(
    "-c",
    "--container",
    "containers",
    multiple=True,
    metavar="NAME",
    help="Container (default: the one that kubectl would take). Repeatable.",
)
@click.option("--logs", is_flag=True, help="Read what `fleet manifest` let run, from its logs.")
@click.option(
    "--answers",
    type=click.Path(exists=True, file_okay=False),
    metavar="FOLDER",
    shell_complete=files,
    help="The same from files: those on its claim, mounted or copied there.",
)
@collection_options
def kubernetes(options: tuple[str, ...], **values: Any) -> int:
    """Take a snapshot in every pod that a selector means, and compare them.

    The probe is executed in running containers by kubectl, which knows the cluster; nothing is
    written into them. What follows `--` goes to each `repro snapshot`. A pod that does not run,
    or does not answer, is a row of the report.

    \b
    Examples:
      repro fleet kubernetes -l app=serving -n prod
      repro fleet kubernetes -l app=serving -A -c vllm --group-by node.label:nvidia.com/gpu.product
      repro fleet kubernetes -l app=serving -n prod -o fleet/ -- --no-frameworks
      repro fleet kubernetes -l app=serving --field-selector status.phase=Running
      repro fleet kubernetes -l app.kubernetes.io/instance=repro-probe --logs
    """
    if values["logs"] and values["answers"]:
        raise UsageError("--logs and --answers", advice="The answers are in one or the other.")
    if values["everywhere"] and values["namespace"]:
        raise UsageError("--namespace and --all-namespaces", advice="Leave one of them out.")
    return compared(lambda: _plan(options, values), values)


def _plan(options: tuple[str, ...], values: dict[str, Any]) -> Plan:
    from repro.fleet.plan import Job, Lost, Plan  # noqa: PLC0415
    from repro.target.kubernetes.listing import pods  # noqa: PLC0415

    found = pods(
        values["selector"],
        fields=values["fields"],
        namespace=values["namespace"],
        everywhere=values["everywhere"],
        context=values["context"],
    )
    if values["context"]:
        options = (*options, f"--context={values['context']}")
    made = [each for pod in found for each in _of_pod(pod, options, values)]
    jobs = [each for each in made if isinstance(each, Job)]
    return Plan.of(jobs, [each for each in made if isinstance(each, Lost)])


def _of_pod(pod: Pod, options: tuple[str, ...], values: dict[str, Any]) -> Iterator[Job | Lost]:
    """Yield a job a container, or why it cannot be asked."""
    from repro.fleet.plan import Job, Lost  # noqa: PLC0415
    from repro.fleet.workload import PROBE  # noqa: PLC0415
    from repro.target.kubernetes.api import trouble, unanswered  # noqa: PLC0415

    over = values["logs"] or values["answers"]
    place = f"{pod.metadata.namespace}/{pod.metadata.name}"
    advice = f"See kubectl describe pod {pod.metadata.name} -n {pod.metadata.namespace}."
    for container in values["containers"] or [PROBE if over else pod.meant]:
        name = f"{place}/{container}" if values["containers"] else place
        reason = unanswered(pod, container) if over else trouble(pod, container)
        if reason:
            yield Lost(name, reason, advice)
        elif values["answers"]:
            yield Job(name, f"answer:{_answer(pod, values['answers'])}", options)
        else:
            scheme = "kubernetes-log" if values["logs"] else "kubernetes"
            yield Job(name, f"{scheme}:{place}/{container}", options)


def _answer(pod: Pod, folder: str) -> Path:
    return Path(folder, f"{pod.spec.node_name}_{pod.metadata.name}.answer")
