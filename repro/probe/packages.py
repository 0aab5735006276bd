"""Finds the packages of the operating system: dpkg, apk, rpm."""

import os
import re

from . import facts, rpm, values

LARGEST = 256 << 20
"""Bytes of an rpm database; that of a full desktop has under 100 MB."""

FIELD = re.compile(rb"^(Package|Status|Version|Architecture|Source): *(.*)$", re.MULTILINE)
"""The fields of deb-control(5) and dpkg's status file that are kept."""

APK_FIELD = re.compile(rb"^([PVAo]):(.*)$", re.MULTILINE)
"""Package, version, architecture, origin (Alpine wiki, "Apk spec")."""

GAP = re.compile(rb"\n\n+")
"""Between two stanzas."""

BUSYBOX = re.compile(rb"BusyBox v(\d{1,5}\.\d{1,5}\.\d{1,5})")
"""libbb/messages.c: its banner."""


def collect(files, context):
    """Yield one component a package, of every database that is there."""
    known, seen = False, set()
    for read, path in DATABASES:
        real = files.real(path)
        try:
            for fact in read(files, path) if real not in seen else ():
                known = True
                yield fact
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            known = True
            yield facts.unreadable(facts.IMAGE, "os.package", path, values.reason(error))
        seen.add(real)
    for fact in () if known else _busybox(files):
        known = True
        yield fact
    if not known:
        yield facts.absent(facts.IMAGE, "os.package", "any", "no dpkg, apk or rpm database")


def _busybox(files):
    """BusyBox alone has no database; it says its version in its help text."""
    try:
        said = files.find("/bin/busybox", BUSYBOX)
    except OSError:
        return
    if said:
        version = BUSYBOX.match(said).group(1).decode("ascii")
        yield facts.component(facts.IMAGE, "os.package", "busybox", "text", version)


def _dpkg(files, path):
    return _stanzas(files.read(path), path)


def _distroless(files, path):
    for name in files.list(path):
        if not name.endswith(".md5sums"):
            for fact in _stanzas(files.read(os.path.join(path, name)), path):
                yield fact


def _stanzas(data, path):
    found = 0
    for stanza in _split(data):
        fields = {key: _text(value) for key, value in FIELD.findall(stanza)}
        found += b"Package" in fields
        # Distroless says no status; a removed package keeps its stanza until it is purged.
        installed = fields.get(b"Status", "install ok installed").endswith(" installed")
        if fields.get(b"Package") and b"Version" in fields and installed:
            # "Source: name (version)": the version says nothing that our own does not.
            source = fields.get(b"Source", "").partition(" ")[0]
            yield _package(
                fields[b"Package"], fields[b"Version"], fields.get(b"Architecture"), source, "dpkg"
            )
    if data.strip() and not found:
        raise ValueError("no package in %d bytes" % len(data))


def _split(data):
    """Stanzas one by one: a list of all is as much again."""
    at = 0
    for gap in GAP.finditer(data):
        yield data[at : gap.start()]
        at = gap.end()
    yield data[at:]


def _apk(files, path):
    data = files.read(path)
    found = 0
    for stanza in _split(data):
        fields = {key: _text(value) for key, value in APK_FIELD.findall(stanza)}
        if fields.get(b"P") and b"V" in fields:
            found += 1
            yield _package(fields[b"P"], fields[b"V"], fields.get(b"A"), fields.get(b"o"), "apk")
    if data.strip() and not found:
        raise ValueError("no package in %d bytes" % len(data))


def _rpm(files, folder):
    for fields in rpm.packages(files, folder, LARGEST):
        name, version, arch, source = map(_text, fields)
        yield _package(name, version, arch or None, source, "rpm")


def _package(name, version, arch, source, manager):
    return facts.component(
        facts.IMAGE,
        "os.package",
        name,
        manager,
        version,
        arch=arch,
        source_package=source if source and source != name else None,
    )


def _text(value):
    return values.text(value.decode("utf-8", "surrogateescape").strip())


DATABASES = (
    (_dpkg, "/var/lib/dpkg/status"),
    (_distroless, "/var/lib/dpkg/status.d"),
    (_apk, "/lib/apk/db/installed"),
    (_apk, "/usr/lib/apk/db/installed"),
    (_rpm, "/usr/lib/sysimage/rpm"),
    (_rpm, "/var/lib/rpm"),
)
"""Where they are: distroless images have a file a package and no manager; apk-tools 3 and rpm since
Fedora 36 have theirs below /usr."""
