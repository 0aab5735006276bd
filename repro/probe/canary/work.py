"""The child's side: computes canaries one after another and says each as soon as it is done."""

import importlib
import json
import os
import sys
import traceback

from .record import Declined, Recorder, Skip

MARK = "@repro-canary@"
"""Begins the lines that are answers; whatever else a library prints is not one of them."""


def main(told):
    """Compute the jobs of `told`, in order; the library that all of them need is imported once."""
    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # What libraries print shall not stand among the answers.
    sys.stdin = open(os.devnull)  # noqa: SIM115  # For as long as the child lives.
    for index, job in told["jobs"]:
        _say(out, "begin", index, None)
        how, value = _computed(job, told.get("full", False))
        _say(out, how, index, value)
    _say(out, "done", None, None)  # What a library left running may hold our output open.


def _computed(job, full):
    """("end", payload), or ("skip" or "fail", reason)."""
    recorder = Recorder(full)
    try:
        module = importlib.import_module("." + job["canary"], __package__)
        module.run(recorder, job)
    except Skip as reason:
        return "skip", str(reason)[:300]
    except Declined as reason:
        return "fail", ("not run: %s" % reason)[:300]
    except Exception as error:  # noqa: BLE001
        told = ("%s: %s" % (type(error).__name__, error))[:300]
        return ("skip", "cannot be imported: " + told) if _unusable(error) else ("fail", told)
    return "end", recorder.payload()


def _unusable(error):
    """Whether a library failed as it was loaded: nobody here computes with it, so nothing is lost.

    libGL or libgomp is missing in many an image that has the Python package all the same.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, ImportError) or any(frame.name == "<module>" for frame in frames)


def _say(out, how, index, value):
    out.write("\n%s%s\n" % (MARK, json.dumps([how, index, value])))
    out.flush()
