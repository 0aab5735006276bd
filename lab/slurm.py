"""A real Slurm cluster on one machine: a controller and nodes, in namespaces of their own.

slurmd listens on every address, so it never runs in the machine's own network.
"""

from __future__ import annotations

import secrets
import subprocess
from typing import TYPE_CHECKING, Final

from lab.nest import Nest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROGRAMS: Final = {
    "munged": "munge",
    "slurmctld": "slurmctld",
    "slurmd": "slurmd",
    "srun": "slurm-client",
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "ip": "iproute2",
}
"""With the Debian package that each is in."""
START: Final = """\
set -e
folder=$1; shift
export SLURM_CONF=$folder/slurm.conf
hostname controller
mount --bind "$folder/hosts" /etc/hosts
ip link set lo up
# getaddrinfo() wants an address besides the loopback's (AI_ADDRCONFIG).
ip link add d0 type veth peer name d1
ip addr add 10.77.1.1/24 dev d0
ip link set d0 up; ip link set d1 up
munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" \\
  --pid-file="$folder/munge/pid" --log-file="$folder/munge/log" --seed-file="$folder/munge/seed"
slurmctld -i
# A node that registers before the controller is up waits long for its next turn.
until scontrol ping | grep -q UP; do sleep 0.1; done
for node; do
  mkdir "$folder/spool-$node"
  unshare --uts --mount --propagation private -- sh -c '
    hostname "$1"
    [ ! -e /etc/machine-id ] || mount --bind "$0/id-$1" /etc/machine-id
    exec slurmd -N "$1"' "$folder" "$node"
done
while :; do sleep 1000 & wait $!; done
"""
"""The first process: it starts all daemons and takes leave of those that end."""

CONFIG: Final = """\
ClusterName=lab
SlurmctldHost=controller(127.0.0.1)
SlurmctldPort=17000
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
TaskProlog={folder}/prolog
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
"""
"""slurm.conf(5). Nothing that would need cgroups of its own, and schedules without waiting."""


class SlurmCluster(Nest):
    """Nodes n1, n2, …; what is exported on one alone, and those that are drained, with a reason."""

    programs = PROGRAMS
    script = START

    def __init__(
        self,
        nodes: int,
        *,
        exports: Mapping[str, str] | None = None,
        drained: Mapping[str, str] | None = None,
    ) -> None:
        self.nodes = [f"n{number}" for number in range(1, nodes + 1)]
        self._exports, self._drained = exports or {}, drained or {}
        super().__init__(*self.nodes)

    def inside(self, command: Sequence[str]) -> list[str]:
        """Return a command that runs another one where the cluster can be reached."""
        return super().inside(["env", f"SLURM_CONF={self.folder}/slurm.conf", *command])

    def ready(self) -> bool:
        """Tell whether all nodes wait for work that are to."""
        asked = self.inside(["timeout", "3", "sinfo", "--noheader", "--Node", "--format=%T"])
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
        return said.count("idle") == len(self.nodes) - len(self._drained)

    def write(self) -> None:
        """Write slurm.conf, the key, and what is each node's own."""
        folder = self.folder
        (folder / "munge").mkdir(mode=0o711)
        (folder / "state").mkdir()
        key = folder / "munge" / "key"
        key.touch(0o600)
        key.write_bytes(secrets.token_bytes(128))
        (folder / "slurm.conf").write_text(CONFIG.format(folder=folder) + self._lines())
        names = " ".join(["localhost", "controller", *self.nodes])
        (folder / "hosts").write_text(f"127.0.0.1 {names}\n")
        cases = "".join(f'{n}) echo "export {text}";;\n' for n, text in self._exports.items())
        prolog = folder / "prolog"
        prolog.write_text(f'#!/bin/sh\ncase "$SLURMD_NODENAME" in\n{cases}esac\n')
        prolog.chmod(0o755)
        for number, node in enumerate(self.nodes):
            (folder / f"id-{node}").write_text(f"{0x7E57 + number:032x}\n")

    def _lines(self) -> str:
        lines = []
        for number, node in enumerate(self.nodes):
            reason = self._drained.get(node)
            state = f'State=DRAIN Reason="{reason}"' if reason else "State=UNKNOWN"
            where = f"NodeHostname={node} NodeAddr=127.0.0.1 Port={17001 + number}"
            lines.append(f"NodeName={node} {where} CPUs=2 RealMemory=1000 {state}")
        lines.append("PartitionName=lab Nodes=ALL Default=YES MaxTime=INFINITE State=UP")
        return "\n".join([*lines, ""])
