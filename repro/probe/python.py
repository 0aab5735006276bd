"""Interpreters and the distributions in them, from files alone."""

import hashlib
import json
import os
import re

from .facts import IMAGE, component, unreadable

MUTABLE = (
    "INSTALLER,",
    "REQUESTED,",
    "RECORD,",
    "direct_url.json,",
    "RECORD.jws,",
    "uv_cache.json,",
    "uv_build.json,",
)
"""Files of a .dist-info that tell how it was installed, not what: PEP 376, PEP 627, uv's own."""
USERINFO = re.compile(r"(//)[^/@\s]+@")


def collect(files, context):
    """One `python.interpreter` an environment, one `python.package` a distribution in it."""
    seen_sites = set()
    for environment in context.environments:
        yield component(
            IMAGE,
            "python.interpreter",
            "python",
            "file",
            version=environment.version,
            location=environment.executables[0],
            environment=environment.prefix,
            entry=environment.entry,
            env_kind=environment.kind,
            base=environment.base,
            sites=environment.sites,
        )
        first = {}
        for site in environment.sites:
            for fact in _site(files, site, environment):
                name = fact["name"]
                if name in first and fact["state"] == "known":
                    fact["properties"]["shadowed_by"] = first[name]
                first.setdefault(name, site)
                if site not in seen_sites:
                    yield fact
            seen_sites.add(site)


def normalize(name):
    """A distribution's name in the one form that compares: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _site(files, site, environment):
    try:
        names = files.names(site)
    except OSError as error:
        yield unreadable(IMAGE, "python.package", "*", "%s: %s" % (site, error.strerror))
        return
    for name in names:
        if not name.endswith((".dist-info", ".egg-info", ".egg-link")) or name.startswith("~"):
            continue
        path = os.path.join(site, name)
        try:
            yield _distribution(files, path, site, environment)
        except OSError as error:
            stem = normalize(name.rsplit(".", 1)[0].split("-")[0])
            yield unreadable(IMAGE, "python.package", stem, "%s: %s" % (path, error.strerror))


def _distribution(files, path, site, environment):
    editable = None
    if path.endswith(".egg-link"):
        editable, path = True, _linked(files, path)
    stem = os.path.basename(path).rsplit(".", 1)[0]
    fields, requires = _metadata(files, path)
    name, _, rest = stem.partition("-")
    direct = _json(files, path + "/direct_url.json")
    wheel = _wheel(files, path)
    if (direct.get("dir_info") or {}).get("editable"):
        editable = True
    return component(
        IMAGE,
        "python.package",
        normalize(fields.get("name") or name),
        "metadata" if fields.get("version") else "file",
        version=fields.get("version") or re.sub(r"-py3\.\d+$", "", rest) or None,
        location=site,
        environment=environment.prefix,
        entry=environment.entry or None,
        installer=_line(files, path + "/INSTALLER"),
        wheel_build=wheel.get("build"),
        tags=wheel.get("tag"),
        direct_url=_direct_url(direct),
        editable=editable,
        requires=requires or None,
        record=_record(files, path + "/RECORD"),
    )


def _linked(files, path):
    target = (files.text(path, 65536).splitlines() or [""])[0].strip()
    eggs = [name for name in files.names(target) if name.endswith(".egg-info")]
    return os.path.join(target, eggs[0]) if eggs else path


def _metadata(files, path):
    """Name and version, and the requirements that hold without an extra (PEP 566)."""
    if path.endswith(".egg-info") and not files.is_dir(path):
        text = files.text(path)
    else:
        text = _first(files, path + "/METADATA", path + "/PKG-INFO")
    fields, requires = {}, []
    for line in text.split("\n\n", 1)[0].splitlines():
        key, separator, value = line.partition(":")
        if not separator or line[:1].isspace():
            continue
        key, value = key.lower(), value.strip()
        if key == "requires-dist":
            if "extra" not in value.partition(";")[2]:
                requires.append(value)
        elif key in ("name", "version") and key not in fields:
            fields[key] = value[:200]
    return fields, sorted(requires)


def _first(files, *paths):
    for path in paths:
        try:
            return files.text(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
    return ""


def _line(files, path):
    lines = _first(files, path).splitlines()
    return lines[0].strip()[:100] if lines else None


def _json(files, path):
    try:
        value = json.loads(_first(files, path) or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _wheel(files, path):
    """Build number and tags of the wheel that it came from (PEP 427)."""
    found = {}
    for line in _first(files, path + "/WHEEL").splitlines():
        key, _, value = line.partition(":")
        if key.lower() in ("tag", "build") and value.strip():
            found.setdefault(key.lower(), []).append(value.strip()[:100])
    return {key: " ".join(sorted(values)) for key, values in found.items()}


def _direct_url(direct):
    """Where it came from if not from an index (PEP 610), without user information."""
    url = direct.get("url")
    if not isinstance(url, str):
        return None
    vcs = direct.get("vcs_info") or {}
    commit = vcs.get("commit_id") if isinstance(vcs, dict) else None
    clean = USERINFO.sub(r"\1", url)[:500].partition("?")[0]
    return clean + ("@" + str(commit)[:64] if commit else "")


def _record(files, path):
    """Digest of what was installed: RECORD without what differs from one install to the next."""
    text = _first(files, path)
    if not text:
        return None
    lines = sorted(line for line in text.splitlines() if line and not _mutable(line))
    return "sha256:" + hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()


def _mutable(line):
    """Compiled files, scripts (they hold the installer's shebang) and notes of the installer."""
    if "__pycache__/" in line or line.startswith("../"):
        return True
    return ".dist-info/" in line and line.partition(".dist-info/")[2].startswith(MUTABLE)
