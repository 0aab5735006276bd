"""Tells one file of weights from another without reading gigabytes."""

import os
import re
import struct

from . import values

CERTAIN = re.compile(r".+\.(safetensors|gguf|onnx)|(pytorch_model|consolidated).*\.(bin|pth|pt)")
"""Names that only models have."""

LIKELY = re.compile(r".+\.(bin|pt|pth|onnx_data|onnx\.data|msgpack|h5|engine|plan|npz|ckpt)")
"""Names that weights have beside a model's configuration."""

SMALL = 8 << 20
"""Bytes up to which a file is hashed whole."""

SAMPLE = 64 << 10
"""Bytes from either end of a larger file. The end of a PyTorch file is a ZIP directory with the
CRC-32 of every tensor (APPNOTE.TXT 4.3.12), so it stands for the content well."""

HEADER = 100 << 20
"""The most that a safetensors header may have, by its format's README."""

BLOB = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
"""Names in a cache's blobs/: the ETag, that is git's SHA-1 or the SHA-256 of large files."""


def is_certain(name):
    """Whether the name alone says that this is a model's."""
    return CERTAIN.fullmatch(name) is not None


def is_weight(name):
    """Whether it is one beside a model's configuration."""
    return is_certain(name) or LIKELY.fullmatch(name) is not None


def identity(files, path):
    """Return {size, and one of blob, sha256, or sample with header}; OSError passes."""
    if files.is_link(path):
        folder, name = os.path.split(files.link(path))
        if os.path.basename(folder) == "blobs" and BLOB.fullmatch(name):
            return {"size": files.size(path), "blob": name}
    size = files.size(path)
    if size <= SMALL:
        return {"size": size, "sha256": values.digest(files.read(path))}
    ends = files.part(path, 0, SAMPLE) + files.part(path, size - SAMPLE, SAMPLE)
    found = {"size": size, "sample": values.digest(ends)}
    if path.endswith(".safetensors"):
        found["header"] = _header(files, path, size)
    return found


def _header(files, path, size):
    """Digest of dtypes, shapes and offsets: 8 bytes of length (little endian), then JSON."""
    length = struct.unpack("<Q", files.part(path, 0, 8))[0]
    if length > min(size - 8, HEADER):
        return "none: it would have %d bytes" % length
    return values.digest(files.part(path, 8, length))


def revision(files, path):
    """The commit that `huggingface-cli download --local-dir` noted beside the files, or None."""
    folder = os.path.join(path, ".cache/huggingface/download")
    try:
        notes = [name for name in files.names(folder) if name.endswith(".metadata")]
        for name in notes:
            commit = files.text(os.path.join(folder, name), 4096).split("\n")[0].strip()
            if BLOB.fullmatch(commit):
                return commit
    except OSError:
        pass  # A note that cannot be read says no less than one that is not there.
    return None
