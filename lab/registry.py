"""Throwaway image registries on loopback addresses, with or without TLS and a login.

Each is Debian's docker-registry with a folder of its own, which ends with it.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from lab.error import LabError, find_program, run

if TYPE_CHECKING:
    from collections.abc import Sequence

START_SECONDS: Final = 10.0
SETTLED: Final = 0.05
"""Seconds without a new line after which the access log counts as written."""
USER: Final = "reader"
PASSWORD: Final = "open sesame"  # noqa: S105 -- Of registries that live for seconds.
HTPASSWD: Final = f"{USER}:$2b$04$SvzZ/OFSUE826VlhbgDByOGgbodWy0a/qG9NVrIaslVU.NPmjotUq\n"
"""The password's bcrypt hash; docker-registry knows no other kind."""
ACCESS: Final = re.compile(r'\] "(?P<method>[A-Z]+) (?P<path>\S+) HTTP/[\d.]+" (\d+) (\d+) "')
LISTENING: Final = re.compile(r"listening on 127\.0\.0\.1:(\d+)")
CONFIGURATION: Final = """\
version: 0.1
log: {{level: info, accesslog: {{disabled: false}}}}
storage:
  filesystem: {{rootdirectory: "{folder}/data"}}
  delete: {{enabled: true}}
  maintenance: {{uploadpurging: {{enabled: false}}}}
http:
  addr: 127.0.0.1:0
  secret: of a test
"""
TLS: Final = """\
  tls: {{certificate: "{folder}/server.crt", key: "{folder}/server.key"}}
"""
LOGIN: Final = """\
auth:
  htpasswd: {{realm: laboratory, path: "{folder}/htpasswd"}}
"""


class Request(NamedTuple):
    """A line of the access log."""

    method: str
    path: str
    status: int
    sent: int
    """Bytes of the answer's body."""


class ThrowawayRegistry:
    """A registry of our own; raises LabError where it cannot start."""

    def __init__(self, *, tls: bool = False, login: bool = False) -> None:
        self.tls, self.login = tls, login
        self.host = ""
        """Address and port, once it runs."""
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        program = find_program("docker-registry", "docker-registry")
        self._temporary = tempfile.TemporaryDirectory(prefix="repro-lab-registry-")
        try:
            self._launch(program)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        if self._temporary is not None:
            self._temporary.cleanup()
        self._process = self._temporary = None

    @property
    def folder(self) -> Path:
        """Where all of it lies; raises LabError before the start."""
        if self._temporary is None:
            raise LabError("the registry is not started")
        return Path(self._temporary.name)

    @property
    def ca_file(self) -> Path:
        """The certificate of its authority, where it speaks TLS."""
        return self.folder / "trust" / "ca.crt"

    def push(self, source: str, name: str) -> str:
        """Copy an image that skopeo can read (`oci:FOLDER:TAG`) to NAME:TAG here.

        Returns the digest of its manifest here. Raises LabError.
        """
        skopeo = find_program("skopeo", "skopeo")
        digest = self.folder / "digest"
        trust = ["--dest-cert-dir", str(self.ca_file.parent)] if self.tls else []
        trust = trust or ["--dest-tls-verify=false"]
        login = ["--dest-creds", f"{USER}:{PASSWORD}"] if self.login else ["--dest-no-creds"]
        command = [skopeo, "--insecure-policy", "copy", "--quiet", "--all", *trust, *login]
        run([*command, "--digestfile", str(digest), source, f"docker://{self.host}/{name}"])
        return digest.read_text("ascii").strip()

    def requests(self) -> list[Request]:
        """Return all that it was asked so far, pushes included, in the order of the answers."""
        text = self._log()
        while True:
            time.sleep(SETTLED)
            before, text = text, self._log()
            if before == text:
                break
        found = (ACCESS.search(line) for line in text.splitlines())
        return [Request(m[1], m[2], int(m[3]), int(m[4])) for m in found if m]

    def _launch(self, program: str) -> None:
        settings = CONFIGURATION
        if self.tls:
            make_certificates(self.folder)
            settings += TLS
        if self.login:
            (self.folder / "htpasswd").write_text(HTPASSWD)
            settings += LOGIN
        configuration = self.folder / "config.yml"
        configuration.write_text(settings.format(folder=self.folder))
        guard = [find_program("setpriv", "util-linux"), "--pdeathsig", "TERM"]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*guard, program, "serve", str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={"OTEL_TRACES_EXPORTER": "none", "PATH": "/usr/bin:/bin"},
            )
        self._await_port(self._process)

    def _await_port(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not (listening := LISTENING.search(self._log())):
            if process.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join(self._log().splitlines()[-5:])
                raise LabError(f"docker-registry does not start:\n{tail}")
            time.sleep(0.02)
        self.host = f"127.0.0.1:{listening[1]}"

    def _log(self) -> str:
        return (self.folder / "log").read_text("utf-8", errors="replace")


def make_certificates(folder: Path) -> None:
    """Make an authority, `trust/ca.crt`, and `server.crt` of it for this machine's names."""
    (folder / "trust").mkdir()
    authority, key = folder / "trust" / "ca.crt", folder / "ca.key"
    _openssl(key, authority, "/CN=laboratory", ["basicConstraints=critical,CA:TRUE"])
    _openssl(
        folder / "server.key",
        folder / "server.crt",
        "/CN=registry",
        ["basicConstraints=CA:FALSE", "subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost"],
        ["-CA", str(authority), "-CAkey", str(key)],
    )


def _openssl(
    key: Path, certificate: Path, name: str, extensions: Sequence[str], issuer: Sequence[str] = ()
) -> None:
    openssl = find_program("openssl", "openssl")
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2"]
    added = [word for extension in extensions for word in ("-addext", extension)]
    files = ["-keyout", str(key), "-out", str(certificate)]
    run([openssl, "req", "-x509", *kind, "-subj", name, *added, *files, *issuer])
