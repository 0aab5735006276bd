"""Gates on images in a registry by what is attached to them: time and bytes, whatever their size.

The layers are files with nothing in them that lie where the registry keeps its blobs: it gives and
counts them like any other, and they take no room. Manifests and documents are pushed.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from benchmarks.account import account
from lab.registry import ThrowawayRegistry
from repro.attest import store
from repro.manifest import Target, assemble, encode
from repro.registry.client import Registry
from repro.registry.pushing import push_blob, push_manifest
from repro.registry.reference import Reference
from tests.manifests import known

if TYPE_CHECKING:
    from pathlib import Path

    from repro.manifest import Component, Manifest

SIZES: Final = ((1 << 20, "1 MiB"), (1 << 30, "1 GiB"), (15 << 30, "15 GiB"))
COMPONENTS: Final = (1000, 5000)
ROUNDS: Final = 7
PIECE: Final = bytes(1 << 20)
REPRO: Final = [sys.executable, "-m", "repro"]
CONFIG: Final = "application/vnd.oci.image.config.v1+json"
LAYER: Final = "application/vnd.oci.image.layer.v1.tar"


class Sparse(NamedTuple):
    """A layer of zeros."""

    digest: str
    size: int


def attached(folder: Path) -> None:
    """Gate two images with attached manifests, of three sizes and with two numbers of facts."""
    _keys(folder)
    print("\n### repro gate of two images in a registry, by what is attached\n")
    print("| size of each image | components | repro gate | CPU | requests | bytes sent |")
    print("|---|---|---|---|---|---|")
    for size, name in SIZES:
        layers = _layers(size)
        for count in COMPONENTS:
            with ThrowawayRegistry() as registry:
                for tag, layer in zip(("v1", "v2"), layers, strict=True):
                    _publish(folder, registry, tag, layer, count)
                _row(folder, registry, name, count)


def _row(folder: Path, registry: ThrowawayRegistry, name: str, count: int) -> None:
    policy = f'[gate]\nbaseline = "registry:{registry.host}/team/app:v1"\nfail-on = "divergent"\n'
    (folder / "repro.toml").write_text(f'{policy}[attest]\nkeys = ["repro.pub"]\n')
    target = f"registry:{registry.host}/team/app:v2"
    place = str(folder / "repro.toml")
    command = [*REPRO, "gate", target, "--policy", place, "--attached", "--no-cache"]
    asked = len(registry.requests())
    runs = [account(command, {"HOME": str(folder)}) for _ in range(ROUNDS + 1)]
    requests = registry.requests()[asked:]
    each, sent = len(requests) // len(runs), sum(r.sent for r in requests) // len(runs)
    seconds = [run.seconds for run in runs[1:]]
    cpu = statistics.median(run.cpu for run in runs[1:])
    time = f"{statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"
    print(f"| {name} | {count:,} | {time} | {cpu:.2f} s | {each} | {sent:,} |", flush=True)


def _publish(
    folder: Path, registry: ThrowawayRegistry, tag: str, layer: Sparse, count: int
) -> None:
    """Put an image with one layer into a registry, and attach a manifest to it."""
    reference = Reference.parse(f"{registry.host}/team/app:{tag}")
    with Registry(reference, writing=True) as opened:
        push_blob(opened, b"{}")
        _place(registry.folder / "data/docker/registry/v2", layer)
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "rootfs": {"type": "layers", "diff_ids": [layer.digest]},
            }
        ).encode()
        document: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": store.MANIFEST,
            "config": {
                "mediaType": CONFIG,
                "digest": push_blob(opened, config),
                "size": len(config),
            },
            "layers": [{"mediaType": LAYER, "digest": layer.digest, "size": layer.size}],
        }
        pushed = push_manifest(opened, json.dumps(document).encode(), store.MANIFEST, tag)
    made = _manifest(layer, pushed.digest, count, changed=300 if tag == "v2" else 0)
    (folder / f"{tag}.json").write_bytes(encode(made))
    command = [*REPRO, "attach", f"{registry.host}/team/app:{tag}", "--platform", "linux/amd64"]
    words = ["--manifest", str(folder / f"{tag}.json"), "--key", str(folder / "repro.key")]
    subprocess.run([*command, *words], check=True, capture_output=True)


def _manifest(layer: Sparse, digest: str, count: int, changed: int) -> Manifest:
    image = known("image", "image", layer.digest, layers=[layer.digest])
    facts = [_package(index, index < changed) for index in range(count)]
    held = {"mode": "static", "digest": digest}
    return assemble(Target(kind="image", name="app", properties=held), [image, *facts])


def _package(index: int, other: bool) -> Component:
    """Make a package with a digest that does not compress, as a real one has."""
    return known(
        "python.package",
        f"package-{index}",
        f"1.{index}.{int(other)}",
        location="/usr/local/lib/python3.11/dist-packages",
        environment="/usr/local",
        requires=["numpy>=1.2", f"package-{(index * 7) % 1000}"],
        record=f"sha256:{hashlib.sha256(f'{index} {other}'.encode()).hexdigest()}",
    )


def _layers(size: int) -> tuple[Sparse, Sparse]:
    """Name two layers of zeros: of this size, and one byte longer."""
    digest = hashlib.sha256()
    for _ in range(size // len(PIECE)):
        digest.update(PIECE)
    longer = digest.copy()
    longer.update(b"\0")
    first = Sparse(f"sha256:{digest.hexdigest()}", size)
    return first, Sparse(f"sha256:{longer.hexdigest()}", size + 1)


def _place(data: Path, layer: Sparse) -> None:
    """Put a layer where docker-registry keeps blobs, and link it to the repository."""
    digits = layer.digest.partition(":")[2]
    blob = data / "blobs/sha256" / digits[:2] / digits / "data"
    link = data / "repositories/team/app/_layers/sha256" / digits / "link"
    for path in (blob, link):
        path.parent.mkdir(parents=True, exist_ok=True)
    with blob.open("wb") as file:
        os.truncate(file.fileno(), layer.size)
    link.write_text(layer.digest)


def _keys(folder: Path) -> None:
    kind = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    private, public = str(folder / "repro.key"), str(folder / "repro.pub")
    for words in (
        ["genpkey", *kind, "-out", private],
        ["pkey", "-in", private, "-pubout", "-out", public],
    ):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
