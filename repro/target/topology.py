"""How the GPUs of this machine are connected, which decides how collectives sum."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from repro.manifest import Absent, Component, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.manifest import Fact

KIND: Final = "gpu.topology"
PROGRAM: Final = "nvidia-smi"
SECONDS: Final = 30
DRIVER: Final = Path("/sys/bus/pci/drivers/nvidia")
ADDRESS: Final = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
FILES: Final = ("numa_node", "max_link_speed", "max_link_width", "current_link_width")
"""Of a device in sysfs; its current speed is left out, for it falls when the device is idle."""
DEVICE: Final = re.compile(r"(?:GPU|NIC)\d+|mlx\d+_\d+|\w+_bond_\d+")
"""How the matrix names GPUs and network cards."""
COLOR: Final = re.compile(r"\x1b\[[0-9;]*m")
TRAILING: Final = {"CPU Affinity": "cpus", "NUMA Affinity": "numa", "GPU NUMA ID": "gpu_numa"}


def collect(driver: Path = DRIVER, program: str = PROGRAM) -> Iterator[Fact]:
    """Yield where each device is plugged, and the links between all as the driver tells them."""
    devices = sorted(path for path in _listed(driver) if ADDRESS.fullmatch(path.name))
    yield from (_plugged(path) for path in devices)
    yield _links(program, there=bool(devices))


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _plugged(device: Path) -> Fact:
    try:
        read = {name: (device / name).read_text("ascii").strip()[:80] for name in FILES}
    except (OSError, ValueError) as error:
        return _unreadable(device.name, f"sysfs: {error}")
    return Component(scope="host", kind=KIND, name=device.name, source="sysfs", properties=read)


def _links(program: str, *, there: bool) -> Fact:
    if shutil.which(program) is None:
        if there:
            return _unreadable("links", f"there is a GPU, and no {PROGRAM} that tells its links")
        reason = f"no {PROGRAM}, and no device of NVIDIA's driver"
        return Absent(scope="host", kind=KIND, name="links", reason=reason)
    try:
        done = subprocess.run(
            [program, "topo", "-m"], capture_output=True, text=True, timeout=SECONDS, check=True
        )
        return _component(matrix(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return _unreadable("links", f"{PROGRAM} topo -m: {error}")


def matrix(text: str) -> dict[str, dict[str, str]]:
    """Read what `nvidia-smi topo -m` prints: each device's links; ValueError where it is no matrix.

    A row has a cell a device, then what the heads behind the devices say, with tabs to spare.
    """
    lines = [COLOR.sub("", line).rstrip() for line in text.splitlines()]
    heads = next((cells for line in lines if (cells := _cells(line)) and _is_head(cells)), None)
    if heads is None:
        raise ValueError("no matrix in its answer")
    columns = [head for head in heads if DEVICE.fullmatch(head)]
    trailing = [TRAILING.get(head, head) for head in heads if not DEVICE.fullmatch(head)]
    rows = [cells for line in lines if (cells := _cells(line)) and cells[0] in columns]
    found = {cells[0]: _row(cells[1:], columns, trailing) for cells in rows if len(cells) > 1}
    if set(found) != set(columns):
        raise ValueError("its matrix lacks rows")
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("\t") if cell.strip()]


def _is_head(cells: list[str]) -> bool:
    return bool(DEVICE.fullmatch(cells[0])) and not any(cell == "X" for cell in cells)


def _row(cells: list[str], columns: list[str], trailing: list[str]) -> dict[str, str]:
    links, rest = cells[: len(columns)], cells[len(columns) :]
    pairs = [*zip(columns, links, strict=True), *zip(trailing, rest, strict=False)]
    return {name: text[:80] for name, text in pairs if text not in ("X", "N/A")}


def _component(found: dict[str, dict[str, str]]) -> Component:
    properties: dict[str, Any] = dict(sorted(found.items()))
    return Component(scope="host", kind=KIND, name="links", source=PROGRAM, properties=properties)


def _unreadable(name: str, reason: str) -> Unreadable:
    return Unreadable(scope="host", kind=KIND, name=name, reason=reason[:300])
