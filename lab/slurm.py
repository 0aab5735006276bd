"""A real Slurm cluster on one machine: a controller and nodes, in namespaces of their own.

slurmd listens on every address, so it never runs in the machine's own network. All daemons are in
one process namespace: when its first process ends, they do.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from lab.error import LabError, find_program

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
SECONDS: Final = 30.0
"""What a start may take."""

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


class SlurmCluster:
    """Nodes n1, n2, …; what is exported on one alone, and those that are drained, with a reason."""

    def __init__(
        self,
        nodes: int,
        *,
        exports: Mapping[str, str] | None = None,
        drained: Mapping[str, str] | None = None,
    ) -> None:
        self.nodes = [f"n{number}" for number in range(1, nodes + 1)]
        self._exports, self._drained = exports or {}, drained or {}
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        """Where configuration and logs lie; LabError before the start."""
        if self._folder is None:
            raise LabError("the Slurm cluster is not started")
        return self._folder

    def __enter__(self) -> Self:
        for program, package in PROGRAMS.items():
            find_program(program, package)
        self._folder = Path(tempfile.mkdtemp(prefix="repro-lab-slurm-"))
        self._folder.chmod(0o755)  # munged serves nobody below a private folder.
        self._write()
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._process = self._folder = None

    def inside(self, command: Sequence[str]) -> list[str]:
        """Return a command that runs another one where the cluster can be reached."""
        config = f"SLURM_CONF={self.folder}/slurm.conf"
        enter = ("nsenter", f"--target={self._first()}", "--net", "--mount", "--uts", "--pid")
        return [*enter, f"--wd={Path.cwd()}", "env", config, *command]

    def _write(self) -> None:
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

    def _start(self) -> None:
        own = ("--net", "--mount", "--uts", "--pid", "--mount-proc", "--propagation", "private")
        namespaces = ("unshare", *own, "--fork", "--kill-child=KILL", "--")
        script = ("/bin/sh", "-c", START, "sh", str(self.folder), *self.nodes)
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *namespaces, *script],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + SECONDS
        while self._idle() < len(self.nodes) - len(self._drained):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise LabError(f"the Slurm cluster does not start:\n{self._said()}")
            time.sleep(0.1)

    def _idle(self) -> int:
        """Count the nodes that wait for work; 0 as long as nobody answers."""
        try:
            asked = self.inside(["timeout", "3", "sinfo", "--noheader", "--states=idle", "-o%D"])
        except LabError:
            return 0
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
        return int(said) if said.isdigit() else 0

    def _first(self) -> int:
        """Return the process that all others descend from; LabError where there is none yet."""
        pid = self._process.pid if self._process else 0
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        except OSError:
            children = []
        if not children:
            raise LabError("the Slurm cluster is not started")
        return int(children[0])

    def _said(self) -> str:
        logs = [self.folder / "log", *sorted(self.folder.glob("*.log"))]
        texts = [log.read_text(errors="replace") for log in logs if log.exists()]
        return "\n".join("\n".join(text.splitlines()[-5:]) for text in texts)
