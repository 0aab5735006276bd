"""Finds files of installed packages that are not as they were installed: RECORD (PEP 376)."""

import base64
import csv
import hashlib
import os
import re

from . import values
from .facts import PROCESS, absent, component, unreadable
from .python import normalize

KIND = "python.patched"
OTHER = re.compile(r"^/|(^|/)\.\.(/|$)|\.dist-info/|\.(so|a|o|pyd|pyc)(\.|$)")
"""Scripts, the installer's notes, and what images strip of symbols: build ids tell of that."""
LARGEST = 32 << 20
MOST = 512 << 20
"""Bytes that are hashed in all."""
SLACK = 10
"""Seconds after its RECORD within which a file may have been written by the same installation."""
KEPT = 50
"""Files of a package that are named."""


def collect(files, context):
    """Yield a component a package, with the digests of its changed files by their paths.

    A file is hashed if its size is another one, or if it is newer than its RECORD. Files that are
    gone are left: images are made slim so.
    """
    found, budget, seen = False, [MOST], set()
    for environment in context.environments:
        for site in environment.sites:
            if site in seen:
                continue
            seen.add(site)
            for name in files.names(site):
                if name.endswith(".dist-info") and not name.startswith("~"):
                    for fact in _package(files, site, name, environment, budget):
                        found = True
                        yield fact
    if not found:
        yield absent(PROCESS, KIND, "*", "every file is as its RECORD says")


def _package(files, site, info, environment, budget):
    name, folder = values.text(normalize(info.partition("-")[0])), os.path.join(site, info)
    try:
        changed = {} if _by_conda(files, folder) else _changed(files, site, folder, budget)
    except (OSError, ValueError, csv.Error) as error:
        if not isinstance(error, FileNotFoundError):  # Who has none was not installed from a wheel.
            yield unreadable(PROCESS, KIND, name, "%s: %s" % (info, values.reason(error)))
        return
    if changed:
        yield component(
            PROCESS,
            KIND,
            name,
            "RECORD",
            location=site,
            environment=environment.prefix,
            count=len(changed),
            files=dict(sorted(changed.items())[:KEPT]),
        )


def _by_conda(files, folder):
    """Whether conda installed it: it writes its prefix into files, and leaves RECORD as it was."""
    try:
        return files.text(os.path.join(folder, "INSTALLER"), 4096).strip() == "conda"
    except OSError:
        return False


def _changed(files, site, folder, budget):
    """{path: digest} of what is not as it was."""
    record = os.path.join(folder, "RECORD")
    rows = csv.reader(files.text(record, LARGEST).splitlines())
    limit, found = files.stat(record).st_mtime + SLACK, {}
    for row in rows:
        if len(row) != 3 or not row[1].startswith("sha256=") or OTHER.search(row[0]):
            continue
        path, wanted, size = row
        place = os.path.join(site, path)
        try:
            told = files.stat(place)
        except OSError:
            continue
        if (size.isdigit() and told.st_size != int(size)) or told.st_mtime > limit:
            budget[0] -= told.st_size
            if budget[0] < 0:
                raise ValueError("more than %d MiB are newer than their RECORD" % (MOST >> 20))
            digest = hashlib.sha256(files.read(place, LARGEST)).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii") != wanted[7:]:
                found[values.text(path)] = digest.hex()[:24]
    return found
