"""Finds every Python environment in a target, from files alone."""

import os
import re

from .context import Environment
from .entry import NAME, find
from .files import expand

BIN_DIRECTORIES = (
    "/usr/local/bin",
    "/usr/bin",
    "/bin",
    "/opt/*/bin",
    "/opt/*/*/bin",
    "/opt/conda/envs/*/bin",
    "/root/*conda*/bin",
    "/root/*conda*/envs/*/bin",
    "/root/.pyenv/versions/*/bin",
    "/root/.local/share/uv/python/*/bin",
    "/home/*/*conda*/bin",
    "/home/*/.local/share/uv/python/*/bin",
    "/usr/local/*/bin",
)
VENV_ROOTS = (
    ("/", 1),
    ("/opt", 3),
    ("/app", 2),
    ("/srv", 3),
    ("/workspace", 2),
    ("/root", 2),
    ("/home", 3),
    ("/usr/local", 2),
    ("/var/lib", 2),
    ("/code", 2),
    ("/src", 2),
)
"""Where a pyvenv.cfg is looked for, and how deep (PEP 405 puts it beside bin/)."""
SKIPPED = {
    "proc",
    "sys",
    "dev",
    "run",
    "usr",
    "lib",
    "lib64",
    "bin",
    "sbin",
    "etc",
    "site-packages",
    "dist-packages",
    "node_modules",
    "__pycache__",
    ".git",
    "share",
    "include",
}
MOST = 64


def discover(files, context):
    """All environments, the one of the entry point first; at most MOST of them."""
    variables = dict(context.variables, HOME=context.home(files))
    path = [entry for entry in variables.get("PATH", "").split(":") if entry.startswith("/")]
    found = {}
    if context.entry_only and context.executable:
        executables = [context.executable]
    else:
        executables = _executables(files, path)
    for executable in executables[: 4 * MOST]:
        environment = _environment(files, executable, variables)
        if environment is None:
            continue
        known = found.setdefault((environment.prefix, environment.version), environment)
        if executable not in known.executables:
            known.executables.append(executable)
    entry = context.executable or find(files, context.command, path)
    environments = list(found.values())[:MOST]
    _mark(files, environments, entry, path)
    return sorted(environments, key=lambda one: (not one.entry, one.prefix, one.version))


def _executables(files, path):
    directories = list(path)
    for pattern in BIN_DIRECTORIES:
        directories += expand(files, pattern)
    directories += _venv_directories(files)
    found, seen = [], set()
    for directory in directories:
        if directory in seen:
            continue
        seen.add(directory)
        try:
            names = files.names(directory)
        except OSError:
            continue
        found += [os.path.join(directory, name) for name in names if NAME.match(name)]
    return found


def _venv_directories(files):
    for root, depth in VENV_ROOTS:
        for top, _, names in files.walk(root, depth, SKIPPED):
            if "pyvenv.cfg" in names:
                yield os.path.join(top, "bin")


def _environment(files, executable, variables):
    prefix = os.path.dirname(os.path.dirname(executable))
    config = _config(files, prefix)
    real = files.real(executable)
    if not _is_program(files, real):
        return None
    if config:
        version = config.get("version_info") or config.get("version") or _minor(real)
        version = ".".join((version or "").split(".")[:2]) or _lib_version(files, prefix)
        base = os.path.dirname(config.get("home", "")) or None
    else:
        prefix = os.path.dirname(os.path.dirname(real))
        prefix = "/usr" if prefix == "/" else prefix
        version, base = _minor(real) or _lib_version(files, prefix), None
    if not version:
        return None
    kind = "venv" if config else "conda" if files.is_dir(prefix + "/conda-meta") else "system"
    sites = _sites(files, prefix, version, kind, variables)
    home = {"HOME": variables["HOME"]}
    if config.get("include-system-site-packages", "").lower() == "true" and base:
        sites += [s for s in _sites(files, base, version, "system", home) if s not in sites]
    return Environment(prefix, version, [executable], sites, base=base, kind=kind)


def _is_program(files, path):
    """Whether a file is an ELF program: a shell shim named python is no interpreter."""
    try:
        return files.part(path, 0, 4) == b"\x7fELF"
    except OSError:
        return False


def _config(files, prefix):
    try:
        lines = files.text(prefix + "/pyvenv.cfg", 65536).splitlines()
    except OSError:
        return {}
    pairs = [line.partition("=") for line in lines if "=" in line]
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def _minor(path):
    match = re.search(r"(?:python|pypy)(3\.\d+)$", path)
    return match.group(1) if match else None


def _lib_version(files, prefix):
    names = []
    for folder in ("lib", "lib64"):
        try:
            names += files.names(os.path.join(prefix, folder))
        except OSError:
            continue
    versions = {
        match.group(1)
        for match in (re.match(r"(?:python|pypy)(3\.\d+)$", n) for n in names)
        if match
    }
    return versions.pop() if len(versions) == 1 else None


def _sites(files, prefix, version, kind, variables):
    """Directories of the import path that hold distributions, first wins.

    The order is that of site.py; Debian's additions are described in its Python policy, section 2.
    """
    python = "python" + version
    places = [
        entry for entry in variables.get("PYTHONPATH", "").split(":") if entry.startswith("/")
    ]
    if kind == "system":
        places.append("%s/.local/lib/%s/site-packages" % (variables["HOME"], python))
    if prefix == "/usr":
        places += [
            "/usr/local/lib/%s/dist-packages" % python,
            "/usr/local/lib/%s/site-packages" % python,
            "/usr/local/lib64/%s/site-packages" % python,
            "/usr/lib/python3/dist-packages",
            "/usr/lib/%s/dist-packages" % python,
        ]
    places += [
        "%s/lib/%s/site-packages" % (prefix, python),
        "%s/lib64/%s/site-packages" % (prefix, python),
        "%s/lib/pypy%s/site-packages" % (prefix, version),
        "%s/site-packages" % prefix,
    ]
    sites, real = [], set()
    for place in places:
        if files.is_dir(place) and files.real(place) not in real:
            real.add(files.real(place))
            sites.append(place)
            sites += [extra for extra in _pth(files, place) if extra not in sites]
    return sites


def _pth(files, site):
    """Directories that .pth files add: editable installs live there (site.py, `addpackage`)."""
    found = []
    try:
        names = [name for name in files.names(site) if name.endswith(".pth")]
    except OSError:
        return found
    for name in names[:100]:
        try:
            lines = files.text(os.path.join(site, name), 65536).splitlines()
        except OSError:
            continue
        for line in map(str.strip, lines):
            if line and not line.startswith(("#", "import ", "import\t")):
                path = os.path.normpath(os.path.join(site, line))
                if files.is_dir(path):
                    found.append(path)
    return found


def _mark(files, environments, entry, path):
    """Mark the environment of the entry point, else that of the first python on the PATH."""
    candidates = [entry] if entry else []
    candidates += [os.path.join(d, name) for d in path for name in ("python3", "python")]
    for candidate in candidates:
        for environment in environments:
            if candidate in environment.executables:
                environment.entry = True
                return
        if files.exists(candidate) and candidate == entry:
            real = files.real(candidate)
            for environment in environments:
                if (
                    real in [files.real(one) for one in environment.executables]
                    and environment.kind != "venv"
                ):
                    environment.entry = True
                    return
