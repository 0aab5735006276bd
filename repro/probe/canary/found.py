"""Files of tokenizers that were found in a target: which a canary looks at, and within bounds."""

import os
import stat

from .record import Declined

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
    """The path of a file that can be read; Declined where it is too large, ValueError for none."""
    size = os.stat(regular(path)).st_size
    if size > MOST:
        said = (os.path.basename(path), size >> 20, MOST >> 20)
        raise Declined("%s has %d MB, more than the %d MB that a canary reads" % said)
    return path


def regular(path):
    """The path of a regular file; ValueError for another, such as a pipe that never ends."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ValueError("%s is no regular file" % os.path.basename(path))
    return path


class Refused(Exception):  # noqa: N818  # What it stands for is that a library refused a text.
    """A library refused an input; how it says so differs between releases that refuse the same."""


def calm(compute):
    """The function, with one kind of error for all that a library raises.

    A lone surrogate is a TypeError here and a UnicodeEncodeError there, and no ids in both.
    """

    def computed(*inputs):
        try:
            return compute(*inputs)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001  # As PyO3 has a panic of Rust.
            raise Refused(str(error))  # noqa: B904  # Only its type is told.

    return computed
