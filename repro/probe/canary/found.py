"""Files of tokenizers that were found in a target: which a canary looks at, and within bounds."""

import os
import stat

MOST = 64 << 20
"""Bytes of a file that is read: the largest tokenizers in use have some 35 MB (Gemma 3)."""


def files(fact, fits):
    """(label, arguments) for each file of a tokenizer whose name `fits`; the fact may be odd."""
    names = fact["properties"].get("files")
    for name in sorted(name for name in names if fits(name)) if isinstance(names, dict) else ():
        label = "%s/%s" % (fact["name"].rstrip("/"), name)
        yield label, {"path": os.path.join(fact["path"], name)}


def folder(fact, *wanted):
    """(label, arguments) for a tokenizer's folder that has one of the `wanted` files."""
    names = fact["properties"].get("files")
    if isinstance(names, dict) and any(name in names for name in wanted):
        yield fact["name"], {"path": fact["path"], "files": sorted(names)}


def checked(path):
    """The path of a file that can be read; ValueError where it is too large or no file."""
    found = os.stat(path)
    name = os.path.basename(path)
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("%s is no regular file" % name)
    if found.st_size > MOST:
        said = (name, found.st_size >> 20, MOST >> 20)
        raise ValueError("%s has %d MB, more than the %d MB that a canary reads" % said)
    return path


def calm(compute):
    """The function, with a panic of a library in Rust as an error like another."""

    def computed(*text):
        try:
            return compute(*text)
        except Exception:
            raise
        except BaseException as error:  # PyO3 lets a PanicException pass `except Exception`.
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            raise RuntimeError(type(error).__name__)  # noqa: B904  # It is told by its type.

    return computed
