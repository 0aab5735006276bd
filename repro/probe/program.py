"""Finds the programs that serve models without Python, and the libraries with their kernels."""

import posixpath
import re

from . import arguments, elf, entry, facts, values, weights
from .files import expand

KIND = "program"

SERVERS = (
    "llama-server",
    "mistralrs-server",
    "ollama",
    "ovms",
    "tensorflow_model_server",
    "text-embeddings-router",
    "text-generation-router",
    "tritonserver",
    "whisper-server",
)
"""Of llama.cpp, mistral.rs, Ollama, OpenVINO Model Server, TensorFlow Serving, Hugging Face's two
servers, Triton and whisper.cpp, as their images name them."""

STARTERS = frozenset(("env", "gosu", "setpriv", "su-exec", "sudo", "supervisord", "timeout"))
"""Programs that start others, besides those whose words `arguments` reads through."""

FOLDERS = ("/", "/app", "/app/bin", "/llama.cpp/build/bin", "/opt/tritonserver/bin", "/ovms/bin")
"""Where those images have them, besides the PATH."""

KERNELS = re.compile(r"lib(?:ggml|llama|mtmd|whisper|triton|openvino)[\w-]*\.so[\d.]*")
BESIDE = ("", "../lib", "../lib/ollama", "../backends/*")
"""Folders, as seen from the program's, from which these libraries are loaded while it runs."""

MOST = 256
"""Libraries of one program; llama.cpp has one for each kind of CPU, Triton one a backend."""

BUILD = re.compile(r"libllama\.so\.(\d+\.\d+\.\d+)")
TRITON = "../TRITON_VERSION"
"""What states a version: the name of llama.cpp's library, and a file in Triton's images."""


def collect(files, context):
    """Yield the program that the image starts, and those known to serve models."""
    path = [place for place in context.variables.get("PATH", "").split(":") if place[:1] == "/"]
    places = _started(files, context, path)
    places += [] if context.entry_only else _servers(files, path)
    seen, known = {files.real(place): place for place in reversed(places)}, False
    for real in sorted(seen):
        try:
            fact = _program(files, seen[real], real)
        except (OSError, ValueError) as error:
            label = values.text(posixpath.basename(seen[real]))
            reason = "%s: %s" % (seen[real], values.reason(error))
            fact = facts.unreadable(facts.IMAGE, KIND, label, values.text(reason))
        if fact:
            known = True
            yield fact
    if not known:
        why = "the image starts no program of its own, and has no known server"
        yield facts.absent(facts.IMAGE, KIND, "any", why)


def _started(files, context, path):
    """The program behind wrappers and shells, unless it is an interpreter itself."""
    try:
        words, _ = arguments.parse(context.command)
    except ValueError:
        return []
    program = entry.which(files, words[0], path) if words else None
    name = posixpath.basename(program or "")
    others = arguments.SHELLS | arguments.WRAPPERS | STARTERS
    return [] if not program or name in others or entry.NAME.match(name) else [program]


def _servers(files, path):
    places = [posixpath.join(folder, name) for folder in (*path, *FOLDERS) for name in SERVERS]
    return [place for place in places if files.is_file(place)]


def _program(files, place, real):
    """A component; None for a script, whose interpreter is told of elsewhere."""
    if files.part(real, 0, 4) != b"\x7fELF":
        return None
    libraries = _libraries(files, posixpath.dirname(real))
    version, source = _version(files, real, libraries)
    return facts.component(
        facts.IMAGE,
        KIND,
        values.text(posixpath.basename(place)),
        source,
        version,
        values.text(real),
        libraries=libraries or None,
        **_identity(files, real),
    )


def _libraries(files, folder):
    """{file name: build id, else digest} of the libraries that it loads by their names."""
    found = {}
    for beside in BESIDE:
        for directory in expand(files, posixpath.normpath(posixpath.join(folder, beside))):
            for name in files.names(directory) if files.is_dir(directory) else ():
                path = posixpath.join(directory, name)
                if KERNELS.fullmatch(name) and not files.is_link(path) and len(found) < MOST:
                    known = _identity(files, path)
                    found[values.text(name)] = known.get("build_id") or " ".join(
                        str(known[key]) for key in sorted(known)
                    )
    return found


def _identity(files, path):
    """{size, build_id}; without one, or in another format of ELF, {size, sha256 or sample}."""
    try:
        build = elf.read(files, path)["build_id"]
    except ValueError:
        build = None
    if build:
        return {"size": files.size(path), "build_id": build}
    return weights.content(files, path)


def _version(files, real, libraries):
    for match in filter(None, map(BUILD.fullmatch, libraries)):
        return match.group(1), "soname"
    path = posixpath.normpath(posixpath.join(posixpath.dirname(real), TRITON))
    if posixpath.basename(real) == "tritonserver" and files.is_file(path):
        return values.text(files.text(path, 4096).strip()), "file"
    return None, "file"
