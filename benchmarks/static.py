"""Reading images that are not run, beside syft: time, memory and bytes, wherever images lie."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.account import Account, account
from benchmarks.noise import grown
from lab.archives import LAYOUTS, copy, write
from lab.engine import DockerEngine
from lab.images import build_image
from lab.layer import blob
from lab.recipes import (
    CUBLAS_OLD,
    CUDNN_OLD,
    NCCL,
    RECIPES,
    RUNTIME,
    TORCH,
    extend,
    tokenizer,
)
from lab.registry import ThrowawayRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lab.image import Image
    from lab.registry import Request

REPRO: Final = (sys.executable, "-m", "repro", "snapshot")
ROUNDS: Final = 3
ENOUGH: Final = 60.0
"""Seconds of a table's row after which no further round begins: slow runs vary less."""
SIZES: Final = (0.3, 1, 3, 6)
"""Gigabytes."""
PATIENCE: Final = 50.0
"""Seconds of syft on one size after which it is not asked for the next, which is larger."""
MEMORY: Final = "8g"
"""For the data of an engine whose mounts are its own, so that no other process sees them."""
MIXED: Final = extend(RECIPES["big:1"], TORCH, RUNTIME, NCCL, CUBLAS_OLD, CUDNN_OLD)
PAIRS: Final = {
    "wheels": (RECIPES["gpu-wheels:a"], RECIPES["gpu-wheels:b"]),
    "mixed": (extend(MIXED, tokenizer("v1.json")), extend(MIXED, tokenizer("v2.json"))),
}
"""Two images on one base: CUDA wheels of two releases, and one small layer on 310 distributions,
torch and CUDA wheels."""


class Way(NamedTuple):
    """Where a pair of images lies, in words that repro and syft share."""

    title: str
    first: str
    second: str
    host: str = ""
    """Of the engine, if it is one."""


def wheels(folder: Path) -> None:
    """Read two images with CUDA wheels of two releases."""
    _pair("wheels", folder)


def mixed(folder: Path) -> None:
    """Read two images with hundreds of distributions, torch and CUDA wheels."""
    _pair("mixed", folder)


def _pair(name: str, folder: Path) -> None:
    images = PAIRS[name]
    print(f"\n### {name}: {' and '.join(_gigabytes(image) for image in images)}\n")
    print("| lies in | repro | syft | ratio | rounds | load |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=folder) as place:
        fetched = _files(name, images, Path(place))
    _engines(name, images, folder)
    print(f"\n{fetched}", flush=True)


def _files(name: str, images: Sequence[Image], place: Path) -> str:
    """Measure archives and a registry; return what the registry was asked for, in words."""
    plain = [write(place / f"{n}.tar", image, f"{name}:{n}") for n, image in enumerate(images)]
    _measure(Way("docker-archive, plain", *(f"docker-archive:{path}" for path in plain)), place)
    packed = []
    for n, path in enumerate(plain):
        target = place / f"{n}.oci.tar"
        packed.append(copy(path, LAYOUTS["oci-archive-gzip"], target, f"{name}:{n}"))
        path.unlink()
    _measure(Way("oci-archive, gzip", *(f"oci-archive:{path}" for path in packed)), place)
    with ThrowawayRegistry() as registry:
        for n, path in enumerate(packed):
            registry.push(f"oci-archive:{path}", f"{name}:{n}")
            path.unlink()
        sources = [f"registry:{registry.host}/{name}:{n}" for n in range(len(images))]
        _measure(Way("registry, gzip", *sources), place)
        return _fetched(registry, name, sources, place)


def _engines(name: str, images: Sequence[Image], folder: Path) -> None:
    """Measure an engine whose directories can be read, and one that hides them, in memory."""
    for title, tmpfs in {"engine, directories read": None, "engine, exports": MEMORY}.items():
        with DockerEngine(tmpfs=tmpfs) as engine:
            tags = [build_image(engine.host, f"{name}:{n}", each) for n, each in enumerate(images)]
            first, second = (f"docker:{tag}" for tag in tags)
            _measure(Way(title, first, second, engine.host), folder)


def _measure(way: Way, folder: Path) -> None:
    """Take turns: repro the first time, again, and with the second image; then syft with both."""
    runs: dict[str, list[Account]] = {}
    with _clean(folder, way.host) as env:
        account(_repro(way.first), env)  # To compile what it imports.
    for _ in _rounds():
        with _clean(folder, way.host) as env:
            commands = {
                "cold": _repro(way.first),
                "warm": _repro(way.first),
                "other": _repro(way.second),
                **_syft(first=way.first, second=way.second),
            }
            for kind, command in commands.items():
                runs.setdefault(kind, []).append(account(command, env))
    costs = {kind: _median(found) for kind, found in runs.items()}
    rivals = {"cold": "first", "warm": "first", "other": "second"}
    said = {"cold": "the first time", "warm": "again", "other": "the second image after it"}
    for kind, rival in rivals.items():
        _row(f"{way.title}; {said[kind]}", costs[kind], costs.get(rival), len(runs[kind]))


def _rounds() -> Iterator[int]:
    """Count the rounds."""
    began = time.monotonic()
    for number in range(ROUNDS):
        yield number
        if time.monotonic() - began > ENOUGH:
            return


@contextmanager
def _clean(folder: Path, host: str = "") -> Iterator[dict[str, str]]:
    """Yield an environment whose caches and temporary files are in a folder that ends with it.

    Compiled code stays from run to run, as installers leave it, whatever is set here.
    """
    with tempfile.TemporaryDirectory(dir=folder) as own:
        yield {
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": f"{folder}/compiled",
            "REPRO_CACHE_DIR": f"{own}/repro",
            "SYFT_CACHE_DIR": f"{own}/syft",
            "SYFT_CHECK_FOR_APP_UPDATE": "false",
            "SYFT_REGISTRY_INSECURE_USE_HTTP": "true",
            "TMPDIR": own,
            **({"DOCKER_HOST": host} if host else {}),
        }


def _repro(source: str, *options: str) -> list[str]:
    return [*REPRO, source, *options]


def _syft(**sources: str) -> dict[str, list[str]]:
    """Return what is run of the rival where it is installed; a registry's name needs no login."""
    program = shutil.which("syft")
    return {key: [program, "-q", "-o", "json", of] for key, of in sources.items() if program}


def _median(runs: Sequence[Account]) -> Account:
    """Return the medians of time and bytes, and the most memory."""
    return Account(
        statistics.median(run.seconds for run in runs),
        statistics.median(run.cpu for run in runs),
        max(run.mebibytes for run in runs),
        round(statistics.median(run.read for run in runs)),
    )


def _row(title: str, own: Account, rival: Account | None, rounds: int) -> None:
    ratio = ""
    if rival:
        ratio = f"{rival.seconds / own.seconds:.1f} ({rival.cpu / own.cpu:.1f} of CPU)"
    cells = (title, _cell(own), _cell(rival), ratio, str(rounds), _load())
    print(f"| {' | '.join(cells)} |", flush=True)


def _load() -> str:
    """Return the average load of the last minute, the measured programs' own in it."""
    return f"{os.getloadavg()[0]:.1f}"


def _cell(cost: Account | None) -> str:
    if cost is None:
        return ""
    times = f"{cost.seconds:.2f} s ({cost.cpu:.2f} s of CPU)"
    return f"{times}, {cost.mebibytes:.0f} MiB, {cost.read / 1e6:,.0f} MB read"


def _gigabytes(image: Image) -> str:
    return f"{sum(blob(layer).path.stat().st_size for layer in image.layers) / 1e9:.2f} GB"


def _fetched(registry: ThrowawayRegistry, name: str, sources: Sequence[str], folder: Path) -> str:
    """Count at the server what the first image, the second and the second again take."""
    sizes = [_layers(registry, f"{name}/manifests/{n}") for n in range(len(sources))]
    differ = {digest: size for digest, size in sizes[1].items() if digest not in sizes[0]}
    lines = []
    with _clean(folder) as env:
        turns = [(sources[0], sizes[0]), (sources[1], differ), (sources[1], {})]
        for source, wanted in turns:
            seen = len(registry.requests())
            account(_repro(source), env)
            asked = registry.requests()[seen:]
            lines.append(f"- {source.rpartition('/')[2]}: {_said(asked, wanted)}")
    return "\n".join(["Counted at the registry, one after the other:", *lines])


def _layers(registry: ThrowawayRegistry, path: str) -> dict[str, int]:
    """Return the sizes of an image's layers, by digest."""
    kind = "application/vnd.oci.image.manifest.v1+json"
    kind += ", application/vnd.docker.distribution.manifest.v2+json"
    url = f"http://{registry.host}/v2/{path}"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": kind})) as answer:
        return {layer["digest"]: layer["size"] for layer in json.load(answer)["layers"]}


def _said(asked: Sequence[Request], wanted: dict[str, int]) -> str:
    layers = [one for one in asked if one.path.rpartition("/")[2] in wanted]
    rest = [one for one in asked if one not in layers]
    fetched, expected = sum(one.sent for one in layers), sum(wanted.values())
    return (
        f"{fetched:,} bytes of layers in {len(layers)} requests, {expected:,} are new; "
        f"beside them {sum(one.sent for one in rest):,} bytes in {len(rest)} requests "
        f"({', '.join(one.path.split('/')[-2] for one in rest)})"
    )


def sizes(folder: Path) -> None:
    """Read archives of one image with more and more random files on top."""
    print("\n### plain docker-archives of ml:v1 and random files\n")
    print("| GB | repro | repro --verify | syft | load |\n|---|---|---|---|---|")
    asked = True
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for archive in grown(RECIPES["ml:v1"], SIZES, Path(place)):
            found = _curve(f"docker-archive:{archive}", Path(place), asked=asked)
            asked = "syft" in found and found["syft"].seconds < PATIENCE
            cells = [_cell(found.get(kind)) for kind in ("repro", "verify", "syft")]
            size = archive.stat().st_size / 1e9
            print(f"| {size:.2f} | {' | '.join(cells)} | {_load()} |", flush=True)


def _curve(source: str, folder: Path, *, asked: bool) -> dict[str, Account]:
    commands = {"repro": _repro(source), "verify": _repro(source, "--verify")}
    commands |= _syft(syft=source) if asked else {}
    runs: dict[str, list[Account]] = {}
    with _clean(folder) as env:
        account(commands["repro"], env)  # To compile what it imports.
    for _ in _rounds():
        for kind, command in commands.items():
            with _clean(folder) as env:
                runs.setdefault(kind, []).append(account(command, env))
    return {kind: _median(found) for kind, found in runs.items()}
