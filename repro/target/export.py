"""An image of an engine that is not run: its layers come as the engine exports them."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import requests
from docker.errors import DockerException

from repro.errors import EngineError
from repro.layers.docker_archive import deliver_stream
from repro.layers.stored import StoredImage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import docker

    from repro.layers.stored import Receive

CHUNK: Final = 1 << 20
EMPTY: Final = (
    *("ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER"),
    *("ONBUILD", "SHELL", "STOPSIGNAL", "USER", "VOLUME"),
)
"""Instructions that make no layer (Docker's documentation, "Dockerfile reference")."""


@dataclass(frozen=True, kw_only=True)
class EngineImage(StoredImage):
    """An image in an engine, which gives all its layers at once or none."""

    client: docker.DockerClient

    def deliver(self, wanted: Collection[str], receive: Receive) -> None:
        """Export the image once and hand over every layer of it."""
        del wanted
        try:
            pieces = self.client.api.get_image(self.config_digest, chunk_size=CHUNK)
            with Export(pieces) as stream:
                deliver_stream(cast("BinaryIO", stream), receive)
        except (DockerException, requests.RequestException) as error:
            raise EngineError(
                f"the engine cannot export {self.name}: {str(error)[:300]}"
            ) from error


class Export(io.RawIOBase):
    """An engine's answer as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return `size` bytes, or fewer at the end alone."""
        found: list[bytes] = []
        while size:
            if not self._left:
                self._left = memoryview(next(self._pieces, b""))
                if not self._left:
                    break
            piece = self._left if size < 0 else self._left[:size]
            self._left = self._left[len(piece) :]
            size -= len(piece) if size > 0 else 0
            found.append(bytes(piece))
        return b"".join(found)

    def close(self) -> None:
        """Let the connection go."""
        close = getattr(self._pieces, "close", None)
        if close:
            close()
        super().close()


def stored(client: docker.DockerClient, reference: str, inspected: dict[str, Any]) -> EngineImage:
    """Describe an image of an engine by its inspection and history."""
    config = {
        "config": inspected.get("Config") or {},
        "rootfs": {
            "type": "layers",
            "diff_ids": list((inspected.get("RootFS") or {}).get("Layers") or []),
        },
        "architecture": inspected.get("Architecture"),
        "os": inspected.get("Os"),
        "history": _history(client, str(inspected["Id"])),
    }
    return EngineImage(
        name=reference,
        config=config,
        config_digest=str(inspected["Id"]),
        tags=tuple(inspected.get("RepoTags") or ()),
        client=client,
        unpacked=_unpacked(client, inspected),
    )


def _unpacked(client: docker.DockerClient, inspected: dict[str, Any]) -> tuple[Path, ...]:
    """Find the layers' directories where overlayfs has them and this process may read them.

    An engine on this machine alone is asked: elsewhere the same paths would be other files.
    """
    driver = inspected.get("GraphDriver") or {}
    if not client.api.base_url.startswith("http+docker://localhost") or "overlay" not in str(
        driver.get("Name")
    ):
        return ()
    data = driver.get("Data") or {}
    named = [data.get("UpperDir") or "", *(data.get("LowerDir") or "").split(":")]
    folders = tuple(Path(name) for name in reversed(named) if name)
    layers = (inspected.get("RootFS") or {}).get("Layers") or []
    readable = all(os.access(folder, os.R_OK | os.X_OK) for folder in folders)
    return folders if readable and len(folders) == len(layers) else ()


def _history(client: docker.DockerClient, image_id: str) -> list[dict[str, Any]]:
    """List the build steps, first one first; the engine does not say which made no layer."""
    try:
        steps = client.api.history(image_id)  # type: ignore[no-untyped-call]
    except (DockerException, requests.RequestException):
        return []
    return [
        {"created_by": step.get("CreatedBy"), "empty_layer": _is_empty(step)}
        for step in reversed(steps)
    ]


def _is_empty(step: dict[str, Any]) -> bool:
    words = str(step.get("CreatedBy") or "").replace("/bin/sh -c #(nop)", "").split()
    return not step.get("Size") and bool(words) and words[0] in EMPTY
