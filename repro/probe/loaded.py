"""Tells which copies of the libraries that make numbers a process has really mapped."""

import os
import posixpath
import re

from . import cuda, elf, modules
from .cuda_names import COMPAT, identify
from .facts import PROCESS, absent, component, unreadable

CUDA, BLAS, OPENMP = "cuda.library.loaded", "blas.loaded", "openmp.loaded"

HASH = re.compile(r"-[0-9a-f]{6,16}(?=\.)")
"""What auditwheel puts into the names of libraries that it copies into a wheel."""
OTHERS = (
    (BLAS, re.compile(r"lib(?:scipy_)?openblas"), "openblas"),
    (BLAS, re.compile(r"lib(mkl_\w+)\.so"), None),
    (BLAS, re.compile(r"libblis"), "blis"),
    (BLAS, re.compile(r"lib(flexiblas|nvpl_blas|armpl|s?t?atlas)\w*\.so"), None),
    (BLAS, re.compile(r"lib(blas|cblas)\.so"), None),
    (OPENMP, re.compile(r"libgomp"), "gomp"),
    (OPENMP, re.compile(r"lib(iomp5|omp5?)\.so"), None),
)
"""Kind, file name without its hash, and the name, where it is not the group in the pattern."""
OPENBLAS = re.compile(r"-r(\d+\.\d+(?:\.\d+)?)")
"""OpenBLAS puts its version into the name of the file: libopenblasp-r0.3.23.so."""
DELETED = " (deleted)"


def collect(files, context):
    """Yield what the target's own processes have mapped; nothing where none is at work."""
    if not context.running:
        return
    texts, denied = _processes(files)
    text = "\n".join(texts)
    facts = list(from_maps(files, text, cuda.libraries(files, context)[0], "maps"))
    facts += modules.collect(files, text)
    for fact in facts:
        yield fact
    for kind in (CUDA, BLAS, OPENMP, modules.KIND):
        if denied:
            reason = "the maps of %s may not be read" % ", ".join(sorted(denied))
            yield unreadable(PROCESS, kind, "*", reason)
        elif all(fact["kind"] != kind for fact in facts):
            yield absent(PROCESS, kind, "*", "mapped by no process of the target")


def from_maps(files, text, components, source):
    """Yield the libraries in the text of a /proc/PID/maps (proc(5)), each path once.

    `components` are the libraries known on the disk: the same path has the same version.
    """
    versions = {fact["location"]: fact.get("version") for fact in components if "location" in fact}
    seen = set()
    for line in text.splitlines():
        fields = line.split(None, 5)
        path = fields[5] if len(fields) == 6 else ""
        if path.startswith("/") and path not in seen:
            seen.add(path)
            fact = _fact(files, path, versions, source)
            if fact:
                yield fact


def _fact(files, mapped, versions, source):
    deleted = mapped.endswith(DELETED)
    path = mapped[: -len(DELETED)] if deleted else mapped
    kind, name, version = _identify(posixpath.basename(path))
    if not kind:
        return None
    real = path if deleted else files.real(path)
    try:
        build = None if deleted else elf.read(files, real)["build_id"]
    except (OSError, ValueError):
        build = None
    version = None if deleted else versions.get(real) or version
    return component(
        PROCESS, kind, name, source, version, real, build_id=build, deleted=deleted or None
    )


def _identify(name):
    """Kind, canonical name and the version that the file's name tells; kind None for others."""
    library, digits = identify(name)
    if library:
        called = "libcuda" if library is COMPAT else library.name
        return CUDA, called, digits if digits.count(".") >= 2 else None
    plain = HASH.sub("", name)
    for kind, pattern, fixed in OTHERS:
        match = pattern.match(plain)
        if match:
            version = OPENBLAS.search(plain)
            return kind, fixed or match.group(1), version and version.group(1)
    return None, None, None


def _processes(files):
    """The maps of all processes but ours and our children, and names of those kept from us."""
    ours, texts, denied = {os.getpid()}, [], set()
    for pid in sorted(int(name) for name in files.names("/proc") if name.isdigit()):
        name = "a process"
        try:
            name, parent = _status(files.text("/proc/%d/stat" % pid))
            if pid in ours or parent in ours:
                ours.add(pid)
                continue
            texts.append(files.text("/proc/%d/maps" % pid))
        except PermissionError:
            denied.add(name)
        except (OSError, ValueError):
            continue  # It ended while we looked.
    return texts, denied


def _status(text):
    """The name and the parent in the text of a /proc/PID/stat (proc(5)); a name may hold blanks."""
    head, _, tail = text.rpartition(")")
    return head.partition("(")[2], int(tail.split()[1])
