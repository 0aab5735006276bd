"""Finds the directories of a target that may hold tokenizers and models, within bounds."""

import os
import re

from . import files as disk
from . import values

ROOTS = (
    "/models",
    "/model",
    "/weights",
    "/workspace",
    "/app",
    "/data",
    "/srv",
    "/mnt",
    "/opt",
)
"""Where serving images and their documentation put models."""

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

DEPTH = 8
"""Levels below a root."""

ENTRIES = 50000
"""Names that are looked at below one root; a second's work on a slow disk."""

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
            self._root(
                path if files.is_dir(path) or not files.exists(path) else _parent(path), True
            )
        for path in ROOTS:
            self._root(path, False)
        for path in _hub_paths(files, context):
            self._cache(path)
        for cache in self.caches:
            self._repositories(cache)

    def _root(self, root, named):
        if not self._files.exists(root):
            if named:
                self.faults.append((root, "not there"))
            return
        left = ENTRIES
        for path, folders, names in self._tree(root, DEPTH):
            left -= len(folders) + len(names)
            if left < 0:
                text = "more than %d entries; name the directory itself with --path" % ENTRIES
                self.faults.append((root, text))
                return
            self.directories.append(Directory(path, path, names))
            if any(map(HUB_FOLDER.fullmatch, folders)):
                self._cache(path)

    def _tree(self, top, depth):
        """Yield (path, folders, file names); a linked directory is followed once."""
        waiting = [(top, depth)]
        while waiting:
            path, left = waiting.pop()
            if not self._new(path):
                continue
            found = next(iter(self._files.walk(path, 0, SKIP)), None)
            if found is None:
                self.faults.append((path, self._why(path)))
                continue
            _, folders, names = found
            if "pyvenv.cfg" in names or "conda-meta" in folders:
                continue  # A Python environment's own files are the packages' affair.
            yield path, folders, names
            folders = folders + self._linked(path, names)
            inner = [name for name in folders if not HUB_FOLDER.fullmatch(name)]
            if inner and not left:
                text = "deeper than %d levels; name the directory itself with --path" % DEPTH
                self.faults.append((path, text))
                continue
            waiting += [(os.path.join(path, name), left - 1) for name in reversed(inner)]

    def _linked(self, path, names):
        # Names with a suffix are files nearly always; asking for each would cost a call.
        paths = [(name, os.path.join(path, name)) for name in names[:1000] if "." not in name]
        return [n for n, p in paths if self._files.is_link(p) and self._files.is_dir(p)]

    def _new(self, path):
        real = self._files.real(path)
        new = real not in self._seen and not real.startswith(("/proc", "/sys", "/dev"))
        self._seen.add(real)
        return new

    def _why(self, path):
        try:
            self._files.list(path)
        except OSError as error:
            return values.reason(error)
        return "could not be listed"

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


def _hub_paths(files, context):
    variables = dict(context.variables, HOME=context.home(files))
    paths = [
        os.path.join(variables[name], below).rstrip("/")
        for name, below in HUB_VARIABLES
        if variables.get(name)
    ]
    for pattern in HUB_PATHS:
        paths += disk.expand(files, pattern)
    return [path for path in paths if repositories(files, path)]


def _parent(path):
    return os.path.dirname(path) or "/"
