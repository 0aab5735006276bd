"""What an interpreter says of itself when it runs."""

from . import child
from .facts import PROCESS, component, unreadable

MOST = 8
"""Interpreters that are run: each costs some 20 ms."""

CODE = """
import codecs, unicodedata
with open(_os.devnull) as stream:
    encoding = codecs.lookup(stream.encoding).name  # 3.11 says utf-8 where others say UTF-8.
v = sys.version_info
say({
    "version": "%d.%d.%d" % v[:3] + ("" if v[3] == "final" else "%s%d" % v[3:5]),
    "implementation": sys.implementation.name,
    "build": sys.version,
    "unicode": unicodedata.unidata_version,
    "hash_randomization": bool(sys.flags.hash_randomization),
    "utf8_mode": bool(getattr(sys.flags, "utf8_mode", 0)),
    "optimize": sys.flags.optimize,
    "encoding": encoding,
    "path": [entry for entry in sys.path if entry],
})
"""
"""Imports are few: each would cost more than all the questions."""


def collect(files, context):
    """One `python.runtime` an environment, in its own process, with the target's environment."""
    for environment in context.environments[:MOST]:
        values, reason = child.run(environment.executables[0], CODE, timeout=20)
        if reason or not values:
            text = reason or "it printed nothing"
            yield unreadable(PROCESS, "python.runtime", "python", text)
            continue
        answer = values[0]
        yield component(
            PROCESS,
            "python.runtime",
            "python",
            "call",
            version=answer.pop("version"),
            environment=environment.prefix,
            entry=environment.entry,
            **answer,
        )
    for environment in context.environments[MOST:]:
        reason = "%s not run: more than %d interpreters" % (environment.prefix, MOST)
        yield unreadable(PROCESS, "python.runtime", "python", reason)
