"""Tells which distribution or package of the system or of conda a library file belongs to."""

import collections
import posixpath
import re

from . import rpm, values

Owner = collections.namedtuple(  # noqa: PYI024 - typing is slow to import.
    "Owner", "name version record size lists"
)
"""`record` is the hash and `size` the bytes that a wheel's RECORD states, else None; `lists` tells
whether the package lists the file."""

PACKAGES = re.compile(r"(cuda|cudnn|libcu|libnccl|nccl|libnv|nvidia-|tensorrt)")
"""Packages that may hold a CUDA library: NVIDIA's, Debian's and conda-forge's names."""
VERSION = re.compile(r"^Version: (\S+)", re.MULTILINE)
DPKG = "/var/lib/dpkg"
DATABASE = 256 << 20
"""Bytes of an rpm database."""
RPM = ("/usr/lib/sysimage/rpm", "/var/lib/rpm")
CONDA = re.compile(PACKAGES.pattern + r".*-[^-]+-[^-]+\.json")
LEVELS = 6
"""Folders between a library and its conda environment: targets/x86_64-linux/lib."""


class Owners:
    """Looks owners up; each index of a site or of dpkg is read once, when first asked for."""

    def __init__(self, files):
        self._files = files
        self._sites = {}
        self._wheels = {}
        self._packages = self._rpms = None
        self._condas = {}

    def in_site(self, site, path):
        """The distribution in this site directory whose RECORD lists the path, or None."""
        relative = posixpath.relpath(path, site)
        word = _word(relative.split("/")[0])
        for wanted in (word, "nvidia"):
            found = self._wheel(site, wanted).get(relative)
            if found:
                return found
        return None

    def named(self, site, prefixes):
        """The only distribution in the site with such a name, where it has no RECORD; else None."""
        found = [
            (folder, name, version)
            for folder, name, version in self._distributions(site)
            if belongs(name, prefixes)
        ]
        if len(found) != 1 or self._files.exists(posixpath.join(site, found[0][0], "RECORD")):
            return None
        return Owner(found[0][1], found[0][2], None, None, False)

    def in_dpkg(self, path):
        """The Debian package that lists the path, or None."""
        if self._packages is None:
            self._packages = _packages(self._files)
        package = self._packages.get(path)
        version = package and _package_version(self._files, package)
        return package and Owner(package, version, None, None, True)

    def in_rpm(self, path):
        """The RPM that lists the path, or None."""
        if self._rpms is None:
            self._rpms = _rpms(self._files)
        return self._rpms.get(path)

    def in_conda(self, path):
        """The conda package that lists the path in the environment that it lies in, or None."""
        prefix = posixpath.dirname(path)
        for _ in range(LEVELS):
            prefix = posixpath.dirname(prefix)
            if prefix not in self._condas:
                self._condas[prefix] = _conda(self._files, prefix)
            if path in self._condas[prefix]:
                return self._condas[prefix][path]
        return None

    def _distributions(self, site):
        if site not in self._sites:
            found = []
            for folder in _names(self._files, site):
                match = re.match(r"(.+)-([^-]+)\.dist-info$", folder)
                if match:
                    found.append((folder, _normal(match.group(1)), match.group(2)))
            self._sites[site] = found
        return self._sites[site]

    def _wheel(self, site, word):
        key = (site, word)
        if key not in self._wheels:
            index = self._wheels[key] = {}
            for folder, name, version in self._distributions(site):
                if _word(name) == word:
                    record = posixpath.join(site, folder, "RECORD")
                    index.update(_record(self._files, record, name, version))
        return self._wheels[key]


def belongs(name, prefixes):
    """Whether a package's name is a prefix, with or without a version: libcudnn9."""
    return any(
        name.startswith(prefix) and not name[len(prefix) : len(prefix) + 1].isalpha()
        for prefix in prefixes
    )


def upstream(version):
    """A Debian version without epoch and revision: 12.4.5.8-1 is 12.4.5.8."""
    version = version.split(":", 1)[-1]
    return re.split(r"[~+]", version.rsplit("-", 1)[0])[0]


def _record(files, path, name, version):
    """Libraries in a wheel's RECORD: lines of path,hash,size (PEP 376, PEP 427)."""
    try:
        lines = files.text(path).splitlines()
    except OSError:
        return
    for line in lines:
        if ".so" in line:
            parts = line.rsplit(",", 2)
            if len(parts) == 3:
                size = int(parts[2]) if re.match(r"\d{1,15}$", parts[2]) else None
                yield parts[0].strip('"'), Owner(name, version, parts[1] or None, size, True)


def _packages(files):
    owners = {}
    for entry in _names(files, DPKG + "/info"):
        if entry.endswith(".list") and PACKAGES.match(entry):
            try:
                lines = files.text(posixpath.join(DPKG, "info", entry)).splitlines()
            except OSError:
                continue
            package = entry[: -len(".list")].split(":")[0]
            owners.update((line, package) for line in lines if ".so" in line)
    return owners


def _rpms(files):
    owners = {}
    for folder in RPM:
        try:
            for name, version, paths in rpm.contents(files, folder, DATABASE, PACKAGES.match):
                owner = Owner(name, version, None, None, True)
                owners.update((path, owner) for path in paths if ".so" in path)
        except (OSError, ValueError):
            continue  # The packages themselves tell why.
    return owners


def _conda(files, prefix):
    owners, folder = {}, posixpath.join(prefix, "conda-meta")
    for entry in filter(CONDA.fullmatch, _names(files, folder)):
        try:
            document = values.document(files.read(posixpath.join(folder, entry)))
        except (OSError, ValueError):
            continue
        listed = document.get("files") if isinstance(document, dict) else None
        name, version, _ = entry[: -len(".json")].rsplit("-", 2)
        owner = Owner(name, version, None, None, True)
        for path in listed if isinstance(listed, list) else ():
            if isinstance(path, str) and ".so" in path:
                owners[posixpath.join(prefix, path)] = owner
    return owners


def _package_version(files, package):
    try:
        status = files.text(DPKG + "/status")
    except OSError:
        return None
    # Two searches from one place: a pattern for both would begin anew at each stanza's end.
    stanza = re.search(r"^Package: %s$" % re.escape(package), status, re.M)
    end = status.find("\n\n", stanza.end()) if stanza else -1
    said = stanza and VERSION.search(status, stanza.end(), end if end >= 0 else len(status))
    return said and said.group(1)


def _names(files, path):
    try:
        return files.names(path)
    except OSError:
        return []


def _normal(name):
    """The normalized name of a distribution (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _word(name):
    return _normal(name).split("-")[0]
