"""Several real hosts on one machine: each with its own network, name, machine id, engine and sshd.

They hang on a bridge that is in a namespace too, and so is the client: h1 is 10.77.0.11. Each
engine answers at a socket in the folder as well, so that images can be brought there, and over
TCP with TLS, where it wants a certificate of the client.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

from lab.authority import Authority
from lab.engine import answers
from lab.error import run
from lab.nest import Nest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

START: Final = """\
set -e
folder=$1; shift
hostname client
ip link set lo up
ip link add br0 type bridge
ip addr add 10.77.0.1/24 dev br0
ip link set br0 up
mount --bind "$folder/ssh_config" /etc/ssh/ssh_config
number=10
for host; do
  number=$((number + 1))
  unshare --net --uts --mount --propagation private -- \\
    sh "$folder/host" "$folder" "$host" "$number" >"$folder/$host.log" 2>&1 &
done
while :; do sleep 1000 & wait $!; done
"""
"""The first process: it starts the hosts and takes leave of what ends."""

HOST: Final = """\
set -e
folder=$1 host=$2 number=$3
hostname "$host"
ip link set lo up
ip link add eth0 type veth peer name "v$number" netns 1
nsenter --net=/proc/1/ns/net ip link set "v$number" master br0 up
ip addr add "10.77.0.$number/24" dev eth0
ip link set eth0 up
mount -t tmpfs -o size=64m none /run
mkdir -p /run/sshd "$folder/$host/data"
mount -t tmpfs -o size=1g none "$folder/$host/data"
mount --bind "$folder/$host/etc" /etc/docker
[ ! -e /etc/machine-id ] || mount --bind "$folder/$host/machine-id" /etc/machine-id
/usr/sbin/sshd -f "$folder/$host/sshd_config" -E "$folder/$host.sshd.log"
exec dockerd --data-root "$folder/$host/data" --exec-root "$folder/$host/exec" \\
  --pidfile "$folder/$host/pid" --host unix:///run/docker.sock \\
  --host "unix://$folder/$host/engine.sock" --host "tcp://10.77.0.$number:2376" --tlsverify \\
  --tlscacert "$folder/certificates/ca.pem" --tlscert "$folder/$host/cert.pem" \\
  --tlskey "$folder/$host/key.pem" --bridge=none --iptables=false --ip6tables=false \\
  --ip-forward=false --ip-masq=false --userland-proxy=false --storage-driver=overlay2 \\
  --shutdown-timeout=5
"""
"""A host: the engine is what it becomes. /etc/docker has the engine's ID, so each has its own."""

SSHD: Final = """\
ListenAddress {address}
HostKey {folder}/{host}/hostkey
PidFile {folder}/{host}/sshd.pid
AuthorizedKeysFile {folder}/id.pub
PasswordAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
"""
SSH: Final = """\
Host *
  User root
  IdentityFile {folder}/id
  UserKnownHostsFile {folder}/known_hosts
  BatchMode yes
"""


class Hosts(Nest):
    """Hosts h1, h2, …"""

    programs: Final = {
        "dockerd": "docker.io",
        "docker": "docker.io",
        "sshd": "openssh-server",
        "ssh": "openssh-client",
        "unshare": "util-linux",
        "setpriv": "util-linux",
        "ip": "iproute2",
    }
    script = START

    def __init__(self, hosts: int) -> None:
        self.names = [f"h{number}" for number in range(1, hosts + 1)]
        super().__init__(*self.names)

    def address(self, host: str) -> str:
        """Return where a host is, for the client."""
        return f"10.77.0.{11 + self.names.index(host)}"

    def engine(self, host: str) -> str:
        """Return where the engine of a host is, for anybody on this machine."""
        return f"unix://{self.folder}/{host}/engine.sock"

    @property
    def certificates(self) -> Path:
        """The folder of the client's certificates, as DOCKER_CERT_PATH."""
        return self.folder / "certificates"

    def within(self, host: str, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command on a host: in its network, with its mounts and its name."""
        pid = (self.folder / host / "pid").read_text(encoding="ascii").strip()
        enter = self.inside(["nsenter", f"--target={pid}", "--net", "--mount", "--uts", *command])
        return subprocess.run(enter, capture_output=True, text=True, check=True)

    def ready(self) -> bool:
        """Tell whether all engines answer."""
        return all(answers(self.engine(host)) for host in self.names)

    def write(self) -> None:
        """Write keys, certificates, and what is each host's own."""
        folder = self.folder
        (folder / "host").write_text(HOST)
        (folder / "ssh_config").write_text(SSH.format(folder=folder))
        _key(folder / "id")
        authority = Authority()
        self.certificates.mkdir()
        authority.certify("client", self.certificates / "cert.pem", self.certificates / "key.pem")
        authority.write(self.certificates / "ca.pem")
        for number, host in enumerate(self.names):
            own, address = folder / host, self.address(host)
            (own / "etc").mkdir(parents=True)
            (own / "machine-id").write_text(f"{0x405 + number:032x}\n")
            (own / "sshd_config").write_text(SSHD.format(folder=folder, host=host, address=address))
            authority.certify(host, own / "cert.pem", own / "key.pem", address)
            public = _key(own / "hostkey")
            with (folder / "known_hosts").open("a") as known:
                known.write(f"{address} {public}")


def _key(path: Path) -> str:
    """Make a pair of keys for SSH; return the public one."""
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)])
    return path.with_name(f"{path.name}.pub").read_text(encoding="ascii")
