"""The three answers that a collector can give, as plain dicts ready for JSON."""

IMAGE, PROCESS, HOST = "image", "process", "host"


def component(scope, kind, name, source, version=None, location=None, **properties):
    """A thing that was found; properties that are None say nothing and are left out."""
    fact = {"state": "known", "scope": scope, "kind": kind, "name": name, "source": source}
    if version is not None:
        fact["version"] = str(version)
    if location is not None:
        fact["location"] = location
    known = {key: value for key, value in properties.items() if value is not None}
    if known:
        fact["properties"] = known
    return fact


def absent(scope, kind, name, reason):
    """A thing that was looked for and is not there."""
    return {"state": "absent", "scope": scope, "kind": kind, "name": name, "reason": reason}


def unreadable(scope, kind, name, reason):
    """A thing that could not be looked at, and why."""
    return {"state": "unreadable", "scope": scope, "kind": kind, "name": name, "reason": reason}
