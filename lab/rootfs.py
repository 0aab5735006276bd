"""Small Debian root file systems in seconds, of any suite that the host's mirror has.

apt solves the packages against an empty status, in state folders of its own; dpkg-deb unpacks
them; a real dpkg database is written. No maintainer script runs, so no root is needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lab.error import LabError, find_program, run
from lab.layer import cache

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MIRROR_VARIABLE: Final = "REPRO_LAB_MIRROR"
KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
DEBIAN_SUITES: Final = ("bullseye", "bookworm", "trixie", "forky", "sid", "stable", "testing")

MERGED: Final = ("bin", "sbin", "lib", "lib64")
"""Folders that are links into /usr on a merged system; packages of older suites need both."""

UNREAD: Final = tuple(f"usr/share/{name}" for name in ("doc", "man", "locale", "info", "lintian"))
"""What a container never reads: a third of the size."""


@dataclass(frozen=True, slots=True)
class Debian:
    """A layer with packages of a suite and all that they depend on."""

    suite: str
    packages: tuple[str, ...]

    def write(self, root: Path) -> None:
        """Unpack the packages; raises LabError."""
        archives = download(self.suite, self.packages)
        _lay_frame(root)
        for archive in archives:
            _unpack(archive, root)
            _register(archive, root / "var/lib/dpkg")
        for folder in UNREAD:
            shutil.rmtree(root / folder, ignore_errors=True)
        _finish(root)


@dataclass(frozen=True, slots=True)
class Program:
    """A layer with one program of a package, and nothing else; for a static one."""

    suite: str
    package: str
    member: str
    name: str

    def write(self, root: Path) -> None:
        """Put the program under its new name; raises LabError."""
        with tempfile.TemporaryDirectory() as folder:
            whole = Path(folder)
            Debian(self.suite, (self.package,)).write(whole)
            target = root / self.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(whole / self.member, target)


@dataclass(frozen=True, slots=True)
class Distroless:
    """A layer with exactly the packages named, and a status file for each instead of a database.

    Source: github.com/GoogleContainerTools/distroless, "How do I use distroless images?".
    """

    suite: str
    packages: tuple[str, ...]

    def write(self, root: Path) -> None:
        """Unpack the packages; raises LabError."""
        _lay_frame(root)
        database = root / "var/lib/dpkg"
        for archive in download(self.suite, self.packages):
            package = archive.name.partition("_")[0]
            if package in self.packages:
                _unpack(archive, root)
                _register(archive, database)
                _split(database, package)
        for folder in UNREAD:
            shutil.rmtree(root / folder, ignore_errors=True)
        shutil.rmtree(database / "info")
        shutil.rmtree(database / "updates")


def download(suite: str, packages: Sequence[str]) -> list[Path]:
    """Return the archives of packages with their dependencies; raises LabError."""
    options = _apt_options(_state_folder(suite))
    apt = [find_program("apt-get", "apt"), *options]
    if not _is_fresh(suite):
        run([*apt, "update"])
    install = ("-y", "--download-only", "install", *packages)
    try:
        run([*apt, *install])
    except LabError:  # The lists are older than the mirror: their archives are gone.
        run([*apt, "update"])
        run([*apt, *install])
    return sorted(_solution(run([*apt, "-s", "install", *packages]), suite))


def mirror() -> str:
    """Return the URL of the Debian mirror that the host's apt uses, or $REPRO_LAB_MIRROR.

    Raises LabError on a host that is no Debian.
    """
    chosen = os.environ.get(MIRROR_VARIABLE)
    if chosen:
        return chosen
    layout = "$(RELEASE) $(REPO_URI)"
    command = [find_program("apt-get", "apt"), "indextargets", "--format", layout]
    for line in run([*command, "Created-By: Packages"]).splitlines():
        release, _, url = line.partition(" ")
        if release in DEBIAN_SUITES:
            return url
    raise LabError(f"apt has no Debian mirror here: set {MIRROR_VARIABLE} to the URL of one")


def _state_folder(suite: str) -> Path:
    folder = cache() / "apt" / suite
    for name in ("lists/partial", "archives/partial", "etc/preferences.d", "etc/apt.conf.d"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    source = f"deb [signed-by={KEYRING}] {mirror()} {suite} main\n"
    (folder / "etc/sources.list").write_text(source)
    return folder


def _apt_options(folder: Path) -> list[str]:
    settings = (
        f"Dir::State={folder}",
        f"Dir::State::lists={folder}/lists",
        f"Dir::State::status={folder}/status",
        f"Dir::Cache={folder}",
        f"Dir::Cache::archives={folder}/archives",
        f"Dir::Etc::sourcelist={folder}/etc/sources.list",
        f"Dir::Etc::sourceparts={folder}/etc/sources.list.d",
        f"Dir::Etc::preferencesparts={folder}/etc/preferences.d",
        "Acquire::Languages=none",
        "APT::Install-Recommends=0",
        "APT::Keep-Downloaded-Packages=1",
        "APT::Sandbox::User=root",
        "APT::Update::Post-Invoke=",
        "Debug::NoLocking=1",
    )
    return ["-qq", *(part for setting in settings for part in ("-o", setting))]


def _is_fresh(suite: str) -> bool:
    return any((cache() / "apt" / suite / "lists").glob("*Packages*"))


def _solution(simulation: str, suite: str) -> Iterable[Path]:
    """Archives that a simulated installation names: lines `Inst NAME (VERSION SUITE [ARCH])`."""
    archives = cache() / "apt" / suite / "archives"
    for line in simulation.splitlines():
        if line.startswith("Inst "):
            _, name, version, *_ = line.split()
            escaped = version.lstrip("(").replace(":", "%3a")
            yield from archives.glob(f"{name}_{escaped}_*.deb")


def _lay_frame(root: Path) -> None:
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for name in ("proc", "sys", "dev", "run", "etc", "var/lib/dpkg/info", "var/lib/dpkg/updates"):
        (root / name).mkdir(parents=True)
    (root / "root").mkdir(mode=0o700)
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)


def _unpack(archive: Path, root: Path) -> None:
    """Unpack an archive's files, through the links of the merged /usr."""
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE
    ) as source:
        tar = ["tar", "-x", "-C", str(root), "--keep-directory-symlink", "--no-same-owner"]
        done = subprocess.run([*tar, "-f", "-"], stdin=source.stdout, check=False)
    if done.returncode or source.returncode:
        raise LabError(f"{archive} cannot be unpacked: remove it and try again")


def _register(archive: Path, database: Path) -> None:
    """Write what dpkg would know of an installed package: status, file list, digests."""
    control = run(["dpkg-deb", "-f", str(archive)])
    fields = dict(line.split(": ", 1) for line in control.splitlines() if ": " in line)
    package = fields["Package"]
    name = package
    if fields.get("Multi-Arch") == "same":
        name = f"{package}:{fields['Architecture']}"
    head, _, rest = control.partition("\n")
    with (database / "status").open("a", encoding="utf-8") as status:
        status.write(f"{head}\nStatus: install ok installed\n{rest.rstrip()}\n\n")
    listing = run(["dpkg-deb", "-c", str(archive)]).splitlines()
    paths = [line.split(None, 5)[5].split(" -> ")[0].lstrip(".").rstrip("/") for line in listing]
    (database / f"info/{name}.list").write_text("".join(f"{path or '/.'}\n" for path in paths))
    with tempfile.TemporaryDirectory() as folder:
        run(["dpkg-deb", "--control", str(archive), folder])
        digests = Path(folder) / "md5sums"
        if digests.exists():
            shutil.copyfile(digests, database / f"info/{name}.md5sums")


def _split(database: Path, package: str) -> None:
    """Move what was written of one package to files of its own, as distroless has them."""
    folder = database / "status.d"
    folder.mkdir(exist_ok=True)
    status = (database / "status").read_text(encoding="utf-8")
    (database / "status").unlink()
    lines = [line for line in status.splitlines() if line and not line.startswith("Status:")]
    (folder / package).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    for digests in (database / "info").glob("*.md5sums"):
        digests.replace(folder / f"{package}.md5sums")


def _finish(root: Path) -> None:
    """Do what maintainer scripts would have done and programs rely on."""
    accounts = {"passwd": "root:x:0:0:root:/root:/bin/sh\n", "group": "root:x:0:\n"}
    for name, line in accounts.items():
        path = root / "etc" / name
        if not path.exists():
            path.write_text(line)
    if os.geteuid() == 0:  # ldconfig changes its root; without a cache the loader still searches.
        ldconfig = find_program("ldconfig", "libc-bin")
        run([ldconfig, "-X", "-r", str(root)])
    shutil.rmtree(root / "var/cache", ignore_errors=True)
