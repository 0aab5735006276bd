"""Reads manifests, configs and layers of one repository in a registry, and sends it requests.

Source: https://github.com/opencontainers/distribution-spec, spec.md (1.1).
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urljoin

from repro.errors import RegistryError
from repro.registry import credentials
from repro.registry import digest as digests
from repro.registry.address import is_loopback, origin, printable, shown
from repro.registry.answer import PIECE
from repro.registry.authority import Authority
from repro.registry.blob import BlobStream
from repro.registry.failures import NoTLSError, NotThereError, UnansweredError
from repro.registry.patience import RETRIES, Patience, TransientError
from repro.registry.reference import TAG
from repro.registry.transport import Question, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from repro.registry.answer import Answer
    from repro.registry.reference import Reference

MANIFESTS: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
SCHEMA_1: Final = "application/vnd.docker.distribution.manifest.v1+"
MOST_MANIFEST: Final = 4 * 1024 * 1024
"""Bytes that registries have to take (OCI distribution specification, "Pushing Manifests")."""
MOST_CONFIG: Final = 8 * 1024 * 1024
MOST_ERROR: Final = 64 * 1024
CERTIFICATES: Final = Path("/etc/docker/certs.d")
"""Docker looks here for a registry's own authority, in HOST[:PORT]/ca.crt."""
LOOK_SECONDS: Final = 3.0
"""How long a server on this machine has to say whether it speaks TLS."""


@dataclass(frozen=True, slots=True)
class Document:
    """A manifest or an index, unparsed."""

    media_type: str
    """One of MANIFESTS."""
    digest: str
    data: bytes = field(repr=False)


class Registry:
    """One repository of a registry; may be shared by threads, and has to be closed.

    Connections are encrypted, unless `plain_http`, or the registry is this machine itself and
    does not speak TLS. `ca_file` is trusted beside the usual authorities. `timeout` is in seconds,
    for one step of a server; `retries` are for one piece of work that does not move. Who means to
    write says so, and asks for the right to.
    """

    def __init__(
        self,
        reference: Reference,
        *,
        ca_file: Path | None = None,
        plain_http: bool = False,
        writing: bool = False,
        timeout: float = 30.0,
        retries: int = RETRIES,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.reference = reference
        self._ca_file = ca_file or _known_authority(reference.host)
        self._transport = Transport(ca_file=self._ca_file, timeout=timeout)
        actions = "pull,push" if writing else "pull"
        self._authority = Authority(reference, self._transport, credentials.find, actions=actions)
        self.patience = partial(Patience, retries, sleep=sleep)
        self._scheme = "http" if plain_http else ""
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up the connections that are kept; open blobs go on."""
        self._transport.close()

    def manifest(self, reference_or_digest: str) -> Document:
        """Read a manifest or an index by tag or digest; raises RegistryError."""
        wanted, patience = reference_or_digest, self.patience()
        if not TAG.fullmatch(wanted) and not digests.is_digest(wanted):
            raise RegistryError(f"{printable(wanted)!r} is neither a tag nor a digest")

        def read() -> Document:
            accept = {"Accept": ", ".join(MANIFESTS)}
            answer = self._get(f"manifests/{wanted}", accept, patience)
            return _document(wanted, answer)

        return patience.persist(read)

    def config(self, digest: str, size: int | None) -> bytes:
        """Read an image's config; raises RegistryError."""
        if size is not None and size > MOST_CONFIG:
            raise RegistryError(f"the config {digest} has more than {MOST_CONFIG} bytes")
        with self.blob(digest, size) as stream:
            data = stream.read(MOST_CONFIG + 1)
        if len(data) > MOST_CONFIG:
            raise RegistryError(f"the config {digest} has more than {MOST_CONFIG} bytes")
        return data

    def blob(self, digest: str, size: int | None) -> io.BufferedReader:
        """Open a blob, `size` bytes long if given; raises RegistryError, and so does reading it."""
        patience = self.patience()

        def ask(start: int) -> Answer:
            headers = {"Range": f"bytes={start}-"} if start else {}
            return self._get(f"blobs/{digest}", headers, patience)

        stream = BlobStream(ask, digest, size, patience)
        stream.start()
        return io.BufferedReader(stream, PIECE)

    def exchange(
        self,
        url: str,
        patience: Patience,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        put: bool = False,
    ) -> Answer:
        """Ask for an address of this registry, or send something there; answer a challenge once.

        Addresses come of `address` and `referred`. Returns the answer whatever its status.
        """
        used = self._authority.header
        asked = Question(url=url, headers=headers or {}, authorization=used, body=body, put=put)
        answer = self._transport.ask(asked, patience)
        if answer.status == 401 and answer.origin == origin(url):
            answer.drain()
            self._authority.renew(used, answer, patience)
            again = replace(asked, authorization=self._authority.header)
            answer = self._transport.ask(again, patience)
        return answer

    def address(self, place: str) -> str:
        """Return the whole address of what lies below the repository."""
        return f"{self._base()}/v2/{self.reference.repository}/{place}"

    def referred(self, here: str, reference: str) -> str:
        """Return where an answer of this registry refers to; RegistryError where it leads away."""
        try:
            there = urljoin(here, reference)
        except ValueError:
            there = ""
        if origin(there) != origin(self._base()):
            raise RegistryError(
                f"{self.reference.registry} refers to another server: {shown(there)}",
                advice="That is refused. Where a proxy ends TLS, it has to say so to the registry "
                "(X-Forwarded-Proto).",
            )
        return there

    def refused(self, answer: Answer, what: str) -> RegistryError:
        """Say that something was not taken, with the code that the registry gives for it."""
        if answer.status in {401, 403}:
            answer.drain()
            return self._authority.denied(f"does not let you write (answer {answer.status})")
        said = _code(answer)
        return RegistryError(
            f"{self.reference.registry} does not take {what} (answer {answer.status}{said})",
            advice="Is the repository read-only, or the registry too old for OCI artifacts?",
        )

    def _get(self, place: str, headers: Mapping[str, str], patience: Patience) -> Answer:
        """Ask for something of the repository that should be there."""
        answer = self.exchange(self.address(place), patience, headers=headers)
        if answer.status in {200, 206}:
            return answer
        answer.drain()
        raise self._refused(answer, place)

    def _refused(self, answer: Answer, place: str) -> RegistryError:
        if answer.status in {401, 403}:
            return self._authority.denied(f"refuses access (answer {answer.status})")
        if answer.status != 404:
            return RegistryError(f"{answer.place} answers {answer.status}")
        kind, _, name = place.partition("/")
        if kind == "blobs":
            return NotThereError(
                f"{self.reference.registry} has no blob {name} in {self.reference.repository}",
                advice="The image is incomplete in its registry: push it again.",
            )
        what = "image" if digests.is_digest(name) else "tag"
        return NotThereError(
            f"{self.reference.registry}/{self.reference.repository} has no {what} {name}, "
            "or there is no such repository",
            advice="Check the spelling; tags move and are deleted.",
        )

    def _base(self) -> str:
        """Return the address of the registry; found out once for one on this machine."""
        host = self.reference.host
        with self._lock:
            if not self._scheme:
                local = is_loopback(origin(f"https://{host}").host)
                self._scheme = "http" if local and not self._speaks_tls() else "https"
        return f"{self._scheme}://{host}"

    def _speaks_tls(self) -> bool:
        """Ask a server on this machine; a certificate that is not trusted is an error."""
        look = Transport(ca_file=self._ca_file, timeout=LOOK_SECONDS)
        try:
            look.ask_once(Question(url=f"https://{self.reference.host}/v2/")).close()
        except (NoTLSError, UnansweredError):
            return False
        except TransientError:
            return True
        finally:
            look.close()
        return True


def _code(answer: Answer) -> str:
    """Read what a registry calls its refusal; nothing where it gives no code.

    Source: OCI distribution specification 1.1, "Error Codes".
    """
    try:
        code = json.loads(answer.document(MOST_ERROR))["errors"][0]["code"]
    except (RegistryError, ValueError, LookupError, TypeError, RecursionError):
        return ""
    return f", {printable(code, 40)}" if isinstance(code, str) else ""


def _known_authority(host: str) -> Path | None:
    path = CERTIFICATES / host / "ca.crt"
    return path if path.is_file() else None


def _document(wanted: str, answer: Answer) -> Document:
    """Check a manifest against its digest: the one asked for, or the one its head says."""
    media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    said = answer.headers.get("Docker-Content-Digest", "")
    data = answer.document(MOST_MANIFEST)
    if media_type not in MANIFESTS:
        raise _unknown(media_type, answer)
    digest = wanted if digests.is_digest(wanted) else said
    digest = digest if digests.is_digest(digest) else f"sha256:{hashlib.sha256(data).hexdigest()}"
    digests.verify_bytes(digest, data, answer.place)
    return Document(media_type, digest, data)


def _unknown(media_type: str, answer: Answer) -> RegistryError:
    if media_type.startswith(SCHEMA_1):
        return RegistryError(
            f"{answer.place} is an image of the old schema 1",
            advice="Pull and push it with a current tool: that makes a manifest of today's.",
        )
    return RegistryError(
        f"{answer.place} is no image but {printable(media_type) or 'of no type'}",
        advice="Is this a registry? A web page comes from other servers, and from login portals.",
    )
