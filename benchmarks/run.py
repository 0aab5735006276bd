"""`make bench`: measures snapshots and comparisons on real images, and prints a Markdown table."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import static
from benchmarks.attached import attached
from benchmarks.fleet import fleet
from benchmarks.hosts import hosts
from benchmarks.measure import Cost, in_turn
from lab.engine import DockerEngine, engine, memory_for_data
from lab.images import build
from repro.manifest import encode
from tests.manifests import many

if TYPE_CHECKING:
    from collections.abc import Sequence

REPRO = [sys.executable, "-m", "repro"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the measurements that were asked for, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    names = {
        "diff": diffs,
        "big": big,
        "torch": torch,
        "same": same,
        "wheels": static.wheels,
        "mixed": static.mixed,
        "sizes": static.sizes,
        "fleet": fleet,
        "hosts": hosts,
        "attached": attached,
    }
    parser.add_argument("names", nargs="*", choices=[*names, []], default=list(names))
    with tempfile.TemporaryDirectory(prefix="repro-bench-") as folder:
        for name in parser.parse_args(arguments).names:
            names[name](Path(folder))
    return 0


def diffs(folder: Path) -> None:
    """Compare 1,000 components, 300 of them different, beside sbomdiff where it is installed."""
    for nested in (False, True):
        for side, changed in (("a", 0), ("b", 300)):
            made = many(1000, differing=changed, nested=nested)
            (folder / f"{side}.json").write_bytes(encode(made))
            _sbom(folder / f"{side}.cdx.json", changed)
        commands = {"repro diff": [*REPRO, "diff", str(folder / "a.json"), str(folder / "b.json")]}
        commands["python -c pass"] = [sys.executable, "-c", "pass"]
        if program := shutil.which("sbomdiff"):
            commands["sbomdiff"] = [program, str(folder / "a.cdx.json"), str(folder / "b.cdx.json")]
        kind = "nested properties" if nested else "flat properties"
        _table(f"1,000 components, 300 differ, {kind}", in_turn(commands, {}, allowed=(0, 1)))


def _sbom(path: Path, changed: int) -> None:
    """Write the same packages as a CycloneDX document, which is what the rival reads."""
    components = [
        {
            "type": "library",
            "name": f"p{i}",
            "version": "2" if i < changed else "1",
            "purl": f"pkg:pypi/p{i}@1",
        }
        for i in range(1000)
    ]
    document = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": components}
    path.write_text(json.dumps(document))


def big(folder: Path) -> None:
    """Take snapshots of an image with over 300 distributions, frameworks left alone."""
    with engine() as found:
        (tag,) = build(found.host, "big:1")
        env = {"DOCKER_HOST": found.host}
        commands = {
            "docker run IMAGE python3 -c pass": _docker(tag, "pass"),
            "repro snapshot": [
                *REPRO, "snapshot", tag, "--no-frameworks", "-o", str(folder / "big.json"),
            ],
        }  # fmt: skip
        if program := shutil.which("syft"):
            commands["syft"] = [program, f"docker:{tag}", "-o", "json"]
        _table("snapshot of an image with 310 distributions", in_turn(commands, env))


def torch(folder: Path) -> None:
    """Take snapshots of an image with torch, which is imported and asked."""
    with engine() as found:
        (tag,) = build(found.host, "torch:cpu")
        commands = {
            "docker run IMAGE python3 -c 'import torch'": _docker(tag, "import torch"),
            "repro snapshot": [*REPRO, "snapshot", tag, "-o", str(folder / "torch.json")],
        }
        costs = in_turn(commands, {"DOCKER_HOST": found.host}, rounds=5)
        _table("snapshot of an image with torch, imported", costs)


def same(folder: Path) -> None:
    """Take one image's snapshot twice, and in a second engine: the digests have to be equal."""
    digests = []
    with engine() as first, DockerEngine(tmpfs=memory_for_data()) as second:
        for number, host in enumerate((first.host, first.host, second.host)):
            (tag,) = build(host, "ml:v1")
            path = folder / f"same-{number}.json"
            in_turn(
                {"repro": [*REPRO, "snapshot", tag, "-o", str(path)]},
                {"DOCKER_HOST": host},
                rounds=1,
            )
            digests.append(json.loads(path.read_text())["digests"])
    equal = {scope: len({d[scope] for d in digests}) == 1 for scope in digests[0]}
    print(f"\n### one image, twice, and in a second engine\n\nequal digests: {equal}")


def _docker(tag: str, code: str) -> list[str]:
    return ["docker", "run", "--rm", "--network", "none", tag, "python3", "-c", code]


def _table(title: str, costs: dict[str, Cost]) -> None:
    """Print medians, and what each costs over the first."""
    base = next(iter(costs.values()))
    print(f"\n### {title}\n")
    print("| command | seconds | MiB | over the first | ratio |\n|---|---|---|---|---|")
    for name, cost in costs.items():
        over, ratio = cost.seconds - base.seconds, cost.seconds / base.seconds
        row = (
            f"| {name} | {cost.seconds:.2f} | {cost.mebibytes:.0f} | {over:+.2f} s | {ratio:.1f} |"
        )
        print(row, flush=True)


if __name__ == "__main__":
    sys.exit(main())
