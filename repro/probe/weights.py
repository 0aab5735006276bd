"""Tells one file of weights from another without reading gigabytes."""

import os
import re
import struct

from . import values

CERTAIN = re.compile(
    r".+\.(safetensors|gguf|onnx|engine|plan)|(pytorch_model|consolidated).*\.(bin|pth|pt)"
)
"""Names that only models have."""

LIKELY = re.compile(r".+\.(bin|pt|pth|onnx_data|onnx\.data|msgpack|h5|npz|ckpt)")
"""Names that weights have beside a model's configuration."""

SMALL = 8 << 20
"""Bytes up to which a file is hashed whole."""

SAMPLE = 64 << 10
"""Bytes from either end of a larger file. The end of a PyTorch file is a ZIP directory with the
CRC-32 of every tensor (APPNOTE.TXT 4.3.12), so it stands for the content well."""

HEADER = 16 << 20
"""The most of a safetensors header that is read: that of 100,000 tensors has about 13 MB. The
format's README allows 100 MB."""

BLOB = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
"""Names in a cache's blobs/: the ETag, that is git's SHA-1 or the SHA-256 of large files."""


def is_certain(name):
    """Whether the name alone says that this is a model's."""
    return CERTAIN.fullmatch(name) is not None


def is_weight(name):
    """Whether it is one beside a model's configuration."""
    return is_certain(name) or LIKELY.fullmatch(name) is not None


def identity(files, path):
    """Return {size, and one of blob, sha256, sample; what a safetensors header says}.

    OSError passes.
    """
    if files.is_link(path):
        folder, name = os.path.split(files.link(path))
        if os.path.basename(folder) == "blobs" and BLOB.fullmatch(name):
            return {"size": files.size(path), "blob": name}
    # From front to back, since a layer is a stream.
    said = _header(files, path) if path.endswith(".safetensors") else {}
    return dict(content(files, path), **said)


def content(files, path, start=0):
    """Return {size, and sha256 or sample} of what follows `start`; read from front to back."""
    size = max(files.size(path) - start, 0)
    if size <= SMALL:
        return {"size": size, "sha256": values.digest(files.part(path, start, size))}
    ends = files.part(path, start, SAMPLE) + files.part(path, start + size - SAMPLE, SAMPLE)
    return {"size": size, "sample": values.digest(ends)}


def _header(files, path):
    """What the header says: 8 bytes of length (little endian), then JSON of all tensors."""
    length = struct.unpack("<Q", files.part(path, 0, 8).ljust(8, b"\0"))[0]
    if length > min(files.size(path) - 8, HEADER):
        return {"header": "none: it would have %d bytes" % length}
    data = files.part(path, 8, length)
    try:
        document = values.document(data)
    except ValueError:
        document = None
    return dict(_tensors(document), header=values.digest(data))


def _tensors(document):
    """{tensors, dtypes {name: how many}, format} of the header's JSON (safetensors' README)."""
    if not isinstance(document, dict):
        return {}
    metadata = document.get("__metadata__")
    tensors = [entry for entry in document.values() if isinstance(entry, dict) and "dtype" in entry]
    dtypes = {}
    for entry in tensors:
        dtype = values.text(str(entry["dtype"])[:20])
        dtypes[dtype] = dtypes.get(dtype, 0) + 1
    found = {"tensors": len(tensors), "dtypes": values.plain(dtypes)}
    if isinstance(metadata, dict) and "format" in metadata:
        found["format"] = values.plain(metadata["format"])
    return found


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
