"""Finds the directories of a target that may hold tokenizers and models, within bounds."""

import collections
import os
import re

from . import files as disk
from . import values, weights

ROOTS = (
    "/models",
    "/model",
    "/weights",
    "/checkpoints",
    "/engines",
    "/model-repository",
    "/model_repository",
    "/triton_model_repo",
    "/tokenizer",
    "/workspace",
    "/app",
    "/code",
    "/data",
    "/srv",
    "/mnt",
    "/opt",
    "/root/models",
    "/home/*/models",
)
"""Where serving images and their documentation put models: vLLM, llama.cpp, Triton, TensorRT-LLM,
SageMaker, KServe, Hugging Face Spaces."""

NEAR = ("/", "/root", "/home/*")
"""Folders whose own files are looked at, and nothing below: a lone model is put there too."""

SYSTEM = frozenset(
    """
/ /bin /boot /dev /etc /home /lib /lib64 /proc /run /sbin /sys /tmp /usr /usr/bin /usr/lib
/usr/local /usr/local/bin /usr/local/lib /usr/sbin /usr/share /var
""".split()  # noqa: SIM905 - words read better than a list.
)
"""Folders that are no root, even where an image works in one of them."""

MODEL_VARIABLE = re.compile(r"(.+_)?MODELS?(_.+)?")
"""Variables that may name a model's place: MODEL_ID, LLAMA_ARG_MODEL, MODEL_PATH."""

SKIP = (
    "proc",
    "sys",
    "dev",
    "site-packages",
    "dist-packages",
    "node_modules",
    "__pycache__",
    ".git",
)

DEPTH = 24
"""Levels below a root; half of them are in use in NVIDIA's images."""

ENTRIES = 500000
"""Names that are looked at below one root: two seconds' work. NVIDIA's largest images have some
100,000 below /opt."""

HUB_VARIABLES = (
    ("HF_HUB_CACHE", ""),
    ("HUGGINGFACE_HUB_CACHE", ""),
    ("TRANSFORMERS_CACHE", ""),
    ("HF_HOME", "hub"),
    ("XDG_CACHE_HOME", "huggingface/hub"),
    ("HOME", ".cache/huggingface/hub"),
)
"""Where huggingface_hub keeps its cache (its documentation, "Environment variables")."""

HUB_PATHS = (
    "/root/.cache/huggingface/hub",
    "/home/*/.cache/huggingface/hub",
    "/.cache/huggingface/hub",
    "/data",
    "/data/hub",
)
"""The default for each user, and what Text Generation Inference's images set."""

HUB_FOLDER = re.compile(r"(models|datasets|spaces|kernels)--.+")
"""A repository's folder in that cache; `--` stands for `/`."""

PACKAGE_FOLDER = re.compile(
    r"assets|data|resources?|models?|vocabs?|.*token.*|llama\d?|litellm_core_utils", re.IGNORECASE
)
"""Folders in which wheels were seen to ship tokenizers: only these are looked into."""

PACKAGES = 5000
"""Entries of one site directory that are looked at."""


class Directory:
    """One directory with the names of its files."""

    def __init__(self, name, path, names, revision=None):
        self.name = name
        """Its path, or what does not change with the place: a repository, a path in a package."""
        self.path = path
        self.names = names
        self.revision = revision
        """The commit, in a Hugging Face cache."""

    @property
    def location(self):
        """Its path without the commit, which is a property of its own."""
        return self.path.split("/snapshots/", 1)[0] if self.revision else self.path


class Survey:
    """All directories, Hugging Face caches and (path, reason) of what could not be looked at."""

    def __init__(self, files, context):
        self.directories, self.caches, self.faults = [], [], []
        self._files, self._seen = files, set()
        self.heads = {}
        """Heads of GGUF files, by folder and name, for those who read them twice."""
        for path in context.paths:
            if files.exists(path):
                self._root(path if files.is_dir(path) else _parent(path), DEPTH)
            else:
                self.faults.append((path, "not there"))
        for path, depth in _told(files, context):
            self._root(path, depth)
        for pattern in ROOTS:
            for path in disk.expand(files, pattern):
                self._root(path, DEPTH)
        for pattern in NEAR:
            for path in filter(self._listable, disk.expand(files, pattern)):
                self._root(path, 0)
        for path in _hub_paths(files, context):
            self._cache(path)
        for cache in self.caches:
            self._repositories(cache)

    def _root(self, root, depth):
        left = ENTRIES
        for path, folders, names in self._tree(root, depth):
            left -= len(folders) + len(names)
            if left < 0:
                text = "more than %d entries; name the directory itself with --path" % ENTRIES
                self.faults.append((root, text))
                return
            self.directories.append(Directory(path, path, names))
            if any(map(HUB_FOLDER.fullmatch, folders)):
                self._cache(path)

    def _tree(self, top, depth):
        """Yield (path, folders, file names), the nearest first; a linked one is followed once."""
        waiting = collections.deque([(top, self._files.real(top), depth)])
        while waiting:
            path, real, left = waiting.popleft()
            if real in self._seen or real.startswith(("/proc", "/sys", "/dev")):
                continue
            self._seen.add(real)
            found = next(iter(self._files.walk(path, 0, SKIP)), None)
            if found is None:
                self.faults.append((path, self._why(path) or "could not be listed"))
                continue
            _, folders, names = found
            if "pyvenv.cfg" in names or "conda-meta" in folders:
                continue  # A Python environment's own files are the packages' affair.
            yield path, folders, names
            # Without a link on the way the real path is known, and asking costs a call a level.
            inner = [(name, "%s/%s" % (real.rstrip("/"), name)) for name in folders]
            linked = self._linked(path, names)
            inner += [(name, self._files.real(os.path.join(path, name))) for name in linked]
            inner = [pair for pair in inner if not HUB_FOLDER.fullmatch(pair[0])]
            if inner and not left and depth:
                text = "deeper than %d levels; name the directory itself with --path" % DEPTH
                self.faults.append((path, text))
            elif left:
                waiting.extend((os.path.join(path, n), place, left - 1) for n, place in inner)

    def _linked(self, path, names):
        # Names with a suffix are files nearly always; asking for each would cost a call.
        paths = [(name, os.path.join(path, name)) for name in names[:1000] if "." not in name]
        return [n for n, p in paths if self._files.is_link(p) and self._files.is_dir(p)]

    def _listable(self, path):
        # Another user's home is closed to a process that is not root, and no place for its models.
        return self._why(path) is None

    def _why(self, path):
        try:
            self._files.list(path)
        except OSError as error:
            return values.reason(error)
        return None

    def _cache(self, path):
        if path not in self.caches and self._files.is_dir(path):
            real = self._files.real(path)
            if all(self._files.real(cache) != real for cache in self.caches):
                self.caches.append(path)

    def _repositories(self, cache):
        for name, path in repositories(self._files, cache):
            snapshots = os.path.join(path, "snapshots")
            for commit in self._names(snapshots):
                top = os.path.join(snapshots, commit)
                for inner, _, names in self._files.walk(top, 3, SKIP):
                    label = name + inner[len(top) :]
                    self.directories.append(Directory(label, inner, names, commit))

    def _names(self, path):
        try:
            return self._files.names(path)
        except OSError as error:
            self.faults.append((path, values.reason(error)))
            return []


def survey(files, context):
    """The survey of a target, made once and kept on the context."""
    kept = getattr(context, "survey", None)
    if kept is None:
        kept = context.survey = Survey(files, context)
    return kept


def repositories(files, cache):
    """(repository id, path) of each model in a Hugging Face cache."""
    try:
        names = files.names(cache)
    except OSError:
        return []
    folders = [name for name in names if name.startswith("models--")]
    return [(n[len("models--") :].replace("--", "/"), os.path.join(cache, n)) for n in folders]


def packages(files, context):
    """Directories of installed distributions that may hold tokenizers."""
    found = []
    for site in context.sites:
        for _, folders, _ in files.walk(site, 0):
            tops = [name for name in folders[:PACKAGES] if not name.endswith("-info")]
            for name in tops:
                found += _package(files, site, name, 3)
    return found


def _package(files, site, name, depth):
    path = os.path.join(site, name)
    for _, folders, names in files.walk(path, 0, SKIP):
        yield Directory(name, path, names)
        for folder in folders if depth else ():
            if PACKAGE_FOLDER.fullmatch(folder) or (depth < 3 and "token" in name):
                for inner in _package(files, site, os.path.join(name, folder), depth - 1):
                    yield inner


def _told(files, context):
    """(path, depth) of what the image's config names: where it works, and models it starts with."""
    folder = context.image.get("WorkingDir")
    if isinstance(folder, str) and folder.startswith("/"):
        yield from _below(files, folder)
    texts = [word.rpartition("=")[2] for word in context.command]
    texts += [v for name, v in context.variables.items() if MODEL_VARIABLE.fullmatch(name)]
    for path in texts:
        if not path.startswith("/"):
            continue
        if weights.is_certain(path) and files.is_file(path):
            yield _parent(path), 0
        elif files.is_dir(path):
            yield from _below(files, path)


def _below(files, folder):
    path = os.path.normpath(folder)
    if path not in SYSTEM and files.is_dir(path):
        yield path, DEPTH


def _hub_paths(files, context):
    variables = dict(context.variables, HOME=context.home(files))
    paths = [
        context.place(files, os.path.join(variables[name], below))
        for name, below in HUB_VARIABLES
        if variables.get(name)
    ]
    for pattern in HUB_PATHS:
        paths += disk.expand(files, pattern)
    return [path for path in paths if repositories(files, path)]


def _parent(path):
    return os.path.dirname(path) or "/"
