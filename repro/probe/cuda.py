"""Finds the CUDA libraries that a target's files hold, and what the target declares about them."""

import collections
import functools
import json
import posixpath
import re

from . import elf, ldcache
from .cuda_names import COMPAT, identify
from .facts import IMAGE, absent, component, unreadable
from .files import expand
from .owner import Owners, belongs, upstream

KIND = "cuda.library"

IN_SITE = (
    "nvidia/*/lib",  # Wheels for CUDA 12 and before: a folder a library; 13: nvidia/cu13/lib.
    "cusparselt/lib",
    "torch/lib",
    "torch_tensorrt/lib",
    "tensorrt",
    "tensorrt_libs",
    "tensorrt_llm/libs",
    "jaxlib/cuda",
    "*.libs",
)
IN_SYSTEM = (
    "/usr/local/cuda*/lib64",
    "/usr/local/cuda*/lib",
    "/usr/local/cuda*/targets/*/lib",
    "/usr/local/cuda*/compat",
    "/usr/local/cuda*/compat/lib.real",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/local/lib",
)
CACHE = "/etc/ld.so.cache"
SCANNED = 512 << 20
"""Bytes of a library that are searched for its text; NCCL 2.21 has 240 MB, and its text early."""

EXACT, STATED, PARTIAL = "exact", "stated", "partial"
"""How sure a version is: the package that lists the file says it; the file itself or what lies with
it says it; no more is known than the soname."""

DECLARED = {
    "CUBLAS_VERSION": "cublas",
    "CUDA_VERSION": "cuda",
    "CUDNN_VERSION": "cudnn",
    "CUFFT_VERSION": "cufft",
    "CURAND_VERSION": "curand",
    "CUSOLVER_VERSION": "cusolver",
    "CUSPARSE_VERSION": "cusparse",
    "NCCL_VERSION": "nccl",
    "NVIDIA_PYTORCH_VERSION": "pytorch",
    "NVIDIA_TENSORFLOW_VERSION": "tensorflow",
    "NVIDIA_TRITON_SERVER_VERSION": "triton-server",
    "NVJPEG_VERSION": "nvjpeg",
    "NV_CUDA_COMPAT_PACKAGE": "cuda_compat",
    "NV_CUDA_CUDART_VERSION": "cudart",
    "NV_CUDA_LIB_VERSION": "cuda",
    "NV_CUDNN_VERSION": "cudnn",
    "NV_LIBCUBLAS_VERSION": "cublas",
    "NV_LIBCUSPARSE_VERSION": "cusparse",
    "NV_LIBNCCL_PACKAGE_VERSION": "nccl",
    "TRT_VERSION": "tensorrt",
}
"""Variables of NVIDIA's base images (gitlab.com/nvidia/container-images/cuda) and NGC images."""
LABEL = re.compile(r"com\.nvidia\.([a-z0-9_]{1,40})\.version$")


def collect(files, context):
    """Yield the libraries, the toolkits and the declarations."""
    found, problems = libraries(files, context)
    for fact in found + problems:
        yield fact
    if not found and not problems:
        yield absent(IMAGE, KIND, "*", "no CUDA library in the directories where they are put")
    for fact in toolkits(files):
        yield fact
    for fact in declared(context.image):
        yield fact


@functools.lru_cache(maxsize=1)  # The collector of calls asks for the same ones again.
def libraries(files, context):
    """All libraries, and the facts that could not be read: two lists of facts."""
    problems, found = [], collections.OrderedDict()
    for site, directory in _directories(files, context, problems):
        try:
            names = files.names(directory)
        except OSError as error:
            problems.append(_problem("*", directory, error))
            continue
        for name in names:
            if _wanted(directory, name):
                path = posixpath.join(directory, name)
                found.setdefault(files.real(path), []).append((site, path))
    owners = Owners(files)
    facts = [_describe(files, owners, real, found[real]) for real in sorted(found)]
    known = [fact for fact in facts if fact and fact["state"] == "known"]
    return known, problems + [fact for fact in facts if fact and fact["state"] != "known"]


def _wanted(directory, name):
    library = ".so" in name and identify(name)[0]
    return library and (library is not COMPAT or "/compat" in directory)


def _directories(files, context, problems):
    """Pairs of (site or None, directory), each real directory once."""
    places = []
    for site in context.sites:
        for pattern in IN_SITE:
            places += [(site, path) for path in expand(files, posixpath.join(site, pattern))]
    for pattern in IN_SYSTEM:
        places += [(None, path) for path in expand(files, pattern)]
    for environment in context.environments:
        if environment.kind == "conda":
            places.append((None, posixpath.join(environment.prefix, "lib")))
    places += [(None, path) for path in _cached(files, problems) + _on_path(context)]
    seen = set()
    for site, path in places:
        real = files.real(path)
        if real not in seen:
            seen.add(real)
            yield site, path


def _cached(files, problems):
    """Directories in which ldconfig found a CUDA library."""
    try:
        found = {path for name, path in ldcache.entries(files.read(CACHE)) if identify(name)[0]}
    except FileNotFoundError:
        return []  # musl has none, and a minimal image may have none.
    except (OSError, ValueError) as error:
        problems.append(_problem("*", CACHE, error))
        return []
    return sorted({posixpath.dirname(path) for path in found if path.startswith("/")})


def _on_path(context):
    # Semicolons separate too (ld.so(8)).
    places = context.variables.get("LD_LIBRARY_PATH", "").replace(";", ":").split(":")
    return [place for place in places if place.startswith("/") and "$" not in place]


def _describe(files, owners, real, seen):
    """One library as a fact; None for a link that leads nowhere, or to something else."""
    if not files.is_file(real):
        return None
    name = posixpath.basename(real)
    library, digits = identify(name)
    if not library:
        library, digits = identify(posixpath.basename(seen[0][1]))
    try:
        header, size = elf.read(files, real), files.size(real)
    except (OSError, ValueError) as error:
        return _problem(library.name, real, error)
    owner = _owner(owners, library, real, seen)
    altered = owner and owner.size is not None and owner.size != size
    found = _version(files, library, real, digits, None if altered else owner)
    version, source, certainty = found
    return component(
        IMAGE,
        KIND,
        library.name,
        source,
        version=version,
        location=real,
        soname=header["soname"],
        build_id=header["build_id"],
        certainty=certainty,
        size=size,
        owner=owner and " ".join(filter(None, owner[:2])),
        record=None if altered or not owner else owner.record,
        altered=altered or None,
        links=sorted({posixpath.basename(path) for _, path in seen} - {name}) or None,
    )


def _owner(owners, library, real, seen):
    for site, path in seen:
        found = site and owners.in_site(site, path)
        if found:
            return found
    for site, _ in seen:
        found = site and owners.named(site, library.owners)
        if found:
            return found
    return owners.in_dpkg(real) or owners.in_conda(real) or owners.in_rpm(real)


def _version(files, library, real, digits, owner):
    """The version, how it is known and how surely; a file's own name is surer than what is near it.

    What is not sure is no version: the digits of a soname stay in the property `soname`.
    """
    if owner and owner.version and belongs(owner.name, library.owners):
        return upstream(owner.version), "metadata", EXACT if owner.lists else STATED
    if digits.count(".") >= 2 or (library is COMPAT and "." in digits):
        return digits, "soname", STATED
    for source, ask in (("header", _in_header), ("text", _inside)):
        version = ask(files, library, real)
        if version and version.split(".")[0] == (digits.split(".")[0] or version.split(".")[0]):
            return version, source, STATED
    return None, "file", PARTIAL


def _inside(files, library, path):
    """The version in the text that the library would print of itself, or None."""
    try:
        said = library.text and files.find(path, library.text, SCANNED)
    except OSError:
        return None
    match = said and library.text.match(said)
    return match and b".".join(match.groups()).decode("ascii")


def _in_header(files, library, path):
    """The version in the header that came with the library, or None."""
    if not library.header:
        return None
    directory = posixpath.dirname(path)
    system = re.match(r"/usr/lib(64|/[^/]+-linux-gnu)$", directory)
    root = "/usr" if system else posixpath.dirname(directory)
    try:
        text = files.text(posixpath.join(root, "include", library.header))
    except OSError:
        return None
    macros = dict(re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+(\d+)", text, re.M))
    parts = [macros.get(macro) for macro in library.macros]
    return None if None in parts[:3] else ".".join(filter(None, parts))


def toolkits(files):
    """Yield the toolkits under /usr/local, by the file that each states its version in."""
    seen = set()
    for folder in expand(files, "/usr/local/cuda*"):
        real = files.real(folder)
        for name in ("version.json", "version.txt"):
            path = posixpath.join(real, name)
            if real not in seen and files.is_file(path):
                seen.add(real)
                yield _toolkit(files, path)


def _toolkit(files, path):
    try:
        text = files.text(path)
        if path.endswith(".txt"):
            versions = dict(re.findall(r"^(CUDA) Version (\S+)", text.replace("\r", ""), re.M))
            versions = {"cuda": versions["CUDA"]}
        else:
            parts = json.loads(text)
            versions = {str(key): str(parts[key]["version"]) for key in parts}
        version = versions.pop("cuda")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        return _problem("cuda", path, error, kind="cuda.toolkit")
    place = posixpath.dirname(path)
    return component(
        IMAGE, "cuda.toolkit", "cuda", "file", version, place, components=versions or None
    )


def declared(image):
    """Yield what the image's environment and labels claim; nothing says that it is true."""
    for key, value in _environment(image):
        if key in DECLARED and value:
            yield _claim(key, value, "env", DECLARED[key])
    labels = image.get("Labels")
    for key, value in sorted(labels.items()) if isinstance(labels, dict) else ():
        match = LABEL.match(str(key))
        if match and value:
            yield _claim(key, value, "label", match.group(1))


def _claim(name, value, where, library):
    return component(
        IMAGE, "cuda.declared", name, "declared", str(value)[:200], library=library, where=where
    )


def _environment(image):
    items = image.get("Env")
    pairs = [str(item).partition("=") for item in items] if isinstance(items, list) else []
    return [(key, value) for key, _, value in pairs]


def _problem(name, path, error, kind=KIND):
    said = getattr(error, "strerror", None) or error
    if isinstance(error, KeyError):
        said = "no version in it"
    return unreadable(IMAGE, kind, name, "%s: %s" % (path, said))
