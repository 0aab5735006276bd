"""`repro fleet slurm`: the nodes of a cluster, each by an `srun` of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from repro.cli.fleet.collection import collection_options, compared

if TYPE_CHECKING:
    from repro.fleet.plan import Plan


@click.command()
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.option("-p", "--partition", metavar="NAME", help="Nodes of this partition.")
@click.option("-w", "--nodes", metavar="LIST", help="These nodes, as Slurm writes them: n[1-8,12].")
@click.option("--python", metavar="PATH", help="Run the probe with this Python of the nodes.")
@click.option("--container-image", metavar="IMAGE", help="Run it in this image, by Pyxis.")
@click.option("--srun", default="", metavar="WORDS", help="Further arguments of srun.")
@collection_options
def slurm(options: tuple[str, ...], **values: Any) -> int:
    """Take the snapshot of each node of a Slurm cluster, and compare them.

    Inside of an allocation its nodes are asked; else all nodes, or those of --partition or
    --nodes, each by a job of its own that may wait for its node. Nodes that Slurm calls down or
    drained are rows of the report, with Slurm's reason. What follows `--` goes to each
    `repro snapshot`.

    \b
    Examples:
      repro fleet slurm
      repro fleet slurm --partition gpu -o fleet/ --host-timeout 1800
      repro fleet slurm --nodes 'n[1-64]' --srun '--account=ml --gres=gpu:8' -- --no-canary
      repro fleet slurm --container-image ./vllm.sqsh --srun --container-mounts=/data:/data
      salloc --nodes 8 repro fleet slurm --group-by gpu.device@name
    """
    return compared(lambda: _plan(options, values), values)


def _plan(options: tuple[str, ...], values: dict[str, Any]) -> Plan:
    from repro.fleet.slurm import Wanted, plan  # noqa: PLC0415
    from repro.target.slurm import IMAGE, words  # noqa: PLC0415

    image = values["container_image"]
    further = [*([f"{IMAGE}={image}"] if image else []), *words(values["srun"])]
    chosen = {name: values[name] for name in ("partition", "nodes", "python")}
    return plan(Wanted(srun=further, options=options, **chosen))
