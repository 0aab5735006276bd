"""Tars of layers, made entry by entry."""

from __future__ import annotations

import io
import tarfile
from typing import Any

TYPES = {
    "d": tarfile.DIRTYPE,
    "l": tarfile.SYMTYPE,
    "h": tarfile.LNKTYPE,
    "p": tarfile.FIFOTYPE,
    "c": tarfile.CHRTYPE,
}


def entry(path: str, content: bytes | str = b"", kind: str = "f", **more: Any) -> tuple[Any, bytes]:
    """Describe one entry: a file with its content, or another kind with what it links to."""
    info = tarfile.TarInfo(path)
    info.mode = 0o644
    for name, value in more.items():
        setattr(info, name, value)
    if kind == "f":
        data = content.encode() if isinstance(content, str) else content
        info.size = len(data)
        return info, data
    info.type = TYPES[kind]
    info.linkname = content if isinstance(content, str) else ""
    return info, b""


def tar(*entries: tuple[Any, bytes], format: int = tarfile.PAX_FORMAT) -> bytes:  # noqa: A002
    """Pack entries in the order in which they are given."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format) as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()
