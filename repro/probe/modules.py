"""Tells of which installed distributions a process has mapped compiled modules."""

import posixpath
import re

from . import values
from .facts import PROCESS, component
from .python import normalize

KIND = "python.loaded"
SITE = re.compile(r"(/.*?/(?:site|dist)-packages)/(.+)")
INFO = re.compile(r"(.+)-([^-]+)\.dist-info")
RECORD = 16 << 20
"""Bytes of the largest RECORD (PEP 376) that is read."""


def collect(files, text):
    """Yield a distribution once for each folder of packages in the text of a /proc/PID/maps."""
    sites = {}
    for line in text.splitlines():
        match = SITE.search(line)
        if match:
            sites.setdefault(match.group(1), set()).add(match.group(2))
    for site, paths in sorted(sites.items()):
        for name, version in _owners(files, site, paths):
            yield component(PROCESS, KIND, name, "maps", version, site)


def _owners(files, site, paths):
    """The name and version of each distribution whose RECORD lists one of the paths."""
    for folder in sorted(files.names(site)):
        match = INFO.match(folder)
        if match and not paths.isdisjoint(_listed(files, posixpath.join(site, folder, "RECORD"))):
            yield values.text(normalize(match.group(1))), values.text(match.group(2))


def _listed(files, path):
    try:
        text = files.text(path, RECORD)
    except (OSError, ValueError):
        return set()
    rows = (line.rsplit(",", 2) for line in text.splitlines() if ".so" in line)
    return {row[0].strip('"') for row in rows}
