"""A real Ray cluster on one machine: a head and further nodes, in namespaces of their own.

Ray listens on every address, so it never runs in the machine's own network.
"""

from __future__ import annotations

import shlex
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lab.error import LabError
from lab.nest import Nest

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAMS: Final = {"unshare": "util-linux", "ip": "iproute2", "pkill": "procps"}
"""With the Debian package that each is in."""
PORT: Final = 6379
CLIENTS: Final = 10001
START: Final = """\
set -e
folder=$1; head=$2; shift 2
hostname lab
ip link set lo up
# Where no name server can be reached, each name that is unknown costs Ray 20 s.
echo "127.0.0.1 localhost lab" > "$folder/hosts"
mount --bind "$folder/hosts" /etc/hosts
mount --bind /dev/null /etc/resolv.conf
export RAY_TMPDIR=$folder RAY_USAGE_STATS_ENABLED=0
# Who does not answer is dead within a second, where Ray would wait for a quarter of a minute.
export RAY_health_check_period_ms=200 RAY_health_check_failure_threshold=2
sh "$folder/$head"
for node; do sh "$folder/$node"; done
touch "$folder/up"
while :; do sleep 1000 & wait $!; done
"""
"""The first process: it takes leave of the daemons that end."""
NODE: Final = "--disable-usage-stats --object-store-memory=80000000 --num-cpus=1"
"""Options of `ray start`, with the smallest store that it takes."""
DEAD: Final = 20.0
"""Seconds that Ray may take to notice."""


class RayCluster(Nest):
    """Nodes 127.0.0.1 (the head), 127.0.0.2, …; what is exported on one alone."""

    programs = PROGRAMS
    script = START
    seconds = 90.0

    def __init__(self, python: str, nodes: int, *, exports: Mapping[str, str]) -> None:
        self.python = python
        self.nodes = [f"127.0.0.{number}" for number in range(1, nodes + 1)]
        self.address = f"{self.nodes[0]}:{PORT}"
        self.clients = f"ray://{self.nodes[0]}:{CLIENTS}"
        self._exports = exports
        super().__init__(*self.nodes)

    def ready(self) -> bool:
        """Tell whether all nodes have registered: `ray start` waits for that."""
        return (self.folder / "up").exists()

    def write(self) -> None:
        """Write how each node is started."""
        ray = shlex.quote(str(Path(self.python).with_name("ray")))
        for number, node in enumerate(self.nodes):
            head = f"--head --port={PORT} --ray-client-server-port={CLIENTS}"
            where = f"--address={self.address}" if number else f"{head} --include-dashboard=false"
            variables = self._exports.get(node, "")
            line = f"env {variables} {ray} start {where} --node-ip-address={node} {NODE}\n"
            (self.folder / node).write_text(line)

    def kill(self, node: str) -> None:
        """Kill a node as a power cut would, and wait until the head calls it dead."""
        subprocess.run(
            self.inside(["pkill", "-KILL", "-f", "--", f"raylet/raylet .*node_ip_address={node} "]),
            check=True,
        )
        deadline = time.monotonic() + DEAD
        while self._is_alive(node):
            if time.monotonic() > deadline:
                raise LabError(f"{node} is still alive")

    def _is_alive(self, node: str) -> bool:
        code = (
            f"import ray; ray.init({self.address!r}, logging_level='ERROR')\n"
            f"print([n['Alive'] for n in ray.nodes() if n['NodeManagerAddress'] == {node!r}])"
        )
        asked = self.inside([self.python, "-c", code])
        return "True" in subprocess.run(asked, capture_output=True, text=True, check=True).stdout
